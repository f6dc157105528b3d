// Idle connections: reset both ways when established, then removed; ports, counts and next hops given back.
import { layout, loadLibrary, memory, usage } from '../../native/index.js';
import { IP_NONE, isIp4 } from '../inet/index.js';
import type { AnswerBatch, Refused } from './answers.js';
import { ConnFlag, type ConnView, TCP_ESTABLISHED } from './conn-view.js';
import type { Events } from './events.js';
import { ETH_HEADER, ETHERTYPE_IP6, IP4_HEADER, IP6_HEADER, type Packets } from './packets.js';
import type { Ports } from './ports.js';

/** The whole table is looked at once in this time: how late an expiry can be. */
const SWEEP_MS = 1000;
const STEP_MS = 100;
const TCP = 6;
const RST = 0x04;
const TCP_HEADER = 20;

export class Expiry {
  readonly #sweep = new Uint32Array(memory('sweep'));
  readonly #batch = layout('DP_SWEEP_BATCH');
  readonly #nextHopPorts = new Uint16Array(memory('nextHops'));
  readonly #nextHopSize = layout('next_hop.size') / 2;
  readonly #nextHopPort = layout('next_hop.port') / 2;
  readonly #ended: Refused = { lip: IP_NONE, lipPort: 0, localBucket: 0, dest: 0, nextHopIn: 0, nextHopOut: 0 };
  #next = 0;

  constructor(
    readonly conns: ConnView,
    readonly packets: Packets,
    readonly ports: Ports,
    readonly answers: AnswerBatch,
    readonly events: Events,
    readonly onClosed: (connection: Refused) => void,
  ) {}

  /** Milliseconds until the next step. */
  due(now: number): number {
    return Math.max(0, this.#next - now);
  }

  tick(now: number): void {
    if (now < this.#next) return;
    const late = Math.min(SWEEP_MS, now - this.#next + STEP_MS);
    this.#next = now + STEP_MS;
    const { highestConnection } = usage();
    let budget = Math.ceil((highestConnection * late) / SWEEP_MS);
    // A clock that jumped past many timeouts fills the batch again and again; the bound is the table itself.
    while (budget > 0) {
      const found = loadLibrary().dp_sweep(budget) as number;
      this.#expire(found);
      if (found < this.#batch) break;
      budget -= found;
    }
  }

  #expire(found: number): void {
    let removed = 0;
    for (let i = 0; i < found; i++) {
      const conn = this.#sweep[i];
      if (this.#shouldReset(conn) && this.#reset(conn)) continue;
      this.#close(conn);
      this.#sweep[removed++] = conn;
    }
    this.answers.flush();
    if (removed > 0) loadLibrary().dp_conn_remove(removed);
  }

  #shouldReset(conn: number): boolean {
    const { conns } = this;
    return (
      conns.byte(conn, 'proto') === TCP &&
      conns.byte(conn, 'state') === TCP_ESTABLISHED &&
      // Of a connection whose answers were not seen nobody here knows the sequence numbers.
      !conns.isOneWay(conn) &&
      (conns.byte(conn, 'flags') & ConnFlag.reset) === 0
    );
  }

  #close(conn: number): void {
    const { conns } = this;
    const ended = this.#ended;
    ended.lip = conns.lip(conn);
    ended.lipPort = conns.half(conn, 'localPort');
    ended.localBucket = conns.half(conn, 'localBucket');
    ended.dest = conns.word(conn, 'dest');
    ended.nextHopIn = conns.nextHop(conns.word(conn, 'flowIn'));
    ended.nextHopOut = conns.nextHop(conns.word(conn, 'flowOut'));
    this.onClosed(ended);
  }

  /**
   * Two segments, as each side would have sent them, run through the connection's own entries: the executor does all rewriting,
   * and moves the state to CLOSE, from where the connection goes after that state's timeout. False when no buffers are left.
   */
  #reset(conn: number): boolean {
    const { conns } = this;
    const flowIn = conns.word(conn, 'flowIn');
    const flowOut = conns.word(conn, 'flowOut');
    const serverPort = this.#portOf(conns.nextHop(flowIn));
    const clientPort = this.#portOf(conns.nextHop(flowOut));
    // RFC 5961, 3.2: a reset is believed only at exactly the next sequence number expected.
    const fromClient = conns.word(conn, 'rsRcvNxt') - conns.word(conn, 'seqDelta');
    if (!this.#send(flowOut, serverPort, conns.word(conn, 'rsSndNxt'))) return false;
    if (!this.#send(flowIn, clientPort, fromClient)) return false;
    conns.setFlag(conn, ConnFlag.reset);
    this.events.count(this.events.connsReset);
    return true;
  }

  #portOf(nextHop: number): number {
    return this.#nextHopPorts[nextHop * this.#nextHopSize + this.#nextHopPort];
  }

  #send(flow: number, portIndex: number, seq: number): boolean {
    const port = this.ports.byIndex(portIndex);
    const fresh = port === undefined ? undefined : this.packets.allocate();
    if (port === undefined || fresh === undefined) return false;
    const { src, dst, sport, dport } = this.conns.key(flow);
    const p = this.packets;
    const ip = fresh.data + ETH_HEADER;
    const six = !isIp4(src) && !isIp4(dst);
    const header = six ? IP6_HEADER : IP4_HEADER;
    const tcp = ip + header;
    p.ethernet(fresh.data, port.mac, port.mac, six ? ETHERTYPE_IP6 : 0x0800);
    if (six) p.ip6(ip, src, dst, TCP, TCP_HEADER, 64);
    else if (isIp4(src) && isIp4(dst)) p.ip4(ip, src, dst, TCP, IP4_HEADER + TCP_HEADER);
    p.set16(tcp, sport);
    p.set16(tcp + 2, dport);
    p.set32(tcp + 4, seq);
    p.set32(tcp + 8, 0);
    p.set16(tcp + 12, 0x5000 | RST);
    p.set32(tcp + 14, 0);
    p.set16(tcp + 18, 0);
    const cover = six
      ? p.pseudoHeader6(ip, TCP, TCP_HEADER)
      : p.pseudoHeader(p.u32(ip + 12), p.u32(ip + 16), TCP, TCP_HEADER);
    p.set16(tcp + 16, p.checksum(tcp, TCP_HEADER, cover));
    this.answers.run(fresh.handle, portIndex, ETH_HEADER + header + TCP_HEADER);
    this.events.count(this.events.tcpRstSent);
    return true;
  }
}
