// ipvsadm's grammar: words → requests, the legality matrix, the mistakes it names.
import t from 'tap';
import { parseLine } from '../../cli/ipvsadm/index.js';
import { fullNatScript, ospfScript, otherLines, snatScript } from '../support/tutorial.js';

const split = (line: string): string[] => line.split(' ').filter((word) => word !== '');
const actionOf = (line: string): unknown => JSON.parse(JSON.stringify(parseLine(split(line)).action));
const change = (method: string, params: object) => ({ do: 'change', call: { method, params } });
const tcp = { protocol: 'tcp', address: '10.0.0.100', port: 80 };
const format = { columns: 'plain', numeric: true, exact: false, sort: false };

t.test('lines and their requests', async (t) => {
  const rs = { address: '192.168.100.2', port: 80 };
  const table: [string, unknown][] = [
    ['-A -t 10.0.0.100:80 -s rr', change('service.add', { service: tcp, scheduler: 'rr' })],
    ['-A -t 10.0.0.100:80', change('service.add', { service: tcp, scheduler: 'wlc' })],
    [
      '--add-service --tcp-service=10.0.0.100:80 --scheduler wrr',
      change('service.add', { service: tcp, scheduler: 'wrr' }),
    ],
    ['-At10.0.0.100:80 -srr', change('service.add', { service: tcp, scheduler: 'rr' })],
    [
      '-A -u 10.0.0.100:53',
      change('service.add', { service: { ...tcp, protocol: 'udp', port: 53 }, scheduler: 'wlc' }),
    ],
    [
      '-A -t [2001:db8::1]:443',
      change('service.add', { service: { protocol: 'tcp', address: '2001:db8::1', port: 443 }, scheduler: 'wlc' }),
    ],
    [
      '-A -t 10.0.0.100:80 --conn-timeout 300',
      change('service.add', { service: tcp, scheduler: 'wlc', connTimeout: 300 }),
    ],
    ...(
      [
        ['default', [1, 1, 3, 5, 3600]],
        ['3,3,3s,60-3600s', [3, 3, 3, 60, 3600]],
        ['2,7s', [2, 1, 7, 5, 3600]],
      ] as const
    ).map(([word, [down, up, wait, inhibitMin, inhibitMax]]): [string, ReturnType<typeof change>] => [
      `-A -t 10.0.0.100:80 --dest-check ${word}`,
      change('service.add', {
        ...{ service: tcp, scheduler: 'wlc' },
        destCheck: { down, up, wait, inhibitMin, inhibitMax },
      }),
    ]),
    ['-E -t 10.0.0.100:80 -s wlc', change('service.edit', { service: tcp, scheduler: 'wlc' })],
    // An edit replaces: what is not given is its default again.
    ['-E -t 10.0.0.100:80', change('service.edit', { service: tcp, scheduler: 'wlc' })],
    ['-D -t 10.0.0.100:80', change('service.del', { service: tcp })],
    ['-C', change('service.flush', {})],
    ['-Z', change('service.zero', {})],
    ['-Z -t 10.0.0.100:80', change('service.zero', { service: tcp })],
    [
      '-a -t 10.0.0.100:80 -r 192.168.100.2 -b',
      change('server.add', { service: tcp, server: rs, forwarding: 'FullNat', weight: 1 }),
    ],
    [
      '-a -t 10.0.0.100:80 -r 192.168.100.2:8080 -b -w 100 -x 9 -y 3',
      change('server.add', {
        service: tcp,
        server: { ...rs, port: 8080 },
        forwarding: 'FullNat',
        weight: 100,
        upperThreshold: 9,
        lowerThreshold: 3,
      }),
    ],
    [
      '-a -t 10.0.0.100:80 -r 192.168.100.2',
      change('server.add', { service: tcp, server: rs, forwarding: 'Route', weight: 1 }),
    ],
    // The node refuses it: direct routing cannot change the port.
    [
      '-a -t 10.0.0.100:80 -r 192.168.100.2:8080 -g',
      change('server.add', { service: tcp, server: { ...rs, port: 8080 }, forwarding: 'Route', weight: 1 }),
    ],
    [
      '-a -t 10.0.0.100:80 -r 192.168.100.2 -i',
      change('server.add', { service: tcp, server: rs, forwarding: 'Tunnel', weight: 1 }),
    ],
    [
      '-a -t 10.0.0.100:80 -r 192.168.100.2:8080 -m',
      change('server.add', { service: tcp, server: { ...rs, port: 8080 }, forwarding: 'Masq', weight: 1 }),
    ],
    [
      '-a -t 10.0.0.100:80 -r 192.168.100.2:0 -J',
      change('server.add', { service: tcp, server: { ...rs, port: 0 }, forwarding: 'SNAT', weight: 1 }),
    ],
    [
      '-e -t 10.0.0.100:80 -r 192.168.100.2 -b -w 0',
      change('server.edit', { service: tcp, server: rs, forwarding: 'FullNat', weight: 0 }),
    ],
    [
      '-e -t 10.0.0.100:80 -r 192.168.100.2',
      change('server.edit', { service: tcp, server: rs, forwarding: 'Route', weight: 1 }),
    ],
    ['-d -t 10.0.0.100:80 -r 192.168.100.2', change('server.del', { service: tcp, server: rs })],
    [
      '--add-laddr -z 192.168.100.200 -t 10.0.0.100:80 -F dpdk0',
      change('laddr.add', { service: tcp, address: '192.168.100.200', device: 'dpdk0' }),
    ],
    [
      '-P -z 192.168.100.200 -t 10.0.0.100:80 -F dpdk0',
      change('laddr.add', { service: tcp, address: '192.168.100.200', device: 'dpdk0' }),
    ],
    [
      '-Q -z 192.168.100.200 -t 10.0.0.100:80 -F dpdk0',
      change('laddr.del', { service: tcp, address: '192.168.100.200', device: 'dpdk0' }),
    ],
    [
      '--del-laddr -z 192.168.100.200 -t 10.0.0.100:80 -F dpdk0',
      change('laddr.del', { service: tcp, address: '192.168.100.200', device: 'dpdk0' }),
    ],
    ['-G', { do: 'laddrs' }],
    ['--get-laddr -t 10.0.0.100:80', { do: 'laddrs', service: tcp }],
    ['--set 900 120 300', change('timeout.set', { tcp: 900, tcpfin: 120, udp: 300 })],
    ['', { do: 'services', format: { ...format, numeric: false } }],
    ['-l', { do: 'services', format: { ...format, numeric: false } }],
    ['-L -n', { do: 'services', format }],
    ['-ln', { do: 'services', format }],
    ['-Ln', { do: 'services', format }],
    ['-nl', { do: 'services', format }],
    ['-ln -t 10.0.0.100:80', { do: 'services', service: tcp, format }],
    ['-ln --stats', { do: 'services', format: { ...format, columns: 'stats' } }],
    ['-ln --stats --exact', { do: 'services', format: { ...format, columns: 'stats', exact: true } }],
    ['-lnX --rate --sort', { do: 'services', format: { columns: 'rate', numeric: true, exact: true, sort: true } }],
    ['-ln --thresholds --nosort', { do: 'services', format: { ...format, columns: 'thresholds' } }],
    ['-ln --cpu 3', { do: 'services', format }],
    ['-lnc', { do: 'connections', numeric: true }],
    ['-lcn', { do: 'connections', numeric: true }],
    ['-l -n -c --cpu 2', { do: 'connections', numeric: true, lcore: 2 }],
    ['-l --timeout', { do: 'timeouts' }],
    ['-S', { do: 'save' }],
    ['-Sn', { do: 'save' }],
    ['-R', { do: 'restore' }],
    ['-h', { do: 'help' }],
    ['--version', { do: 'version' }],
  ];
  for (const [line, expected] of table) t.same(actionOf(line), expected, line);
  t.match(parseLine(['-ln', '--json', '--name', 'node2']), { json: true, name: 'node2' });
});

