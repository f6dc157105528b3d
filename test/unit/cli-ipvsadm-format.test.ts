// ipvsadm's listings against the tutorial's own lines and, to the byte, against the reference's printf formats.
import t from 'tap';
import { type ServiceMatch, serviceText } from '../../api/index.js';
import {
  formatConnections,
  formatLaddrs,
  formatServices,
  formatTimeouts,
  type ListFormat,
  largeNumber,
  sortServices,
} from '../../cli/ipvsadm/index.js';
import { printf } from '../support/printf.js';
import { sampleServer, sampleService } from '../support/samples.js';
import { laddrList, laddrListOfTwo, normalise, serviceList } from '../support/tutorial.js';

const numeric: ListFormat = { columns: 'plain', numeric: true, exact: false, sort: false };

t.test('ipvsadm -ln of SNAT', async (t) => {
  const range = (from: string, to: string, fromPort = 0, toPort = 0) => ({ from, to, fromPort, toPort });
  const servers = [sampleServer({ address: '192.168.10.2', port: 0, forwarding: 'SNAT', weight: 100 })];
  const of = (match: ServiceMatch): string[] =>
    formatServices([sampleService({ service: { protocol: 'match', match }, servers })], numeric).slice(3);
  t.same(of({ protocol: 'tcp', source: range('172.16.0.0', '172.16.255.254'), outDevice: 'dpdk1' }), [
    'MATCH tcp,from=172.16.0.0-172.16.255.254:0-0,oif=dpdk1 rr',
    '  -> 192.168.10.2:0               SNAT    100    0          0         ',
  ]);
  const all = { source: range('1.0.0.0', '1.0.0.9', 1, 2), destination: range('0.0.0.0', '0.0.0.0', 1, 1024) };
  t.equal(
    of({ protocol: 'udp', ...all, inDevice: 'dpdk0', outDevice: 'dpdk1' })[0],
    'MATCH udp,from=1.0.0.0-1.0.0.9:1-2,to=0.0.0.0-0.0.0.0:1-1024,iif=dpdk0,oif=dpdk1 rr',
  );
  t.equal(
    of({ protocol: 'icmp', source: range('0.0.0.0', '0.0.0.0'), inDevice: 'dpdk0' })[0],
    'MATCH icmp,iif=dpdk0 rr',
  );
});

t.test('ipvsadm -ln', async (t) => {
  const service = sampleService({
    servers: [sampleServer({}), sampleServer({ address: '192.168.100.3' })],
    localAddresses: 1,
  });
  const lines = formatServices([service], numeric);
  t.same(normalise(lines), serviceList);
  t.same(lines, [
    'IP Virtual Server version 0.0.0 (size=0)',
    'Prot LocalAddress:Port Scheduler Flags',
    '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn',
    'TCP  10.0.0.100:80 rr',
    '  -> 192.168.100.2:80             FullNat 1      0          0         ',
    '  -> 192.168.100.3:80             FullNat 1      0          0         ',
  ]);
  const rows = [
    sampleServer({ weight: 65535, activeConns: 4294967295, inactiveConns: 12, forwarding: 'SNAT', port: 0 }),
    sampleServer({ address: '255.255.255.255', port: 65535, forwarding: 'Route', weight: 0 }),
    sampleServer({ address: '2001:db8:1234:5678:9abc:def0:1234:5678', port: 65535 }),
  ];
  t.same(
    formatServices([sampleService({ servers: rows })], numeric).slice(4),
    rows.flatMap((row) =>
      printf(
        '  -> %-28s %-7s %-6d %-10u %-10u',
        row.address.includes(':') ? `[${row.address}]:${row.port}` : `${row.address}:${row.port}`,
        row.forwarding,
        row.weight,
        row.activeConns,
        row.inactiveConns,
      ),
    ),
  );
  const [marked] = formatServices(
    [sampleService({ servers: [sampleServer({ inhibited: true, overload: true })] })],
    numeric,
  ).slice(4);
  t.equal(marked, '  -> 192.168.100.2:80             FullNat 1      0          0          inhibited,overload');
  const udp = sampleService({
    service: { protocol: 'udp', address: '2001:db8::1', port: 53 },
    scheduler: 'wlc',
    connTimeout: 90,
  });
  t.equal(formatServices([udp], numeric)[3], 'UDP  [2001:db8::1]:53 wlc conn-timeout 90');
  const destCheck = { down: 3, up: 3, wait: 3, inhibitMin: 60, inhibitMax: 3600 };
  t.equal(
    formatServices([sampleService({ destCheck })], numeric)[3],
    'TCP  10.0.0.100:80 rr dest-check internal:3,3,3s,60-3600s',
  );
});

