// dpip's grammar: words → requests, and the mistakes it names.
import t from 'tap';
import type { DpvsError } from '../../cli/common/index.js';
import { parseLine } from '../../cli/dpip/index.js';
import { fullNatScript, ospfScript, otherLines, snatScript, unbuiltLines } from '../support/tutorial.js';

const split = (line: string): string[] => line.split(' ').filter((word) => word !== '');
/** What travels: fields that are undefined do not. */
const actionOf = (line: string): unknown => JSON.parse(JSON.stringify(parseLine(split(line)).action));
const change = (method: string, params: object) => ({ do: 'change', call: { method, params } });
const view = (name: string, rest: object = {}) => ({ do: 'show', view: { view: name, ...rest } });

t.test('lines and their requests', async (t) => {
  const table: [string, unknown][] = [
    [
      'addr add 10.0.0.100/32 dev dpdk1',
      change('addr.add', { address: '10.0.0.100', prefixLength: 32, device: 'dpdk1' }),
    ],
    ['addr add 10.0.0.100 dev dpdk1', change('addr.add', { address: '10.0.0.100', prefixLength: 32, device: 'dpdk1' })],
    [
      '-6 addr add 2001:db8::1 dev dpdk1',
      change('addr.add', { address: '2001:db8::1', prefixLength: 128, device: 'dpdk1' }),
    ],
    [
      'addr add dev dpdk1 sapool 123.1.2.3/24 broadcast 123.1.2.255 scope link valid_lft 60 prefered_lft 30',
      change('addr.add', {
        address: '123.1.2.3',
        prefixLength: 24,
        device: 'dpdk1',
        sapool: true,
        broadcast: '123.1.2.255',
        scope: 'link',
        validLifetime: 60,
        preferredLifetime: 30,
      }),
    ],
    [
      'addr set 10.0.0.1/8 dev dpdk0 valid_lft forever preferred_lft forever scope 3',
      change('addr.set', {
        address: '10.0.0.1',
        prefixLength: 8,
        device: 'dpdk0',
        validLifetime: 'forever',
        preferredLifetime: 'forever',
        scope: 'host',
      }),
    ],
    ['addr change 10.0.0.1/8 dev dpdk0', change('addr.set', { address: '10.0.0.1', prefixLength: 8, device: 'dpdk0' })],
    ['addr del 10.0.0.1/8 dev dpdk0', change('addr.del', { address: '10.0.0.1', prefixLength: 8, device: 'dpdk0' })],
    [
      'addr del 10.0.0.1/8 dev dpdk0 sapool',
      change('addr.del', { address: '10.0.0.1', prefixLength: 8, device: 'dpdk0' }),
    ],
    ['addr flush dev dpdk0', change('addr.flush', { device: 'dpdk0' })],
    ['addr', view('addr', { params: {} })],
    ['addr show', view('addr', { params: {} })],
    ['addr list dev bond0.100', view('addr', { params: { device: 'bond0.100' } })],
    ['addr show -6', view('addr', { params: { family: 'inet6' } })],
    ['-f inet addr show', view('addr', { params: { family: 'inet' } })],
    [
      'route add 172.10.0.2/32 dev dpdk1 scope kni_host',
      change('route.add', { destination: '172.10.0.2/32', device: 'dpdk1', scope: 'kni_host' }),
    ],
    [
      'route add default via 123.1.2.1 dev dpdk1',
      change('route.add', { destination: '0.0.0.0/0', gateway: '123.1.2.1', device: 'dpdk1' }),
    ],
    ['route -6 add default dev dpdk1', change('route.add', { destination: '::/0', device: 'dpdk1' })],
    [
      'route add default via 2001:db8::1 dev dpdk1',
      change('route.add', { destination: '::/0', gateway: '2001:db8::1', device: 'dpdk1' }),
    ],
    [
      'route add 10.0.0.1 dev dpdk1 local src 10.0.0.1 mtu 1400 metric 7',
      change('route.add', {
        destination: '10.0.0.1/32',
        device: 'dpdk1',
        scope: 'host',
        source: '10.0.0.1',
        mtu: 1400,
        metric: 7,
      }),
    ],
    ['route del 10.0.0.0/16 dev dpdk1', change('route.del', { destination: '10.0.0.0/16', device: 'dpdk1' })],
    ['route flush dev dpdk1', change('route.flush', { device: 'dpdk1' })],
    ['route show', view('route', { params: {} })],
    [
      'neigh add 10.0.0.1 lladdr A0:36:9F:9D:61:F4 dev dpdk1',
      change('neigh.add', { address: '10.0.0.1', mac: 'a0:36:9f:9d:61:f4', device: 'dpdk1' }),
    ],
    ['neigh del 10.0.0.1 dev dpdk1', change('neigh.del', { address: '10.0.0.1', device: 'dpdk1' })],
    ['neigh flush', change('neigh.flush', {})],
    ['neigh show dev dpdk1', view('neigh', { params: { device: 'dpdk1' } })],
    ['link show', view('link', { params: {} })],
    ['link show dpdk0 -s', view('link', { params: { name: 'dpdk0' } })],
    ['link show cpu -s', view('cpu')],
    ['link show cpu3', view('cpu', { cpu: 3 })],
    ['link set dpdk0 promisc on', change('link.set', { name: 'dpdk0', promisc: true })],
    ['link set dpdk0 allmulticast off', change('link.set', { name: 'dpdk0', allmulticast: false })],
    ['link set dpdk0 forward2kni on', change('link.set', { name: 'dpdk0', forward2kni: true })],
    ['link set dpdk0 up', change('link.set', { name: 'dpdk0', up: true })],
    ['link set dpdk0 down', change('link.set', { name: 'dpdk0', up: false })],
    ['link set dpdk0 mtu 9000', change('link.set', { name: 'dpdk0', mtu: 9000 })],
    ['link set dpdk0 addr 02:00:00:00:0A:01', change('link.set', { name: 'dpdk0', mac: '02:00:00:00:0a:01' })],
    [
      'link set dpdk0 mtu 1400 addr 02:00:00:00:00:01 up',
      change('link.set', { name: 'dpdk0', mtu: 1400, mac: '02:00:00:00:00:01', up: true }),
    ],
    ['maddr show', view('maddr', { params: {} })],
    ['maddr -v show dev dpdk1', view('maddr', { params: { device: 'dpdk1' } })],
    ['status', view('status')],
    ['counters -a', view('counters')],
    ['save', view('dump')],
    ['log debug', change('log.level', { level: 'debug' })],
    ['slowpath restart', { do: 'restart' }],
    ['help', { do: 'help' }],
    ['-h', { do: 'help' }],
    ['addr help', { do: 'help', topic: 'addr' }],
    ['help addr', { do: 'help', topic: 'addr' }],
    ['-V', { do: 'version' }],
  ];
  for (const [line, expected] of table) t.same(actionOf(line), expected, line);
});

