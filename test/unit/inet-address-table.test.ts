// The address table: the tutorial's listing, source selection, broadcasts; and sequences of changes against a plain list.
import fc from 'fast-check';
import t from 'tap';
import { type Address, AddressTable, formatIp, ipv4, parseIpv4, parsePrefix } from '../../dataplane/inet/index.js';
import { holds, testSeed } from '../support/property.js';

const seed = testSeed(t);

function entry(text: string, device: string, rest: Partial<Address> = {}): Address {
  const { prefix, length } = parsePrefix(text);
  return {
    address: prefix,
    length,
    device,
    scope: 'global',
    broadcast: ipv4(0),
    sapool: false,
    origin: 'user',
    validUntil: Infinity,
    preferredUntil: Infinity,
    ...rest,
  };
}

const texts = (entries: readonly Address[]): string[] =>
  entries.map((e) => `${formatIp(e.address)}/${e.length} ${e.device}`);

t.test('lists as the tutorial prints', async (t) => {
  const twoArm = new AddressTable();
  twoArm.add(entry('10.0.0.100/32', 'dpdk1'));
  twoArm.add(entry('192.168.100.200/32', 'dpdk0', { sapool: true, origin: 'laddr' }));
  t.strictSame(texts(twoArm.list()), ['10.0.0.100/32 dpdk1', '192.168.100.200/32 dpdk0']);
  const oneArm = new AddressTable();
  for (const last of [200, 201, 254]) oneArm.add(entry(`192.168.100.${last}/32`, 'dpdk0'));
  t.strictSame(
    oneArm.list().map((e) => Number(e.address) & 255),
    [254, 201, 200],
  );
  t.strictSame(
    oneArm.onDevice('dpdk0').map((e) => Number(e.address) & 255),
    [200, 201, 254],
  );
  t.strictSame(texts(twoArm.list('dpdk1')), ['10.0.0.100/32 dpdk1']);
  t.strictSame(twoArm.list('dpdk9'), []);
});

t.test('which source address', async (t) => {
  const table = new AddressTable();
  const source = (destination: string): string => formatIp(table.selectSource('dpdk0', parseIpv4(destination)));
  t.equal(source('10.0.0.1'), '0.0.0.0', 'no address');
  table.add(entry('126.1.0.1/32', 'dpdk0', { scope: 'host' }));
  t.equal(source('10.0.0.1'), '0.0.0.0', 'none but of scope host');
  table.add(entry('192.168.100.9/24', 'dpdk0', { scope: 'host' }));
  table.add(entry('192.168.100.200/32', 'dpdk0'));
  table.add(entry('192.168.100.1/24', 'dpdk0'));
  table.add(entry('192.168.100.2/24', 'dpdk0'));
  table.add(entry('10.0.0.9/8', 'dpdk0'));
  table.add(entry('172.16.0.1/12', 'dpdk1'));
  t.equal(source('192.168.100.77'), '192.168.100.1', 'the first whose network has it');
  t.equal(source('10.200.0.1'), '10.0.0.9');
  t.equal(source('172.16.0.2'), '192.168.100.200', 'else the first of the device, not another device');
});

t.test('which broadcasts', async (t) => {
  const table = new AddressTable();
  table.add(entry('192.168.100.1/24', 'dpdk0'));
  table.add(entry('172.10.0.2/30', 'dpdk0'));
  table.add(entry('10.0.0.0/31', 'dpdk0'));
  table.add(entry('10.9.9.9/32', 'dpdk0'));
  table.add(entry('10.8.0.1/16', 'dpdk0', { broadcast: parseIpv4('10.8.0.0') }));
  const expected = {
    '255.255.255.255': true,
    '192.168.100.255': true,
    '192.168.100.0': false,
    '172.10.0.3': true,
    '10.0.0.1': false,
    '10.9.9.9': false,
    '10.8.255.255': true,
    '10.8.0.0': true,
  };
  for (const [ip, is] of Object.entries(expected)) t.equal(table.isBroadcast(parseIpv4(ip), 'dpdk0'), is, ip);
  t.notOk(table.isBroadcast(parseIpv4('192.168.100.255'), 'dpdk1'));
  t.ok(table.isBroadcast(parseIpv4('255.255.255.255'), 'dpdk1'));
});

