// The routing bridge: keeps the dataplane, the kernel interface and ospfd agreed about every VIP that is wanted. This file has its
// commands; the watch is in reconciler.ts, and both go through the same conditions and procedures.
import { DpvsError } from '../api/index.js';
import { assess, type Condition, firstFailure, kniOf, type NodeView, type Wanted } from './conditions.js';
import { BridgeCore, type BridgeParts, conditionReason, type Outcome } from './core.js';
import { chooseDevice } from './device.js';
import { Reconciler } from './reconciler.js';
import { type RenderRequest, renderRequested } from './render-request.js';
import type { BridgeParams, BridgeResult, Report, Step } from './schema.js';
import { type BridgeIdentity, statusOf } from './status.js';
import type { Reason } from './vip-state.js';

const waitStepMs = 300;

export class Bridge {
  readonly #core: BridgeCore;
  readonly #reconciler: Reconciler;
  readonly #identity: BridgeIdentity;
  #stopping = false;

  constructor(parts: BridgeParts, identity: BridgeIdentity) {
    this.#core = new BridgeCore(parts);
    this.#reconciler = new Reconciler(this.#core);
    this.#identity = identity;
  }

  /** From now on the VIPs of the journal are announced as soon as they can be. */
  async start(): Promise<void> {
    const { kernel, dataplane, ospf } = this.#core.parts;
    await kernel.watch(this.#reconciler.onKernelEvent);
    await Promise.all([dataplane.look(), ospf.look()]);
    dataplane.start();
    this.#reconciler.start();
  }

  /** Something of the dataplane changed. */
  nudge(): void {
    this.#reconciler.nudge(false);
  }

  /** Withdraws every VIP and keeps them in the journal. @returns whether all of them are proved to be withdrawn */
  async stop(): Promise<boolean> {
    const { book, dataplane, kernel } = this.#core.parts;
    this.#stopping = true;
    await this.#reconciler.close();
    dataplane.close();
    const { error } = await this.#core.exclusive(() => this.#core.withdraw(book.all, false));
    kernel.close();
    return error === null;
  }

  async announce(params: BridgeParams<'announce'>): Promise<Report> {
    const { book } = this.#core.parts;
    const { vip } = params;
    const found = await this.#waitUntilPossible(params);
    if ('refused' in found) return found.refused;
    const { device, kni, force } = found;
    const checked = found.conditions.map(checkedStep);
    return this.#core.exclusive(async () => {
      this.#refuseWhenStopping();
      const before = book.get(vip);
      // Moving to another port takes it off the first one.
      if (before !== undefined && before.entry.device !== device) {
        await this.#core.withdraw([before], true);
        book.remove(vip);
      }
      const known = book.get(vip);
      const target = known ?? book.add({ vip, device, kni, force, owned: { route: false, policy: false } });
      const outcome = await this.#core.announce(target);
      // A first announcement that fails is refused as a whole; one that was wanted before stays wanted.
      if (outcome.error !== null && known === undefined) book.remove(vip);
      this.#reconciler.nudge(false);
      return report('announce', vip, device, outcome, checked);
    });
  }

  withdraw({ vip }: BridgeParams<'withdraw'>): Promise<Report> {
    const { book } = this.#core.parts;
    return this.#core.exclusive(async () => {
      this.#refuseWhenStopping();
      const known = book.get(vip);
      if (known === undefined) {
        const step: Step = {
          name: 'journal',
          outcome: 'already',
          ms: 0,
          detail: `${vip} is not announced by this bridge`,
        };
        return { vip, device: null, action: 'withdraw', done: true, steps: [step], error: null };
      }
      const outcome = await this.#core.withdraw([known], true);
      // What could not be withdrawn stays in the journal, or a restart would forget that it is ours.
      if (outcome.error === null) book.remove(vip);
      return report('withdraw', vip, known.entry.device, outcome);
    });
  }

  async status(): Promise<BridgeResult<'status'>> {
    const { ospf } = this.#core.parts;
    await ospf.look();
    return statusOf(this.#core.parts, this.#identity);
  }

  async render(request: RenderRequest): Promise<BridgeResult<'config.render'>> {
    return renderRequested(request, await this.#core.parts.kernel.addresses());
  }

  /** Waits for what may still come, an adjacency; anything else that is missing refuses at once. */
  async #waitUntilPossible(params: BridgeParams<'announce'>): Promise<Possible> {
    const { dataplane, ospf, book } = this.#core.parts;
    const { vip, waitSeconds = 0 } = params;
    const force = params.force ?? book.get(vip)?.entry.force ?? false;
    const deadline = performance.now() + waitSeconds * 1000;
    for (;;) {
      this.#refuseWhenStopping();
      await Promise.all([dataplane.look(), ospf.look()]);
      const view = await this.#core.view();
      const late = performance.now() >= deadline;
      const nowhere = assess(view, { vip, device: '', force } satisfies Wanted, false);
      const basic = firstFailure(
        nowhere.filter(({ name }) => name !== 'port' && name !== 'kni'),
        true,
      );
      if (basic !== null) return { refused: refusal(vip, params.device ?? null, nowhere, basic) };
      const device = params.device ?? book.get(vip)?.entry.device ?? (await this.#choose(view, late));
      if (device !== null) {
        const conditions = assess(view, { vip, device, force }, false);
        const failure = firstFailure(conditions);
        if (failure === null) return { device, kni: kniOf(view.dataplane, device)!, force, conditions };
        if (failure.toServe || late) return { refused: refusal(vip, device, conditions, failure) };
      }
      await new Promise((resolve) => setTimeout(resolve, waitStepMs));
    }
  }

  /** null: not clear yet, and there is time. */
  async #choose(view: NodeView, late: boolean): Promise<string | null> {
    try {
      return await chooseDevice(view, (kni) => this.#runsOspf(kni));
    } catch (error) {
      if (late || !(error instanceof DpvsError)) throw error;
      return null;
    }
  }

  #refuseWhenStopping(): void {
    if (this.#stopping) throw new DpvsError('busy', 'the bridge is stopping');
  }

  async #runsOspf(kni: string): Promise<boolean> {
    try {
      return (await this.#core.parts.ospfd.interface(kni))?.enabled ?? false;
    } catch {
      return false;
    }
  }
}

type Possible =
  | { readonly device: string; readonly kni: string; readonly force: boolean; readonly conditions: Condition[] }
  | { readonly refused: Report };

function checkedStep({ name, failure, detail }: Condition): Step {
  return { name, outcome: failure === null ? 'holds' : 'failed', ms: 0, detail: failure?.detail ?? detail };
}

/** The conditions up to the one that fails. */
function refusal(vip: string, device: string | null, conditions: readonly Condition[], failure: Condition): Report {
  const steps = conditions.slice(0, conditions.indexOf(failure) + 1).map(checkedStep);
  const reason = conditionReason(failure);
  return {
    vip,
    device: device === '?' ? null : device,
    action: 'announce',
    done: false,
    steps,
    error: errorOf(reason),
  };
}

const errorOf = (reason: Pick<Reason, 'code' | 'detail'> | null): Report['error'] =>
  reason === null ? null : { code: reason.code, detail: reason.detail };

function report(
  action: Report['action'],
  vip: string,
  device: string,
  { steps, error }: Outcome,
  before: readonly Step[] = [],
): Report {
  const failure = error === null ? null : { code: error.code, detail: `${error.step}: ${error.detail}` };
  return { vip, device, action, done: error === null, steps: [...before, ...steps.list], error: failure };
}
