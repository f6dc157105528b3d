// A harness with hosts on its wires: send, settle, and see everything that came out and every counter that moved.
import type { Counter } from '../../api/index.js';
import { type Harness, type PortName, portNames } from './harness.js';
import type { Hosts } from './hosts.js';
import { type Dissection, describe, dissect } from './packet/index.js';

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
  /** ARP requests that came out and were answered: as many frames went in again. */
  readonly answered: number;
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
    const { out, answered } = await this.#settle();
    const rises = new Map<string, number>();
    let drops = 0;
    for (const [key, value] of await this.counters()) {
      const rise = value - (before.get(key) ?? 0);
      if (rise !== 0) rises.set(key, rise);
      if (key.startsWith('drop.')) drops += rise;
    }
    return { out, rises, drops, sent, answered };
  }

  async #settle(): Promise<{ out: Outputs; answered: number }> {
    const out: Record<PortName, Uint8Array[]> = { dpdk0: [], dpdk1: [], 'dpdk0.kni': [], 'dpdk1.kni': [] };
    for (let answered = 0; ; ) {
      await this.harness.step();
      const replies = portNames.reduce((sum, port) => sum + this.#collect(port, out[port]), 0);
      if (replies === 0) return { out, answered };
      answered += replies;
    }
  }

  /** Takes what came out of a port; the hosts' answers go back in. @returns how many they were. */
  #collect(port: PortName, into: Uint8Array[]): number {
    const wire = !port.endsWith('.kni');
    let answered = 0;
    for (const frame of this.harness.receive(port)) {
      const reply = wire ? this.hosts.answer(port, frame) : undefined;
      if (reply === undefined) {
        into.push(frame);
        if (wire) this.#inspect(port, frame);
        continue;
      }
      this.harness.send(port, [reply]);
      answered += 1;
    }
    return answered;
  }

  #inspect(port: PortName, frame: Uint8Array): void {
    if (dissect(frame).problems.length > 0) this.faults.push(`${port}: ${describe(frame)}`);
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