t.test('set keeps the place and moves the network', async (t) => {
  const table = new AddressTable();
  table.add(entry('192.168.1.1/32', 'dpdk0'));
  table.add(entry('192.168.1.2/24', 'dpdk0'));
  t.equal(formatIp(table.selectSource('dpdk0', parseIpv4('192.168.1.9'))), '192.168.1.2');
  table.set(entry('192.168.1.1/24', 'dpdk0'));
  t.equal(formatIp(table.selectSource('dpdk0', parseIpv4('192.168.1.9'))), '192.168.1.1', 'older, so first');
  table.set(entry('192.168.1.2/32', 'dpdk0'));
  t.notOk(table.isBroadcast(parseIpv4('192.168.2.255'), 'dpdk0'));
  t.strictSame(texts(table.list()), ['192.168.1.2/32 dpdk0', '192.168.1.1/24 dpdk0']);
  table.put(entry('192.168.1.2/16', 'dpdk0'));
  table.put(entry('192.168.1.3/32', 'dpdk0'));
  t.strictSame(texts(table.list()), ['192.168.1.3/32 dpdk0', '192.168.1.2/16 dpdk0', '192.168.1.1/24 dpdk0']);
});

t.test('refusals change nothing', async (t) => {
  const table = new AddressTable({ maxAddresses: 1 });
  table.add(entry('10.0.0.1/8', 'dpdk0'));
  const { generation } = table;
  t.throws(() => table.add(entry('10.0.0.1/32', 'dpdk0')), { code: 'already_exist' });
  t.throws(() => table.add(entry('10.0.0.1/32', 'dpdk1')), { code: 'no_room' });
  t.throws(() => table.delete(parseIpv4('10.0.0.1'), 'dpdk0', 32), { code: 'not_exist' });
  t.throws(() => table.delete(parseIpv4('10.0.0.1'), 'dpdk1'), { code: 'not_exist' });
  t.throws(() => table.set(entry('10.0.0.2/32', 'dpdk0')), { code: 'not_exist' });
  for (const wrong of ['0.0.0.0/32', '224.0.0.5/32', '127.0.0.1/8', '255.255.255.255/32']) {
    t.throws(() => table.add(entry(wrong, 'dpdk1')), { code: 'invalid_parameter' }, wrong);
  }
  t.equal(table.generation, generation);
  t.strictSame(texts(table.list()), ['10.0.0.1/8 dpdk0']);
});

const device = fc.constantFrom('dpdk0', 'dpdk1');
const address = fc.nat(7).map((n) => ipv4(0x0a000001 + n));
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('put' as const),
      address,
      device,
      length: fc.constantFrom(24, 29, 30, 32),
      until: fc.nat(9),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('delete' as const), address, device }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('flush' as const), device }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('expire' as const), now: fc.nat(9) }) },
);

t.test('equals a list', async (t) => {
  const property = fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
    const table = new AddressTable();
    let model: Address[] = [];
    for (const s of steps) {
      if (s.op === 'put') {
        const given = entry(`${formatIp(s.address)}/${s.length}`, s.device, { validUntil: s.until });
        const there = model.findIndex((e) => e.address === s.address && e.device === s.device);
        const put = table.put(given);
        if (there === -1) model.push(put);
        else model[there] = put;
      } else if (s.op === 'delete') {
        const there = model.some((e) => e.address === s.address && e.device === s.device);
        model = model.filter((e) => e.address !== s.address || e.device !== s.device);
        try {
          table.delete(s.address, s.device);
          if (!there) return false;
        } catch {
          if (there) return false;
        }
      } else {
        const gone = s.op === 'flush' ? table.flushDevice(s.device) : table.expire(s.now);
        const stays = (e: Address): boolean => (s.op === 'flush' ? e.device !== s.device : e.validUntil > s.now);
        if (new Set(gone).size !== model.filter((e) => !stays(e)).length || gone.some(stays)) return false;
        model = model.filter(stays);
      }
    }
    const sameOn = (name: string): boolean => {
      const expected = model.filter((e) => e.device === name);
      const got = table.onDevice(name);
      const digits = (n: number, length: number): string => n.toString(2).padStart(32, '0').slice(0, length);
      const probe = 0x0a000009;
      const covering =
        expected.find((e) => digits(Number(e.address), e.length) === digits(probe, e.length)) ?? expected[0];
      return (
        got.length === expected.length &&
        got.every((e, i) => e === expected[i]) &&
        table.selectSource(name, ipv4(probe)) === (covering?.address ?? 0)
      );
    };
    for (let n = 0; n <= 8; n++) {
      const ip = ipv4(0x0a000001 + n);
      if (table.isLocal(ip) !== model.some((e) => e.address === ip)) return false;
      if ((table.findAnywhere(ip) !== undefined) !== table.isLocal(ip)) return false;
      for (const name of ['dpdk0', 'dpdk1']) {
        if (table.find(ip, name) !== model.find((e) => e.address === ip && e.device === name)) return false;
      }
    }
    return table.size === model.length && sameOn('dpdk0') && sameOn('dpdk1');
  });
  holds(t, 'size, finds, lists, what flush and expire return', property, { seed, numRuns: 500 });
});
