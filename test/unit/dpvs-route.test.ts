// The command line dpvs-route: its words, its texts, its exit codes. The bridge is a table; `config` runs for real.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { DpvsError } from '../../api/index.js';
import { type Context, plain, runProgram } from '../../cli/common/index.js';
import type { OpenBridge } from '../../cli/dpvs-route/connection.js';
import { dpvsRoute, duration, formatRefusal, formatReport, formatStatus } from '../../cli/dpvs-route/index.js';
import type { BridgeStatus, Report } from '../../routing/index.js';
import { defaultPolicy } from '../../routing/policy.js';
import { completeModel } from '../../routing/render-request.js';

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly asked: unknown[];
}

async function dpvsRouteRun(line: string, answer?: () => unknown): Promise<Run> {
  let [out, err] = ['', ''];
  const asked: unknown[] = [];
  const context: Context = {
    terminal: {
      write: (text) => {
        out += text;
      },
      writeError: (text) => {
        err += text;
      },
      readInput: async () => '',
      paint: plain,
      paintError: plain,
      width: 100,
    },
    open: () => Promise.reject(new Error('dpvs-route never asks the dataplane itself')),
  };
  const bridge = {
    call: async (method: string, params: unknown) => {
      asked.push([method, params]);
      return answer?.();
    },
    close: () => {},
  } as unknown as OpenBridge;
  const open = async (name: string | undefined): Promise<OpenBridge> => {
    if (answer === undefined) throw new DpvsError('bridge_unreachable', `no socket of ${name}`);
    return bridge;
  };
  const argv = line.split(' ').filter(Boolean);
  const code = await runProgram('dpvs-route: ', (words, ctx) => dpvsRoute(words, ctx, open), argv, context);
  return { code, out, err, asked };
}

const report: Report = {
  vips: ['123.1.2.3'],
  device: 'dpdk1',
  action: 'announce',
  dryRun: false,
  flows: null,
  graceSeconds: null,
  cutFlows: null,
  done: true,
  error: null,
  steps: [
    { name: 'service', outcome: 'holds', ms: 0, detail: 'on 123.1.2.3' },
    { name: 'kernel address', outcome: 'done', ms: 2.25, detail: '123.1.2.3/32 on dpdk1.kni' },
    { name: 'verify ospfd', outcome: 'done', ms: 97.6, detail: '' },
  ],
};

t.test('usage errors are 2 and say what is wrong', async (t) => {
  for (const [line, pattern] of [
    ['', /no command/],
    ['anounce 1.2.3.4', /unknown command 'anounce'/],
    ['announce', /which VIP\?/],
    ['announce 1.2.3', /invalid VIP '1\.2\.3'/],
    ['announce 2001:db8::1/64', /invalid VIP/],
    ['announce 1.2.3.4/31', /invalid VIP/],
    ['withdraw', /which VIP\?/],
    ['drain --all 1.2.3.4', /--all, or VIPs by name: not both/],
    ['drain --all --deadline soon', /invalid number of seconds 'soon'/],
    ['announce 1.2.3.4 --quorum 0', /quorum/],
    ['watch --interval 0', /--interval is 0\.2 to 3600/],
    ['announce 1.2.3.4 --form network', /unknown option '--form'/],
    ['announce 1.2.3.4 --wait soon', /invalid number of seconds 'soon'/],
    ['announce 1.2.3.4 --dev 7', /invalid device name '7'/],
    ['announce 1.2.3.4 --dev dpdk1,', /invalid device name ''/],
    ['status now', /unexpected word/],
    ['config --flavor bird', /invalid value 'bird' of --flavor\nfrr or quagga/],
    ['config --auth md5:x', /plain:KEY or md5:ID:KEY/],
    ['config --network 10.0.0.0/40', /invalid prefix length/],
    ['run --log-level loud', /invalid value 'loud'/],
    ['run --frr-namespace a/b', /invalid FRR namespace/],
  ] as const) {
    const { code, err } = await dpvsRouteRun(line);
    t.equal(code, 2, line);
    t.match(err, pattern, line);
  }
});

