// Why each address of the node is there: because addr.add said so, because services use it as a local address, or both.
import type { DesiredAddress, DesiredLaddr } from './changes.js';
import { addressKey, serviceText } from './keys.js';
import { hostLength } from './prefix.js';

/** What addr.add and addr.set said. */
export type ConfiguredAddress = Omit<DesiredAddress, 'origin'>;

interface Configured {
  readonly order: number;
  readonly address: ConfiguredAddress;
}

interface Binding {
  readonly order: number;
  readonly laddr: DesiredLaddr;
}

/**
 * Facts carry a number of order, taken when they were first said. The order of addresses (the reference uses the first one of a
 * device as source address) is that of their oldest surviving fact, so that a dump, which repeats facts in order, recreates it.
 */
export class AddressFacts {
  readonly #configured = new Map<string, Configured>();
  /** Per address and device, the bindings by service. */
  readonly #bindings = new Map<string, Map<string, Binding>>();
  /** Devices on which an address text is present, for any reason. */
  readonly #devices = new Map<string, Set<string>>();
  #size = 0;

  /** For judging requests that build on each other: what happens to the copy leaves this one alone. */
  clone(): AddressFacts {
    const copy = new AddressFacts();
    for (const [key, configured] of this.#configured) copy.#configured.set(key, configured);
    for (const [key, bindings] of this.#bindings) copy.#bindings.set(key, new Map(bindings));
    for (const [address, devices] of this.#devices) copy.#devices.set(address, new Set(devices));
    copy.#size = this.#size;
    return copy;
  }

  /** An address that is there again keeps its place. */
  configure(address: ConfiguredAddress, order: number): void {
    const key = addressKey(address);
    this.#configured.set(key, { order: this.#configured.get(key)?.order ?? order, address });
    this.#note(address.address, address.device);
  }

  unconfigure(key: string): void {
    const configured = this.#configured.get(key);
    this.#configured.delete(key);
    if (configured !== undefined) this.#note(configured.address.address, configured.address.device);
  }

  bind(laddr: DesiredLaddr, order: number): void {
    const key = addressKey(laddr);
    const bindings = this.#bindings.get(key) ?? new Map<string, Binding>();
    bindings.set(serviceText(laddr.service), { order, laddr });
    this.#bindings.set(key, bindings);
    this.#note(laddr.address, laddr.device);
  }

  unbind(laddr: DesiredLaddr): void {
    const key = addressKey(laddr);
    const bindings = this.#bindings.get(key);
    bindings?.delete(serviceText(laddr.service));
    if (bindings?.size === 0) this.#bindings.delete(key);
    this.#note(laddr.address, laddr.device);
  }

  configured(key: string): ConfiguredAddress | null {
    return this.#configured.get(key)?.address ?? null;
  }

  /** Services that use it as a local address. */
  bindings(key: string): DesiredLaddr[] {
    return [...(this.#bindings.get(key)?.values() ?? [])].map(({ laddr }) => laddr);
  }

  /** Where the address is, on whatever grounds. */
  devicesOf(address: string): ReadonlySet<string> {
    return this.#devices.get(address) ?? new Set();
  }

  /** What the slow path must have; null when there is no reason for the address. */
  inEffect(key: string): DesiredAddress | null {
    const configured = this.#configured.get(key)?.address;
    const [binding] = this.#bindings.get(key)?.values() ?? [];
    if (configured !== undefined)
      return { ...configured, sapool: configured.sapool || binding !== undefined, origin: 'user' };
    if (binding === undefined) return null;
    const { address, device } = binding.laddr;
    const forever = { validUntil: null, preferredUntil: null };
    return {
      address,
      prefixLength: hostLength(address),
      device,
      scope: 'global',
      broadcast: null,
      sapool: true,
      ...forever,
      origin: 'laddr',
    };
  }

  /** Of the oldest fact; Infinity when there is none. */
  orderOf(key: string): number {
    let oldest = this.#configured.get(key)?.order ?? Number.POSITIVE_INFINITY;
    for (const { order } of this.#bindings.get(key)?.values() ?? []) oldest = Math.min(oldest, order);
    return oldest;
  }

  get size(): number {
    return this.#size;
  }

  /** Oldest first. */
  all(): DesiredAddress[] {
    return [...new Set([...this.#configured.keys(), ...this.#bindings.keys()])]
      .map((key) => ({ order: this.orderOf(key), address: this.inEffect(key)! }))
      .sort((a, b) => a.order - b.order)
      .map(({ address }) => address);
  }

  /** For a dump: configured addresses with their order. */
  allConfigured(): Iterable<Configured> {
    return this.#configured.values();
  }

  #note(address: string, device: string): void {
    const key = addressKey({ address, device });
    const devices = this.#devices.get(address) ?? new Set();
    this.#size -= devices.size;
    if (this.#configured.has(key) || this.#bindings.has(key)) devices.add(device);
    else devices.delete(device);
    this.#size += devices.size;
    if (devices.size > 0) this.#devices.set(address, devices);
    else this.#devices.delete(address);
  }
}
