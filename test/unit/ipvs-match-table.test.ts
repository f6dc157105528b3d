// Match services: which of them takes a packet, compared with a filter over plain numbers.
import t from 'tap';
import { type Ipv4, parseIpv4 } from '../../dataplane/inet/index.js';
import {
  type EndRange,
  type Flight,
  type Match,
  MatchTable,
  Protocol,
  ServiceTable,
} from '../../dataplane/ipvs/index.js';
import { seededRandom } from '../../dataplane/ipvs/prng.js';

const range = (from: string, to = from, fromPort = 0, toPort = fromPort): EndRange => ({
  from: parseIpv4(from),
  to: parseIpv4(to),
  fromPort,
  toPort,
});
const match = (digest: string, what: Partial<Match> = {}): Match => ({
  digest,
  protocol: Protocol.tcp,
  source: null,
  destination: null,
  inDevice: null,
  outDevice: null,
  ...what,
});
const flight = (what: Partial<Omit<Flight, 'src' | 'dst'>> & { src?: string; dst?: string } = {}): Flight => ({
  protocol: 6,
  sport: 40_000,
  dport: 80,
  inDevice: 'dpdk0',
  outDevice: 'dpdk1',
  ...what,
  src: parseIpv4(what.src ?? '192.168.100.7'),
  dst: parseIpv4(what.dst ?? '8.8.8.8'),
});

t.test('each condition by itself', async (t) => {
  const table: [Partial<Match>, Parameters<typeof flight>[0][], Parameters<typeof flight>[0][]][] = [
    [{}, [{}, { src: '255.255.255.255' }], [{ protocol: 17 }, { protocol: 1 }]],
    [
      { source: range('192.168.100.0', '192.168.100.254') },
      [{ src: '192.168.100.0' }, { src: '192.168.100.254' }],
      [{ src: '192.168.99.255' }, { src: '192.168.100.255' }, { src: '200.0.0.1' }],
    ],
    // Above 2^31, where signed numbers would turn round.
    [{ source: range('127.0.0.1', '200.0.0.1') }, [{ src: '128.0.0.0' }], [{ src: '200.0.0.2' }, { src: '1.0.0.0' }]],
    [{ destination: range('8.8.8.8') }, [{}], [{ dst: '8.8.8.9' }]],
    [
      { destination: range('0.0.0.0', '0.0.0.0', 1, 1024) },
      [{ dport: 1 }, { dport: 1024, dst: '1.1.1.1' }],
      [{ dport: 0 }, { dport: 1025 }],
    ],
    [{ source: range('0.0.0.0', '0.0.0.0', 40_000) }, [{}], [{ sport: 39_999 }, { sport: 40_001 }]],
    [{ inDevice: 'dpdk0' }, [{}], [{ inDevice: 'dpdk1' }]],
    [{ outDevice: 'dpdk1' }, [{}], [{ outDevice: 'dpdk0' }, { outDevice: '' }]],
  ];
  for (const [what, taken, left] of table) {
    const matches = new MatchTable<{ match: Match }>();
    const service = { match: match('a', what) };
    matches.add('a', service);
    for (const each of taken) t.equal(matches.lookup(flight(each)), service, JSON.stringify([what, each]));
    for (const each of left) t.equal(matches.lookup(flight(each)), undefined, JSON.stringify([what, each]));
  }
});

t.test('the ports of a fragment are not looked at', async (t) => {
  const matches = new MatchTable<{ match: Match }>();
  matches.add('a', { match: match('a', { destination: range('8.8.8.8', '8.8.8.8', 443) }) });
  t.equal(matches.lookup(flight({ dport: 0 })), undefined);
  t.not(matches.lookup(flight({ dport: 0 }), false), undefined);
  t.equal(matches.lookup(flight({ dst: '8.8.8.9' }), false), undefined, 'its addresses are');
});

