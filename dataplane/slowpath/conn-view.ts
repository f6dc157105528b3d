// Connection records and flow entries in native memory, read by index.
import { layout, memory } from '../../native/index.js';
import { type Ip, ipv4, ipv6, type Mac, writeMac } from '../inet/index.js';
import { NO_HOP } from './next-hops.js';

/** As enum dp_tcp_state in dp.h, by number; the reference's words. */
export const TCP_STATES = [
  'TCP_NONE',
  'TCP_EST',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT',
  'TIME_WAIT',
  'TCP_CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'SYNACK',
] as const;
export const TCP_ESTABLISHED = 1;
export const ConnFlag = { used: 1, reset: 8 } as const;
/** Entry 0 is none: that of a direction which does not pass here (DR). */
export const NO_FLOW = 0;
/** 23 days. The sweep tells early from late by the sign of a 32-bit difference of milliseconds; dpvs.conf allows a year. */
export const LONGEST_TIMEOUT_S = 2_000_000;

/** Word offsets in a record. */
const offsets = () => ({
  connSize: layout('conn.size'),
  flowIn: layout('conn.flow_in') / 4,
  flowOut: layout('conn.flow_out') / 4,
  lastSeen: layout('conn.last_seen_ms') / 4,
  seqDelta: layout('conn.seq_delta') / 4,
  rsSndNxt: layout('conn.rs_snd_nxt') / 4,
  rsRcvNxt: layout('conn.rs_rcv_nxt') / 4,
  dest: layout('conn.dest') / 4,
  localAddress: layout('conn.local_address') / 4,
  timeout: layout('conn.timeout_s') / 4,
  localPort: layout('conn.local_port') / 2,
  localBucket: layout('conn.local_bucket') / 2,
  state: layout('conn.state'),
  proto: layout('conn.proto'),
  flags: layout('conn.flags'),
  lcore: layout('conn.lcore'),
  flowSize: layout('flow.size'),
  flowConn: layout('flow.conn') / 4,
  nextHop: layout('flow.next_hop') / 4,
  src: layout('key.src4_be') + layout('flow.key'),
  dst: layout('key.dst4_be') + layout('flow.key'),
  sport: layout('key.sport_be') + layout('flow.key'),
  dport: layout('key.dport_be') + layout('flow.key'),
  newSrc: layout('flow.new_src4_be'),
  newDst: layout('flow.new_dst4_be'),
  family: layout('key.family') + layout('flow.key'),
  flow6Size: layout('flow6.size'),
  keyRest: layout('flow6.key_rest'),
  newRest: layout('flow6.new_addr6_rest'),
  newSport: layout('flow.new_sport_be'),
  newDport: layout('flow.new_dport_be'),
  mtu: layout('flow.mtu'),
  flags16: layout('flow.flags'),
  returnMac: layout('flow.return_mac'),
  returnPort: layout('flow.return_port'),
});

/** Ports in host order. */
export interface Tuple {
  src: Ip;
  dst: Ip;
  sport: number;
  dport: number;
}

export class ConnView {
  readonly at = offsets();
  readonly #words: Uint32Array;
  readonly #halves: Uint16Array;
  readonly #bytes: Uint8Array;
  readonly #flowWords: Uint32Array;
  readonly #flowHalves: Uint16Array;
  readonly #flows: DataView;
  readonly #flows6: DataView;
  readonly #timeouts: Uint32Array;
  readonly #states = layout('TS_COUNT');

  constructor() {
    const conns = memory('conns');
    this.#words = new Uint32Array(conns);
    this.#halves = new Uint16Array(conns);
    this.#bytes = new Uint8Array(conns);
    const flows = memory('flows');
    this.#flowWords = new Uint32Array(flows);
    this.#flowHalves = new Uint16Array(flows);
    this.#flows = new DataView(flows);
    this.#flows6 = new DataView(memory('flows6'));
    this.#timeouts = new Uint32Array(memory('timeouts'));
  }