t.test('the other shapes of ipvsadm -l', async (t) => {
  const stats = {
    conns: 1,
    inPkts: 99_999_999,
    outPkts: 100_000_000,
    inBytes: 5_000_000_000,
    outBytes: 7_000_000_000_000,
  };
  const rates = { cps: 1.6, inPps: 2, outPps: 3, inBps: 4, outBps: 5 };
  const service = sampleService({
    stats,
    rates,
    servers: [sampleServer({ stats, rates, upperThreshold: 10, lowerThreshold: 5, activeConns: 3 })],
  });
  const shape = (columns: ListFormat['columns'], exact = false): string[] =>
    formatServices([service], { ...numeric, columns, exact }).slice(1);
  t.same(shape('stats'), [
    ...printf('%-33s%9s%9s%9s%9s%9s', 'Prot LocalAddress:Port', 'Conns', 'InPkts', 'OutPkts', 'InBytes', 'OutBytes'),
    '  -> RemoteAddress:Port',
    ...printf('%-33s%9s%9s%9s%9s%9s', 'TCP  10.0.0.100:80', 1, 99999999, '100000K', '5000M', '7000G'),
    ...printf('  -> %-28s%9s%9s%9s%9s%9s', '192.168.100.2:80', 1, 99999999, '100000K', '5000M', '7000G'),
  ]);
  t.equal(
    shape('stats', true)[2],
    `${printf('%-33s', 'TCP  10.0.0.100:80')[0]}        1 99999999 100000000 5000000000 7000000000000`,
  );
  t.match(shape('rate')[0], /^Prot LocalAddress:Port +CPS {4}InPPS {3}OutPPS {4}InBPS {3}OutBPS$/);
  t.same(shape('rate').slice(2, 3), printf('%-33s%9s%9s%9s%9s%9s', 'TCP  10.0.0.100:80', 2, 2, 3, 4, 5));
  t.same(shape('thresholds'), [
    ...printf(
      '%-33s %-10s %-10s %-10s %-10s',
      'Prot LocalAddress:Port',
      'Uthreshold',
      'Lthreshold',
      'ActiveConn',
      'InActConn',
    ),
    '  -> RemoteAddress:Port',
    'TCP  10.0.0.100:80',
    ...printf('  -> %-28s %-10u %-10u %-10u %-10u', '192.168.100.2:80', 10, 5, 3, 0),
  ]);
  t.same(
    shape('persistent-conn').slice(3),
    printf('  -> %-28s %-9d %-11u %-10u %-10u', '192.168.100.2:80', 1, 0, 3, 0),
  );
});

t.test('large numbers fill nine columns and say their unit', async (t) => {
  t.equal(largeNumber(0, false), '        0');
  t.equal(largeNumber(999_999_999, false), '  999999K');
  t.equal(largeNumber(1e9, false), '    1000M');
  t.equal(largeNumber(99_999_999_999, false), '   99999M');
  t.equal(largeNumber(1e11, false), '     100G');
  t.equal(largeNumber(1e14, false), '     100T');
  for (let digits = 1; digits <= 15; digits++) t.equal(largeNumber(10 ** digits - 1, false).length, 9);
});

t.test('names of ports only without -n', async (t) => {
  const service = sampleService({ servers: [sampleServer({ port: 65001 })] });
  const lines = formatServices([service], { ...numeric, numeric: false });
  t.match(lines[3], /^TCP {2}10\.0\.0\.100:(http|80) rr$/);
  t.match(lines[4], /192\.168\.100\.2:65001 /, 'a port without a name stays a number');
});

t.test('--sort', async (t) => {
  const at = (protocol: 'tcp' | 'udp', address: string, port: number) =>
    sampleService({ service: { protocol, address, port } });
  const servers = [
    sampleServer({ address: '10.0.0.10' }),
    sampleServer({ address: '10.0.0.9', port: 81 }),
    sampleServer({ address: '10.0.0.9' }),
  ];
  const sorted = sortServices([
    at('udp', '1.1.1.1', 1),
    at('tcp', '10.0.0.10', 80),
    { ...at('tcp', '10.0.0.9', 443), servers },
    at('tcp', '10.0.0.9', 80),
  ]);
  t.same(
    sorted.map(({ service }) => serviceText(service)),
    ['TCP 10.0.0.9:80', 'TCP 10.0.0.9:443', 'TCP 10.0.0.10:80', 'UDP 1.1.1.1:1'],
  );
  t.same(
    sorted[1].servers.map((server) => `${server.address}:${server.port}`),
    ['10.0.0.9:80', '10.0.0.9:81', '10.0.0.10:80'],
  );
});

t.test('ipvsadm -lnc, -G, --timeout', async (t) => {
  const end = (address: string, port: number) => ({ address, port });
  t.same(
    formatConnections(
      [
        {
          lcore: 3,
          protocol: 'tcp',
          state: 'SYN_RECV',
          expires: 30,
          client: end('172.16.37.60', 42044),
          vip: end('123.1.2.3', 80),
          lip: end('172.10.0.2', 1026),
          rip: end('172.16.37.59', 80),
        },
      ],
      true,
    ),
    // As seen in the field on the reference.
    ['[3]tcp 30s    SYN_RECV    172.16.37.60:42044 123.1.2.3:80       172.10.0.2:1026    172.16.37.59:80'],
  );
  const laddr = { address: '192.168.100.200', device: 'dpdk0', conflicts: 0, conns: 0 };
  const one = formatLaddrs([
    { service: { protocol: 'tcp', address: '10.0.0.100', port: 80 }, localAddresses: [laddr] },
  ]);
  t.same(normalise(one), laddrList);
  t.same(one, [
    'VIP:VPORT            TOTAL    SNAT_IP              CONFLICTS  CONNS     ',
    '10.0.0.100:80        1        ',
    '                              192.168.100.200      0          0         ',
  ]);
  t.same(
    normalise(
      formatLaddrs([
        {
          service: { protocol: 'tcp', address: '192.168.100.254', port: 80 },
          localAddresses: [laddr, { ...laddr, address: '192.168.100.201' }],
        },
      ]),
    ),
    laddrListOfTwo,
  );
  t.same(formatTimeouts({ tcp: 90, tcpfin: 7, udp: 300 }), ['Timeout (tcp tcpfin udp): 90 7 300']);
});
