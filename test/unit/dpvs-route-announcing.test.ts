// dpvs-route announce, withdraw, drain and undrain: words → what the bridge is asked, and its reports → texts and exit codes.
import { join } from 'node:path';
import t from 'tap';
import { DpvsError } from '../../cli/common/index.js';
import { defaultPolicy } from '../../routing/policy.js';
import type { BridgeStatus, Report, VipStatus } from '../../routing/schema.js';
import { runDpvsRoute, words } from '../support/dpvs-route.js';

const report: Report = {
  ...{ action: 'announce', vips: ['1.2.3.4'], device: 'dpdk1', dryRun: false },
  ...{ done: true, steps: [], flows: null, graceSeconds: null, cutFlows: null, error: null },
};
const drained: Report = { ...report, action: 'drain', flows: { live: 3, newPerSecond: 1 }, cutFlows: 2 };

const vip: VipStatus = {
  ...{
    vip: '1.2.3.4',
    device: 'dpdk1',
    ports: [{ device: 'dpdk1', carries: true, reason: null }],
    force: false,
    policy: defaultPolicy,
    state: 'draining',
    held: true,
    forSeconds: 1,
  },
  ...{ reason: null, kept: null, stage: 'emptying', deadlineSeconds: null, retrySeconds: null },
  ...{ flows: { live: 3, newPerSecond: 1 }, took: { announce: null, withdraw: null } },
};
const status = (...vips: VipStatus[]): BridgeStatus => ({
  ...{ name: 'n', pid: 1, startedAt: '', frrNamespace: null, routing: [], vips },
  journal: { trouble: null },
  strays: [],
  dataplane: { reachable: true, serving: true, problems: [] },
});
const gone: VipStatus = {
  ...vip,
  ...{ state: 'withdrawn', held: false, stage: null },
  reason: { at: 'drain', code: 'drained', detail: 'no flow was left' },
};

const moved =
  '  the switch moves them to other nodes with the route; each is counted here until it ends or times out, with or without packets\n';
const aside = (name: string, outcome: 'already' | 'done', detail: string) => ({ name, outcome, ms: 0, detail });

t.test('words → requests', async (t) => {
  const announce = { vips: ['1.2.3.4'], waitSeconds: 15 };
  const known = { vips: ['1.2.3.4'] };
  for (const [line, method, params] of [
    [
      'announce 1.2.3.4 2001:db8::1/128 5.6.7.8/32',
      'announce',
      { vips: ['1.2.3.4', '2001:db8::1', '5.6.7.8'], waitSeconds: 15 },
    ],
    ['announce [2001:db8::1]', 'announce', { vips: ['2001:db8::1'], waitSeconds: 15 }],
    ['--name n2 announce -w 0 1.2.3.4', 'announce', { ...announce, waitSeconds: 0 }],
    ['announce 1.2.3.4 --wait=300 -n', 'announce', { ...announce, waitSeconds: 300, dryRun: true }],
    ['announce 1.2.3.4 --quorum 3', 'announce', { ...announce, policy: { quorum: 3 } }],
    ['announce 1.2.3.4 --hysteresis 0', 'announce', { ...announce, policy: { hysteresis: 0 } }],
    [
      'announce --services all --floor 64 --hysteresis 2 --quorum 65535 1.2.3.4',
      'announce',
      { ...announce, policy: { services: 'all', floor: 64, hysteresis: 2, quorum: 65535 } },
    ],
    ['withdraw 1.2.3.4', 'withdraw', known],
    ['withdraw -a', 'withdraw', { vips: 'all' }],
    ['withdraw --all --dry-run', 'withdraw', { vips: 'all', dryRun: true }],
    ['undrain 1.2.3.4 -n', 'undrain', { ...known, dryRun: true }],
    ['undrain --all', 'undrain', { vips: 'all' }],
    ['drain 1.2.3.4', 'drain', { ...known, deadlineSeconds: 60 }],
    ['drain --all --deadline never -F', 'drain', { vips: 'all', deadlineSeconds: null, force: true }],
    ['drain 1.2.3.4 --deadline 0 -n', 'drain', { ...known, deadlineSeconds: 0, dryRun: true }],
    ['graceful-restart --wait 0 -n', 'graceful-restart', { waitSeconds: 0, dryRun: true }],
    ['drain 1.2.3.4 --deadline 86400', 'drain', { ...known, deadlineSeconds: 86_400 }],
  ] as const) {
    const { code, asked, closed } = await runDpvsRoute(words(line), { answers: [report] });
    t.equal(code, 0, line);
    t.same(asked, [[method, params]], line);
    t.equal(closed, 1, `${line}: the connection is closed`);
  }
});

