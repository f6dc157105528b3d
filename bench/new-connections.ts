// New connections a second through the slow path: real SYNs and UDP datagrams, up through the rings, scheduled in TypeScript,
// entries installed, first packet executed. Also what a connection takes in memory.
import { type Change, derivedRoutes } from '../dataplane/control/index.js';
import { parseMac } from '../dataplane/inet/index.js';
import { SlowPath } from '../dataplane/slowpath/index.js';
import { loadLibrary, usage } from '../native/index.js';

export interface NewConnectionsRow {
  readonly protocol: 'tcp' | 'udp';
  readonly scheduler: 'rr' | 'wlc';
  readonly connections: number;
  /** Of the slow path's thread alone: what limits a node, as lcores run beside it. */
  readonly slowPathNs: number;
  /** Of one CPU that does everything: receive, upcall, decide, install, execute, send. */
  readonly allNs: number;
  readonly perSecond: number;
}

const WAN_MAC = '02:be:00:00:01:00';
const LAN_MAC = '02:be:00:00:01:01';
const VIP = '10.0.0.100';
const LIPS = 20;
const SERVERS = 16;
const BURST = 256;
const ROUNDS = 4;

const macBytes = (mac: string): Uint8Array => Uint8Array.from(mac.split(':'), (b) => Number.parseInt(b, 16));

interface Rig {
  readonly slowPath: SlowPath;
  readonly wan: number;
  readonly lan: number;
}

function makeRig(): Rig {
  const library = loadLibrary();
  const port = (name: string, mac: string): number => {
    const index = library.dp_test_port(name, macBytes(mac)) as number;
    library.dp_port_start(index, 1, 1, 256, 256, 1500, 0, 0);
    library.dp_lcore_poll(0, index, 0);
    return index;
  };
  const wan = port('cps_wan', WAN_MAC);
  const lan = port('cps_lan', LAN_MAC);
  const ports = [
    { name: 'dpdk1', index: wan, mac: parseMac(WAN_MAC), mtu: 1500 },
    { name: 'dpdk0', index: lan, mac: parseMac(LAN_MAC), mtu: 1500 },
  ];
  const timeouts = { tcp: [2, 90, 3, 3600, 7, 7, 3, 7, 7, 120, 30], udp: [3, 3600, 3600] };
  const neighbour = { reachableMs: 3_600_000, queueLength: 128 };
  const off = { forwarding: false, decrementTtl: false, tcpDefence: false, udpDefence: false };
  const slowPath = new SlowPath({ ports, timeouts, neighbour, sapoolBuckets: 16, defaultTtl: 64, seed: 1, ...off });
  slowPath.start(configuration(), false);
  return { slowPath, wan, lan };
}

function configuration(): Change[] {
  const changes: Change[] = [];
  const address = (ip: string, prefixLength: number, device: string, sapool: boolean): void => {
    const record = { address: ip, prefixLength, device, sapool, scope: 'global', origin: 'user' } as const;
    changes.push({
      kind: 'address.set',
      address: { ...record, broadcast: null, validUntil: null, preferredUntil: null },
    });
    for (const route of derivedRoutes(record))
      if (route.scope === 'host' || ip.endsWith('.1')) changes.push({ kind: 'route.set', route });
  };
  address(VIP, 32, 'dpdk1', false);
  address('192.168.100.1', 24, 'dpdk0', false);
  for (let i = 0; i < SERVERS; i++) {
    const neighbour = { address: `192.168.100.${10 + i}`, mac: '02:00:00:00:00:01', device: 'dpdk0' };
    changes.push({ kind: 'neighbour.set', neighbour });
  }
  for (const protocol of ['tcp', 'udp'] as const) {
    for (const [scheduler, port] of [
      ['rr', 80],
      ['wlc', 81],
    ] as const) {
      const service = { protocol, address: VIP, port };
      changes.push({ kind: 'service.set', service: { service, scheduler, connTimeout: null } });
      for (let i = 0; i < SERVERS; i++) {
        const server = { address: `192.168.100.${10 + i}`, port };
        const options = { forwarding: 'FullNat', weight: 1, upperThreshold: 0, lowerThreshold: 0 } as const;
        changes.push({ kind: 'server.set', server: { service, server, ...options } });
      }
      for (let i = 0; i < LIPS; i++) {
        const lip = `192.168.100.${100 + i}`;
        if (protocol === 'tcp' && scheduler === 'rr') address(lip, 32, 'dpdk0', true);
        changes.push({ kind: 'laddr.set', laddr: { service, address: lip, device: 'dpdk0' } });
      }
    }
  }
  return changes;
}

