// dpip's listings against the tutorial's own lines and, to the byte, against the reference's printf formats.
import t from 'tap';
import {
  formatAddresses,
  formatCounters,
  formatCpuRates,
  formatCpus,
  formatLinkRates,
  formatLinks,
  formatNeighbours,
  formatRoutes,
  formatStatus,
} from '../../cli/dpip/index.js';
import { printf } from '../support/printf.js';
import { sampleAddress, sampleCpu, sampleLink, sampleRoute, sampleStatus } from '../support/samples.js';
import { addrShow, normalise, routeShow } from '../support/tutorial.js';

const pool = { used: 0, free: 1032176, miss: 0 };

t.test('dpip addr show', async (t) => {
  const lines = formatAddresses([
    sampleAddress({}),
    sampleAddress({ address: '192.168.100.200', device: 'dpdk0', sapool: pool }),
  ]);
  t.same(normalise(lines), addrShow);
  t.same(lines, [
    'inet 10.0.0.100/32 scope global dpdk1 ',
    '     valid_lft forever preferred_lft forever',
    'inet 192.168.100.200/32 scope global dpdk0 ',
    '     valid_lft forever preferred_lft forever sa_used 0 sa_free 1032176 sa_miss 0',
  ]);
  t.same(
    formatAddresses([
      sampleAddress({ address: '2001:db8::1', prefixLength: 64, validLifetime: 60, preferredLifetime: 30 }),
    ]),
    ['inet6 2001:db8::1/64 scope global dpdk1 ', '     valid_lft 60 preferred_lft 30'],
  );
  t.same(formatAddresses([sampleAddress({ prefixLength: 24, broadcast: '10.0.0.255' })]), [
    'inet 10.0.0.100/24 scope global dpdk1 ',
    '    broadcast 10.0.0.255 valid_lft forever preferred_lft forever',
  ]);
});

t.test('dpip route show', async (t) => {
  const lines = formatRoutes([
    sampleRoute({}),
    sampleRoute({ destination: '192.168.100.200/32', device: 'dpdk0' }),
    sampleRoute({ destination: '192.168.100.0/24', device: 'dpdk0', scope: 'link' }),
    sampleRoute({ destination: '10.0.0.0/16', scope: 'link' }),
  ]);
  t.same(normalise(lines), routeShow);
  t.same(
    lines,
    routeShow.map((line) => `${line} `),
    'each line ends in a blank, as the reference prints it',
  );
  t.same(formatRoutes([sampleRoute({ destination: '192.168.100.28/32', device: 'dpdk0', scope: 'kni_host' })]), [
    'inet 192.168.100.28/32 via 0.0.0.0 src 0.0.0.0 dev dpdk0 mtu 1500 tos 0 scope kni_host metric 0 proto auto ',
  ]);
  t.same(
    formatRoutes([sampleRoute({ destination: '0.0.0.0/0', gateway: '10.0.0.1', scope: 'global', onlink: true })]),
    ['inet 0.0.0.0/0 via 10.0.0.1 src 0.0.0.0 dev dpdk1 mtu 1500 tos 0 scope global metric 0 proto auto onlink '],
  );
  t.same(
    formatRoutes([
      sampleRoute({ destination: '::/0', gateway: '2001:db8::1', source: '::', scope: 'global' }),
      sampleRoute({ destination: '2001:db8::/64', gateway: '::', source: '2001:db8::2', mtu: 0, scope: 'link' }),
    ]),
    [
      'inet6 default via 2001:db8::1 dev dpdk1 mtu 1500 scope global',
      'inet6 2001:db8::/64 src 2001:db8::2 dev dpdk1 scope link',
    ],
  );
});

t.test('dpip neigh show', async (t) => {
  const row = {
    address: '10.0.0.1',
    mac: 'a0:36:9f:9d:61:f4',
    device: 'dpdk1',
    state: 'REACHABLE',
    static: false,
    core: 1,
  } as const;
  const lines = formatNeighbours([
    row,
    { ...row, state: 'STATIC', static: true },
    { ...row, mac: null, state: 'SEND' },
  ]);
  const [mac, state] = ['a0:36:9f:9d:61:f4', 'REACHABLE'];
  t.same([lines[0]], printf('ip: %-48s mac: %s   state: %-12s  dev: %s  core: %d', '10.0.0.1', mac, state, 'dpdk1', 1));
  t.match(lines[1], /core: 1 {2}static$/);
  t.match(lines[2], / mac:incomplate {11}state: SEND /);
  t.equal(lines[2].indexOf('state:'), lines[0].indexOf('state:'));
});

