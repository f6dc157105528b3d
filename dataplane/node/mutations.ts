// Changes of the desired state, one after the other: judged, written to the journal, carried out; refused ones leave no trace.
import { DpvsError } from '../../api/index.js';
import type { Log } from '../../log/index.js';
import { loadLibrary } from '../../native/index.js';
import type { Change, DesiredLink, DesiredState, MutatingRequest } from '../control/index.js';
import type { KernelMirror } from '../kernel-mirror/index.js';
import type { RunningPort } from './bring-up.js';
import type { SlowPathClient } from './slow-path-client.js';

/** Where an accepted request is kept before it is acknowledged. */
export interface JournalSink {
  append(request: MutatingRequest, at: number): Promise<void>;
}

export interface MutationParts {
  readonly desired: DesiredState;
  readonly mirror: KernelMirror;
  readonly slowPath: SlowPathClient;
  readonly journal: JournalSink;
  readonly ports: readonly RunningPort[];
  readonly log: Log;
  /** Told of every accepted request. */
  readonly onChanged: (request: MutatingRequest, changes: readonly Change[]) => void;
  /** Told of what came from the kernel. */
  readonly onMirrored: (changes: readonly Change[]) => void;
}

export class Mutations {
  #last: Promise<unknown> = Promise.resolve();
  #followsAsked = false;

  constructor(readonly parts: MutationParts) {}

  /** @throws {DpvsError} why it was refused; nothing has changed then */
  run(request: MutatingRequest): Promise<Record<string, never>> {
    const done = this.#last.then(() => this.#one(request));
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** The kernel mirror has seen something: the slow path follows, between requests. Any number of calls until then is one. */
  followKernel(): void {
    if (this.#followsAsked) return;
    this.#followsAsked = true;
    this.#last = this.#last
      .then(() => this.#follow())
      .catch((error: unknown) => this.parts.log.event('kni.mirror_failed', { error }));
  }

  /** Resolves when what was asked before is done. */
  settled(): Promise<unknown> {
    return this.#last;
  }

  async #one(request: MutatingRequest): Promise<Record<string, never>> {
    const { desired, mirror, slowPath, journal, onChanged, log } = this.parts;
    const now = Date.now();
    const plan = desired.plan(request, now);
    await slowPath.whenRunning();
    await journal.append(request, now);
    // Again: one that died and was started since has the state before the commit, and must not be overlooked while it starts.
    await slowPath.whenRunning();
    const changes = mirror.uncover(desired.commit(plan));
    for (const change of changes) if (change.kind === 'link.set') applyLink(this.parts.ports, change.link);
    try {
      await slowPath.apply(changes);
    } catch (error) {
      // It died meanwhile: the next one starts from the desired state, which has the change.
      if (isDown(error)) await slowPath.whenRunning();
      else {
        log.event('slowpath.change_failed', { request, error });
        throw error;
      }
    }
    onChanged(request, changes);
    return {};
  }

  async #follow(): Promise<void> {
    const { mirror, slowPath, log, onMirrored } = this.parts;
    await slowPath.whenRunning();
    this.#followsAsked = false;
    const changes = mirror.commit();
    if (mirror.leftOut > 0) log.event('kni.mirror_full', { leftOut: mirror.leftOut });
    if (changes.length === 0) return;
    try {
      await slowPath.apply(changes);
    } catch (error) {
      // The next slow path's snapshot has them.
      if (!isDown(error)) log.event('kni.mirror_failed', { changes, error });
    }
    onMirrored(changes);
  }
}

const isDown = (error: unknown): boolean => error instanceof DpvsError && error.code === 'slow_path_down';

/** Settings of a port that are the driver's. @throws {DpvsError} no_device, not_support */
export function applyLink(ports: readonly RunningPort[], link: DesiredLink): void {
  const port = ports.find((p) => p.config.name === link.name);
  if (port === undefined) throw new DpvsError('no_device', link.name, 'name');
  const flag = (value: boolean | undefined): number => (value === undefined ? -1 : Number(value));
  const rc = loadLibrary().dp_port_set(
    port.index,
    flag(link.promisc),
    flag(link.allmulticast),
    flag(link.forward2kni),
    flag(link.up),
  ) as number;
  // ENOTSUP: a driver without the switch, such as a ring; the frames come anyway.
  if (rc !== 0 && rc !== -95) throw new DpvsError('not_support', `${link.name}: the driver refused (error ${-rc})`);
}
