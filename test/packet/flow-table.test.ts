// The flow table under churn: entries of a full table come and go, and there is always room for as many as fit.
import t from 'tap';
import { createContext, layout, loadLibrary, memory, startEal, usage } from '../../native/index.js';
import { harnessMissing } from '../support/load-harness.js';
import { Random } from '../support/random.js';

const CONNECTIONS = 2048;
const SEED = 20261122;

/** Makes and removes connections as the slow path does, without packets. */
class Churn {
  readonly #library = loadLibrary();
  readonly #answer = new Uint32Array(memory('answers'), 0, layout('answer.size') / 4);
  readonly #sweep = new Uint32Array(memory('sweep'));
  readonly live: number[] = [];
  #made = 0;

  /** A connection of another client. False when there was no room. */
  add(): boolean {
    const i = this.#made++;
    const set = (field: string, value: number) => {
      this.#answer[layout(`answer.${field}`) / 4] = value;
    };
    this.#answer.fill(0);
    set('op', 1);
    set('client4', 0x0b000000 + i);
    set('vip4', 0x0a000064);
    set('lip4', 0x0c000000 + i);
    set('rip4', 0xc0a86402);
    set('proto', 17);
    this.#library.dp_commit(1);
    const conn = this.#answer[layout('answer.result') / 4];
    if (conn !== 0) this.live.push(conn);
    return conn !== 0;
  }

  remove(at: number): void {
    const last = this.live.pop()!;
    this.#sweep[0] = at < this.live.length ? this.live[at] : last;
    if (at < this.live.length) this.live[at] = last;
    this.#library.dp_conn_remove(1);
    // No lcore runs: what was unlinked is free after the next look.
    this.#library.dp_commit(0);
  }
}

void t.test('churn in a full table', { skip: harnessMissing }, async (t) => {
  startEal({ lcores: '0@0', huge: false, memoryMb: 128, pci: false, filePrefix: `dpvs-test-${process.pid}` });
  createContext({
    flowCapacity: 2 * CONNECTIONS,
    connCapacity: CONNECTIONS,
    spin: true,
    idleSleepUs: 1,
    classRate: [1, 1, 1, 1],
    classBurst: [1, 1, 1, 1],
    upcallRing: 64,
    mbufs: 1023,
    mbufRoom: 2048,
    mbufCache: 0,
  });
  const random = new Random(SEED);
  const churn = new Churn();
  for (let i = 0; i < CONNECTIONS; i++) if (!churn.add()) break;
  t.equal(churn.live.length, CONNECTIONS, 'all fit');
  let refused = 0;
  for (let i = 0; i < 400_000; i++) {
    churn.remove(random.below(churn.live.length));
    if (!churn.add()) refused++;
    while (churn.live.length < CONNECTIONS - 1) churn.add();
  }
  t.equal(refused, 0, `seed ${SEED}`);
  t.equal(usage().connections.used, churn.live.length);
  t.equal(usage().flows.used, 2 * churn.live.length, 'no entry is lost');
  while (churn.live.length > 0) churn.remove(churn.live.length - 1);
  loadLibrary().dp_commit(0);
  t.match(usage(), { connections: { used: 0 }, flows: { used: 0 } });
});