t.test('dpip link show', async (t) => {
  t.same(formatLinks([sampleLink({})], { stats: false, cpus: null }), [
    '1: dpdk0: socket 0 mtu 1500 rx-queue 8 tx-queue 8',
    '    UP 10000 Mbps full-duplex auto-nego ',
    '    addr A0:36:9F:9D:61:F4 OF_RX_IP_CSUM OF_TX_IP_CSUM OF_TX_TCP_CSUM OF_TX_UDP_CSUM ',
  ]);
  const odd = { up: false, fullDuplex: false, autoneg: false, promisc: true, allmulticast: true, forward2kni: true };
  t.equal(
    formatLinks([sampleLink(odd)], { stats: false, cpus: null })[1],
    '    DOWN 10000 Mbps half-duplex fixed-nego promisc allmulticast foward2kni ',
  );
  const stats = {
    ipackets: 176156,
    opackets: 176138,
    ibytes: 250339018,
    obytes: 250310404,
    ierrors: 1,
    oerrors: 2,
    imissed: 3,
    rxNombuf: 4,
  };
  const link = sampleLink({ stats, mbufAvail: 65000, mbufInuse: 535 });
  t.same(formatLinks([link], { stats: true, cpus: null }).slice(3), [
    ...printf(
      '    %-20s%-20s%-20s%-20s',
      'ipackets',
      'opackets',
      'ibytes',
      'obytes',
      176156,
      176138,
      250339018,
      250310404,
    ),
    ...printf('    %-20s%-20s%-20s%-20s', 'ierrors', 'oerrors', 'imissed', 'rx_nombuf', 1, 2, 3, 4),
    ...printf('    %-20s%-20s', 'mbuf-avail', 'mbuf-inuse', 65000, 535),
  ]);
  const headed = (given: Partial<typeof link>): string[] =>
    formatLinks([sampleLink(given)], { stats: false, cpus: [] }).slice(3, 5);
  t.same(
    headed({ hardware: '0000:06:00.0', driver: 'net_ixgbe', kni: 'dpdk0.kni' }),
    printf('    %-20s%-20s%-20s', 'pci_addr', 'driver_name', 'kni', '0000:06:00.0', 'net_ixgbe', 'dpdk0.kni'),
    'columns of 20, as the reference has them',
  );
  t.same(
    headed({ hardware: 'net_af_xdp0,iface=enp6s0f0np0', driver: 'net_af_xdp', kni: null }),
    printf(
      '    %-31s%-20s%-20s',
      'pci_addr',
      'driver_name',
      'kni',
      'net_af_xdp0,iface=enp6s0f0np0',
      'net_af_xdp',
      'none',
    ),
    'wider where a vdev needs it, and the headings stay above their values',
  );
  const details = formatLinks([link], { stats: false, cpus: [sampleCpu({}), sampleCpu({ id: 2, cpu: 3 })] });
  t.match(
    details.join('\n'),
    /0000:06:00.0 +net_ixgbe +dpdk0.kni *\n {4}Queue Configuration:\n {4}rx0 +cpu1\n {4}rx0 +cpu3\n {4}tx0 +cpu1/,
  );

  const earlier = sampleLink({});
  t.same(formatLinkRates([earlier], [link], 2), [
    ...printf(
      '    %-16s%-16s%-16s%-16s',
      'ipackets/pps',
      'opackets/pps',
      'ibytes/Bps',
      'obytes/Bps',
      88078,
      88069,
      125169509,
      125155202,
    ),
    ...printf('    %-16s%-16s%-16s%-16s', 'ierrors/pps', 'oerrors/pps', 'imissed/pps', 'rx_nombuf/pps', 1, 1, 2, 2),
  ]);
  t.match(
    formatLinkRates([link], [earlier], 1)[1],
    /^ {4}0 +0 +0 +0 +$/,
    'counters that began anew are no negative rate',
  );
  t.same(formatLinkRates([], [link], 1), [], 'a port that was not there before has no rate');
});

t.test('dpip link show cpu', async (t) => {
  const master = sampleCpu({ id: 0, cpu: 0, role: 'control', queues: [] });
  t.same(formatCpus([sampleCpu({}), master], false, true), [
    '<< Controll Plane >>',
    '0: cpu0: socket 0',
    '    queues none',
    '<< Data Plane >>',
    '1: cpu1: socket 0',
    '    queues dpdk0:rx0 dpdk0:tx0',
  ]);
  const lines = formatCpus([sampleCpu({})], true, false);
  t.same(lines.slice(2, 6), [
    ...printf('    %-20s%-20s%-20s%-20s', 'lcore_loop', 'pktburst', 'zpktburst', 'fpktburst', 0, 0, 0, 0),
    ...printf('    %-20s%-20s%-20s', 'z2hpktburst', 'h2fpktburst', 'dropped', 0, 0, 0),
  ]);
  const later = sampleCpu({ stats: { ...sampleCpu({}).stats, ipackets: 3000 } });
  t.match(formatCpuRates([sampleCpu({})], [later], 3).at(-1), /^ {4}1000 {12}0 /);
});

t.test('dpip status and counters', async (t) => {
  const ill = formatStatus(sampleStatus({ serving: false, problems: ['dpdk1 has no carrier: check the cable'] }));
  t.equal(ill[0], 'node dpvs: not serving');
  t.equal(ill[1], '    ! dpdk1 has no carrier: check the cable');
  t.equal(formatStatus(sampleStatus({}))[0], 'node dpvs: serving');
  const counter = (name: string, value: number) =>
    ({ kind: 'drop', name, value, description: `${name} was seen` }) as const;
  const counters = [counter('bad_length', 0), counter('no_route', 7), counter('ttl', 2)];
  const names = (lines: string[]): string[] => lines.slice(1).map((line) => line.split(/ +/)[1]);
  t.same(names(formatCounters(counters, false)), ['no_route', 'ttl']);
  t.same(names(formatCounters(counters, true)), ['no_route', 'ttl', 'bad_length']);
  t.same(
    formatCounters(counters, false).slice(1),
    printf('%-6s %-32s %14d  %s', 'drop', 'no_route', 7, 'no_route was seen', 'drop', 'ttl', 2, 'ttl was seen'),
  );
  const later = [counter('bad_length', 0), counter('no_route', 27), counter('ttl', 2)];
  t.match(formatCounters(later, false, { counters, seconds: 2 })[1], / 27 +10 {2}no_route was seen$/);
});