t.test('the last added that matches, against a filter', async (t) => {
  const seed = Date.now() % 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const devices = ['dpdk0', 'dpdk1', null];
  const ends = (): EndRange | null => {
    if (below(3) === 0) return null;
    const [a, b] = [below(8), below(8)].sort((x, y) => x - y);
    const [p, q] = [below(6), below(6)].sort((x, y) => x - y);
    return { from: a as Ipv4, to: b as Ipv4, fromPort: p!, toPort: q! };
  };
  const within = (of: EndRange | null, ip: number, port: number): boolean =>
    of === null ||
    ((of.to === 0 || [0, 1, 2, 3, 4, 5, 6, 7].slice(of.from, of.to + 1).includes(ip)) &&
      (of.toPort === 0 || [0, 1, 2, 3, 4, 5].slice(of.fromPort, of.toPort + 1).includes(port)));
  let found = 0;
  for (let round = 0; round < 200; round++) {
    const matches = new MatchTable<{ match: Match }>();
    const plain: { match: Match }[] = [];
    for (let i = below(12); i >= 0; i--) {
      const service = {
        match: match(`${i}`, {
          protocol: [Protocol.icmp, Protocol.tcp, Protocol.udp][below(3)]!,
          source: ends(),
          destination: ends(),
          inDevice: devices[below(3)]!,
          outDevice: devices[below(3)]!,
        }),
      };
      matches.add(`${i}`, service);
      plain.push(service);
    }
    const gone = below(plain.length);
    matches.delete(plain.splice(gone, 1)[0]!.match.digest);
    for (let n = 0; n < 20; n++) {
      const f: Flight = {
        protocol: [1, 6, 17][below(3)]!,
        src: below(8) as Ipv4,
        dst: below(8) as Ipv4,
        sport: below(6),
        dport: below(6),
        inDevice: devices[below(2)]!,
        outDevice: devices[below(2)]!,
      };
      const wanted = plain.findLast(
        ({ match: m }) =>
          m.protocol === f.protocol &&
          [null, f.inDevice].includes(m.inDevice) &&
          [null, f.outDevice].includes(m.outDevice) &&
          within(m.source, f.src, f.sport) &&
          within(m.destination, f.dst, f.dport),
      );
      if (wanted !== undefined) found++;
      if (matches.lookup(f) !== wanted) t.fail(JSON.stringify({ f, wanted, got: matches.lookup(f) }));
    }
  }
  t.ok(found > 200, `${found} packets had a service`);
});

t.test('in the table of services', async (t) => {
  const table = new ServiceTable();
  const wan = parseIpv4('123.1.2.3');
  const service = table.addMatch(match('aa'), { scheduler: 'rr' });
  t.throws(() => table.addMatch(match('aa')), { code: 'service_exists' });
  t.equal(table.hasVip(0 as Ipv4), false, 'it has no virtual IP');
  t.equal(table.lookup(Protocol.tcp, 0 as Ipv4, 0), undefined);
  t.same(table.list(), [service]);
  const dest = table.addServer(service, wan, 0, { forwarding: 'SNAT' });
  t.equal(table.forwardingOf(dest), 'SNAT');
  t.equal(table.hasWan(wan), true);
  const other = table.addMatch(match('bb'));
  table.addServer(other, wan, 0, { forwarding: 'SNAT' });
  table.removeServer(service, wan, 0);
  t.equal(table.hasWan(wan), true, 'of the other service');
  table.removeMatch('bb');
  t.equal(table.hasWan(wan), false);
  t.throws(() => table.editMatch('bb', {}), { code: 'no_service' });
  t.equal(table.addServer(service, wan, 0, { forwarding: 'SNAT' }), dest, 'its slot comes back with it');
  table.removeMatch('aa');
  t.equal(table.matches.size, 0);
  t.equal(table.addServer(table.addMatch(match('cc')), wan, 0), 2, 'another service has another slot');
});

t.test('a restart finds the slot of a WAN address by what its service matches', async (t) => {
  const table = new ServiceTable();
  const wan = parseIpv4('123.1.2.3');
  const slot = { protocol: Protocol.udp, vip: 0 as Ipv4, port: 0, rip: wan, rport: 0 };
  table.adoptServers([
    { ...slot, destIndex: 5, match: 'aa' },
    { ...slot, destIndex: 9, match: 'bb' },
  ]);
  t.equal(table.matches.size, 0, 'nothing matches before it is configured');
  t.equal(table.addServer(table.addMatch(match('bb', { protocol: Protocol.udp })), wan, 0), 9);
  t.equal(table.addServer(table.addMatch(match('aa', { protocol: Protocol.udp })), wan, 0), 5);
});