/** A SYN or a datagram from client number i. */
class Frames {
  readonly bytes = new Uint8Array(60);
  readonly #view = new DataView(this.bytes.buffer);

  constructor(protocol: 'tcp' | 'udp', port: number) {
    this.bytes.set(macBytes(WAN_MAC), 0);
    this.bytes.set(macBytes('02:00:00:00:00:09'), 6);
    const tcp = protocol === 'tcp';
    const v = this.#view;
    v.setUint16(12, 0x0800);
    v.setUint16(14, 0x4500);
    v.setUint16(16, tcp ? 40 : 28);
    v.setUint16(22, (64 << 8) | (tcp ? 6 : 17));
    this.bytes.set([10, 0, 0, 100], 30);
    v.setUint16(36, port);
    if (tcp) v.setUint16(46, 0x5002);
    else v.setUint16(38, 8);
  }

  next(i: number): Uint8Array {
    const v = this.#view;
    v.setUint32(26, 0x0b000000 + (i >>> 8));
    v.setUint16(34, 1024 + (i & 0xff));
    v.setUint16(24, 0);
    let sum = 0;
    for (let at = 14; at < 34; at += 2) sum += v.getUint16(at);
    sum = (sum & 0xffff) + (sum >>> 16);
    v.setUint16(24, ~((sum & 0xffff) + (sum >>> 16)));
    return this.bytes;
  }
}

function one(
  rig: Rig,
  protocol: 'tcp' | 'udp',
  scheduler: 'rr' | 'wlc',
  connections: number,
  first: number,
): NewConnectionsRow {
  const library = loadLibrary();
  const frames = new Frames(protocol, scheduler === 'rr' ? 80 : 81);
  const sink = new Uint8Array(128);
  const before = usage().connections.used;
  let slow = 0n;
  let all = 0n;
  for (let done = 0; done < connections; done += BURST) {
    for (let i = 0; i < BURST; i++) library.dp_test_send(rig.wan, frames.next(first + done + i), 60);
    const start = process.hrtime.bigint();
    for (let i = 0; i < BURST / 32; i++) library.dp_test_turn(0);
    const up = process.hrtime.bigint();
    rig.slowPath.turn();
    const decided = process.hrtime.bigint();
    for (let i = 0; i < BURST / 32; i++) library.dp_test_turn(0);
    all += process.hrtime.bigint() - start;
    slow += decided - up;
    let sent = 0;
    while ((library.dp_test_receive(rig.lan, sink, sink.length) as number) > 0) sent++;
    if (sent !== BURST) throw new Error(`${BURST} first packets went in, ${sent} came out`);
  }
  const made = usage().connections.used - before;
  if (made !== connections) throw new Error(`${connections} connections were opened, ${made} are there`);
  const slowPathNs = Number(slow) / connections;
  return {
    protocol,
    scheduler,
    connections,
    slowPathNs,
    allNs: Number(all) / connections,
    perSecond: 1e9 / slowPathNs,
  };
}

/** After startBench(); leaves its connections behind. */
export function benchNewConnections(): {
  rows: NewConnectionsRow[];
  memory: { connections: number; bytesEach: number };
} {
  const rig = makeRig();
  const rows: NewConnectionsRow[] = [];
  let first = 0;
  const perRow = 65_536;
  const rss = process.memoryUsage().rss;
  const used = usage().connections.used;
  for (const protocol of ['tcp', 'udp'] as const) {
    for (const scheduler of ['rr', 'wlc'] as const) {
      const rounds: NewConnectionsRow[] = [];
      for (let i = 0; i < ROUNDS; i++) {
        rounds.push(one(rig, protocol, scheduler, perRow / ROUNDS, first));
        first += perRow / ROUNDS;
      }
      // The first round warms the compiler up; of the others the quickest had the least of the machine's noise.
      rows.push(rounds.slice(1).reduce((a, b) => (a.slowPathNs <= b.slowPathNs ? a : b)));
    }
  }
  const connections = usage().connections.used - used;
  return { rows, memory: { connections, bytesEach: (process.memoryUsage().rss - rss) / connections } };
}
