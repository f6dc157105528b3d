// A planned restart of a routing daemon (RFC 3623) as the bridge sees it: prepared, the daemon away, returning, over. Meanwhile the VIPs
// stay as they are: kernel addresses untouched, nothing verified in a database that is being filled. A new daemon is given the permissions
// when its neighbours are Full again, and then originates the same LSAs anew.
import { familyOf } from './address.js';
import type { BridgeCore, Speaker } from './core.js';
import { applyOnEach, noChange, type RestartDriver } from './drivers/driver.js';
import type { Neighbour } from './frr-output.js';
import { byPlace } from './places.js';
import { isCarried } from './port.js';
import { isDpvsError } from './refusal.js';
import type { RoutingStatus } from './schema.js';
import { oursOf } from './targets.js';
import type { Vip } from './vip-book.js';
import { isHeld, isUp } from './vip-state.js';
import { VtyshError } from './vtysh.js';

type Phase = NonNullable<RoutingStatus['gracefulRestart']>['phase'];

export interface Restarter extends Speaker {
  readonly restart: RestartDriver;
}

/** No daemon takes a longer period (RFC 3623 appendix A: 1800 s); a clock that was set back may ask for one. */
const longestGraceMs = 1_800_000;

export class GracefulRestart {
  readonly #core: BridgeCore;
  #phase: Phase | null;
  /** The end of the grace period, monotonic: the journal's end is asked once, when a bridge begins with it. */
  #until = 0;
  /** Monotonic. */
  #awaySince: number | null = null;
  /** Who was Full when it was prepared; null: a bridge before this one knew. */
  #before: ReadonlySet<string> | null = null;

  /** One that was under way when the bridge was killed goes on. */
  constructor(core: BridgeCore) {
    this.#core = core;
    const { restartUntil } = core.parts.book;
    this.#phase = restartUntil === null ? null : 'prepared';
    if (restartUntil !== null)
      this.#until = performance.now() + Math.min(Date.parse(restartUntil) - Date.now(), longestGraceMs);
  }

  get status(): RoutingStatus['gracefulRestart'] {
    return this.#phase === null
      ? null
      : { phase: this.#phase, secondsLeft: Math.max(0, Math.ceil(this.#leftMs / 1000)) };
  }

  /** From the preparation to the end. */
  get active(): boolean {
    return this.#phase !== null;
  }

  /** Nobody can be told of a change, or what is told does not count yet. */
  get underWay(): boolean {
    return this.#phase === 'away' || this.#phase === 'returning';
  }

  /** The routing daemon that can be restarted so; null: none here. */
  get restarter(): Restarter | null {
    for (const speaker of this.#core.speakers) {
      const { restart } = speaker.driver;
      if (restart !== undefined) return { ...speaker, restart };
    }
    return null;
  }

  prepared(graceSeconds: number): void {
    this.#phase = 'prepared';
    this.#awaySince = null;
    this.#until = performance.now() + graceSeconds * 1000;
    const neighbours = this.restarter?.watch.view.neighbours ?? [];
    this.#before = new Set(neighbours.filter(({ full }) => full).map(({ routerId }) => routerId));
    this.#core.parts.book.setRestartUntil(new Date(Date.now() + graceSeconds * 1000).toISOString());
  }

  /** After each look at the neighbours. Within `exclusive`. */
  async round(): Promise<void> {
    const { restarter } = this;
    if (this.#phase === null) return;
    if (this.#leftMs <= 0) return this.#end('expired', restarter);
    // A bridge of another protocol that goes on with the journal: it waits for the end.
    if (restarter === null) return;
    const { trouble, neighbours } = restarter.watch.view;
    const full = neighbours.some((each) => each.full);
    if (this.#phase === 'prepared' && trouble === null && full) return;
    this.#awaySince ??= performance.now();
    this.#phase = trouble === null ? 'returning' : 'away';
    // Not before: ospfd asks its route-map again 5 s after a permission, and where that fell together with the end of the restart the switch
    // lost the VIPs for 5 s (FRR 8.4.4, measured). Until then the LSAs of before are still there, permitted or not.
    if (trouble !== null || !full || !neighbours.every((each) => this.#isSettled(each))) return;
    if (await this.#giveBack(restarter)) this.#end('done', restarter);
  }

  /** Routers that are neither DR nor Backup stay 2-Way to each other for good (RFC 2328 section 10.4); who was Full is so again. */
  #isSettled({ routerId, state, full }: Neighbour): boolean {
    return full || (state.startsWith('2-Way') && this.#before?.has(routerId) !== true);
  }

  get #leftMs(): number {
    return this.#until - performance.now();
  }

  #end(how: 'done' | 'expired', restarter: Restarter | null): void {
    const { book, log } = this.#core.parts;
    const awayMs = this.#awaySince === null ? null : Math.round(performance.now() - this.#awaySince);
    log.event(`routing.graceful_restart_${how}`, {
      daemon: restarter?.driver.daemon ?? null,
      phase: this.#phase,
      awayMs,
      trouble: restarter?.watch.view.trouble ?? null,
    });
    this.#phase = null;
    book.setRestartUntil(null);
  }

  /** @returns whether nothing was missing, and the daemon has originated all of it anew */
  async #giveBack({ driver }: Restarter): Promise<boolean> {
    const { book } = this.#core.parts;
    const view = await this.#core.view();
    const carried = ({ entry, state }: Vip): boolean => isHeld(state) && entry.wanted && isCarried(view.carried, entry);
    const kept = book.all.filter((vip) => carried(vip) && familyOf(vip.entry.vip) === driver.family);
    try {
      let complete = true;
      for (const group of byPlace(kept)) {
        const vips = group.map(({ entry }) => entry.vip);
        const knis = group[0].entry.ports.map(({ kni }) => kni);
        const permission = await applyOnEach(driver, knis, async (kni) => {
          const change = await driver.permission(vips, kni, oursOf(group.map(({ entry }) => entry)));
          for (const { entry } of group) entry.owned.policy ||= change.vips.includes(entry.vip);
          if (change.lines.length > 0) book.save();
          return change;
        });
        if (permission.lines.length > 0) await driver.apply((await driver.hastening?.()) ?? noChange);
        const worse = group.filter(({ state }) => state.kind === 'draining').map(({ entry }) => entry.vip);
        const worsening = await applyOnEach(driver, worse.length === 0 ? [] : knis, (kni) =>
          driver.worsening(worse, kni),
        );
        complete &&= permission.lines.length + worsening.lines.length === 0;
      }
      if (!complete) return false;
      const originated = await driver.originated();
      return kept.every(({ entry, state }) => !isUp(state) || originated.get(entry.vip) === 'live');
    } catch (error) {
      // It may go away again, and what it does not take is not better for being said again.
      if (error instanceof VtyshError || isDpvsError(error, 'not_support')) return false;
      throw error;
    }
  }
}
