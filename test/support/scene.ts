// A harness with hosts on its wires: send, settle, and see everything that came out and every counter that moved.
import type { Counter } from '../../api/index.js';
import { type Harness, type PortName, portNames } from './harness.js';
import type { Hosts } from './hosts.js';
import { type Dissection, describe, dissect, toHex } from './packet/index.js';

/** Frames that came out, by port. ARP requests the hosts answered are not among them. */
export type Outputs = Readonly<Record<PortName, readonly Uint8Array[]>>;
/** How much each counter rose, "kind.name" → by how much; those that stood still are absent. */
export type Rises = ReadonlyMap<string, number>;

export interface Exchange {
  readonly out: Outputs;
  readonly rises: Rises;
  /** Drops of every reason. */
  readonly drops: number;
  /** Frames the test sent; the hosts' ARP answers are counted apart. */
  readonly sent: number;
  /** ARP requests that came out and were answered: as many frames went in again. Neither they nor the copies of the
   *  answers that go on to the kernel are in `out`. */
  readonly answered: number;
  /** How many of those answers went on to the kernel. */
  readonly copies: number;
}

export class Scene {
  /** What was wrong with frames that came out of a wire; a test that provokes it takes it away again. */
  readonly faults: string[] = [];

  constructor(
    readonly harness: Harness,
    readonly hosts: Hosts,
  ) {}

  mac(port: PortName): string {
    return this.harness.ports[port].mac;
  }

  async counters(): Promise<Map<string, number>> {
    const list: readonly Counter[] = await this.harness.counters();
    return new Map(list.map(({ kind, name, value }) => [`${kind}.${name}`, value]));
  }

  /** Sends on one port and settles. */
  exchange(port: PortName, ...frames: readonly Uint8Array[]): Promise<Exchange> {
    return this.watch(() => this.harness.send(port, frames), frames.length);
  }

  advance(ms: number): Promise<Exchange> {
    return this.watch(() => this.harness.advance(ms));
  }

  /** Does something, settles, and tells what came of it. */
  async watch(action: () => unknown, sent = 0): Promise<Exchange> {
    const before = await this.counters();
    await action();
    const { out, answered, copies } = await this.#settle();
    const rises = new Map<string, number>();
    let drops = 0;
    for (const [key, value] of await this.counters()) {
      const rise = value - (before.get(key) ?? 0);
      if (rise !== 0) rises.set(key, rise);
      if (key.startsWith('drop.')) drops += rise;
    }
    return { out, rises, drops, sent, answered, copies };
  }

  async #settle(): Promise<{ out: Outputs; answered: number; copies: number }> {
    const out: Record<PortName, Uint8Array[]> = { dpdk0: [], dpdk1: [], 'dpdk0.kni': [], 'dpdk1.kni': [] };
    const replies = new Set<string>();
    let copies = 0;
    for (let answered = 0; ; ) {
      await this.harness.step();
      let now = 0;
      for (const port of portNames) {
        for (const frame of this.harness.receive(port)) {
          const reply = port.endsWith('.kni') ? undefined : this.hosts.answer(port, frame);
          if (reply !== undefined) {
            replies.add(toHex(reply));
            this.harness.send(port, [reply]);
            now += 1;
          } else if (port.endsWith('.kni') && replies.has(toHex(frame))) {
            copies += 1;
          } else {
            out[port].push(frame);
            this.#inspect(port, frame);
          }
        }
      }
      if (now === 0) return { out, answered, copies };
      answered += now;
    }
  }

  #inspect(port: PortName, frame: Uint8Array): void {
    if (!port.endsWith('.kni') && dissect(frame).problems.length > 0) this.faults.push(`${port}: ${describe(frame)}`);
  }
}

/** Everything of an exchange in lines, for failure messages. */
export function tell({ out, rises }: Exchange): string {
  const frames = portNames.flatMap((port) => out[port].map((frame) => `  ${port} ← ${describe(frame)}`));
  const moved = [...rises].map(([key, by]) => `  ${key} +${by}`);
  return ['came out:', ...(frames.length > 0 ? frames : ['  nothing']), 'counters:', ...moved].join('\n');
}

/** The one frame of an exchange. @throws when something else or more came out, telling what. */
export function only(exchange: Exchange, port: PortName): Dissection {
  const others = portNames.filter((name) => name !== port && exchange.out[name].length > 0);
  if (exchange.out[port].length !== 1 || others.length > 0) {
    throw new Error(`expected one frame out of ${port}\n${tell(exchange)}`);
  }
  return dissect(exchange.out[port][0]);
}

/** @throws unless nothing came out anywhere. */
export function nothing(exchange: Exchange): Exchange {
  if (portNames.some((port) => exchange.out[port].length > 0)) throw new Error(`expected nothing\n${tell(exchange)}`);
  return exchange;
}
