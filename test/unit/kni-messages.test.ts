// Messages of rtnetlink as the kernel writes them, byte by byte: what is read of them, and what becomes of one that cannot be read.
import { endianness } from 'node:os';
import t from 'tap';
import { addressBytes } from '../../kni/address-bytes.js';
import { readEach, type Unreadable } from '../../kni/attributes.js';
import { decodeAddress, decodeLink } from '../../kni/kernel-objects.js';
import { decodeRoute } from '../../kni/kernel-routes.js';
import { decodeNextHopObject, nextHopsById, withNextHops } from '../../kni/next-hop-objects.js';
import { tellOnce } from '../../kni/unreadable-log.js';
import { silentLog } from '../../log/index.js';

const little = endianness() === 'LE';
function host(value: number, bytes: 1 | 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (little) buffer.writeUIntLE(value, 0, bytes);
  else buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}
function attribute(type: number, data: Buffer): Buffer {
  const whole = Buffer.concat([host(4 + data.length, 2), host(type, 2), data]);
  return Buffer.concat([whole, Buffer.alloc(-whole.length & 3)]);
}
const u32 = (type: number, value: number): Buffer => attribute(type, host(value, 4));
/** `struct rtmsg` of a unicast route of the main table that zebra made, then its attributes. */
const route = (family: number, length: number, ...attributes: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([family, length, 0, 0, 254, 11, 0, 1]), host(0, 4), ...attributes]);
const via = (gateway: string): Buffer => attribute(18, Buffer.concat([host(10, 2), addressBytes(gateway)]));
const names = (index: number): string | null => (index === 7 ? 'dpdk1.kni' : null);

t.test('an IPv4 route with an IPv6 gateway', async (t) => {
  const gateway = 'fe80::1';
  const hop = { gateway, device: 'dpdk1.kni', weight: 1 };
  t.same(decodeRoute(route(2, 0, u32(4, 7), via(gateway)), names), {
    ...{ family: 'inet', destination: '0.0.0.0/0', nextHops: [hop], metric: 0, source: null },
    ...{ protocol: 'zebra', scope: 'global', type: 'unicast', table: 254 },
  });
  // `struct rtnexthop`: length, flags (dead), weight minus one, ifindex.
  const ways = [via(gateway), attribute(5, addressBytes('172.10.0.1'))].map((attributes, flags) =>
    Buffer.concat([host(8 + attributes.length, 2), host(flags, 1), host(2, 1), host(7, 4), attributes]),
  );
  const multipath = attribute(9, Buffer.concat(ways));
  t.match(decodeRoute(route(2, 16, attribute(1, addressBytes('10.8.0.0')), multipath), names), {
    destination: '10.8.0.0/16',
    nextHops: [
      { ...hop, weight: 3 },
      { ...hop, gateway: '172.10.0.1', weight: 3, dead: true },
    ],
  });
});

t.test('attributes that nobody asks for may be as long as they like', async (t) => {
  const odd = [8, 12, 13, 17, 21, 26, 99].map((type) => attribute(type, Buffer.alloc(5)));
  const decoded = decodeRoute(route(10, 0, ...odd, u32(4, 8), u32(15, 1000), u32(6, 20)), names);
  t.match(decoded, { family: 'inet6', destination: '::/0', table: 1000, metric: 20 });
  t.match(decoded?.nextHops, [{ gateway: null, device: 'if8' }]);

  // `struct ifinfomsg`: family, type (Ethernet), ifindex, flags (up), change.
  const link = Buffer.concat([host(0, 2), host(1, 2), host(7, 4), host(1, 4), host(0, 4)]);
  const described = [
    attribute(3, Buffer.from('dpdk1.kni\0')),
    attribute(1, Buffer.from('020000000001', 'hex')),
    ...[u32(4, 1500), attribute(33, host(1, 1)), attribute(23, Buffer.alloc(3)), attribute(7, Buffer.alloc(1))],
  ];
  t.same(decodeLink(Buffer.concat([link, ...described])), {
    ...{ index: 7, name: 'dpdk1.kni', mac: '02:00:00:00:00:01', mtu: 1500, up: true, carrier: true },
  });
  // `struct ifaddrmsg`: family, prefix length, flags (permanent), scope, ifindex.
  const head = Buffer.concat([Buffer.from([2, 32, 0x80, 0]), host(7, 4)]);
  const address = attribute(2, addressBytes('123.1.2.3'));
  t.match(decodeAddress(Buffer.concat([head, attribute(6, Buffer.alloc(1)), address]), names), {
    ...{ device: 'dpdk1.kni', address: '123.1.2.3', prefixLength: 32, family: 'inet', scope: 'global' },
  });
});

