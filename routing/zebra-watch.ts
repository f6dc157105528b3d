// The bridge's view of zebra, through which the routing daemons learn of addresses and give their routes to the kernel; and the cure of a
// daemon that a new zebra does not serve. ospfd (FRR 8.4.4) connects again to a zebra that was started anew, but neither asks it again for
// what it redistributes nor gives it its routes again.
import type { Log } from '../log/index.js';
import type { Driver } from './drivers/driver.js';
import { type Vtysh, VtyshError } from './vtysh.js';
import { parseZebraClients, type ZebraClient } from './zebra-output.js';

/** Asked outside of the queue of changes: a zebra that hangs holds nothing up. */
const lookMs = 3_000;
const watchfulMs = 1_000;
const patienceMs = 2_000;
/** A daemon that has just connected has not said everything yet. */
const settledSeconds = 2;

type Asked = Pick<Driver, 'daemon' | 'zebraClient' | 'retelling' | 'apply'>;

export interface ZebraWatchParts {
  readonly vtysh: Pick<Vtysh, 'run'>;
  readonly drivers: readonly Asked[];
  readonly log: Log;
}

/** Who changes a daemon, and when. */
export interface Changes {
  /** Runs after every change that was asked for before. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /** Not while a graceful restart is under way. */
  mayChange(): boolean;
  /** Every LSA is new. */
  changedAll(): void;
}

export class ZebraWatch {
  readonly #parts: ZebraWatchParts;
  readonly #troubles = new Map<string, string>();
  /** By daemon: when it was told again, by the monotonic clock in seconds. What does not help a connection then does not help it later. */
  readonly #toldAt = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(parts: ZebraWatchParts) {
    this.#parts = parts;
  }

  start(changes: Changes): void {
    void this.#round(changes);
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** As of the last look: why what comes and goes on an interface does not reach the daemon; null: it does. */
  trouble(daemon: string): string | null {
    return this.#troubles.get(daemon) ?? null;
  }

  /** Asked now. */
  answers(): Promise<boolean> {
    return this.#ask().then(
      () => true,
      () => false,
    );
  }

  async #round(changes: Changes): Promise<void> {
    try {
      await this.look(changes);
    } catch (error) {
      this.#parts.log.event('api.defect', { method: 'zebra', error });
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#round(changes), this.#troubles.size > 0 ? watchfulMs : lookMs);
  }

  /** One look, and what it shows to be needed. */
  async look(changes: Changes): Promise<void> {
    const { drivers } = this.#parts;
    try {
      const clients = await this.#ask();
      for (const driver of drivers) await this.#lookAt(driver, clients.get(driver.zebraClient), changes);
    } catch (error) {
      if (!(error instanceof VtyshError)) throw error;
      const asked = error.daemon === 'zebra';
      for (const { daemon } of drivers)
        if (asked) this.#note(daemon, `${error.message}; ${daemon} does not hear of addresses that come or go`);
    }
  }

  #ask(): Promise<ReadonlyMap<string, ZebraClient>> {
    return this.#parts.vtysh.run('zebra', ['show zebra client'], patienceMs).then(parseZebraClients);
  }

  async #lookAt(driver: Asked, client: ZebraClient | undefined, changes: Changes): Promise<void> {
    const { daemon } = driver;
    if (client === undefined)
      return this.#note(daemon, `zebra: ${daemon} is not connected to it; it tries every 10 s, later every 60 s`);
    if (client.seconds < settledSeconds) return;
    const connectedAt = performance.now() / 1_000 - client.seconds;
    if (driver.retelling === undefined || connectedAt < (this.#toldAt.get(daemon) ?? Number.NEGATIVE_INFINITY))
      return this.#note(daemon, null);
    const { lines, deaf } = await driver.retelling(client);
    this.#note(daemon, deaf === null ? null : `zebra: ${deaf}`);
    if (lines.length > 0 && changes.mayChange()) await this.#retell(driver, lines, changes);
  }

  #retell(driver: Asked, lines: readonly string[], changes: Changes): Promise<void> {
    const { daemon } = driver;
    return changes.exclusive(async () => {
      if (this.#closed) return;
      this.#toldAt.set(daemon, performance.now() / 1_000);
      try {
        await driver.apply({ lines, vips: [] });
      } catch (error) {
        // Asked again what is lacking, unless it does not take the words.
        if (!(error instanceof VtyshError) || error.kind !== 'refused') this.#toldAt.delete(daemon);
        throw error;
      }
      changes.changedAll();
      this.#parts.log.event('routing.zebra_retold', { daemon });
      this.#note(daemon, null);
    });
  }

  #note(daemon: string, trouble: string | null): void {
    if (trouble === this.trouble(daemon)) return;
    if (trouble === null) this.#troubles.delete(daemon);
    else {
      this.#troubles.set(daemon, trouble);
      this.#parts.log.event('routing.zebra_trouble', { daemon, reason: trouble });
    }
  }
}
