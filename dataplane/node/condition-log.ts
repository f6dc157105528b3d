// Losses worth a line in the log: counters that rose since the last look, summarised, never one line a packet.
import { type Log, RepeatedCondition } from '../../log/index.js';
import type { Counters } from '../../native/index.js';

/** Drop reason → the event that tells of it. The rest is for `dpip counters`: garbage from the wire is no condition of the node. */
const TOLD = {
  conn_table_full: 'conn.pool_full',
  flow_table_full: 'flow.table_full',
  no_server: 'conn.no_server',
  no_local_port: 'conn.no_port',
  neighbour_failed: 'neighbour.unresolved',
  neighbour_queue_full: 'neighbour.unresolved',
  upcall_queue_full: 'upcall.dropped',
  upcall_rate: 'upcall.dropped',
} as const;
type Told = keyof typeof TOLD;
const told = (name: string): name is Told => Object.hasOwn(TOLD, name);

export class ConditionLog {
  readonly #before = new Map<Told, number>();
  readonly #conditions = new Map<Told, RepeatedCondition>();

  constructor(
    readonly counters: Counters,
    readonly log: Log,
  ) {}

  /** Call it about once a second. */
  look(): void {
    for (const { kind, name, value } of this.counters.all()) {
      if (kind !== 'drop' || !told(name)) continue;
      const rise = value - (this.#before.get(name) ?? 0);
      this.#before.set(name, value);
      if (rise > 0) this.#condition(name).hit({ reason: name }, rise);
    }
  }

  flush(): void {
    for (const condition of this.#conditions.values()) condition.flush();
  }

  #condition(name: Told): RepeatedCondition {
    const known = this.#conditions.get(name) ?? new RepeatedCondition(this.log, TOLD[name]);
    this.#conditions.set(name, known);
    return known;
  }
}