t.test('without a bridge it is 3', async (t) => {
  for (const line of ['announce 1.2.3.4', 'withdraw 1.2.3.4', 'status --name n7']) {
    const { code, err } = await dpvsRouteRun(line);
    t.equal(code, 3);
    t.match(err, /routing bridge unreachable: no socket/);
    t.match(err, /dpvs-route run starts it/);
  }
});

t.test('announce', async (t) => {
  const { code, out, asked } = await dpvsRouteRun('--wait 3 announce 123.1.2.3/32 --dev dpdk1 -F', () => report);
  t.equal(code, 0);
  t.same(asked, [['announce', { vips: ['123.1.2.3'], waitSeconds: 3, device: 'dpdk1', force: true }]]);
  t.equal(
    out,
    `123.1.2.3/32 announced on dpdk1 in 100 ms
  holds  service                 on 123.1.2.3
  done   kernel address  2.3 ms  123.1.2.3/32 on dpdk1.kni
  done   verify ospfd    98 ms
`,
  );
  const json = await dpvsRouteRun('announce 123.1.2.3 --json', () => report);
  t.same(JSON.parse(json.out), report);
  t.same(json.asked, [['announce', { vips: ['123.1.2.3'], waitSeconds: 15 }]]);
});

t.test('several ports, in one spelling and in the other', async (t) => {
  for (const dev of ['--dev dpdk1,dpdk2', '--dev dpdk1 --dev dpdk2', '--dev dpdk1,dpdk2 --dev dpdk1']) {
    const { out, asked } = await dpvsRouteRun(`announce 123.1.2.3 ${dev}`, () => ({
      ...report,
      device: 'dpdk1,dpdk2',
    }));
    t.same(asked, [['announce', { vips: ['123.1.2.3'], waitSeconds: 15, device: 'dpdk1,dpdk2' }]], dev);
    t.match(out, /^123\.1\.2\.3\/32 announced on dpdk1,dpdk2 in 100 ms\n/);
  }
});

t.test('a refusal is 1 with the step and what to do, or the exit code of its cause', async (t) => {
  const steps: Report['steps'] = [{ name: 'service', outcome: 'failed', ms: 0, detail: 'no service on 123.1.2.3' }];
  const refused = (code: string): Report => ({ ...report, done: false, steps, error: { code, detail: 'why' } });
  const { code, err, out } = await dpvsRouteRun('announce 123.1.2.3', () => refused('no_service'));
  t.equal(code, 1);
  t.equal(out, '');
  t.equal(
    err,
    `123.1.2.3/32 not announced
  failed  service    no service on 123.1.2.3
dpvs-route: Service not defined: why
ipvsadm -ln lists the services
`,
  );
  t.equal((await dpvsRouteRun('announce 123.1.2.3', () => refused('unreachable'))).code, 3);
  const json = await dpvsRouteRun('announce 123.1.2.3 --json', () => refused('no_adjacency'));
  t.equal(json.code, 1);
  t.match(JSON.parse(json.out), { done: false, error: { code: 'no_adjacency' } });
});