t.test('mistakes: exit code 2 with the message of the reference', async (t) => {
  const table: [string, string | RegExp][] = [
    ['-A -s rr', "You need to supply the 'service-address' option for the 'add-service' command"],
    ['-a -t 10.0.0.100:80', "You need to supply the 'real-server' option for the 'add-server' command"],
    ['-d -t 10.0.0.100:80', "You need to supply the 'real-server' option for the 'delete-server' command"],
    ['-P -t 10.0.0.100:80 -F dpdk0', "You need to supply the 'local-address' option for the 'add-laddr' command"],
    ['-P -t 10.0.0.100:80 -z 10.0.0.1', "You need to supply the 'ifname' option for the 'add-laddr' command"],
    ['-A -t 10.0.0.100:80 -w 3', "Illegal 'weight' option with the 'add-service' command"],
    ['-a -t 10.0.0.100:80 -r 10.0.0.1 -s rr', "Illegal 'scheduler' option with the 'add-server' command"],
    ['-A -n -t 10.0.0.100:80', "Illegal 'numeric' option with the 'add-service' command"],
    ['-C -t 10.0.0.100:80', "Illegal 'service-address' option with the 'flush' command"],
    ['-lc -t 10.0.0.100:80', "The option 'service-address' conflicts with 'connection'"],
    ['-lc --timeout', "The option 'timeout' conflicts with 'connection'"],
    ['-l --timeout -t 10.0.0.100:80', "The option 'timeout' conflicts with 'service-address'"],
    ['-lc --stats', "The option 'stats' conflicts with 'connection'"],
    ['-A -t 10.0.0.100:80 -u 10.0.0.100:80', "multiple 'service-address' options specified"],
    ['-a -t 10.0.0.100:80 -r 10.0.0.1 -b -g', "multiple 'forwarding-method' options specified"],
    ['-A -D -t 10.0.0.100:80', 'multiple commands specified'],
    ['-t 10.0.0.100:80', /missing command/],
    ['-A -t 10.0.0.300:80', 'illegal virtual server address[:port] specified'],
    ['-A -t 10.0.0.1:65536', 'illegal virtual server address[:port] specified'],
    ['-A -t 10.0.0.1:no-such-port', 'illegal virtual server address[:port] specified'],
    ['-A -t www.example.com:80', 'illegal virtual server address[:port] specified'],
    ['-A -t 10.0.0.1', 'Zero port specified for non-persistent service'],
    ['-a -t 10.0.0.100:80 -r 10.0.0:80', 'illegal real server address[:port] specified'],
    ['-a -t 10.0.0.100:80 -r 10.0.0.1 -w 65536', 'illegal weight specified'],
    ['-a -t 10.0.0.100:80 -r 10.0.0.1 -w heavy', 'illegal weight specified'],
    ['-a -t 10.0.0.100:80 -r 10.0.0.1 -x -1', /needs a value/],
    ['-a -t 10.0.0.100:80 -r 10.0.0.1 -x 3 -y 4', /l_threshold must be/],
    ['--set 1 2', /needs 3 values/],
    ['--set 1 2 x', 'illegal udp timeout specified'],
    ['-l something', "unexpected argument 'something'"],
    ['-l -~', "unknown option '-~'"],
    ['-l --st', /ambiguous/],
  ];
  for (const [line, message] of table)
    t.throws(() => parseLine(split(line)), { code: 'usage', exitCode: 2, message }, line);
});

