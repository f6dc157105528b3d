// All real servers of all services as a struct of arrays, by destIndex: what schedulers read and connections count on.
import assert from 'node:assert/strict';
import { DpvsError } from '../../api/errors.js';
import { IP_NONE, type Ip } from '../inet/index.js';
import { type ServerColumns, ServerFlag } from './schedulers/index.js';

/**
 * free → live (`allocate`) → retired (`retire`: removed from its service, connections go on) → free (`free`: no connection is
 * left, and the caller says that native counters and flow entries of the slot are no longer in use).
 */
export type DestState = 'free' | 'live' | 'retired';

const STATES: readonly DestState[] = ['free', 'live', 'retired'];
const FREE = 0;
const LIVE = 1;
const RETIRED = 2;

export class DestTable implements ServerColumns {
  readonly capacity: number;
  readonly weights: Int32Array;
  readonly active: Int32Array;
  readonly inactive: Int32Array;
  /** ServerFlag bits. */
  readonly flags: Uint8Array;
  readonly addresses: Ip[];
  readonly ports: Uint16Array;
  /** 0: no threshold. */
  readonly upperThresholds: Uint32Array;
  readonly lowerThresholds: Uint32Array;
  readonly #states: Uint8Array;
  #used = 0;
  #retired = 0;
  /** Where the search for a free slot goes on, so that a freed slot is used again as late as possible. */
  #cursor = 0;

  constructor(capacity = 65536) {
    this.capacity = capacity;
    this.weights = new Int32Array(capacity);
    this.active = new Int32Array(capacity);
    this.inactive = new Int32Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.addresses = new Array<Ip>(capacity).fill(IP_NONE);
    this.ports = new Uint16Array(capacity);
    this.upperThresholds = new Uint32Array(capacity);
    this.lowerThresholds = new Uint32Array(capacity);
    this.#states = new Uint8Array(capacity);
  }

  /** Slots that are not free. */
  get used(): number {
    return this.#used;
  }

  /** @param destIndex a particular slot (adopted after a restart). @throws DpvsError no_room; AssertionError when not free */
  allocate(rip: Ip, rport: number, destIndex?: number): number {
    const slot = destIndex ?? this.#search();
    assert(this.#states[slot] === FREE, `destIndex ${slot} is not free`);
    this.#states[slot] = LIVE;
    this.addresses[slot] = rip;
    this.ports[slot] = rport;
    this.#used++;
    return slot;
  }

  stateOf(destIndex: number): DestState {
    return STATES[this.#states[destIndex]!]!;
  }

  retire(destIndex: number): void {
    assert(this.#states[destIndex] === LIVE, `destIndex ${destIndex} is not live`);
    this.#states[destIndex] = RETIRED;
    this.#retired++;
  }

  /** A retired slot is used again, with its connections, because the same real server was added again. */
  revive(destIndex: number): void {
    assert(this.#states[destIndex] === RETIRED, `destIndex ${destIndex} is not retired`);
    this.#states[destIndex] = LIVE;
    this.#retired--;
  }

  /** All retired slots. */
  retired(): number[] {
    const found: number[] = [];
    for (let slot = 0; found.length < this.#retired; slot++) if (this.#states[slot] === RETIRED) found.push(slot);
    return found;
  }

  /** Retired slots without a connection: the caller clears what native memory has on them, then calls `free`. */
  drained(): number[] {
    return this.retired().filter((slot) => this.active[slot] === 0 && this.inactive[slot] === 0);
  }

  /** @throws AssertionError unless retired and without connections */
  free(destIndex: number): void {
    assert(this.#states[destIndex] === RETIRED, `destIndex ${destIndex} is not retired`);
    assert(this.conns(destIndex) === 0, `destIndex ${destIndex} has connections`);
    this.#states[destIndex] = FREE;
    this.weights[destIndex] = 0;
    this.flags[destIndex] = 0;
    this.upperThresholds[destIndex] = 0;
    this.lowerThresholds[destIndex] = 0;
    this.#used--;
    this.#retired--;
  }

  address(destIndex: number): Ip {
    return this.addresses[destIndex]!;
  }

  conns(destIndex: number): number {
    return this.active[destIndex]! + this.inactive[destIndex]!;
  }

  setFlag(destIndex: number, flag: number, on: boolean): void {
    if (on) this.flags[destIndex]! |= flag;
    else this.flags[destIndex]! &= ~flag;
  }

  setThresholds(destIndex: number, upper: number, lower: number): void {
    this.upperThresholds[destIndex] = upper;
    this.lowerThresholds[destIndex] = lower;
    this.setFlag(destIndex, ServerFlag.OVERLOAD, upper > 0 && this.conns(destIndex) >= upper);
  }

  /** A new connection: inactive until `activated`. Sets OVERLOAD at the upper threshold. */
  opened(destIndex: number): void {
    this.inactive[destIndex]!++;
    const upper = this.upperThresholds[destIndex]!;
    if (upper > 0 && this.conns(destIndex) >= upper) this.flags[destIndex]! |= ServerFlag.OVERLOAD;
  }

  /** It became ESTABLISHED. */
  activated(destIndex: number): void {
    assert(this.inactive[destIndex]! > 0, 'more connections activated than opened');
    this.inactive[destIndex]!--;
    this.active[destIndex]!++;
  }

  /** It left ESTABLISHED. */
  deactivated(destIndex: number): void {
    assert(this.active[destIndex]! > 0, 'more connections deactivated than activated');
    this.active[destIndex]!--;
    this.inactive[destIndex]!++;
  }

  /**
   * It is gone. Clears OVERLOAD below the lower threshold, or without one below three quarters of the upper (as the kernel's
   * IPVS; the reference never clears it by the lower).
   */
  closed(destIndex: number, wasActive: boolean): void {
    const column = wasActive ? this.active : this.inactive;
    assert(column[destIndex]! > 0, 'more connections closed than opened');
    column[destIndex]!--;
    if ((this.flags[destIndex]! & ServerFlag.OVERLOAD) === 0) return;
    const lower = this.lowerThresholds[destIndex]!;
    const conns = this.conns(destIndex);
    const relieved = lower > 0 ? conns < lower : conns * 4 < this.upperThresholds[destIndex]! * 3;
    if (relieved) this.flags[destIndex]! &= ~ServerFlag.OVERLOAD;
  }

  #search(): number {
    if (this.#used === this.capacity) throw new DpvsError('no_room', `${this.capacity} real servers`);
    while (this.#states[this.#cursor] !== FREE) this.#cursor = (this.#cursor + 1) % this.capacity;
    const slot = this.#cursor;
    this.#cursor = (slot + 1) % this.capacity;
    return slot;
  }
}