t.test('status', async (t) => {
  const common = {
    ...{
      device: 'dpdk1',
      ports: [{ device: 'dpdk1', carries: true, reason: null }],
      force: false,
      held: true,
      policy: defaultPolicy,
      kept: null,
      stage: null,
      deadlineSeconds: null,
    },
    ...{ flows: { live: 12, newPerSecond: 3 }, took: { announce: 97, withdraw: null } },
  };
  const status: BridgeStatus = {
    name: 'node1',
    pid: 7,
    startedAt: '2026-01-01T00:00:00.000Z',
    frrNamespace: 'n1',
    journal: { trouble: null },
    strays: [],
    dataplane: { reachable: true, serving: true, problems: [] },
    routing: [
      {
        ...{ protocol: 'ospf', form: 'redistribute', family: 'inet', daemon: 'ospfd', trouble: null },
        zebra: null,
        gracefulRestart: null,
        neighbours: [
          { routerId: '10.0.0.1', address: '172.10.0.1', interface: 'dpdk1.kni', state: 'Full/-', full: true },
        ],
      },
    ],
    vips: [
      {
        ...common,
        vip: '123.1.2.3',
        state: 'announced',
        forSeconds: 75,
        reason: null,
        retrySeconds: null,
      },
      {
        ...common,
        vip: '123.1.2.40',
        state: 'ready',
        forSeconds: 3,
        reason: { at: 'verify ospfd', code: 'not_verified', detail: 'no LSA' },
        retrySeconds: 3.2,
      },
    ],
  };
  t.equal(
    (await dpvsRouteRun('status', () => status)).out,
    `bridge     node1, pid 7
dataplane  serving
ospfd      IPv4, -N n1, answers, redistribute form

NEIGHBOUR  ADDRESS     INTERFACE  STATE
10.0.0.1   172.10.0.1  dpdk1.kni  Full/-

VIP            PORT   STATE      FOR    FLOWS  REASON
123.1.2.3/32   dpdk1  announced  1m15s  12     -
123.1.2.40/32  dpdk1  ready      3s     12     verify ospfd: no LSA (again in 4s)

not verified: dpvs-route show VIP says how it is now and how it came here; the log of dpvs-route has the steps
`,
  );
  t.same(JSON.parse((await dpvsRouteRun('status --json', () => status)).out), status);
  const idle = formatStatus({
    ...status,
    vips: [],
    dataplane: { reachable: true, serving: false, problems: ['dpdk1 is down'] },
    routing: [{ ...status.routing[0], trouble: 'ospfd: it does not run', neighbours: [] }],
  });
  t.match(
    idle,
    /dataplane {2}not serving: dpdk1 is down\nospfd {6}IPv4, ospfd: it does not run\n\nno VIP is announced\n$/,
  );
  t.match(
    formatStatus({ ...status, vips: [], strays: [{ vip: '123.1.2.9', device: 'dpdk1' }] }),
    /no VIP is known to the bridge\n\n123\.1\.2\.9\/32 on dpdk1 is announced, and the bridge does not know of it\ndpvs-route announce takes/,
  );
  const deaf = formatStatus({ ...status, routing: [{ ...status.routing[0], zebra: 'zebra: it does not run' }] });
  t.match(deaf, /^zebra {6}it does not run$/m);
  const full = formatStatus({ ...status, journal: { trouble: 'n1.route.json: ENOSPC' } });
  t.match(full, /^bridge .*\njournal {4}cannot be written: n1\.route\.json: ENOSPC\n/);
  const { vips } = status;
  const ports: BridgeStatus['vips'][number]['ports'] = [
    { device: 'dpdk1', carries: true, reason: null },
    { device: 'dpdk2', carries: false, reason: { at: 'port', code: 'not_serving', detail: 'dpdk2 has no link' } },
  ];
  const two = { device: 'dpdk1,dpdk2', ports };
  const partly = formatStatus({
    ...status,
    vips: [
      { ...vips[0], ...two },
      { ...vips[0], ...two, state: 'draining', stage: 'emptying', vip: '123.1.2.5' },
      { ...vips[1], ...two },
      { ...vips[0], ...two, ports: [ports[0], { ...ports[0], device: 'dpdk2' }], vip: '123.1.2.6' },
      { ...vips[0], ...two, ports: [ports[1], ports[1]], vip: '123.1.2.7' },
    ],
  });
  t.equal(
    partly.slice(partly.indexOf('VIP ')),
    `VIP            PORT         STATE      FOR    FLOWS  REASON
123.1.2.3/32   dpdk1,dpdk2  announced  1m15s  12     by dpdk1 only; port: dpdk2 has no link
123.1.2.5/32   dpdk1,dpdk2  draining   1m15s  12     emptying; by dpdk1 only; port: dpdk2 has no link
123.1.2.40/32  dpdk1,dpdk2  ready      3s     12     verify ospfd: no LSA (again in 4s)
123.1.2.6/32   dpdk1,dpdk2  announced  1m15s  12     -
123.1.2.7/32   dpdk1,dpdk2  announced  1m15s  12     by none; port: dpdk2 has no link; port: dpdk2 has no link

not verified: dpvs-route show VIP says how it is now and how it came here; the log of dpvs-route has the steps
`,
  );
  t.same([5, 65, 3661, 90_061].map(duration), ['5s', '1m05s', '1h01m', '1d01h']);
});

