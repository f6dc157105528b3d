// Writes the answer batch that C carries out: one call of the library a burst.
import { layout, loadLibrary, memory } from '../../native/index.js';
import { IP_NONE, type Ip, ipv4, isIp4, readIpv6, writeIpv6 } from '../inet/index.js';
import { Flow } from './modes/mode.js';

const Op = { newConnection: 1, run: 2, output: 3, kni: 4, drop: 5, copyKni: 6 } as const;

const at = () => ({
  op: layout('answer.op') / 4,
  handle: layout('answer.handle') / 4,
  port: layout('answer.port') / 4,
  length: layout('answer.length') / 4,
  result: layout('answer.result') / 4,
  client: layout('answer.client4') / 4,
  vip: layout('answer.vip4') / 4,
  lip: layout('answer.lip4') / 4,
  rip: layout('answer.rip4') / 4,
  clientPort: layout('answer.client_port') / 2,
  vipPort: layout('answer.vip_port') / 2,
  lipPort: layout('answer.lip_port') / 2,
  ripPort: layout('answer.rip_port') / 2,
  proto: layout('answer.proto') / 4,
  flagsIn: layout('answer.flags_in') / 4,
  flagsOut: layout('answer.flags_out') / 4,
  nextHopIn: layout('answer.next_hop_in') / 4,
  nextHopOut: layout('answer.next_hop_out') / 4,
  dest: layout('answer.dest') / 4,
  service: layout('answer.service') / 4,
  localAddress: layout('answer.local_address') / 4,
  localBucket: layout('answer.local_bucket') / 4,
  timeout: layout('answer.timeout_s') / 4,
  zone: layout('answer.zone') / 4,
  reason: layout('answer.reason') / 4,
  mtuIn: layout('answer.mtu_in') / 4,
  mtuOut: layout('answer.mtu_out') / 4,
  family: layout('answer.family') / 4,
  client6: layout('answer.client6'),
  vip6: layout('answer.vip6'),
  lip6: layout('answer.lip6'),
  rip6: layout('answer.rip6'),
});

/**
 * A new connection in numbers; one object is made at start and filled again for each. The addresses are of one family. Which end is
 * which for SNAT: modes/snat.ts.
 */
export interface NewConnection {
  proto: number;
  client: Ip;
  clientPort: number;
  vip: Ip;
  vipPort: number;
  /** Of DR the client's own, of SNAT the remote end. */
  lip: Ip;
  /** 0: none was taken (DR). */
  lipPort: number;
  rip: Ip;
  ripPort: number;
  flagsIn: number;
  flagsOut: number;
  nextHopIn: number;
  /** NO_HOP for DR. */
  nextHopOut: number;
  dest: number;
  service: number;
  localBucket: number;
  /** Seconds, 0 for the state's. */
  timeout: number;
  mtuIn: number;
  mtuOut: number;
}

/** What a refused NEW_CONN had reserved; the same object every time. */
export interface Refused {
  /** Whose pool the port is from: the LIP, of SNAT the WAN address. */
  lip: Ip;
  /** 0: none was taken. */
  lipPort: number;
  localBucket: number;
  dest: number;
  nextHopIn: number;
  nextHopOut: number;
}

export class AnswerBatch {
  readonly #at = at();
  readonly #words: Uint32Array;
  readonly #halves: Uint16Array;
  readonly #view: DataView;
  readonly #stride = layout('answer.size') / 4;
  readonly #capacity = layout('DP_OP_BATCH');
  readonly #onRefused: (refused: Refused) => void;
  readonly #refused: Refused = { lip: IP_NONE, lipPort: 0, localBucket: 0, dest: 0, nextHopIn: 0, nextHopOut: 0 };
  #count = 0;

  constructor(onRefused: (refused: Refused) => void) {
    const shared = memory('answers');
    this.#words = new Uint32Array(shared);
    this.#halves = new Uint16Array(shared);
    this.#view = new DataView(shared);
    this.#onRefused = onRefused;
  }

