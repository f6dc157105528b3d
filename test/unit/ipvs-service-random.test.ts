// The service table under random use, against plain arrays and objects.
import fc from 'fast-check';
import t from 'tap';
import { ipv4 } from '../../dataplane/inet/index.js';
import { Protocol, type Service, ServiceTable } from '../../dataplane/ipvs/index.js';
import { holds, testSeed } from '../support/property.js';

const seed = testSeed(t);

const key = fc.record({
  protocol: fc.constantFrom(Protocol.tcp, Protocol.udp),
  vip: fc.constantFrom(0x0a000001, 0xfffffff0).map(ipv4),
  port: fc.constantFrom(1, 80, 65535),
});
const rip = fc.integer({ min: 0xc0a80001, max: 0xc0a80003 }).map(ipv4);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant('add' as const), key }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('remove' as const), key }) },
  { weight: 8, arbitrary: fc.record({ op: fc.constant('addServer' as const), key, rip, weight: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('removeServer' as const), key, rip }) },
  { weight: 12, arbitrary: fc.record({ op: fc.constant('connect' as const), key }) },
  { weight: 8, arbitrary: fc.record({ op: fc.constant('close' as const), which: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('reap' as const) }) },
);

interface ModelServer {
  readonly rip: number;
  readonly dest: number;
  readonly weight: number;
}
interface ModelService {
  readonly service: Service;
  servers: ModelServer[];
}

t.test('equals plain objects', async (t) => {
  const property = fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
    const table = new ServiceTable({ maxServers: 12 });
    const model = new Map<string, ModelService>();
    /** Connections: who serves them. A slot with connections must never be someone else's. */
    const conns: { dest: number; rip: number; key: string }[] = [];
    const connsOf = (dest: number): number => conns.filter((c) => c.dest === dest).length;
    const refused = (action: () => unknown): string => {
      try {
        action();
        return '';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    for (const s of steps) {
      if (s.op === 'close') {
        const [conn] = conns.splice(s.which, 1);
        if (conn !== undefined) table.dests.closed(conn.dest, false);
      } else if (s.op === 'reap') {
        for (const dest of table.dests.drained()) {
          if (connsOf(dest) > 0) return false;
          table.free(dest);
        }
      } else {
        const { protocol, vip, port } = s.key;
        const name = `${protocol} ${vip} ${port}`;
        const there = model.get(name);
        if (table.lookup(protocol, vip, port) !== there?.service) return false;
        if (s.op === 'add') {
          const code = refused(() => model.set(name, { service: table.add(protocol, vip, port), servers: [] }));
          if (code !== (there === undefined ? '' : 'service_exists')) return false;
        } else if (s.op === 'remove') {
          const code = refused(() => table.remove(protocol, vip, port));
          if (code !== (there === undefined ? 'no_service' : '')) return false;
          model.delete(name);
        } else if (there === undefined) {
          // Nothing to add a server to.
        } else if (s.op === 'addServer') {
          const exists = there.servers.some((server) => server.rip === s.rip);
          const before = table.dests.used;
          const code = refused(() => {
            const dest = table.addServer(there.service, s.rip, 80, { weight: s.weight });
            there.servers.push({ rip: s.rip, dest, weight: s.weight });
          });
          const revived = code === '' && table.dests.used === before;
          if (exists ? code !== 'server_exists' : code !== '' && (code !== 'no_room' || before < 12)) return false;
          if (code === '' && !revived && connsOf(there.servers.at(-1)!.dest) > 0) return false;
        } else if (s.op === 'removeServer') {
          const exists = there.servers.some((server) => server.rip === s.rip);
          if (refused(() => table.removeServer(there.service, s.rip, 80)) !== (exists ? '' : 'no_server')) return false;
          there.servers = there.servers.filter((server) => server.rip !== s.rip);
        } else {
          const dest = there.service.scheduler.pick();
          const load = (server: ModelServer): number => connsOf(server.dest) / server.weight;
          const able = there.servers.filter((server) => server.weight > 0);
          const picked = able.find((server) => server.dest === dest);
          if ((picked === undefined) !== (able.length === 0)) return false;
          if (picked === undefined) continue;
          if (able.some((server) => load(server) < load(picked))) return false;
          table.dests.opened(dest);
          conns.push({ dest, rip: picked.rip, key: name });
        }
      }

      const live = [...model.values()].flatMap((m) => m.servers.map((server) => server.dest));
      if (new Set(live).size !== live.length || live.some((dest) => table.dests.stateOf(dest) !== 'live')) return false;
      if (table.dests.used !== live.length + table.dests.retired().length) return false;
      for (const { service, servers } of model.values()) {
        if (servers.map((server) => server.dest).join() !== service.members.subarray(0, service.count).join())
          return false;
      }
      for (const { dest, rip, key } of conns) {
        const owner = table.serviceOf(dest);
        if (owner === undefined || `${owner.protocol} ${owner.vip} ${owner.port}` !== key) return false;
        if (table.dests.address(dest) !== rip || table.dests.conns(dest) !== connsOf(dest)) return false;
      }
      for (const vip of [0x0a000001, 0xfffffff0]) {
        if (table.hasVip(ipv4(vip)) !== [...model.values()].some((m) => m.service.vip === vip)) return false;
      }
    }
    const listed = table.list();
    return listed.length === model.size && [...model.values()].every((m, i) => m.service === listed[i]);
  });
  holds(t, 'keys, slots, connections, wlc picks, VIPs', property, { seed, numRuns: 300 });
});