t.test('hundreds of VIPs are told of the line that permits them all', (t) => {
  const vips = (count: number): string[] => Array.from({ length: count }, (_, i) => `123.2.0.${i}`);
  const reportOf = (count: number, name: string, outcome: 'done' | 'already'): Report => ({
    ...{ action: 'announce', vips: vips(count), device: 'dpdk1', dryRun: false, done: true, error: null },
    ...{ steps: [{ name, outcome, ms: 5_000, detail: '' }], flows: null, graceSeconds: null, cutFlows: null },
  });
  const hint = /dpvs-route config --vip-range PREFIX/;
  for (const format of [formatReport, formatRefusal]) {
    t.match(format(reportOf(200, 'ospfd permission', 'done')), hint);
    t.match(format(reportOf(200, 'ospf6d permission', 'done')), hint);
    t.notMatch(format(reportOf(20, 'ospfd permission', 'done')), hint);
    t.notMatch(format(reportOf(200, 'ospfd permission', 'already')), hint, 'a range permits them');
    t.notMatch(format(reportOf(200, 'bgpd permission', 'done')), hint, 'bgpd has no list');
  }
  t.end();
});

t.test('help and version', async (t) => {
  t.match((await dpvsRouteRun('--help')).out, /announce VIP[\s\S]*Exit codes: 0 done, 1 refused, 2 usage, 3/);
  for (const line of ['announce --help', 'help announce', '-h announce'])
    t.match((await dpvsRouteRun(line)).out, /--wait/);
  const pages = await Promise.all(
    ['announce', 'withdraw', 'drain', 'undrain', 'status', 'show', 'watch', 'config', 'run'].map((c) =>
      dpvsRouteRun(`${c} -h`),
    ),
  );
  t.same(
    pages.map(({ code }) => code),
    [0, 0, 0, 0, 0, 0, 0, 0, 0],
  );
  t.match((await dpvsRouteRun('-V')).out, /^dpvs-route \d/);
});

