// Changes of the desired state, one after the other: judged, written to the journal, carried out; refused ones leave no trace.
import { DpvsError } from '../../api/index.js';
import type { Log } from '../../log/index.js';
import type { Change, DesiredState, MutatingRequest, Plan } from '../control/index.js';
import type { KernelMirror } from '../kernel-mirror/index.js';
import type { RunningPort } from './bring-up.js';
import { applyLinks, type KniLinks } from './link-settings.js';
import type { SlowPathClient } from './slow-path-client.js';

/** Where an accepted request is kept before it is acknowledged. */
export interface JournalSink {
  append(requests: readonly MutatingRequest[], at: number): Promise<void>;
}

export interface MutationParts {
  readonly desired: DesiredState;
  readonly mirror: KernelMirror;
  readonly slowPath: SlowPathClient;
  readonly journal: JournalSink;
  readonly ports: readonly RunningPort[];
  readonly kni: KniLinks;
  readonly log: Log;
  /** Told of what was accepted together. */
  readonly onChanged: (requests: readonly MutatingRequest[], changes: readonly Change[]) => void;
  /** Told of what came from the kernel. */
  readonly onMirrored: (changes: readonly Change[]) => void;
}

export class Mutations {
  #last: Promise<unknown> = Promise.resolve();
  #followsAsked = false;

  constructor(readonly parts: MutationParts) {}

  /** @throws {DpvsError} why it was refused; nothing has changed then */
  run(request: MutatingRequest): Promise<Record<string, never>> {
    return this.#inTurn((now) => this.parts.desired.plan(request, now));
  }

  /** All or none, with one write of the journal. @throws {DpvsError} why one of them was refused, and which */
  runBatch(requests: readonly MutatingRequest[]): Promise<Record<string, never>> {
    return this.#inTurn((now) => this.parts.desired.planBatch(requests, now));
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

  #inTurn(plan: (now: number) => Plan): Promise<Record<string, never>> {
    const done = this.#last.then(() => this.#carryOut(plan));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #carryOut(makePlan: (now: number) => Plan): Promise<Record<string, never>> {
    const { desired, mirror, slowPath, journal, onChanged, log } = this.parts;
    const now = Date.now();
    const plan = makePlan(now);
    const { requests } = plan;
    await slowPath.whenRunning();
    // Before the journal: what the driver refuses is refused, and nothing of the batch may be on record.
    const undo = await applyLinks(this.parts.ports, this.parts.kni, plan);
    try {
      await journal.append(requests, now);
    } catch (error) {
      await undo();
      throw error;
    }
    // Again: one that died and was started since has the state before the commit, and must not be overlooked while it starts.
    await slowPath.whenRunning();
    const changes = mirror.uncover(desired.commit(plan));
    try {
      await slowPath.apply(changes);
    } catch (error) {
      // It died meanwhile: the next one starts from the desired state, which has the change.
      if (isDown(error)) await slowPath.whenRunning();
      else {
        log.event('slowpath.change_failed', { requests, error });
        throw error;
      }
    }
    onChanged(requests, changes);
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
