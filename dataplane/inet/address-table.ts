// The IPv4 addresses of the devices: what is local, what is a broadcast, which source address to use.
import type { Ipv4 } from './ipv4.js';

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

export declare class Ipv4AddressTable {
  constructor(limits?: { readonly maxAddresses?: number });
  get size(): number;
  /** Changes with every modification. */
  get generation(): number;
  /** @throws DpvsError already_exist (the address on this device, whatever its length), invalid_parameter, no_room */
  add(address: Ipv4Address): Ipv4Address;
  /** Replaces the entry of the same address and device, keeping its place. @throws DpvsError not_exist */
  set(address: Ipv4Address): Ipv4Address;
  /** With `length` it must be that too. @throws DpvsError not_exist */
  delete(address: Ipv4, device: string, length?: number): Ipv4Address;
  /** Removes the device's addresses, those that `which` accepts; returns them. */
  flushDevice(device: string, which?: (address: Ipv4Address) => boolean): Ipv4Address[];
  /** Removes and returns those whose valid lifetime is over. */
  expire(now: number): Ipv4Address[];

  /** On any device; no allocation. */
  isLocal(ip: Ipv4): boolean;
  find(ip: Ipv4, device: string): Ipv4Address | undefined;
  /** The entry on whichever device has it first. */
  findAnywhere(ip: Ipv4): Ipv4Address | undefined;
  /** 255.255.255.255, or the directed broadcast of one of the device's networks. */
  isBroadcast(ip: Ipv4, device: string): boolean;
  /** Oldest first. */
  onDevice(device: string): readonly Ipv4Address[];
  /** As the reference prints: newest first, devices in the order they got their first address. */
  list(device?: string): Ipv4Address[];
  /**
   * Source address for ARP and ICMP: the device's first address whose network has `destination`, else its first; 0 when it has
   * none. Addresses of scope host are not used.
   */
  selectSource(device: string, destination: Ipv4): Ipv4;
}