t.test('what is not built is refused by name, with exit code 1', async (t) => {
  const table: [string, string][] = [
    ['-A -t 10.0.0.100:80 -p', 'not support: -p is not built yet'],
    ['-A -t 10.0.0.100:80 -p 360', 'not support: -p is not built yet'],
    ['-A -u 10.0.0.100:80 -o', 'not support: -o is not built yet'],
    ['-A -t 10.0.0.100:80 -s mh', "not support: scheduler 'mh' (there are rr, wrr, wlc)"],
    ['-A -t 10.0.0.100:80 -j enable', 'not support: -j is not built yet'],
    ['-A -t 10.0.0.100:80 --proxy-protocol v2', 'not support: --proxy-protocol is not built yet'],
    [
      '-A -t 10.0.0.100:80 --dest-check default --dest-check tcp',
      'not support: --dest-check tcp (an outside checker) is not built',
    ],
    [
      '-A -u 10.0.0.100:53 --dest-check default',
      'not support: --dest-check of a service that is not TCP: it goes by handshakes',
    ],
    ['-A --sctp-service 10.0.0.100:80', 'not support: --sctp-service is not built yet'],
    ['-A -f 7', 'not support: -f is not built yet'],
    ['-A -q 10.0.0.1', 'not support: -q is not built yet'],
    ['-A -1 2001:db8::1', 'not support: -1 is not built yet'],
    ['-l --daemon', 'not support: --daemon is not built yet'],
    ['-B', 'not support: --get-blklst'],
    ['-U -t 10.0.0.100:80 -k 1.2.3.4', 'not support: --add-blklst'],
    ['-O -t 10.0.0.100:80 -2 1.2.3.4', 'not support: --add-whtlst'],
    ['--start-daemon master', 'not support: --start-daemon'],
  ];
  for (const [line, message] of table)
    t.throws(() => parseLine(split(line)), { code: 'not_support', exitCode: 1, message }, line);
});

