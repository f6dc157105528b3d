// Multicast groups without a kernel or driver: /proc/net/dev_mcast read, what a port needs, and the filter's steps against a driver
// that does as it is told.
import t from 'tap';
import { formatGroups } from '../../cli/dpip/index.js';
import { type GroupDriver, MulticastFilter } from '../../dataplane/node/multicast-filter.js';
import { MAX_GROUPS, solicitedNodeMac, wantedGroups } from '../../dataplane/node/multicast-plan.js';
import { parseGroups } from '../../kni/multicast-groups.js';
import { createLog } from '../../log/index.js';

const [all, ospf, designated] = ['01:00:5e:00:00:01', '01:00:5e:00:00:05', '01:00:5e:00:00:06'];
const group = (mac: string, users = 1) => ({ mac, users });

t.test('/proc/net/dev_mcast', async (t) => {
  const text = `1    lo              1     0     333300000001
12   dpdk1.kni       2     0     01005e000005
12   dpdk1.kni       1     0     3333ff00a1b2
13   ib0             1     0     00ffffffff12601bffff00000000000000000001
14   a-name-of-15-ch 1     1     01005e000001
garbage
`;
  const groups = parseGroups(text);
  t.same(groups.get('dpdk1.kni'), [group(ospf, 2), group('33:33:ff:00:a1:b2')]);
  t.same(groups.get('a-name-of-15-ch'), [group(all)]);
  t.notOk(groups.has('ib0'), 'not Ethernet');
  t.same([...parseGroups('')], []);
});

t.test('what a port needs', async (t) => {
  t.equal(solicitedNodeMac('2001:db8::100'), '33:33:ff:00:01:00');
  t.equal(solicitedNodeMac('2001:db8::12ab:cdef'), '33:33:ff:ab:cd:ef');
  const kernel = [group(ospf, 2), group(all), group('33:33:ff:00:01:00')];
  t.same(wantedGroups(kernel, ['10.0.0.1']), [
    { ...group(all), sources: ['kni'] },
    { ...group(ospf, 2), sources: ['kni'] },
    { ...group('33:33:ff:00:01:00'), sources: ['kni'] },
  ]);
  t.same(wantedGroups([group('33:33:ff:00:01:00')], ['2001:db8::100', '2001:db8:1::100']), [
    { ...group('33:33:00:00:00:01'), sources: ['dataplane'] },
    { ...group('33:33:ff:00:01:00', 3), sources: ['kni', 'dataplane'] },
  ]);
});

/** A driver in memory. The answers are what it says to the calls. */
class FakeDriver implements GroupDriver {
  groups: readonly string[] = [];
  allmulticast = true;
  readonly calls: string[] = [];
  constructor(readonly answers: { groups?: number; all?: number }) {}
  setGroups(macs: readonly string[]): number {
    this.calls.push(`groups ${macs.length}`);
    if ((this.answers.groups ?? 0) === 0) this.groups = [...macs];
    return this.answers.groups ?? 0;
  }
  setAllmulticast(on: boolean): number {
    this.calls.push(`all ${on}`);
    if ((this.answers.all ?? 0) === 0) this.allmulticast = on;
    return this.answers.all ?? 0;
  }
  receivesAll() {
    return { allmulticast: this.allmulticast, promisc: false };
  }
}

function scene(answers: { groups?: number; all?: number } = {}, options: { virtual?: boolean; kni?: null } = {}) {
  const driver = new FakeDriver(answers);
  const lines: string[] = [];
  const log = createLog({ stream: { write: (line: string) => void lines.push(line) } });
  const wish = { asked: false };
  const filter = new MulticastFilter({
    ...{ name: 'dpdk1', kni: options.kni === null ? null : 'dpdk1.kni', virtual: options.virtual ?? false },
    ...{ asked: () => wish.asked, addresses: () => [], driver, log },
  });
  const events = (): string[] => lines.map((line) => /port\.multicast_\w+/.exec(line)?.[0] ?? line);
  return { driver, filter, wish, events };
}

t.test('a driver with a filter', async (t) => {
  const { driver, filter, wish, events } = scene();
  filter.look();
  t.same(driver.calls, [], 'as it was started, until the groups are known');
  filter.kernelGroups([group(all)]);
  t.same(driver.calls, ['groups 1', 'all false'], 'the filter first');
  filter.kernelGroups([group(ospf), group(all)]);
  filter.look();
  t.same(driver.calls.splice(0), ['groups 1', 'all false', 'groups 2'], 'nothing twice');
  t.same(driver.groups, [all, ospf]);
  wish.asked = true;
  filter.look();
  wish.asked = false;
  filter.look();
  t.same(driver.calls.splice(0), ['all true', 'all false']);
  driver.allmulticast = true;
  filter.look();
  t.equal(driver.allmulticast, false, 'whoever switched it');
  filter.kernelGroups([]);
  t.same(driver.groups, []);
  t.same(events(), []);
});