t.test('options stand anywhere, combined or apart', async (t) => {
  for (const line of [
    '-s -v link show dpdk0',
    'link -sv show dpdk0',
    'link show dpdk0 -s --verb',
    'link show dpdk0 --statistics -v',
  ]) {
    const { options, action } = parseLine(split(line));
    t.match(options, { stats: true, verbose: true }, line);
    t.match(action, view('link', { params: { name: 'dpdk0' } }), line);
  }
  t.match(parseLine(split('link show -i 2 -c3')).options, { intervalMs: 2000, count: 3 });
  t.match(parseLine(split('link show -i0.5')).options, { intervalMs: 500, count: undefined });
  t.match(parseLine(split('link show --count=4')).options, { intervalMs: 1000, count: 4 });
  t.match(parseLine(split('--name node1 addr show --json')).options, { name: 'node1', json: true });
});

t.test('mistakes: exit code 2 and the word that is wrong', async (t) => {
  const table: [string, RegExp][] = [
    ['', /missing OBJECT/],
    ['adr show', /invalid object 'adr'/],
    ['addr shw', /invalid command 'shw'/],
    ['addr add 10.0.0.100/33 dev dpdk1', /invalid prefix length '33' \(0-32\)/],
    ['addr add 10.0.0.300 dev dpdk1', /invalid address '10.0.0.300'/],
    ['addr add 10.0.0.1', /missing 'dev STRING'/],
    ['addr add dev dpdk1', /missing IFADDR/],
    ['addr add 10.0.0.1 dev', /missing value for 'dev'/],
    ['addr add 10.0.0.1 dev dpdk0 dev dpdk1', /'dev': device is already given/],
    ['addr add 10.0.0.1 10.0.0.2 dev dpdk0', /too many arguments: '10.0.0.2'/],
    ['addr add 10.0.0.1 dev dpdk0 scope kni_host', /invalid scope 'kni_host'/],
    ['addr add 10.0.0.1 dev 0abc', /invalid device name '0abc'/],
    ['-6 addr add 10.0.0.1 dev dpdk0', /'10.0.0.1' is not of family inet6/],
    ['-4 -6 addr show', /conflicts with family inet/],
    ['-f ipx addr show', /invalid family 'ipx'/],
    ['addr show dpdk0', /too many arguments: 'dpdk0'/],
    ['addr flush', /missing 'dev STRING'/],
    ['route add 10.0.0.0/8 via 2001:db8::1 dev dpdk0', /'2001:db8::1' is not of family inet/],
    ['route add 10.0.0.0/8 dev dpdk0 mtu 67', /invalid mtu '67' \(68-9000\)/],
    ['route add default', /missing 'dev IFNAME'/],
    ['neigh add 10.0.0.1 dev dpdk0', /missing 'lladdr MAC'/],
    ['neigh add 10.0.0.1 lladdr zz dev dpdk0', /invalid MAC address 'zz'/],
    ['link set dpdk0', /missing ITEM/],
    ['link set dpdk0 promisc maybe', /promisc is on or off, not 'maybe'/],
    ['link set dpdk0 colour blue', /invalid item 'colour'/],
    ['link set dpdk0 up down', /'down' is already given/],
    ['link set dpdk0 mtu', /missing value for 'mtu'/],
    ['link set dpdk0 mtu 9001', /invalid mtu '9001' \(68-9000\)/],
    ['link set dpdk0 mtu 1400 mtu 1400', /'mtu' is already given/],
    ['link set dpdk0 addr 02:00', /invalid MAC address '02:00'/],
    ['link show dpdk0 dpdk1', /too many arguments: 'dpdk1'/],
    ['-i 0 link show', /invalid interval '0'/],
    ['-c 0 link show', /invalid count '0'/],
    ['link show -i', /option '-i' needs a value: SEC/],
    ['link show -z', /unknown option '-z'/],
    ['link show --nonsense', /unknown option '--nonsense'/],
    ['link show --inet=4 --stats=1', /takes no value/],
    ['log loud', /invalid level 'loud'/],
    ['slowpath', /missing command|invalid command/],
    ['status now', /too many arguments: 'now'/],
  ];
  for (const [line, message] of table)
    t.throws(() => parseLine(split(line)), { code: 'usage', exitCode: 2, message }, line);
  try {
    parseLine(['route', 'add']);
    t.fail('must not be read');
  } catch (error) {
    t.equal((error as DpvsError).suggestion, "see 'dpip route help'");
  }
});

t.test('what is not built is refused by name', async (t) => {
  for (const line of ['vlan add link dpdk0 id 100', 'tunnel show', 'qsch show dev dpdk0', 'lldp show neigh dev dpdk0'])
    t.throws(() => parseLine(split(line)), {
      code: 'not_support',
      exitCode: 1,
      message: `not support: object '${split(line)[0]}' is not built yet`,
    });
  t.throws(() => parseLine(split('route set 10.0.0.0/8 dev dpdk0')), { code: 'not_support' });
  t.throws(() => parseLine(split('link set dpdk0 tc-egress on')), { message: 'not support: link set tc-egress' });
  t.throws(() => parseLine(split('addr replace 10.0.0.1 dev dpdk0')), { message: 'not support: addr replace' });
});

t.test("every line of the tutorial's scripts is understood", async (t) => {
  for (const line of [...fullNatScript, ...ospfScript, ...otherLines, ...snatScript]) {
    if (!line.startsWith('./dpip ')) continue;
    t.match(parseLine(split(line).slice(1)).action, { do: 'change' }, line);
  }
  for (const line of unbuiltLines)
    if (line.startsWith('./dpip ')) t.throws(() => parseLine(split(line).slice(1)), { code: 'not_support' }, line);
});