t.test('lists of VIPs: a file, or the standard input, with comments', async (t) => {
  const text = '# our VIPs\n1.1.1.1 1.1.1.2/32\n\n\t2001:db8::1 # the new one\r\n#1.1.1.3\n';
  const file = join(t.testdir({ list: text, empty: '# none\n', wrong: '1.1.1.1\n1.1.1\n' }), 'list');
  const listed = ['1.1.1.1', '1.1.1.2', '2001:db8::1'];
  const asked = async (argv: string[], input?: string) => {
    const { asked } = await runDpvsRoute(argv, { answers: [report], input });
    return (asked[0][1] as { vips: unknown }).vips;
  };
  for (const command of ['announce', 'withdraw', 'drain', 'undrain']) {
    t.same(await asked([command, '--file', file]), listed, command);
    t.same(await asked([command, '-f', '-'], text), listed, command);
    t.same(
      await asked([command, '9.9.9.9', '-f', file]),
      ['9.9.9.9', ...listed],
      `${command}: and those that are named`,
    );
  }
  for (const [name, pattern] of [
    ['empty', /which VIP\?/],
    ['wrong', /invalid VIP '1\.1\.1'/],
    ['absent', /ENOENT/],
  ] as const) {
    const { code, err, asked } = await runDpvsRoute(['announce', '-f', join(t.testdirName, name)], {
      answers: [report],
    });
    t.equal(code, 2, name);
    t.match(err, pattern);
    t.same(asked, []);
  }
  const many = (count: number): string =>
    Array.from({ length: count }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join('\n');
  t.same(((await asked(['announce', '-f', '-'], many(4096))) as string[]).length, 4096);
  const tooMany = await runDpvsRoute(['announce', '-f', '-'], { answers: [report], input: many(4097) });
  t.equal(tooMany.code, 2);
  t.match(tooMany.err, /4097 VIPs; at most 4096 at once/);
});

t.test('usage errors never reach the bridge, and their advice is of the command', async (t) => {
  for (const [line, pattern] of [
    ['announce fe80::1%eth0', /invalid VIP 'fe80::1%eth0'/],
    ['announce --all', /unknown option '--all'/],
    ['announce', /which VIP\?\ndpvs-route announce 123\.1\.2\.3/],
    ['drain', /which VIP\?\ndpvs-route drain 123\.1\.2\.3/],
    ['withdraw', /which VIP\?\ndpvs-route withdraw 123\.1\.2\.3/],
    ['withdraw --all -f x', /not both/],
    ['undrain --all 1.2.3.4', /not both/],
    ['withdraw 1.2.3.4 --quorum 1', /unknown option '--quorum'/],
    ['drain 1.2.3.4 --deadline 86401', /number of seconds/],
    ['drain 1.2.3.4 --deadline Never', /number of seconds/],
    ['drain 1.2.3.4 --deadline', /needs a value/],
    ['announce 1.2.3.4 --wait 301', /number of seconds/],
    ['announce 1.2.3.4 --quorum 65536', /quorum/],
    ['announce 1.2.3.4 --hysteresis -1', /--hysteresis/],
    ['announce 1.2.3.4 --floor 65', /floor/],
    ['announce 1.2.3.4 --services some', /any or all/],
  ] as const) {
    const { code, err, asked } = await runDpvsRoute(words(line), { answers: [report] });
    t.equal(code, 2, line);
    t.match(err, pattern, line);
    t.same(asked, [], line);
  }
});

t.test('reports as text', async (t) => {
  const steps: Report['steps'] = [
    { name: 'kernel address', outcome: 'would', ms: 0, detail: '1.2.3.4/32 on dpdk1.kni' },
  ];
  const three = ['1.1.1.1', '1.1.1.2', '1.1.1.3'];
  const off: Report = {
    ...{ ...report, action: 'withdraw', vips: three },
    steps: [{ name: 'kernel address', outcome: 'done', ms: 12.4, detail: '' }],
  };
  const unknown: Report = {
    ...{ ...off, device: null },
    steps: three.map((each) => ({
      name: 'journal',
      outcome: 'already',
      ms: 0,
      detail: `${each} is not announced by this bridge`,
    })),
  };
  for (const [line, answer, text] of [
    [
      'announce 1.2.3.4 -n',
      { ...report, dryRun: true, steps },
      '1.2.3.4/32 would be announced on dpdk1\n  would  kernel address    1.2.3.4/32 on dpdk1.kni\n',
    ],
    ['withdraw -a', off, '3 VIPs withdrawn from dpdk1 in 12 ms\n  done  kernel address  12 ms\n'],
    ['withdraw -a', { ...off, device: null }, '3 VIPs withdrawn in 12 ms\n  done  kernel address  12 ms\n'],
    ['withdraw -a -n', { ...off, device: null, dryRun: true, steps: [] }, '3 VIPs would be withdrawn\n'],
    ['undrain 1.2.3.4', { ...report, action: 'undrain' }, '1.2.3.4/32 as before the drain on dpdk1\n'],
    [
      'undrain 1.2.3.4',
      { ...report, action: 'undrain', steps: [aside('undrain', 'already', '1.2.3.4 is announced: it did not drain')] },
      '1.2.3.4/32 did not drain\n  already  undrain    1.2.3.4 is announced: it did not drain\n',
    ],
    [
      'undrain 1.2.3.4',
      { ...report, action: 'undrain', steps: [aside('undrain', 'done', '1.2.3.4 is announced when this holds: x')] },
      '1.2.3.4/32 not drained any more\n  done  undrain    1.2.3.4 is announced when this holds: x\n',
    ],
    [
      'drain 1.2.3.4',
      { ...drained, steps: [aside('drain', 'already', '1.2.3.4 is withdrawn: it is not announced before undrain')] },
      '1.2.3.4/32 not announced, and stays so until undrain\n  already  drain    1.2.3.4 is withdrawn: it is not announced before undrain\n',
    ],
    [
      'drain 1.2.3.4',
      { ...drained, flows: { live: 0, newPerSecond: 0 }, cutFlows: 0 },
      '1.2.3.4/32 draining on dpdk1\n  0 flows are here now, 0 new a second\n',
    ],
    [
      'drain 1.2.3.4',
      drained,
      `1.2.3.4/32 draining on dpdk1\n  3 flows are here now, 1 new a second\n${moved}  2 of them are still counted at the deadline, unless they end before\n`,
    ],
    [
      'drain 1.2.3.4',
      { ...drained, cutFlows: null },
      `1.2.3.4/32 draining on dpdk1\n  3 flows are here now, 1 new a second\n${moved}  how many of them are still counted at the deadline is unknown\n`,
    ],
    [
      'drain 1.2.3.4',
      { ...drained, flows: null, cutFlows: null },
      '1.2.3.4/32 draining on dpdk1\n  how many flows are here, and would be cut at the deadline, is unknown\n',
    ],
    [
      'drain 1.2.3.4 -n',
      { ...drained, dryRun: true },
      `1.2.3.4/32 would drain on dpdk1\n  3 flows are here now, 1 new a second\n${moved}  2 of them are still counted at the deadline, unless they end before\n`,
    ],
  ] as const) {
    const { out, err, code } = await runDpvsRoute(words(line), { answers: [answer] });
    t.equal(out, text, line);
    t.equal(err, '');
    t.equal(code, 0);
    const json = await runDpvsRoute([...words(line), '--json'], { answers: [answer] });
    t.same(JSON.parse(json.out), answer, `${line} --json`);
  }
  t.match(
    (await runDpvsRoute(words('withdraw 1.1.1.1 1.1.1.2 1.1.1.3'), { answers: [unknown] })).out,
    /^3 VIPs not announced\n/,
  );
});

t.test('drain --wait: a line whenever something has changed, to its end', async (t) => {
  const { code, out, asked, closed } = await runDpvsRoute(words('drain 1.2.3.4 --wait'), {
    answers: [drained, status(vip), status({ ...vip, forSeconds: 2 }), status(gone)],
  });
  t.equal(code, 0);
  t.equal(
    out,
    `1.2.3.4/32 draining on dpdk1
  3 flows are here now, 1 new a second
${moved}  2 of them are still counted at the deadline, unless they end before
  1.2.3.4/32  emptying  3 flows, 1 new/s
  1.2.3.4/32  withdrawn  3 flows, 1 new/s  no flow was left
`,
  );
  t.same(
    asked.map(([method]) => method),
    ['drain', 'status', 'status', 'status'],
  );
  t.equal(closed, 1);
});

t.test('drain --wait says what a drain waits for', async (t) => {
  const kept = { at: 'drain', code: 'sole_announcer', detail: '0 other announcers, 1 have to stay' };
  const { out } = await runDpvsRoute(words('drain 1.2.3.4 --wait'), {
    answers: [drained, status({ ...vip, deadlineSeconds: 0, kept }), status(gone)],
  });
  t.match(out, /emptying +3 flows, 1 new\/s +is not withdrawn, drain: 0 other announcers, 1 have to stay\n/);
});

t.test('drain --wait is not over before nothing of it is set up', async (t) => {
  const { asked } = await runDpvsRoute(words('drain 1.2.3.4 -w --json'), {
    answers: [drained, status({ ...gone, held: true }), status(gone)],
  });
  t.equal(asked.length, 3);
});

t.test('drain --wait of a VIP that was brought back meanwhile', async (t) => {
  const back: VipStatus = { ...vip, state: 'announced', stage: null };
  const other: VipStatus = { ...back, vip: '9.9.9.9' };
  const { code, err } = await runDpvsRoute(words('drain 1.2.3.4 --wait'), {
    answers: [drained, status(vip, other), status(back, other)],
  });
  t.equal(code, 1);
  t.match(err, /resource busy: 1\.2\.3\.4 was brought back meanwhile/);
});

t.test('drain --wait of a VIP that was withdrawn for good meanwhile ends, too', async (t) => {
  const { code } = await runDpvsRoute(words('drain 1.2.3.4 --wait'), { answers: [drained, status()] });
  t.equal(code, 0);
});

t.test('drain --wait takes seconds, as the others do, or none', async (t) => {
  const draining = { answers: [drained, status(vip), status(vip), status(gone)] };
  const vips = async (line: string) =>
    ((await runDpvsRoute(words(line), draining)).asked[0]![1] as { vips: string[] }).vips;
  for (const line of [
    'drain -w 30 1.2.3.4',
    'drain --wait=30 1.2.3.4',
    'drain 1.2.3.4 --wait 30',
    'drain -w30 1.2.3.4',
  ])
    t.same(await vips(line), ['1.2.3.4'], line);
  for (const line of ['drain -w 1.2.3.4', 'drain --wait 1.2.3.4'])
    t.same(await vips(line), ['1.2.3.4'], `${line}: a VIP is no number of seconds`);
  t.equal((await runDpvsRoute(words('drain -w 30 1.2.3.4'), draining)).code, 0);
  const late = await runDpvsRoute(words('drain --wait 1 1.2.3.4'), { answers: [drained, status(vip)] });
  t.equal(late.code, 1);
  t.match(late.err, /1 of 1 not withdrawn after 1 s; the drain goes on/);
  const now = await runDpvsRoute(words('drain --wait 0 1.2.3.4'), { answers: [drained, status(vip)] });
  t.same([now.code, now.asked.length], [1, 2]);
  t.equal((await runDpvsRoute(words('drain --wait=never 1.2.3.4'), draining)).code, 2);
});

t.test('drain --wait neither follows a dry run nor a refusal', async (t) => {
  const dry = await runDpvsRoute(words('drain 1.2.3.4 -w -n'), { answers: [{ ...drained, dryRun: true }] });
  t.same([dry.code, dry.asked.length], [0, 1]);
  const refused = await runDpvsRoute(words('drain 1.2.3.4 -w'), {
    answers: [{ ...drained, done: false, error: { code: 'sole_announcer', detail: 'other announcers: 1.2.3.4' } }],
  });
  t.same([refused.code, refused.asked.length, refused.out], [1, 1, '']);
  t.match(
    refused.err,
    /^1\.2\.3\.4\/32 not draining\n[\s\S]*no other node announces it: other announcers: 1\.2\.3\.4\n.*--force/,
  );
});

t.test('what the bridge throws is told, and the connection closed', async (t) => {
  for (const [error, code, pattern] of [
    [new DpvsError('drained', '1.2.3.4', 'vips'), 1, /drained: 1\.2\.3\.4.*\n.*undrain/],
    [new DpvsError('bridge_unreachable', 'no answer'), 3, /routing bridge unreachable/],
  ] as const) {
    const ran = await runDpvsRoute(words('announce 1.2.3.4'), { answers: [error] });
    t.equal(ran.code, code);
    t.match(ran.err, pattern);
    t.equal(ran.closed, 1);
  }
});
