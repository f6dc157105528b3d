// After a port got another MAC: tells the neighbours of every address on it, the kernel's on its kni too, so that they need not find
// out by losing packets.
import { loadLibrary } from '../../native/index.js';
import { type AddressTable, type Ip, isIp4, type RouteTable } from '../inet/index.js';
import type { Arp } from './arp.js';
import type { Nd } from './nd.js';
import type { SlowPathPort } from './ports.js';

/** One may be lost. RFC 4861, 7.2.6 allows three unsolicited advertisements, a second apart; RFC 5227, 2.3 asks for two. */
const ROUNDS = 3;
const INTERVAL_MS = 1000;
/** Addresses of one turn: thousands must not hold up new connections. */
const SLICE = 64;

export interface AnnouncementParts {
  readonly addresses: AddressTable;
  readonly routes: RouteTable;
  readonly arp: Pick<Arp, 'announce'>;
  readonly nd: Pick<Nd, 'announce'>;
}

interface Announcement {
  readonly port: SlowPathPort;
  roundsLeft: number;
  /** Of this round. */
  addresses: readonly Ip[];
  next: number;
  /** When the next round begins, or the old MAC is forgotten. */
  at: number;
}

export class Announcements {
  #running: Announcement[] = [];

  constructor(readonly parts: AnnouncementParts) {}

  /** Frames for the address before are received until the last round is over. */
  begin(port: SlowPathPort, now: number): void {
    this.#running = this.#running.filter((other) => other.port.name !== port.name);
    this.#running.push({ port, roundsLeft: ROUNDS, addresses: [], next: 0, at: now });
  }

  /** Milliseconds until there is something to do. */
  due(now: number): number {
    const dues = this.#running.map(({ addresses, next, at }) => (next < addresses.length ? 0 : Math.max(0, at - now)));
    return Math.min(Number.POSITIVE_INFINITY, ...dues);
  }

  tick(now: number): void {
    for (const running of this.#running) this.#step(running, now);
    this.#running = this.#running.filter(({ roundsLeft }) => roundsLeft >= 0);
  }

  #step(running: Announcement, now: number): void {
    const { port } = running;
    if (running.next >= running.addresses.length) {
      if (now < running.at) return;
      if (running.roundsLeft-- === 0) {
        loadLibrary().dp_port_forget_mac(port.index);
        return;
      }
      running.addresses = this.#addressesOf(port.name);
      running.next = 0;
      running.at = now + INTERVAL_MS;
    }
    const end = Math.min(running.addresses.length, running.next + SLICE);
    for (; running.next < end; running.next++) {
      const ip = running.addresses[running.next];
      if (isIp4(ip)) this.parts.arp.announce(port, ip);
      else this.parts.nd.announce(port, ip);
    }
  }

  #addressesOf(device: string): Ip[] {
    const { addresses, routes } = this.parts;
    const own = addresses.list().filter((address) => address.device === device);
    const kernel = routes.list().filter((route) => route.scope === 'kni_host' && route.device === device);
    return [...new Set([...own.map(({ address }) => address), ...kernel.map(({ prefix }) => prefix)])];
  }
}
