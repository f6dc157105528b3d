// The routing bridge: keeps the dataplane, the kernel interfaces and the routing daemons agreed about every VIP that is wanted. Its commands
// are in commands/, the watch in reconciler.ts; both go through the same conditions and procedures.
import { DpvsError } from '../api/index.js';
import { canonicalAddress } from './address.js';
import { announce } from './commands/announce.js';
import { type Commander, findAllVips } from './commands/common.js';
import { drain, undrain } from './commands/drain.js';
import { withdraw } from './commands/withdraw.js';
import { BridgeCore, type BridgeParts } from './core.js';
import { prepareRestart } from './prepare-restart.js';
import { Reconciler } from './reconciler.js';
import { type RenderRequest, renderRequested } from './render-request.js';
import type { BridgeParams, BridgeResult, Report } from './schema.js';
import { type BridgeIdentity, detailsOf, statusOf } from './status.js';
import { isHeld } from './vip-state.js';

export class Bridge {
  readonly #core: BridgeCore;
  readonly #reconciler: Reconciler;
  readonly #identity: BridgeIdentity;
  readonly #commander: Commander;

  constructor(parts: BridgeParts, identity: BridgeIdentity) {
    this.#core = new BridgeCore(parts);
    this.#reconciler = new Reconciler(this.#core);
    this.#identity = identity;
    this.#commander = {
      core: this.#core,
      nudge: () => this.nudge(),
      refuseWhenStopping: () => this.#refuseWhenStopping(),
    };
  }

  /** From now on the VIPs of the journal are announced as soon as they can be. */
  async start(): Promise<void> {
    const { kernel, dataplane, zebra } = this.#core.parts;
    const core = this.#core;
    await kernel.watch(this.#reconciler.onKernelEvent);
    await Promise.all([dataplane.look(), this.#core.lookAtNeighbours()]);
    dataplane.start();
    zebra.start({
      exclusive: (work) => core.exclusive(work),
      mayChange: () => !core.stopping && !core.graceful.active,
      changedAll: () => core.tools.pace.changedAll(),
    });
    this.#reconciler.start();
  }

  /** Something of the dataplane changed. */
  nudge(): void {
    this.#reconciler.nudge(false);
  }

  /** Withdraws every VIP and keeps them in the journal. @returns whether all of them are proved to be withdrawn */
  async stop(): Promise<boolean> {
    const { book, dataplane, kernel, zebra } = this.#core.parts;
    this.#core.stopping = true;
    zebra.close();
    await this.#reconciler.close();
    dataplane.close();
    await this.#core.claims.allGivenBack();
    const stops = { at: 'bridge', code: 'withdrawn', detail: 'the bridge stops' };
    for (const vip of book.all) if (isHeld(vip.state)) book.tell(vip, stops);
    const { error } = await this.#core.exclusive(() => this.#core.withdraw(book.all, false));
    book.close();
    kernel.close();
    return error === null;
  }

  announce(params: BridgeParams<'announce'>): Promise<Report> {
    return announce(this.#commander, params);
  }

  withdraw(params: BridgeParams<'withdraw'>): Promise<Report> {
    return withdraw(this.#commander, params);
  }

  drain(params: BridgeParams<'drain'>): Promise<Report> {
    return drain(this.#commander, params);
  }

  undrain(params: BridgeParams<'undrain'>): Promise<Report> {
    return undrain(this.#commander, params);
  }

  gracefulRestart({ waitSeconds = 0, dryRun = false }: BridgeParams<'graceful-restart'>): Promise<Report> {
    this.#refuseWhenStopping();
    return prepareRestart(this.#core, { waitSeconds, dryRun }).finally(() => this.nudge());
  }

  async status(): Promise<BridgeResult<'status'>> {
    await this.#core.lookAtNeighbours();
    return statusOf(this.#core, this.#identity);
  }

  async show({ vips }: BridgeParams<'show'>): Promise<BridgeResult<'show'>> {
    const { book } = this.#core.parts;
    const known = vips === 'all' ? book.all : findAllVips(this.#core, vips.map(canonicalAddress));
    const details = await detailsOf(this.#core, known);
    return { ...(await this.status()), vips: details };
  }

  async render(request: RenderRequest): Promise<BridgeResult<'config.render'>> {
    return renderRequested(request, await this.#core.parts.kernel.addresses());
  }

  #refuseWhenStopping(): void {
    if (this.#core.stopping) throw new DpvsError('busy', 'the bridge is stopping');
  }
}
