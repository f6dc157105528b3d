// The neighbour table, by ARP and neighbour discovery: resolution and ageing of neighbours, and the packets that wait for an answer.
import assert from 'node:assert/strict';
import { DpvsError } from '../../api/errors.js';
import { formatIp, type Ip } from './ip.js';
import { formatMac, isGroupMac, MAC_ZERO, type Mac } from './mac.js';
import {
  NEIGHBOUR_BROADCAST_PROBE_MS,
  NEIGHBOUR_RETRY_MS,
  NEIGHBOUR_TIMEOUT,
  NEIGHBOUR_TRIES,
  type Neighbour,
  type NeighbourCounters,
  type NeighbourEvents,
  type NeighbourState,
  type NeighbourTableOptions,
} from './neighbour.js';
import { type NeighbourEntry as Entry, NeighbourStore } from './neighbour-store.js';

/** A tick looks at every neighbour, so it does so at most this often; ageing is late by at most as much. */
const SCAN_INTERVAL_MS = 20;

export class NeighbourTable {
  /** Of the next confirmation; what is REACHABLE already ends as it was. */
  reachableMs: number;
  readonly #events: NeighbourEvents;
  readonly #store: NeighbourStore;
  readonly #queueLength: number;
  readonly #totalQueued: number;
  readonly #counters: NeighbourCounters = {
    requests: 0,
    resolved: 0,
    failed: 0,
    evicted: 0,
    tableFull: 0,
    queueFull: 0,
  };
  #queued = 0;
  #wake = Infinity;

  constructor(events: NeighbourEvents, options: NeighbourTableOptions = {}) {
    this.#events = events;
    this.#store = new NeighbourStore(options.maxNeighbours ?? 8192);
    this.reachableMs = options.reachableMs ?? NEIGHBOUR_TIMEOUT.reachable;
    this.#queueLength = options.queueLength ?? 128;
    this.#totalQueued = options.totalQueued ?? 4096;
  }

  get counters(): Readonly<NeighbourCounters> {
    return this.#counters;
  }

  get size(): number {
    return this.#store.all.size;
  }

  /** Packets waiting in all. */
  get queued(): number {
    return this.#queued;
  }

  /** When `tick` next has something to do; Infinity when never. */
  get nextDeadline(): number {
    return this.#wake;
  }

  /**
   * Finds or makes the neighbour because a packet is to go there, and asks for it when nothing is known. With `mac` null the
   * packet waits by `enqueue`. When the table is full the least recently used goes: unresolved first, then resolved; never
   * static or held ones.
   * @returns undefined when there is no room
   */
  resolve(device: string, ip: Ip, now: number): Neighbour | undefined {
    const entry = this.#store.get(device, ip) ?? this.#create(device, ip);
    if (entry === undefined) return undefined;
    this.#store.touch(entry, now);
    if (entry.state === 'NONE') {
      this.#enter(entry, 'SEND', Infinity);
      this.#request(entry, null, now + NEIGHBOUR_RETRY_MS);
    }
    return entry;
  }

  /** A packet waits for the MAC; false when full: the caller drops it. Only for a neighbour in SEND. */
  enqueue(neighbour: Neighbour, handle: number): boolean {
    const entry = neighbour as Entry;
    if (entry.state !== 'SEND') return false;
    if (entry.handles.length >= this.#queueLength || this.#queued >= this.#totalQueued) {
      this.#counters.queueFull++;
      return false;
    }
    entry.handles.push(handle);
    this.#queued++;
    return true;
  }

  /**
   * ARP or neighbour discovery said that `ip` is at `mac`. `solicited`: a reply to us. Without an entry one is made unless
   * `create` is false (RFC 826: make one only when we are the target; so false for gratuitous ARP). With `override` false a MAC
   * that is known is not replaced (RFC 4861, 7.2.5).
   * @returns undefined when nothing was learned (a group or zero MAC, STATIC, no entry, no room)
   */
  learn(
    device: string,
    ip: Ip,
    mac: Mac,
    now: number,
    how: { readonly solicited: boolean; readonly create?: boolean; readonly override?: boolean },
  ): Neighbour | undefined {
    // RFC 1812, 3.3.2: a reply that claims a broadcast or multicast MAC is not believed.
    if (mac === MAC_ZERO || isGroupMac(mac)) return undefined;
    let entry = this.#store.get(device, ip);
    if (entry === undefined && how.create !== false) entry = this.#create(device, ip);
    if (entry === undefined || entry.state === 'STATIC') return undefined;
    if (how.override === false && entry.mac !== null && entry.mac !== mac) {
      // One of the two is wrong: the known one is asked.
      if (entry.state === 'REACHABLE') this.#enter(entry, 'DELAY', now + NEIGHBOUR_TIMEOUT.delay);
      return undefined;
    }
    // What was heard unasked and says nothing new proves nothing: a state that runs out goes on doing so.
    if (how.solicited) this.#enter(entry, 'REACHABLE', now + this.reachableMs);
    else if (entry.mac !== mac) this.#enter(entry, 'DELAY', now + NEIGHBOUR_TIMEOUT.delay);
    this.#setMac(entry, mac);
    return entry;
  }

  /** The way there works (RFC 4861, 7.3.1: a TCP acknowledgement came): REACHABLE afresh. */
  confirm(neighbour: Neighbour, now: number): void {
    const entry = neighbour as Entry;
    if (entry.mac !== null && entry.state !== 'STATIC') this.#enter(entry, 'REACHABLE', now + this.reachableMs);
  }

  /** @throws DpvsError already_exist (as STATIC), invalid_parameter (a group or zero MAC), no_room */
  addStatic(device: string, ip: Ip, mac: Mac): Neighbour {
    if (this.#store.get(device, ip)?.state === 'STATIC') {
      throw new DpvsError('already_exist', `${formatIp(ip)} dev ${device}`);
    }
    return this.putStatic(device, ip, mac);
  }

  /** Adds it or replaces what is there. @throws DpvsError invalid_parameter (a group or zero MAC), no_room */
  putStatic(device: string, ip: Ip, mac: Mac): Neighbour {
    if (mac === MAC_ZERO || isGroupMac(mac)) {
      throw new DpvsError('invalid_parameter', `${formatMac(mac)} is not a unicast MAC address`, 'mac');
    }
    const entry = this.#store.get(device, ip) ?? this.#create(device, ip);
    if (entry === undefined) throw new DpvsError('no_room', 'neighbours');
    this.#enter(entry, 'STATIC', Infinity);
    this.#setMac(entry, mac);
    return entry;
  }

  /**
   * After a restart of the slow path: the neighbour that native memory has in `slot`, to be verified (DELAY); without a MAC it is
   * NONE, for connections that go on to refer to it.
   * @throws AssertionError when the slot or the neighbour is in the table already
   */
  adopt(slot: number, device: string, ip: Ip, mac: Mac | null, now: number): Neighbour {
    assert(this.#store.get(device, ip) === undefined, `${formatIp(ip)} dev ${device} is already in the table`);
    const entry = this.#store.insert(device, ip, slot);
    assert(entry !== undefined, `neighbour slot ${slot} is in use or out of range`);
    if (mac === null) {
      this.#enter(entry, 'NONE', now + NEIGHBOUR_TIMEOUT.none);
    } else {
      this.#enter(entry, 'DELAY', now + NEIGHBOUR_TIMEOUT.delay);
      this.#setMac(entry, mac);
    }
    return entry;
  }

  /** Forgets it. A held one stays as NONE until it is released. @throws DpvsError not_exist */
  delete(device: string, ip: Ip): void {
    const entry = this.#store.get(device, ip);
    if (entry === undefined) throw new DpvsError('not_exist', `${formatIp(ip)} dev ${device}`);
    this.#forget(entry);
  }

  /** Forgets what was learned, on one device or all; with `statics` the static ones too (the device goes). */
  flush(device?: string, statics = false): void {
    const chosen = this.list(device).filter((entry) => statics || entry.state !== 'STATIC') as Entry[];
    // A handler of the events may have removed some of them meanwhile.
    for (const entry of chosen) if (this.#store.has(entry)) this.#forget(entry);
  }

  get(device: string, ip: Ip): Neighbour | undefined {
    return this.#store.get(device, ip);
  }

  bySlot(slot: number): Neighbour | undefined {
    return this.#store.bySlot(slot);
  }

  /** In order of creation. */
  list(device?: string): Neighbour[] {
    return [...this.#store.all].filter((entry) => device === undefined || entry.device === device);
  }

  /** A flow entry refers to the slot from now on: the neighbour is not removed, nor its slot used for another. */
  hold(neighbour: Neighbour): void {
    const entry = neighbour as Entry;
    assert(this.#store.has(entry), `neighbour ${entry} was removed and cannot be held`);
    if (entry.holds++ > 0) return;
    this.#store.place(entry);
    if (entry.state === 'NONE') this.#enter(entry, 'NONE', Infinity);
  }

  release(neighbour: Neighbour, now: number): void {
    const entry = neighbour as Entry;
    assert(entry.holds > 0, `neighbour ${entry} is not held`);
    if (--entry.holds > 0) return;
    this.#store.place(entry);
    if (entry.state === 'NONE') this.#enter(entry, 'NONE', now + NEIGHBOUR_TIMEOUT.none);
  }

  /** Repeats requests, ages states, removes the forgotten. Call it when `nextDeadline` has come or at any interval. */
  tick(now: number): void {
    if (now < this.#wake) return;
    this.#wake = Infinity;
    for (const entry of this.#store.all) {
      if (now >= entry.deadline) this.#age(entry, now);
      else if (now >= entry.nextRequest) this.#retry(entry, now);
      this.#wakeAt(Math.min(entry.deadline, entry.nextRequest));
    }
    this.#wake = Math.max(this.#wake, now + SCAN_INTERVAL_MS);
  }

  #age(entry: Entry, now: number): void {
    if (entry.state === 'REACHABLE' || entry.state === 'DELAY') {
      this.#enter(entry, 'PROBE', now + NEIGHBOUR_TIMEOUT.probe);
      this.#request(entry, entry.mac, now + NEIGHBOUR_RETRY_MS);
    } else if (entry.state === 'PROBE') {
      this.#giveUp(entry, now);
    } else if (entry.state === 'NONE') {
      this.#remove(entry);
    }
  }

  #retry(entry: Entry, now: number): void {
    const again = entry.tries < NEIGHBOUR_TRIES;
    if (entry.state === 'PROBE') {
      this.#request(entry, again ? entry.mac : null, now + (again ? NEIGHBOUR_RETRY_MS : NEIGHBOUR_BROADCAST_PROBE_MS));
    } else if (again) {
      this.#request(entry, null, now + NEIGHBOUR_RETRY_MS);
    } else {
      // Counted in tries and not by the clock: a slow path that was late has given the neighbour no chance to answer.
      this.#giveUp(entry, now);
    }
  }

  #giveUp(entry: Entry, now: number): void {
    this.#counters.failed++;
    this.#enter(entry, 'NONE', entry.holds > 0 ? Infinity : now + NEIGHBOUR_TIMEOUT.none);
    this.#clear(entry);
  }

  #forget(entry: Entry): void {
    if (entry.holds === 0) {
      this.#remove(entry);
    } else {
      this.#enter(entry, 'NONE', Infinity);
      this.#clear(entry);
    }
  }

  #remove(entry: Entry): void {
    this.#enter(entry, 'NONE', Infinity);
    this.#store.remove(entry);
    this.#clear(entry);
  }

  /** No MAC and no packets from here on. */
  #clear(entry: Entry): void {
    const known = entry.mac !== null;
    entry.mac = null;
    if (this.#store.has(entry)) this.#store.place(entry);
    const handles = this.#takeHandles(entry);
    if (known) this.#events.changed(entry);
    if (handles.length > 0) this.#events.failed(entry, handles);
  }

  #setMac(entry: Entry, mac: Mac): void {
    const before = entry.mac;
    if (before === null) this.#counters.resolved++;
    entry.mac = mac;
    this.#store.place(entry);
    const handles = this.#takeHandles(entry);
    if (before !== mac) this.#events.changed(entry);
    if (handles.length > 0) this.#events.resolved(entry, handles);
  }

  #takeHandles(entry: Entry): readonly number[] {
    const { handles } = entry;
    if (handles.length > 0) entry.handles = [];
    this.#queued -= handles.length;
    return handles;
  }

  #request(entry: Entry, unicast: Mac | null, next: number): void {
    entry.tries++;
    entry.nextRequest = next;
    this.#wakeAt(next);
    this.#counters.requests++;
    this.#events.sendRequest(entry.device, entry.ip, unicast);
  }

  #enter(entry: Entry, state: NeighbourState, deadline: number): void {
    entry.state = state;
    entry.deadline = deadline;
    entry.nextRequest = Infinity;
    entry.tries = 0;
    this.#wakeAt(deadline);
  }

  #wakeAt(time: number): void {
    if (time < this.#wake) this.#wake = time;
  }

  #create(device: string, ip: Ip): Entry | undefined {
    const victim = this.#store.full ? this.#store.victim() : undefined;
    if (victim !== undefined) {
      this.#counters.evicted++;
      this.#remove(victim);
    }
    // A handler of the eviction's events may have made this very neighbour, or taken the room.
    const entry = this.#store.get(device, ip) ?? this.#store.insert(device, ip);
    if (entry === undefined) this.#counters.tableFull++;
    return entry;
  }
}
