// Changes of the desired state, one after the other: judged, written to the journal, carried out; refused ones leave no trace.
import { DpvsError } from '../../api/index.js';
import type { Log } from '../../log/index.js';
import { loadLibrary } from '../../native/index.js';
import type { Change, DesiredLink, DesiredState, MutatingRequest } from '../control/index.js';
import type { RunningPort } from './bring-up.js';
import type { SlowPathClient } from './slow-path-client.js';

/** Where an accepted request is kept before it is acknowledged. */
export interface JournalSink {
  append(request: MutatingRequest, at: number): Promise<void>;
}

export interface MutationParts {
  readonly desired: DesiredState;
  readonly slowPath: SlowPathClient;
  readonly journal: JournalSink;
  readonly ports: readonly RunningPort[];
  readonly log: Log;
  /** Told of every accepted request. */
  readonly onChanged: (request: MutatingRequest, changes: readonly Change[]) => void;
}

export class Mutations {
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly parts: MutationParts) {}

  /** @throws {DpvsError} why it was refused; nothing has changed then */
  run(request: MutatingRequest): Promise<Record<string, never>> {
    const done = this.#last.then(() => this.#one(request));
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Resolves when what was asked before is done. */
  settled(): Promise<unknown> {
    return this.#last;
  }

  async #one(request: MutatingRequest): Promise<Record<string, never>> {
    const { desired, slowPath, journal, onChanged, log } = this.parts;
    const now = Date.now();
    const plan = desired.plan(request, now);
    await slowPath.whenRunning();
    await journal.append(request, now);
    const changes = desired.commit(plan);
    for (const change of changes) if (change.kind === 'link.set') applyLink(this.parts.ports, change.link);
    try {
      await slowPath.apply(changes);
    } catch (error) {
      // It died meanwhile: the next one starts from the desired state, which has the change.
      if (error instanceof DpvsError && error.code === 'slow_path_down') await slowPath.whenRunning();
      else {
        log.event('slowpath.change_failed', { request, error });
        throw error;
      }
    }
    onChanged(request, changes);
    return {};
  }
}

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
