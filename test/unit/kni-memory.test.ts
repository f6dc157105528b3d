// What is kept of a kni and what is put back, against a kernel that is a table: order, refusals, VIPs, a damaged file.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { bridgeAddresses, KniMemory } from '../../dataplane/node/index.js';
import { type KernelAddress, KernelError, type KernelLink, type KernelRoute } from '../../kni/index.js';
import { createLog } from '../../log/index.js';

const kni = 'dpdk1.kni';
const link: KernelLink = { index: 7, name: kni, mac: '02:00:00:00:00:01', mtu: 1500, up: true, carrier: true };
const address = (text: string, more: Partial<KernelAddress> = {}): KernelAddress => {
  const [host, length] = text.split('/');
  return {
    device: kni,
    address: host,
    prefixLength: Number(length),
    family: host.includes(':') ? 'inet6' : 'inet',
    scope: 'global',
    ...more,
  };
};
const route = (destination: string, protocol: string, gateway: string | null = null): KernelRoute => ({
  ...{ family: 'inet', destination, metric: 0, source: null, protocol, scope: 'global', type: 'unicast', table: 254 },
  nextHops: [{ gateway, device: kni, weight: 1 }],
});

function setUp(t: Test) {
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-kni-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'n1.kni.json');
  const bridgePath = join(directory, 'n1.route.json');
  const events: string[] = [];
  const log = createLog({
    stream: { write: (text) => void events.push((JSON.parse(text) as { event: string }).event) },
  });
  const added: string[] = [];
  const table: KernelAddress[] = [];
  let refuse: (what: string) => string | null = () => null;
  const add = async (what: string): Promise<void> => {
    const code = refuse(what);
    if (code !== null) throw new KernelError(`add ${what}`, code, 1, code);
    added.push(what);
  };
  const kernel = {
    addresses: async () => table,
    addAddress: (_name: string, prefix: string) => add(prefix),
    addRoute: ({ destination, gateway }: { destination: string; gateway?: string }) =>
      add(gateway === undefined ? destination : `${destination} via ${gateway}`),
    close: () => {},
  };
  const open = () => new KniMemory({ path, bridgePath, log, kernel });
  const refuseWith = (by: typeof refuse): void => {
    refuse = by;
  };
  return { path, bridgePath, events, added, table, open, refuseWith };
}

t.test('what was given is put back, on-link routes before those by a gateway', async (t) => {
  const { added, table, open, events } = setUp(t);
  const first = open();
  t.equal(first.wasUp(kni), true, 'never seen');
  await first.restore(kni, link);
  table.push(address('172.10.0.2/30'), address('2001:db8::1/64'));
  table.push(address('fe80::1/64', { scope: 'link' }), address('2001:db8::99/64', { dynamic: true }));
  first.routesRead([
    route('0.0.0.0/0', 'boot', '10.7.0.1'),
    route('10.7.0.0/16', 'static'),
    route('10.8.0.0/16', 'ospf', '10.7.0.1'),
    route('172.10.0.0/30', 'kernel'),
    { ...route('10.9.0.0/16', 'static'), nextHops: [{ gateway: null, device: 'eth0', weight: 1 }] },
  ]);
  await first.close();
  t.same(added, []);
  await open().restore(kni, link);
  t.same(added, ['172.10.0.2/30', '2001:db8::1/64', '10.7.0.0/16', '0.0.0.0/0 via 10.7.0.1']);
  t.same(events, ['kni.restored']);
});

t.test('an interface that goes, or goes down, loses nothing of what is kept', async (t) => {
  const { table, path, open } = setUp(t);
  const first = open();
  await first.restore(kni, link);
  table.push(address('172.10.0.2/30'));
  first.routesRead([route('0.0.0.0/0', 'static', '172.10.0.1')]);
  await first.close();
  const whole = readFileSync(path, 'utf8');

  const second = open();
  await second.restore(kni, link);
  table.length = 0;
  second.routesRead([]);
  second.linkChanged(kni, null);
  await second.close();
  t.equal(readFileSync(path, 'utf8'), whole, 'gone');

  table.push(address('172.10.0.2/30'));
  const third = open();
  await third.restore(kni, link);
  third.routesRead([]);
  third.linkChanged(kni, { ...link, up: false });
  await third.close();
  const fourth = open();
  t.equal(fourth.wasUp(kni), false);
  t.match(readFileSync(path, 'utf8'), /0\.0\.0\.0\/0/, 'the kernel drops routes of an interface that is down');
  await fourth.close();
});

t.test('VIPs of the bridge are neither kept nor put back', async (t) => {
  const { added, table, path, bridgePath, open } = setUp(t);
  table.push(address('172.10.0.2/30'), address('123.1.2.3/32'), address('123.1.2.4/32'));
  const first = open();
  await first.restore(kni, link);
  await first.close();
  t.match(readFileSync(path, 'utf8'), /123\.1\.2\.3/);
  // In whatever shape the journal names it, and even when it came later than the file.
  writeFileSync(bridgePath, JSON.stringify({ vips: { '123.1.2.3/32': { state: 'announced' } } }));
  t.same(bridgeAddresses(bridgePath), new Set(['123.1.2.3']));
  const second = open();
  await second.restore(kni, link);
  t.same(added, ['172.10.0.2/30', '123.1.2.4/32']);
  await second.close();
  t.notMatch(readFileSync(path, 'utf8'), /123\.1\.2\.3/);
});

t.test('what is refused is told, what is there already is not', async (t) => {
  const { added, table, open, events, refuseWith } = setUp(t);
  table.push(address('172.10.0.2/30'), address('10.0.0.1/24'), address('10.0.1.1/24'));
  const first = open();
  await first.restore(kni, link);
  await first.close();
  refuseWith((what) => (what.startsWith('172') ? 'EEXIST' : what.startsWith('10.0.0') ? 'EINVAL' : null));
  await open().restore(kni, link);
  t.same(added, ['10.0.1.1/24'], 'the others go on');
  t.same(events, ['kni.restore_failed', 'kni.restored']);
});

t.test('a damaged file is told and costs only what was in it', async (t) => {
  const { path, open, events, table } = setUp(t);
  writeFileSync(path, '{"version":1,"knis":[{"name":"dpdk1.kni"}]}');
  const memory = open();
  t.same(events, ['kni.memory_failed']);
  await memory.restore(kni, link);
  table.push(address('172.10.0.2/30'));
  memory.addressesChanged();
  await memory.close();
  t.match(readFileSync(path, 'utf8'), /172\.10\.0\.2\/30/);
});