  /** Makes both entries and the record, then runs the packet through them. */
  newConnection(handle: number, c: NewConnection): void {
    const w = this.#words;
    const a = this.#at;
    const base = this.#next(Op.newConnection, handle);
    this.#addresses(base, c);
    const half = base * 2;
    this.#halves[half + a.clientPort] = c.clientPort;
    this.#halves[half + a.vipPort] = c.vipPort;
    this.#halves[half + a.lipPort] = c.lipPort;
    this.#halves[half + a.ripPort] = c.ripPort;
    w[base + a.proto] = c.proto;
    w[base + a.flagsIn] = c.flagsIn;
    w[base + a.flagsOut] = c.flagsOut;
    w[base + a.nextHopIn] = c.nextHopIn;
    w[base + a.nextHopOut] = c.nextHopOut;
    w[base + a.dest] = c.dest;
    w[base + a.service] = c.service;
    w[base + a.localBucket] = c.localBucket;
    w[base + a.timeout] = c.timeout;
    w[base + a.zone] = 0;
    w[base + a.mtuIn] = c.mtuIn;
    w[base + a.mtuOut] = c.mtuOut;
  }

  /** Runs the packet through the fast path again; a frame built here needs the port it "came" by and its length. */
  run(handle: number, port = 0xffffffff, length = 0): void {
    const base = this.#next(Op.run, handle);
    this.#words[base + this.#at.port] = port;
    this.#words[base + this.#at.length] = length;
  }

  /** Sends the frame as it is. */
  output(handle: number, port: number, length = 0): void {
    const base = this.#next(Op.output, handle);
    this.#words[base + this.#at.port] = port;
    this.#words[base + this.#at.length] = length;
  }

  /** To the kernel by the port's kni, counted under the punt reason. */
  kni(handle: number, port: number, reason: number): void {
    const base = this.#next(Op.kni, handle);
    this.#words[base + this.#at.port] = port;
    this.#words[base + this.#at.reason] = reason;
  }

  /** A copy to the kernel; the packet itself still wants an answer. */
  copyToKni(handle: number, port: number): void {
    const base = this.#next(Op.copyKni, handle);
    this.#words[base + this.#at.port] = port;
  }

  drop(handle: number, reason: number): void {
    const base = this.#next(Op.drop, handle);
    this.#words[base + this.#at.port] = reason;
  }

  /** Hands over what was written. Called at the end of a burst and when the batch is full. */
  flush(): void {
    const n = this.#count;
    if (n === 0) return;
    this.#count = 0;
    loadLibrary().dp_commit(n);
    const w = this.#words;
    const a = this.#at;
    for (let i = 0; i < n; i++) {
      const base = i * this.#stride;
      if (w[base + a.op] !== Op.newConnection || w[base + a.result] !== 0) continue;
      const refused = this.#refused;
      refused.lip = w[base + a.family] === 6 ? readIpv6(this.#view, base * 4 + a.lip6) : ipv4(w[base + a.localAddress]);
      refused.lipPort = this.#halves[base * 2 + ((w[base + a.flagsOut] & Flow.snat) === 0 ? a.lipPort : a.vipPort)];
      refused.localBucket = w[base + a.localBucket];
      refused.dest = w[base + a.dest];
      refused.nextHopIn = w[base + a.nextHopIn];
      refused.nextHopOut = w[base + a.nextHopOut];
      this.#onRefused(refused);
    }
  }

  #addresses(base: number, { client, vip, lip, rip, flagsOut }: NewConnection): void {
    const w = this.#words;
    const a = this.#at;
    if (isIp4(client) && isIp4(vip) && isIp4(lip) && isIp4(rip)) {
      w[base + a.family] = 4;
      w[base + a.client] = client;
      w[base + a.vip] = vip;
      w[base + a.lip] = lip;
      w[base + a.localAddress] = (flagsOut & Flow.snat) === 0 ? lip : vip;
      w[base + a.rip] = rip;
      return;
    }
    // A service whose addresses are of both families is refused when it is configured.
    if (isIp4(client) || isIp4(vip) || isIp4(lip) || isIp4(rip)) throw new Error('a connection of two families');
    w[base + a.family] = 6;
    w[base + a.localAddress] = 0;
    writeIpv6(client, this.#view, base * 4 + a.client6);
    writeIpv6(vip, this.#view, base * 4 + a.vip6);
    writeIpv6(lip, this.#view, base * 4 + a.lip6);
    writeIpv6(rip, this.#view, base * 4 + a.rip6);
  }

  #next(op: number, handle: number): number {
    if (this.#count === this.#capacity) this.flush();
    const base = this.#count++ * this.#stride;
    this.#words[base + this.#at.op] = op;
    this.#words[base + this.#at.handle] = handle;
    this.#words[base + this.#at.length] = 0;
    return base;
  }
}
