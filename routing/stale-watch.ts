// VIPs that the area believes to be here although they are not: withdrawn while the routing daemon was away in a graceful restart. A daemon
// that comes back does not flush what it finds of its own (FRR 8.4.4), and the switch sends packets into nothing. The cure is to announce
// the VIP once more and to take it back, which the daemon tells its neighbours.
import { familyOf } from './address.js';
import { type BridgeCore, reasonOf } from './core.js';
import type { Driver } from './drivers/driver.js';
import { addAddresses, removeAddresses } from './elements.js';
import type { Departed } from './journal.js';
import { perVipMs, StepError, Steps } from './steps.js';
import type { Vip } from './vip-book.js';
import { isUp } from './vip-state.js';

/** Seen in so many looks in a row, so that an LSA that is just being flushed is left alone. */
const looksNeeded = 2;
export class StaleWatch {
  readonly #core: BridgeCore;
  readonly #seen = new Map<string, number>();
  /** Departed ones that were absent, by looks. */
  readonly #absent = new Map<string, number>();

  constructor(core: BridgeCore) {
    this.#core = core;
  }

  /** Within `exclusive`, after a look at the neighbours. */
  async round(): Promise<void> {
    const suspects = this.#suspects();
    const { restarter } = this.#core.graceful;
    // Before an adjacency is Full the database does not have everything.
    if (suspects.length === 0 || restarter === null || !restarter.watch.view.neighbours.some(({ full }) => full)) {
      this.#seen.clear();
      this.#absent.clear();
      return;
    }
    const { driver } = restarter;
    const [originated, addresses] = await Promise.all([
      driver.originated().catch(() => null),
      this.#core.parts.kernel.addresses(),
    ]);
    if (originated === null) return;
    const carried = new Set(addresses.map(({ address }) => address));
    const stale = suspects.filter(({ vip, curing }) => curing || (originated.get(vip) === 'live' && !carried.has(vip)));
    for (const { vip } of suspects) {
      const isStale = stale.some((each) => each.vip === vip);
      count(this.#seen, vip, isStale);
      count(this.#absent, vip, !isStale && originated.get(vip) === undefined);
    }
    const due = stale.filter(({ vip, curing }) => curing || (this.#seen.get(vip) ?? 0) >= looksNeeded);
    for (const kni of new Set(due.map((each) => each.kni)))
      await this.#cure(
        driver,
        kni,
        due.filter((each) => each.kni === kni).map(({ vip }) => vip),
      );
    this.#forgetAbsent();
  }

  /** Those that we know and that are not up, nor about to be. */
  #suspects(): Departed[] {
    const { book } = this.#core.parts;
    const { restarter } = this.#core.graceful;
    const family = restarter?.driver.family;
    // An address on an interface that is down announces nothing.
    const heardOn = new Set(restarter?.watch.view.neighbours.filter(({ full }) => full).map((each) => each.interface));
    const { claims } = this.#core;
    const ours = ({ entry }: Vip): boolean => familyOf(entry.vip) === family && !claims.has(entry.vip);
    const down = book.all.filter((vip) => ours(vip) && !isUp(vip.state) && vip.state.kind !== 'ready');
    const curing = new Map(book.departed.map((each) => [each.vip, each.curing]));
    const known = down.map(({ entry: { vip, ports } }) => ({
      vip,
      kni: (ports.find(({ kni }) => heardOn.has(kni)) ?? ports[0]).kni,
      curing: curing.get(vip) ?? false,
    }));
    return [...known, ...book.departed.filter(({ vip }) => book.get(vip) === undefined)];
  }

  async #cure(driver: Driver, kni: string, vips: readonly string[]): Promise<void> {
    const { tools, parts } = this.#core;
    const { book, log } = parts;
    log.event('vip.stale', { vips, kni });
    const note = (curing: boolean): void =>
      book.setDeparted([
        ...book.departed.filter(({ vip }) => !vips.includes(vip)),
        ...vips.map((vip) => ({ vip, kni, curing })),
      ]);
    // Written down first: killed in between, the next bridge takes the addresses off again.
    note(true);
    const steps = new Steps();
    try {
      await steps.run('announce once more', async () => {
        await driver.apply(await driver.permission(vips, kni, []));
        await removeAddresses(tools, kni, vips);
        await addAddresses(tools, kni, vips);
        tools.pace.changed(vips);
        return { outcome: 'done' };
      });
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      log.event('vip.withdraw_failed', { vips, ...reasonOf(error) });
    }
    await tools.pace.wait(vips);
    try {
      await steps.run('take back', async () => {
        await driver.apply(await driver.prohibition(vips, kni));
        await removeAddresses(tools, kni, vips);
        return { outcome: 'done' };
      });
      const look = async () => {
        const now = await driver.originated();
        const left = vips.filter((vip) => now.get(vip) === 'live');
        return { missing: left.length === 0 ? null : `${driver.daemon} still announces ${left.join(' ')}` };
      };
      await steps.prove(`verify ${driver.daemon}`, look, driver.followMs + vips.length * perVipMs);
      book.setDeparted(book.departed.filter(({ vip }) => !vips.includes(vip)));
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      log.event('vip.withdraw_failed', { vips, ...reasonOf(error) });
    }
  }

  /** Departed ones that are proved to be gone, or that are back. */
  #forgetAbsent(): void {
    const { book } = this.#core.parts;
    const isBack = (vip: string): boolean => {
      const state = book.get(vip)?.state;
      return state !== undefined && isUp(state);
    };
    const gone = book.departed.filter(({ vip }) => (this.#absent.get(vip) ?? 0) >= looksNeeded || isBack(vip));
    if (gone.length > 0) book.setDeparted(book.departed.filter((each) => !gone.includes(each)));
  }
}

function count(looks: Map<string, number>, vip: string, yes: boolean): void {
  if (yes) looks.set(vip, (looks.get(vip) ?? 0) + 1);
  else looks.delete(vip);
}