t.test("every line of the tutorial's scripts is understood", async (t) => {
  for (const line of [...fullNatScript, ...ospfScript, ...otherLines, ...snatScript])
    if (line.startsWith('./ipvsadm ')) t.match(parseLine(split(line).slice(1)).action, { do: 'change' }, line);
});

t.test('what -H matches', async (t) => {
  const range = (from: string, to: string, fromPort = 0, toPort = 0) => ({ from, to, fromPort, toPort });
  const lan = range('192.168.100.0', '192.168.100.254');
  const table: [string, object][] = [
    [
      'proto=tcp,src-range=192.168.100.0-192.168.100.254,oif=dpdk1',
      { protocol: 'tcp', source: lan, outDevice: 'dpdk1' },
    ],
    [
      'oif=dpdk1,src-range=192.168.100.0-192.168.100.254,proto=icmp',
      { protocol: 'icmp', source: lan, outDevice: 'dpdk1' },
    ],
    ['proto=udp,src-range=10.0.0.1', { protocol: 'udp', source: range('10.0.0.1', '10.0.0.1') }],
    ['proto=tcp,dst-range=0.0.0.0:1-1024', { protocol: 'tcp', destination: range('0.0.0.0', '0.0.0.0', 1, 1024) }],
    ['proto=tcp,dst-range=:443', { protocol: 'tcp', destination: range('0.0.0.0', '0.0.0.0', 443, 443) }],
    [
      'proto=tcp,src-range=10.0.0.1-10.0.0.9:1024-65535,iif=dpdk0',
      { protocol: 'tcp', source: range('10.0.0.1', '10.0.0.9', 1024, 65535), inDevice: 'dpdk0' },
    ],
    ['proto=tcp,src-range=0.0.0.0,oif=dpdk1', { protocol: 'tcp', outDevice: 'dpdk1' }],
    ['proto=tcp,af=ipv4,iif=dpdk0', { protocol: 'tcp', inDevice: 'dpdk0' }],
    // As the reference saves it.
    [
      'proto=tcp,src-range=192.168.100.0-192.168.100.254:0-0,dst-range=0.0.0.0-0.0.0.0:0-0,iif=,oif=dpdk1',
      { protocol: 'tcp', source: lan, outDevice: 'dpdk1' },
    ],
  ];
  for (const [word, match] of table) {
    const service = { protocol: 'match', match };
    t.same(actionOf(`-A -H ${word} -s rr`), change('service.add', { service, scheduler: 'rr' }), word);
    t.same(actionOf(`--delete-service --match=${word}`), change('service.del', { service }), word);
  }
  const match = { protocol: 'tcp', source: lan, outDevice: 'dpdk1' };
  const service = { protocol: 'match', match };
  const word = '-H proto=tcp,src-range=192.168.100.0-192.168.100.254,oif=dpdk1';
  const wan = { address: '123.1.2.3', port: 0 };
  t.same(
    actionOf(`-a ${word} -r 123.1.2.3:0 -w 100 -J`),
    change('server.add', { service, server: wan, forwarding: 'SNAT', weight: 100 }),
  );
  t.same(
    actionOf(`-d ${word} -r 123.1.2.3`),
    change('server.del', { service, server: wan }),
    'the port is 0, given or not',
  );
  t.match(actionOf(`-Z ${word}`), change('service.zero', { service }));
  t.match(actionOf(`-ln ${word}`), { do: 'services', service });
});