  /** The records as they lie, for who looks at all of them. */
  get records(): { readonly words: Uint32Array; readonly bytes: Uint8Array } {
    return { words: this.#words, bytes: this.#bytes };
  }

  word(
    conn: number,
    field:
      | 'flowIn'
      | 'flowOut'
      | 'lastSeen'
      | 'seqDelta'
      | 'rsSndNxt'
      | 'rsRcvNxt'
      | 'dest'
      | 'localAddress'
      | 'timeout',
  ): number {
    return this.#words[(conn * this.at.connSize) / 4 + this.at[field]];
  }
  setDest(conn: number, dest: number): void {
    this.#words[(conn * this.at.connSize) / 4 + this.at.dest] = dest;
  }
  half(conn: number, field: 'localPort' | 'localBucket'): number {
    return this.#halves[(conn * this.at.connSize) / 2 + this.at[field]];
  }
  byte(conn: number, field: 'state' | 'proto' | 'flags' | 'lcore'): number {
    return this.#bytes[conn * this.at.connSize + this.at[field]];
  }
  setFlag(conn: number, flag: number): void {
    // Lcores set theirs meanwhile.
    Atomics.or(this.#bytes, conn * this.at.connSize + this.at.flags, flag);
  }

  /** What the entry matches. */
  key(flow: number): Tuple {
    const { at } = this;
    return this.#tuple(flow, at.src, at.dst, at.sport, at.dport, at.keyRest);
  }
  /** What the entry makes of it. */
  rewrite(flow: number): Tuple {
    const { at } = this;
    return this.#tuple(flow, at.newSrc, at.newDst, at.newSport, at.newDport, at.newRest);
  }
  /** Whose pool the connection's port is from: the LIP, of SNAT the WAN address. Of IPv4 without an object. */
  lip(conn: number): Ip {
    const { at } = this;
    const flow = this.word(conn, 'flowIn');
    const base = flow * at.flowSize;
    if (this.#isIp4(base)) return ipv4(this.word(conn, 'localAddress'));
    return this.#address6(base + at.newSrc, flow * at.flow6Size + at.newRest, 0);
  }
  /** NO_HOP of NO_FLOW. */
  nextHop(flow: number): number {
    if (flow === NO_FLOW) return NO_HOP;
    return this.#flowWords[(flow * this.at.flowSize) / 4 + this.at.nextHop];
  }
  setNextHop(flow: number, nextHop: number): void {
    this.#flowWords[(flow * this.at.flowSize) / 4 + this.at.nextHop] = nextHop;
  }
  /** The entry of the other direction of the same connection. */
  otherWay(flow: number): number {
    const conn = this.connOf(flow);
    const flowIn = this.word(conn, 'flowIn');
    return flow === flowIn ? this.word(conn, 'flowOut') : flowIn;
  }
  /** Answers to what takes this entry go by another next hop from now on; `mac` is the station that it comes from, `port` where it is. */
  setReturnPath(flow: number, nextHop: number, port: number, mac: Mac): void {
    this.setNextHop(this.otherWay(flow), nextHop);
    const base = flow * this.at.flowSize;
    this.#flowHalves[(base + this.at.returnPort) / 2] = port;
    writeMac(mac, new Uint8Array(this.#flows.buffer, this.#flows.byteOffset), base + this.at.returnMac);
  }
  /** Bits of `Flow` in modes/mode.ts. */
  flags(flow: number): number {
    return this.#flowHalves[(flow * this.at.flowSize + this.at.flags16) / 2];
  }
  mtu(flow: number): number {
    return this.#flows.getUint16(flow * this.at.flowSize + this.at.mtu, true);
  }
  setMtu(flow: number, mtu: number): void {
    // One store: an lcore reads it meanwhile.
    this.#flowHalves[(flow * this.at.flowSize + this.at.mtu) / 2] = mtu;
  }
  connOf(flow: number): number {
    return this.#flowWords[(flow * this.at.flowSize) / 4 + this.at.flowConn];
  }

  /** DR: the server's answers do not pass here. Packets go on as they came, but for the MACs. */
  isOneWay(conn: number): boolean {
    return this.word(conn, 'flowOut') === NO_FLOW;
  }

  /** Is the entry one of a connection, and of that of this tuple? An index that waited may have another owner by now, or none. */
  isLive(flow: number, proto: number, { src, dst, sport, dport }: Tuple): boolean {
    const conn = this.connOf(flow);
    if ((this.byte(conn, 'flags') & ConnFlag.used) === 0 || this.byte(conn, 'proto') !== proto) return false;
    if (this.word(conn, 'flowIn') !== flow && this.word(conn, 'flowOut') !== flow) return false;
    const key = this.key(flow);
    return key.src === src && key.dst === dst && key.sport === sport && key.dport === dport;
  }

  /** Idle milliseconds allowed in the record's state; the same rule as the sweep in slow_path.c. */
  timeoutMs(conn: number): number {
    const tcp = this.byte(conn, 'proto') === 6;
    const state = this.byte(conn, 'state');
    const own = this.word(conn, 'timeout');
    if (own !== 0 && (!tcp || state === TCP_ESTABLISHED)) return own * 1000;
    return this.#timeouts[(tcp ? 0 : this.#states) + state];
  }

  /** Seconds by TCP state number and by UDP state number. */
  setTimeouts(tcp: readonly number[], udp: readonly number[]): void {
    const ms = (seconds: number): number => Math.min(seconds, LONGEST_TIMEOUT_S) * 1000;
    for (let i = 0; i < tcp.length; i++) this.#timeouts[i] = ms(tcp[i]);
    for (let i = 0; i < udp.length; i++) this.#timeouts[this.#states + i] = ms(udp[i]);
  }

  #tuple(flow: number, src: number, dst: number, sport: number, dport: number, rest: number): Tuple {
    const v = this.#flows;
    const base = flow * this.at.flowSize;
    const four = this.#isIp4(base);
    return {
      src: four ? ipv4(v.getUint32(base + src)) : this.#address6(base + src, flow * this.at.flow6Size + rest, 0),
      dst: four ? ipv4(v.getUint32(base + dst)) : this.#address6(base + src, flow * this.at.flow6Size + rest, 8),
      sport: v.getUint16(base + sport),
      dport: v.getUint16(base + dport),
    };
  }

  #isIp4(base: number): boolean {
    return this.#flows.getUint8(base + this.at.family) === 4;
  }

  /** Group `first` and the seven behind it, of which the entry has the first four of all sixteen and the parallel slab the rest. */
  #address6(head: number, rest: number, first: 0 | 8): Ip {
    const group = (i: number): number =>
      i < 4 ? this.#flows.getUint16(head + 2 * i) : this.#flows6.getUint16(rest + 2 * (i - 4));
    return ipv6([0, 1, 2, 3, 4, 5, 6, 7].map((i) => group(first + i)));
  }
}