t.test('a driver without one receives all, while there are groups', async (t) => {
  const { driver, filter, events } = scene({ groups: -95 });
  driver.allmulticast = false;
  filter.kernelGroups([group(all)]);
  filter.kernelGroups([group(all), group(ospf)]);
  t.same(driver.calls.splice(0), ['groups 1', 'all true'], 'not asked again');
  t.match(filter.info(), { reception: 'all', link: [{ mac: all, synced: false }, { mac: ospf }] });
  driver.allmulticast = false;
  filter.look();
  t.equal(driver.allmulticast, true, 'switched off by hand');
  filter.kernelGroups([]);
  t.equal(driver.allmulticast, false);
  t.same(events(), ['port.multicast_all', 'port.multicast_all']);
});

t.test('a driver whose filter is full, or that is asked for too much', async (t) => {
  const many = Array.from({ length: MAX_GROUPS + 1 }, (_, i) =>
    group(`01:00:5e:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`),
  );
  const { driver, filter } = scene();
  filter.kernelGroups(many.slice(1));
  t.same([driver.groups.length, driver.allmulticast], [MAX_GROUPS, false]);
  driver.calls.length = 0;
  filter.kernelGroups(many);
  t.same(driver.calls, ['all true']);
  t.match(filter.info(), { reception: 'all', leftOut: 1 });
  t.equal(filter.info().link.length, MAX_GROUPS);
  filter.kernelGroups([group(ospf)]);
  t.same([driver.groups, driver.allmulticast], [[ospf], false], 'and back');
  const full = scene({ groups: -28 });
  full.filter.kernelGroups([group(ospf)]);
  t.equal(full.driver.allmulticast, true);
  full.filter.kernelGroups([group(ospf), group(designated)]);
  t.same(full.driver.calls, ['groups 1', 'groups 2'], 'a full filter is tried with each other list');
});

t.test('a driver with neither', async (t) => {
  const nic = scene({ groups: -95, all: -95 });
  nic.driver.allmulticast = false;
  nic.filter.kernelGroups([group(ospf)]);
  nic.filter.look();
  t.same(nic.driver.calls, ['groups 1', 'all true'], 'asked once');
  t.equal(nic.filter.info().reception, 'refused');
  t.same(nic.events(), ['port.multicast_refused']);
  const ring = scene({ groups: -95, all: -95 }, { virtual: true });
  ring.driver.allmulticast = false;
  ring.filter.kernelGroups([group(ospf)]);
  t.equal(ring.filter.info().reception, 'unfiltered');
  t.same(ring.events(), [], 'it has nothing that filters');
});

t.test('a port without a kni is what dpvs.conf says', async (t) => {
  const { driver, filter, wish } = scene({ groups: -95 }, { kni: null });
  driver.allmulticast = false;
  filter.look();
  t.equal(driver.allmulticast, false);
  t.equal(filter.info().reception, 'groups');
  wish.asked = true;
  filter.look();
  t.equal(driver.allmulticast, true);
});

t.test('dpip maddr show', async (t) => {
  const kni = { sources: ['kni' as const], users: 1, synced: true };
  const ports = [
    { index: 1, device: 'dpdk0', kni: 'dpdk0.kni', reception: 'all' as const, link: [], leftOut: 3 },
    {
      ...{ index: 2, device: 'dpdk1', kni: 'dpdk1.kni', reception: 'groups' as const, leftOut: 0 },
      link: [
        { ...kni, mac: ospf },
        { ...kni, mac: '33:33:ff:00:01:00', sources: ['kni' as const, 'dataplane' as const], users: 3, synced: false },
      ],
    },
  ];
  t.same(formatGroups(ports, false), [
    '1:\tdpdk0',
    '\t3 more',
    '2:\tdpdk1',
    '\tlink 01:00:5e:00:00:05',
    '\tlink 33:33:ff:00:01:00',
  ]);
  t.same(formatGroups(ports.slice(1), true), [
    '2:\tdpdk1\treceives these groups',
    '\tlink 01:00:5e:00:00:05 (+kni)\trefcnt 1\tsync',
    '\tlink 33:33:ff:00:01:00 (+kni) (+dataplane)\trefcnt 3',
  ]);
});
