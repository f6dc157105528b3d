// The IPv4 addresses of the devices: what is local, what is a broadcast, which source address to use.
import { DpvsError } from '../../api/errors.js';
import {
  broadcastOf,
  formatIpv4,
  IPV4_ANY,
  IPV4_LIMITED_BROADCAST,
  type Ipv4,
  isLoopbackIpv4,
  isMulticastIpv4,
  networkOf,
  prefixContains,
} from './ipv4.js';
import { U32PairMap } from './u32-pair-map.js';

export type AddressScope = 'host' | 'link' | 'global';

/** A frozen object; `set` replaces it. Times are in milliseconds on the caller's clock, Infinity for ever. */
export interface Ipv4Address {
  readonly address: Ipv4;
  readonly length: number;
  readonly device: string;
  readonly scope: AddressScope;
  /** As the user gave it; 0 when not. */
  readonly broadcast: Ipv4;
  readonly sapool: boolean;
  /** laddr: made by a service's local address, and goes with its last one. */
  readonly origin: 'user' | 'laddr';
  readonly validUntil: number;
  readonly preferredUntil: number;
}

export class Ipv4AddressTable {
  readonly #maxAddresses: number;
  /** (address, 0) → number of devices that have it. */
  readonly #local = new U32PairMap(256);
  /** Device → its addresses, oldest first; devices in the order they got their first address. */
  readonly #devices = new Map<string, Ipv4Address[]>();
  #size = 0;
  #generation = 0;

  constructor(limits: { readonly maxAddresses?: number } = {}) {
    this.#maxAddresses = limits.maxAddresses ?? 65536;
  }

  get size(): number {
    return this.#size;
  }

  /** Changes with every modification. */
  get generation(): number {
    return this.#generation;
  }

  /** @throws DpvsError already_exist (the address on this device, whatever its length), invalid_parameter, no_room */
  add(given: Ipv4Address): Ipv4Address {
    const entry = validated(given);
    if (this.find(entry.address, entry.device) !== undefined) {
      throw new DpvsError('already_exist', `${formatIpv4(entry.address)} dev ${entry.device}`);
    }
    if (this.#size >= this.#maxAddresses) throw new DpvsError('no_room', `${this.#maxAddresses} addresses`);
    const devices = this.#devices.get(entry.device);
    if (devices === undefined) this.#devices.set(entry.device, [entry]);
    else devices.push(entry);
    this.#local.set(entry.address, 0, Math.max(this.#local.get(entry.address, 0), 0) + 1);
    this.#size++;
    this.#generation++;
    return entry;
  }

  /** Replaces the entry of the same address and device, keeping its place. @throws DpvsError not_exist, invalid_parameter */
  set(given: Ipv4Address): Ipv4Address {
    const entry = validated(given);
    const old = this.#require(entry.address, entry.device);
    const addresses = this.#devices.get(entry.device)!;
    addresses[addresses.indexOf(old)] = entry;
    this.#generation++;
    return entry;
  }

  /** With `length` it must be that too. @throws DpvsError not_exist */
  delete(address: Ipv4, device: string, length?: number): Ipv4Address {
    const entry = this.#require(address, device, length);
    this.#remove(entry);
    return entry;
  }

  /** Removes the device's addresses, those that `which` accepts; returns them. */
  flushDevice(device: string, which: (address: Ipv4Address) => boolean = () => true): Ipv4Address[] {
    return this.#removeAll((this.#devices.get(device) ?? []).filter(which));
  }

  /** Removes and returns those whose valid lifetime is over. */
  expire(now: number): Ipv4Address[] {
    return this.#removeAll([...this.#devices.values()].flat().filter((a) => a.validUntil <= now));
  }

  /** On any device; no allocation. */
  isLocal(ip: Ipv4): boolean {
    return this.#local.get(ip, 0) !== -1;
  }

  find(ip: Ipv4, device: string): Ipv4Address | undefined {
    // Most packets ask for an address that is not ours: the map answers those, a device's list is short.
    return this.isLocal(ip) ? this.#devices.get(device)?.find((a) => a.address === ip) : undefined;
  }

  /** The entry on whichever device has it first. */
  findAnywhere(ip: Ipv4): Ipv4Address | undefined {
    if (!this.isLocal(ip)) return undefined;
    for (const device of this.#devices.keys()) {
      const entry = this.find(ip, device);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** 255.255.255.255, or a broadcast address of one of the device's networks (RFC 919; none for /31 and /32, RFC 3021). */
  isBroadcast(ip: Ipv4, device: string): boolean {
    if (ip === IPV4_LIMITED_BROADCAST) return true;
    return this.onDevice(device).some(
      (a) => a.length < 31 && (ip === a.broadcast || ip === broadcastOf(a.address, a.length)),
    );
  }

  /** Oldest first. */
  onDevice(device: string): readonly Ipv4Address[] {
    return this.#devices.get(device) ?? [];
  }

  /** As the reference prints: newest first, devices in the order they got their first address. */
  list(device?: string): Ipv4Address[] {
    const devices = device === undefined ? [...this.#devices.values()] : [this.onDevice(device)];
    return devices.flatMap((addresses) => addresses.toReversed());
  }

  /**
   * Source address for ARP and ICMP: the device's first address whose network has `destination`, else its first; 0 when it has
   * none. Addresses of scope host are not used.
   */
  selectSource(device: string, destination: Ipv4): Ipv4 {
    let first: Ipv4 = IPV4_ANY;
    for (const entry of this.onDevice(device)) {
      if (entry.scope === 'host') continue;
      if (prefixContains(entry.address, entry.length, destination)) return entry.address;
      if (first === IPV4_ANY) first = entry.address;
    }
    return first;
  }

  #require(address: Ipv4, device: string, length?: number): Ipv4Address {
    const entry = this.find(address, device);
    if (entry === undefined || (length !== undefined && entry.length !== length)) {
      const suffix = length === undefined ? '' : `/${length}`;
      throw new DpvsError('not_exist', `${formatIpv4(address)}${suffix} dev ${device}`);
    }
    return entry;
  }

  #removeAll(entries: Ipv4Address[]): Ipv4Address[] {
    for (const entry of entries) this.#remove(entry);
    return entries;
  }

  #remove(entry: Ipv4Address): void {
    const addresses = this.#devices.get(entry.device)!;
    addresses.splice(addresses.indexOf(entry), 1);
    if (addresses.length === 0) this.#devices.delete(entry.device);
    const left = this.#local.get(entry.address, 0) - 1;
    if (left === 0) this.#local.delete(entry.address, 0);
    else this.#local.set(entry.address, 0, left);
    this.#size--;
    this.#generation++;
  }
}

function validated(entry: Ipv4Address): Ipv4Address {
  const refuse = (why: string, field: string): never => {
    throw new DpvsError('invalid_parameter', `${formatIpv4(entry.address)}: ${why}`, field);
  };
  if (!(Number.isInteger(entry.length) && entry.length >= 0 && entry.length <= 32))
    refuse('prefix length', 'prefixLength');
  const { address, length } = entry;
  if (
    address === IPV4_ANY ||
    address === IPV4_LIMITED_BROADCAST ||
    isMulticastIpv4(address) ||
    isLoopbackIpv4(address)
  ) {
    refuse('not a host address', 'address');
  }
  if (length < 31 && (address === networkOf(address, length) || address === broadcastOf(address, length))) {
    refuse(`the network or broadcast address of its /${length}`, 'address');
  }
  return Object.freeze({ ...entry });
}