t.test('one that cannot be read is left out and told of; the others stay', async (t) => {
  const good = route(2, 0, u32(4, 7));
  const told: Unreadable[] = [];
  const read = readEach(
    'route',
    [
      good,
      good.subarray(0, 5),
      Buffer.concat([good, Buffer.from([1])]),
      route(2, 0, attribute(4, Buffer.alloc(3))),
      good,
    ],
    (data) => decodeRoute(data, names),
    (unreadable) => told.push(unreadable),
  );
  t.equal(read.length, 2);
  t.same(
    told.map(({ what }) => what),
    ['route', 'route', 'route'],
  );
  for (const { error } of told) t.ok(error instanceof Error);
});

t.test('a route that names a next-hop object has its next hops', async (t) => {
  /** `struct nhmsg`: family, scope, protocol, nothing, flags; then NHA_ID and the rest. */
  const object = (id: number, flags: number, ...attributes: Buffer[]) =>
    decodeNextHopObject(Buffer.concat([Buffer.from([2, 0, 11, 0]), host(flags, 4), u32(1, id), ...attributes]), names);
  const member = (id: number, weight: number) => Buffer.concat([host(id, 4), Buffer.from([weight - 1, 0, 0, 0])]);
  const hops = nextHopsById([
    object(13, 0, attribute(2, Buffer.concat([member(11, 3), member(12, 1), member(99, 1)]))),
    object(11, 0, u32(5, 7), attribute(6, addressBytes('172.10.0.1'))),
    object(12, 16, u32(5, 8), attribute(6, addressBytes('fe80::1'))),
    object(14, 0, attribute(4, Buffer.alloc(0))),
  ]);
  const of = (id: number) => {
    const decoded = decodeRoute(route(2, 0, u32(30, id)), names)!;
    t.match(decoded, { nextHops: [], nextHopId: id });
    return withNextHops(decoded, hops);
  };
  const first = { gateway: '172.10.0.1', device: 'dpdk1.kni', weight: 1 };
  const second = { gateway: 'fe80::1', device: 'if8', weight: 1 };
  t.same(of(11)?.nextHops, [first]);
  t.same(of(12)?.nextHops, [second], 'the only one is not called dead, as with a route of its own next hop');
  t.same(of(13)?.nextHops, [
    { ...first, weight: 3 },
    { ...second, dead: true },
  ]);
  t.notOk('nextHopId' in of(13)!, 'it is looked up');
  t.same(of(14)?.nextHops, [], 'a blackhole');
  t.equal(of(15), null, 'gone meanwhile, and the route with it');
  const both = decodeRoute(route(2, 0, u32(30, 11), u32(4, 7)), names)!;
  t.notOk('nextHopId' in both);
  t.equal(withNextHops(both, hops), both, 'compat mode 1: its own next hop stands beside the number');
  t.throws(() => decodeNextHopObject(Buffer.from([2, 0, 11, 0, 0, 0, 0, 0]), names), /without a number/);
});

t.test('the log has each reason once', async (t) => {
  const logged: object[] = [];
  const tell = tellOnce({ ...silentLog(), event: (name, fields) => void logged.push({ name, ...fields }) });
  for (const reason of ['one', 'two', 'one', 'one']) tell({ what: 'route', error: new Error(reason) });
  t.same(logged, [
    { name: 'kni.not_understood', what: 'route', reason: 'Error: one' },
    { name: 'kni.not_understood', what: 'route', reason: 'Error: two' },
  ]);
  for (let i = 0; i < 100; i++) tell({ what: 'route', error: new Error(`${i}`) });
  t.equal(logged.length, 16, 'and not without end');
});