t.test('mistakes in -H, which the reference takes and then never matches', async (t) => {
  const range = 'src-range=10.0.0.1';
  const table: [string, string][] = [
    ['', 'is none of'],
    ['tcp', "'tcp' is none of proto="],
    ['proto=tcp,range=10.0.0.1', "'range=10.0.0.1' is none of proto="],
    [range, 'proto is tcp, udp, icmp'],
    [`proto=igmp,${range}`, 'proto is tcp, udp, icmp'],
    [`proto=tcp,proto=udp,${range}`, 'proto is already given'],
    ['proto=tcp', 'src-range, dst-range or af=ipv4 is needed'],
    ['proto=tcp,oif=dpdk1', 'src-range, dst-range or af=ipv4 is needed'],
    ['proto=tcp,af=inet', 'af is ipv4'],
    ['proto=tcp,src-range=10.0.0', "src-range: '10.0.0' is no IPv4 address"],
    ['proto=tcp,src-range=10.0.0.1-20', "src-range: '20' is no IPv4 address"],
    ['proto=tcp,src-range=10.0.0.0/24', "src-range: '10.0.0.0/24' is no IPv4 address"],
    ['proto=tcp,dst-range=10.0.0.1:80-90-100', "dst-range: '80-90-100' has more than two ends"],
    ['proto=tcp,dst-range=10.0.0.1:http', "dst-range: 'http' is no port"],
    ['proto=tcp,dst-range=10.0.0.1:65536', "dst-range: '65536' is no port"],
  ];
  for (const [word, hint] of table)
    t.throws(
      () => parseLine(['-A', '-H', word]),
      { code: 'usage', message: 'illegal match specified', hint: new RegExp(hint.replaceAll(/[.[\]/]/g, '\\$&')) },
      word,
    );
  t.throws(() => parseLine(['-A', '-H', `proto=tcp,${range},oif=/etc`]), { message: /invalid device name '\/etc'/ });
  for (const [word, message] of [
    [`proto=sctp,${range}`, /a match of sctp is not built/],
    ['proto=icmpv6,af=ipv6', /IPv6 is not built/],
    ['proto=tcp,src-range=[2001:db8::1-2001:db8::2]:80', /src-range of IPv6 is not built/],
  ] as const)
    t.throws(() => parseLine(['-A', '-H', word]), { code: 'not_support', message }, word);
  for (const line of ['-A -t 10.0.0.100:80 -H proto=tcp,src-range=10.0.0.1', '-A -s rr'])
    t.throws(() => parseLine(split(line)), { code: 'usage' }, line);
  for (const line of [`-P -z 10.0.0.1 -F dpdk0 -H proto=tcp,${range}`, `-G -H proto=tcp,${range}`])
    t.throws(() => parseLine(split(line)), { message: /a match service has no local addresses/ }, line);
});