t.test(
  'config prints, or writes files that nobody wrote by hand',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const given = 'config --interface dpdk1.kni --network 172.10.0.0/30 --router-id 192.168.100.200 --hostname n1';
    const printed = await dpvsRouteRun(given);
    t.equal(printed.code, 0);
    t.match(printed.out, /-\*- zebra -\*-[\s\S]*-\*- ospfd -\*-[\s\S]*network 172\.10\.0\.0\/30 area 0\.0\.0\.0/);
    t.match(printed.out, /redistribute connected metric 20 metric-type 1 route-map DPVS-ANNOUNCE/);
    const json = JSON.parse((await dpvsRouteRun(`${given} --json`)).out) as Record<string, string>;
    t.equal(Object.values(json).join('\n'), printed.out);

    const directory = join(mkdtempSync(join(tmpdir(), 'dpvs-route-')), 'frr');
    t.teardown(() => rmSync(join(directory, '..'), { recursive: true }));
    const written = await dpvsRouteRun(`${given} --out ${directory}`);
    t.equal(written.out, `${directory}/zebra.conf\n${directory}/ospfd.conf\n`);
    t.equal(readFileSync(join(directory, 'ospfd.conf'), 'utf8'), json['ospfd.conf']);
    t.equal(
      (await dpvsRouteRun(`${given} --out ${directory} --password s3cret`)).code,
      0,
      'its own files it overwrites',
    );
    t.equal(statSync(join(directory, 'zebra.conf')).mode & 0o777, 0o640, 'with a password: not for everybody');
    t.same(readdirSync(directory).sort(), ['ospfd.conf', 'zebra.conf']);

    writeFileSync(join(directory, 'ospfd.conf'), '! by hand\n');
    const refused = await dpvsRouteRun(`${given} --out ${directory} --hostname other`);
    t.equal(refused.code, 1);
    t.match(refused.err, /ospfd\.conf was not generated: --force overwrites it/);
    t.match(readFileSync(join(directory, 'zebra.conf'), 'utf8'), 'hostname n1', 'none of the two');
    t.equal((await dpvsRouteRun(`${given} --out ${directory} --force`)).code, 0);

    const wrong = await dpvsRouteRun(`${given} --dead 1`);
    t.equal(wrong.code, 2);
    t.match(wrong.err, /interfaces\[0\]\.dead: longer than the hello interval/);
  },
);

t.test('what is not said is taken from the kernel', async (t) => {
  const address = (device: string, text: string) => {
    const [ip, length] = text.split('/');
    return { device, address: ip!, prefixLength: Number(length), family: 'inet', scope: 'global' } as const;
  };
  const addresses = [
    address('eth0', '10.1.2.3/24'),
    address('dpdk1.kni', '123.1.2.3/32'),
    address('dpdk1.kni', '172.10.0.6/30'),
  ];
  const model = completeModel({ flavor: 'quagga', hello: 2 }, addresses);
  t.match(model, {
    form: 'redistribute',
    routerId: '172.10.0.6',
    area: '0.0.0.0',
    logDirectory: '/var/log/quagga',
    vips: [],
    interfaces: [
      { name: 'dpdk1.kni', network: '172.10.0.4/30', hello: 2, dead: 8, cost: 10, networkType: 'broadcast' },
    ],
  });
  t.match(completeModel({ flavor: 'frr', interface: 'eth0' }, addresses).interfaces[0], { network: '10.1.2.0/24' });
  const two = { flavor: 'frr', interface: 'eth0,x.kni', network: '10.1.2.0/30,10.1.3.0/30', hello: 2 } as const;
  const { routerId, interfaces, bgp } = completeModel({ ...two, bgp: { localAs: 1, remoteAs: 2 } }, [
    { ...addresses[0], device: 'eth0', address: '10.1.2.2', prefixLength: 30 },
    { ...addresses[0], device: 'x.kni', address: '10.1.3.1', prefixLength: 30 },
  ]);
  t.equal(routerId, '10.1.2.2');
  t.match(interfaces, [
    { name: 'eth0', network: '10.1.2.0/30', hello: 2, dead: 8 },
    { name: 'x.kni', network: '10.1.3.0/30', hello: 2, dead: 8 },
  ]);
  t.same(
    bgp?.peers.map(({ address }) => address),
    ['10.1.2.1', '10.1.3.2'],
    'each other end is a peer',
  );
  t.throws(() => completeModel({ ...two, network: '10.1.2.0/30' }, addresses), /2 interfaces and 1 networks/);
  t.throws(() => completeModel({ ...two, routerId: '1.1.1.1', switchHint: {} }, addresses), /one --interface/);
  t.throws(() => completeModel({ flavor: 'frr' }, []), { code: 'usage', message: /give --interface/ });
  t.throws(() => completeModel({ flavor: 'frr', interface: 'x.kni' }, addresses), {
    message: /x\.kni has no address: give --network/,
  });
});
