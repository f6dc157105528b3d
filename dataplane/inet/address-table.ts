// The addresses of the devices, of both families: what is local, what is a broadcast, which source address to use.
import { DpvsError } from '../../api/errors.js';
import { bitsOf, formatIp, IP_NONE, type Ip, isIp4, notUnicast, prefixContains } from './ip.js';
import { IpPairMap } from './ip-pair-map.js';
import { broadcastOf, IPV4_LIMITED_BROADCAST } from './ipv4.js';

export type AddressScope = 'host' | 'link' | 'global';

/** A frozen object; `set` replaces it. Times are in milliseconds on the caller's clock, Infinity for ever. */
export interface Address {
  readonly address: Ip;
  readonly length: number;
  readonly device: string;
  readonly scope: AddressScope;
  /** As the user gave it; IP_NONE when not. */
  readonly broadcast: Ip;
  readonly sapool: boolean;
  /** laddr: made by a service's local address, and goes with its last one. */
  readonly origin: 'user' | 'laddr';
  readonly validUntil: number;
  readonly preferredUntil: number;
}

interface DeviceAddresses {
  /** By number, in the order added. */
  readonly all: Map<Ip, Address>;
  /** Those that say more than themselves (shorter than a host's). */
  networks: Address[];
  /** Of the networks. */
  broadcasts: Set<Ip>;
}

export class AddressTable {
  readonly #maxAddresses: number;
  /** (address, 0) → number of devices that have it. */
  readonly #local = new IpPairMap(256);
  /** In the order in which the devices got their first address. */
  readonly #devices = new Map<string, DeviceAddresses>();
  #size = 0;
  #generation = 0;

  constructor(
    limits: {
      /** Default 65536. */
      readonly maxAddresses?: number;
    } = {},
  ) {
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
  add(given: Address): Address {
    const entry = validated(given);
    if (this.find(entry.address, entry.device) !== undefined) {
      throw new DpvsError('already_exist', `${formatIp(entry.address)} dev ${entry.device}`);
    }
    if (this.#size >= this.#maxAddresses) throw new DpvsError('no_room', `${this.#maxAddresses} addresses`);
    let device = this.#devices.get(entry.device);
    if (device === undefined) {
      device = { all: new Map(), networks: [], broadcasts: new Set() };
      this.#devices.set(entry.device, device);
    }
    device.all.set(entry.address, entry);
    if (!isHost(entry)) setNetworks(device, [...device.networks, entry]);
    this.#local.add(entry.address, 0, 1);
    this.#size++;
    this.#generation++;
    return entry;
  }

  /** Replaces the entry of the same address and device, keeping its place. @throws DpvsError not_exist, invalid_parameter */
  set(given: Address): Address {
    const entry = validated(given);
    this.#require(entry.address, entry.device);
    const device = this.#devices.get(entry.device)!;
    device.all.set(entry.address, entry);
    setNetworks(
      device,
      [...device.all.values()].filter((a) => !isHost(a)),
    );
    this.#generation++;
    return entry;
  }

  /** Adds it or replaces what is there. @throws DpvsError invalid_parameter, no_room */
  put(given: Address): Address {
    return this.find(given.address, given.device) === undefined ? this.add(given) : this.set(given);
  }

  /** With `length` it must be that too. @throws DpvsError not_exist */
  delete(address: Ip, device: string, length?: number): Address {
    const entry = this.#require(address, device, length);
    this.#remove(entry);
    return entry;
  }

  /** Removes the device's addresses, those that `which` accepts; returns them. */
  flushDevice(device: string, which: (address: Address) => boolean = () => true): Address[] {
    return this.#removeAll(this.onDevice(device).filter(which));
  }

  /** Removes and returns those whose valid lifetime is over. */
  expire(now: number): Address[] {
    return this.#removeAll(this.list().filter((a) => a.validUntil <= now));
  }

  /** On any device; no allocation. */
  isLocal(ip: Ip): boolean {
    return this.#local.get(ip, 0) !== -1;
  }

  find(ip: Ip, device: string): Address | undefined {
    return this.#devices.get(device)?.all.get(ip);
  }

  /** The entry on whichever device comes first. */
  findAnywhere(ip: Ip): Address | undefined {
    if (!this.isLocal(ip)) return undefined;
    for (const { all } of this.#devices.values()) {
      const entry = all.get(ip);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** 255.255.255.255, or a broadcast address of one of the device's networks (RFC 919; none for /31 and /32, RFC 3021). */
  isBroadcast(ip: Ip, device: string): boolean {
    return ip === IPV4_LIMITED_BROADCAST || (this.#devices.get(device)?.broadcasts.has(ip) ?? false);
  }

  /** Oldest first. */
  onDevice(device: string): Address[] {
    return [...(this.#devices.get(device)?.all.values() ?? [])];
  }

  /** As the reference prints: newest first, devices in the order they got their first address. */
  list(device?: string): Address[] {
    const devices = device === undefined ? [...this.#devices.keys()] : [device];
    return devices.flatMap((name) => this.onDevice(name).reverse());
  }

  /**
   * Source address for ARP and ICMP: the device's first address whose network has `destination`, else its first of the family;
   * IP_NONE when it has none. Addresses of scope host are not used.
   */
  selectSource(device: string, destination: Ip): Ip {
    const addresses = this.#devices.get(device);
    if (addresses === undefined) return IP_NONE;
    for (const { address, length, scope } of addresses.networks) {
      if (scope !== 'host' && prefixContains(address, length, destination)) return address;
    }
    for (const { address, scope } of addresses.all.values())
      if (scope !== 'host' && isIp4(address) === isIp4(destination)) return address;
    return IP_NONE;
  }

  #require(address: Ip, device: string, length?: number): Address {
    const entry = this.find(address, device);
    if (entry === undefined || (length !== undefined && entry.length !== length)) {
      const suffix = length === undefined ? '' : `/${length}`;
      throw new DpvsError('not_exist', `${formatIp(address)}${suffix} dev ${device}`);
    }
    return entry;
  }

  #removeAll(entries: Address[]): Address[] {
    for (const entry of entries) this.#remove(entry);
    return entries;
  }

  #remove(entry: Address): void {
    const device = this.#devices.get(entry.device)!;
    device.all.delete(entry.address);
    if (!isHost(entry))
      setNetworks(
        device,
        device.networks.filter((a) => a !== entry),
      );
    if (device.all.size === 0) this.#devices.delete(entry.device);
    this.#local.add(entry.address, 0, -1);
    this.#size--;
    this.#generation++;
  }
}

function setNetworks(device: DeviceAddresses, networks: Address[]): void {
  device.networks = networks;
  const broadcasts = networks
    .filter(({ length }) => length < 31)
    .flatMap(({ address, length, broadcast }) => (isIp4(address) ? [broadcastOf(address, length), broadcast] : []));
  device.broadcasts = new Set(broadcasts.filter((ip) => ip !== IP_NONE));
}

function validated(entry: Address): Address {
  const { address, length } = entry;
  const refuse = (why: string, field: string): never => {
    throw new DpvsError('invalid_parameter', `${formatIp(address)}: ${why}`, field);
  };
  if (!(Number.isInteger(length) && length >= 0 && length <= bitsOf(address))) refuse('prefix length', 'prefixLength');
  if (notUnicast(address) !== null) refuse('not a host address', 'address');
  return Object.freeze({ ...entry });
}

const isHost = ({ address, length }: Address): boolean => length === bitsOf(address);
