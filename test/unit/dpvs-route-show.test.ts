// dpvs-route show and watch: what they print, to a terminal and to a pipe, as text and as JSON.
import t, { type Test } from 'tap';
import { DpvsError, plain } from '../../cli/common/index.js';
import { cutLine, watchLines } from '../../cli/dpvs-route/watch-view.js';
import { defaultPolicy } from '../../routing/policy.js';
import type { BridgeResult, VipDetail } from '../../routing/schema.js';
import { runDpvsRoute, words } from '../support/dpvs-route.js';

type View = BridgeResult<'show'>;

const proved = { at: 'verify', code: 'ok', detail: 'every step is proved' };

const up: VipDetail = {
  ...{
    vip: '123.1.2.3',
    device: 'dpdk1',
    ports: [{ device: 'dpdk1', carries: true, reason: null }],
    force: false,
    policy: defaultPolicy,
    state: 'announced',
    held: true,
  },
  ...{ forSeconds: 75, reason: null, kept: null, stage: null, deadlineSeconds: null, retrySeconds: null },
  ...{ flows: { live: 12, newPerSecond: 3 }, took: { announce: 97, withdraw: null } },
  conditions: [
    { name: 'dataplane', holds: true, code: '', detail: 'answers' },
    { name: 'neighbour', holds: false, code: 'no_adjacency', detail: 'on dpdk1.kni: no neighbour at all' },
  ],
  announcers: [
    { router: '10.0.0.1', metric: 20, self: true },
    { router: '10.0.0.2', metric: 20, self: false },
    { router: '10.0.0.3', metric: 1000, self: false },
  ],
  history: [{ at: '2026-01-01T00:00:02.500Z', from: 'ready', to: 'announced', reason: proved }],
};
const down: VipDetail = {
  ...up,
  ...{ vip: '2001:db8::1', state: 'withdrawn', held: false, forSeconds: 3, force: true },
  ...{ policy: { quorum: 3, hysteresis: 1, services: 'all', floor: 2 }, flows: null },
  ...{ took: { announce: null, withdraw: 4.25 }, conditions: [], announcers: null },
  reason: { at: 'servers', code: 'no_quorum', detail: 'tcp 80: 1 of 4 healthy, 2 needed' },
  history: [
    {
      ...{ at: '2026-01-01T00:00:01.000Z', from: 'announced', to: 'withdrawn' },
      reason: { at: 'servers', code: 'no_quorum', detail: 'tcp 80: 1 of 4 healthy, 2 needed' },
    },
  ],
};
const kept: VipDetail = {
  ...up,
  ...{ vip: '123.1.2.4', announcers: [], history: [] },
  kept: { at: 'floor', code: 'kept', detail: '0 other announcers, 1 have to stay' },
};
const draining: VipDetail = {
  ...up,
  ...{ vip: '123.1.2.5', state: 'draining', stage: 'leaving', deadlineSeconds: 59.2, history: [] },
  announcers: [
    { router: '10.0.0.1', metric: 1000, self: true },
    { router: '10.0.0.2', metric: 20, self: false },
  ],
};
const view = (...vips: VipDetail[]): View => ({
  ...{ name: 'node1', pid: 7, startedAt: '2026-01-01T00:00:00.000Z', frrNamespace: null, vips },
  journal: { trouble: null },
  strays: [],
  dataplane: { reachable: true, serving: true, problems: [] },
  routing: [
    {
      ...{ protocol: 'ospf', form: 'redistribute', family: 'inet', daemon: 'ospfd', trouble: null },
      zebra: null,
      gracefulRestart: null,
      neighbours: [
        { routerId: '10.9.9.9', address: '172.10.0.1', interface: 'dpdk1.kni', state: 'Full/-', full: true },
      ],
    },
  ],
});

t.test('show', async (t) => {
  const { out, code, asked } = await runDpvsRoute(['show'], { answers: [view(up, down)] });
  t.equal(code, 0);
  t.same(asked, [['show', { vips: 'all' }]]);
  t.equal(
    out,
    `123.1.2.3/32 announced for 1m15s
  port    dpdk1
  policy  quorum 1, any service, floor 0
  flows   12, 3 new a second
  took    announce 97 ms, withdraw -
  area    10.0.0.1 (this node) metric 20; 10.0.0.2 metric 20; 10.0.0.3 metric 1000, not used
    holds  dataplane  answers
    fails  neighbour  on dpdk1.kni: no neighbour at all
    2026-01-01T00:00:02.500Z  ready → announced  verify: every step is proved

2001:db8::1/128 withdrawn for 3s: servers: tcp 80: 1 of 4 healthy, 2 needed
  port    dpdk1, without asking for a neighbour
  policy  quorum 3 ± 1, all services, floor 2
  flows   unknown
  took    announce -, withdraw 4.3 ms
  area    announcers unknown
    2026-01-01T00:00:01.000Z  announced → withdrawn  servers: tcp 80: 1 of 4 healthy, 2 needed
  too few healthy real servers: ipvsadm -ln shows them; --quorum says how many there have to be
`,
  );
});

t.test('show of a VIP on two ports: a line each', async (t) => {
  const reason = { at: 'neighbour', code: 'no_adjacency', detail: 'on dpdk2.kni: no neighbour at all' };
  const ports = [...up.ports, { device: 'dpdk2', carries: false, reason }];
  const two = { ...up, device: 'dpdk1,dpdk2', ports };
  const { out } = await runDpvsRoute(['show'], { answers: [view(two, { ...two, force: true })] });
  const [once, forced] = out.split('\n\n');
  t.match(
    once,
    /^123\.1\.2\.3\/32 announced for 1m15s: by dpdk1 only; neighbour: on dpdk2\.kni: no neighbour at all\n/,
  );
  t.match(
    once,
    '\n  port    dpdk1 carries it\n  port    dpdk2 does not: neighbour: on dpdk2.kni: no neighbour at all\n  policy ',
  );
  t.match(forced, '\n  port    dpdk1 carries it, without asking for a neighbour\n');
});

t.test('show of some, of none, and as JSON', async (t) => {
  const some = await runDpvsRoute(words('show 123.1.2.4/32 2001:db8::1'), { answers: [view(kept)] });
  t.same(some.asked, [['show', { vips: ['123.1.2.4', '2001:db8::1'] }]]);
  t.match(some.out, /^123\.1\.2\.4\/32 announced for 1m15s: should go, floor: 0 other announcers, 1 have to stay\n/);
  t.match(some.out, / {2}area {4}nobody announces it\n/);
  t.match(some.out, / {2}kept announced although it should go: dpvs-route show VIP has its policy;/);
  const listed = await runDpvsRoute(words('show -f -'), { answers: [view()], input: '1.2.3.4 # one\n' });
  t.same(listed.asked, [['show', { vips: ['1.2.3.4'] }]]);
  t.equal(listed.out, 'no VIP is announced\n');
  const whole = view(up, down, kept, draining);
  t.same(JSON.parse((await runDpvsRoute(words('show --json'), { answers: [whole] })).out), whole);
  const unknown = await runDpvsRoute(words('show 1.2.3.4'), {
    answers: [new DpvsError('not_exist', '1.2.3.4', 'vips')],
  });
  t.equal(unknown.code, 1);
});

const formatWatch = (...given: Parameters<typeof watchLines>): string => watchLines(...given).join('\n');

/** Without the first line, which is the time. */
const body = (text: string): string => text.slice(text.indexOf('\n') + 1);

t.test('watch: one line a VIP, and the last transitions of all', async (t) => {
  const text = formatWatch(view(up, down, kept, draining), plain);
  t.match(text, /^\d{4}-\d\d-\d\dT[0-9:.]+Z\n/);
  t.equal(
    body(text),
    `bridge     node1, pid 7
dataplane  serving
ospfd      IPv4, answers, redistribute form

NEIGHBOUR  ADDRESS     INTERFACE  STATE
10.9.9.9   172.10.0.1  dpdk1.kni  Full/-

VIP              STATE      FOR    FLOWS  NEW/S  ANNOUNCERS  ANNOUNCE  WITHDRAW  REASON
123.1.2.3/32     announced  1m15s  12     3      2 of 3 *    97 ms     -         -
2001:db8::1/128  withdrawn  3s     -      -      ?           -         4.3 ms    servers: tcp 80: 1 of 4 healthy, 2 needed
123.1.2.4/32     announced  1m15s  12     3      0 of 0      97 ms     -         should go, floor: 0 other announcers, 1 have to stay
123.1.2.5/32     draining   1m15s  12     3      1 of 2      97 ms     -         leaving, at most 1m00s more

VIP        ANNOUNCED BY
123.1.2.3  10.0.0.1 (this node) metric 20; 10.0.0.2 metric 20; 10.0.0.3 metric 1000, not used
123.1.2.5  10.0.0.1 (this node) metric 1000, not used; 10.0.0.2 metric 20

00:00:01.000  2001:db8::1  announced → withdrawn  servers: tcp 80: 1 of 4 healthy, 2 needed
00:00:02.500  123.1.2.3    ready → announced      verify: every step is proved

too few healthy real servers: ipvsadm -ln shows them; --quorum says how many there have to be
kept announced although it should go: dpvs-route show VIP has its policy; dpvs-route withdraw takes it back all the same`,
  );
  t.match(formatWatch({ ...view(), routing: [] }, plain), /\n\nno neighbour\n\nno VIP is announced$/);
});

t.test('watch shows the last eight transitions, the newest last', async (t) => {
  const history = (minute: number): VipDetail['history'] =>
    Array.from({ length: 6 }, (_, i) => ({
      at: `2026-01-01T00:0${minute}:${String(10 * i).padStart(2, '0')}.000Z`,
      ...{ from: 'ready' as const, to: 'announced' as const, reason: proved },
    }));
  const text = formatWatch(view({ ...up, history: history(1) }, { ...kept, history: history(0), kept: null }), plain);
  const shown = text.split('\n').filter((line) => line.includes('→'));
  t.equal(shown.length, 8);
  t.match(shown[0], /^00:00:40\.000 {2}123\.1\.2\.4/);
  t.match(shown[7], /^00:01:50\.000 {2}123\.1\.2\.3/);
});

t.test('the state alone is painted, and the columns stay where they are', async (t) => {
  const painted = formatWatch(
    view(up, down, draining, { ...up, state: 'ready' }, { ...up, state: 'configured' }),
    (colour, text) => `<${colour}>${text}</>`,
  );
  const plainText = formatWatch(
    view(up, down, draining, { ...up, state: 'ready' }, { ...up, state: 'configured' }),
    plain,
  );
  t.same(
    [...painted.matchAll(/<(\w+)>(\w+)<\/>/g)].map(([, colour, state]) => `${state} ${colour}`),
    ['announced green', 'withdrawn red', 'draining yellow', 'ready blue', 'configured yellow'],
  );
  t.equal(body(painted.replaceAll(/<[^>]*>/g, '')), body(plainText));
});

/** As a process on a terminal, or on a pipe. */
function onTerminal(t: Test, isTTY: boolean, rows = 40, columns = 150): void {
  const values = { isTTY, rows: isTTY ? rows : undefined, columns: isTTY ? columns : undefined };
  for (const [name, value] of Object.entries(values)) {
    const before = Object.getOwnPropertyDescriptor(process.stdout, name);
    Object.defineProperty(process.stdout, name, { value, configurable: true });
    t.teardown(() => {
      if (before === undefined) Reflect.deleteProperty(process.stdout, name);
      else Object.defineProperty(process.stdout, name, before);
    });
  }
}

t.test('watch on a pipe: one view after the other, without escape sequences', async (t) => {
  onTerminal(t, false);
  const { out, code, asked } = await runDpvsRoute(words('watch -c 2 -i 0.2'), { answers: [view(up), view(down)] });
  t.equal(code, 0);
  t.same(asked, [
    ['show', { vips: 'all' }],
    ['show', { vips: 'all' }],
  ]);
  t.notOk(out.includes('\x1b'));
  t.equal(out.match(/^\d{4}-\d\d-\d\dT/gm)?.length, 2);
  t.ok(out.indexOf('announced  1m15s') < out.indexOf('withdrawn  3s'));
});

t.test('watch on a terminal: drawn over, the cursor back in the end, also after an error', async (t) => {
  onTerminal(t, true);
  const listeners = process.listenerCount('SIGINT');
  const { out } = await runDpvsRoute(words('watch -c 2 -i 0.2'), { answers: [view(up)] });
  t.ok(out.startsWith('\x1b[2J\x1b[?25l'), 'cleared once, the cursor hidden');
  t.equal(out.split('\x1b[H').length, 3, 'two views, each from the upper left corner');
  t.ok(out.endsWith('\x1b[?25h'), 'the cursor is shown again');
  const visible = out.replaceAll(/\x1b\[[?0-9]*[A-Za-z]/g, '');
  t.match(visible, /123\.1\.2\.3\/32 {2}announced {2}1m15s/);
  const lost = await runDpvsRoute(words('watch -c 2 -i 0.2'), {
    answers: [view(up), new DpvsError('bridge_unreachable', 'gone')],
  });
  t.equal(lost.code, 3);
  t.ok(lost.out.endsWith('\x1b[?25h'));
  t.equal(lost.closed, 1);
  t.equal(process.listenerCount('SIGINT'), listeners, 'and SIGINT is left as it was');
});

t.test('a table that is taller than the terminal: what is not as it should be first, the rest counted', async (t) => {
  const many = Array.from({ length: 200 }, (_, i) => ({ ...up, vip: `10.0.0.${i}`, forSeconds: 1000 + i }));
  const all = view(...many.slice(0, 120), down, ...many.slice(120, 150), kept, draining, ...many.slice(150));
  for (const rows of [200, 60, 40, 24, 16, 12]) {
    const lines = watchLines(all, plain, rows);
    t.ok(lines.length <= rows, `${lines.length} lines on ${rows}`);
    const shown = lines
      .filter((line) => / (announced|withdrawn|draining) {2,}\d/.test(line))
      .map((line) => line.split('/')[0]);
    t.ok(shown.length > 0);
    t.same(
      shown.slice(0, 4),
      ['2001:db8::1', '123.1.2.4', '123.1.2.5', '10.0.0.0'].slice(0, shown.length),
      `${rows} rows`,
    );
    t.ok(lines.includes(`… and ${203 - shown.length} more, as dpvs-route status lists them`));
    if (rows >= 24)
      t.ok(
        lines.some((line) => line.startsWith('too few healthy real servers')),
        'and what to do',
      );
  }
  const whole = watchLines(all, plain);
  t.equal(whole.filter((line) => / (announced|withdrawn|draining) {2,}\d/.test(line)).length, 203, 'a pipe has no end');
  t.ok(watchLines(view(...many.slice(0, 3)), plain, 40).every((line) => !line.startsWith('…')));
});

t.test('long lines are cut, painted ones as well', (t) => {
  t.equal(cutLine('abcdef', 6), 'abcde…');
  t.equal(cutLine('abcde', 6), 'abcde');
  t.equal(cutLine('a\x1b[31mbcd\x1b[0mefgh', 5), 'a\x1b[31mbcd\x1b[0m…');
  t.end();
});

t.test('no view is taller or wider than the terminal', async (t) => {
  onTerminal(t, true, 20, 60);
  const many = Array.from({ length: 100 }, (_, i) => ({ ...up, vip: `10.0.0.${i}` }));
  const { out } = await runDpvsRoute(words('watch -c 2 -i 0.2'), { answers: [view(down, ...many)] });
  const views = out.split('\x1b[H').slice(1);
  t.equal(views.length, 2);
  for (const each of views) {
    const lines = each
      .replace(/\n\x1b\[\?25h$/, '')
      .replaceAll(/\x1b\[[?0-9]*[A-Za-z]/g, '')
      .split('\n');
    t.ok(lines.length <= 20);
    t.ok(lines.every((line) => line.length < 60));
  }
});

t.test('watch outlives a bridge that is restarted', async (t) => {
  onTerminal(t, true);
  const gone = new DpvsError('bridge_unreachable', 'no socket');
  const live = await runDpvsRoute(words('watch -c 4 -i 0.2'), { answers: [view(up), gone, gone, view(down)] });
  t.equal(live.code, 0);
  const [, , lost, , back] = live.out.split('\x1b[H');
  t.match(lost, /the bridge does not answer: no socket/);
  t.match(lost, /123\.1\.2\.3\/32/, 'what was seen last stays');
  t.match(back, /2001:db8::1\/128/);
  t.notMatch(back, /does not answer/);
  t.equal(live.closed, 1 + 1 + 1, 'each connection is closed');
  const json = await runDpvsRoute(words('watch --json -c 3 -i 0.2'), { answers: [view(up), gone, view(down)] });
  const lines = json.out.trimEnd().split('\n');
  t.same(
    lines.map((line) => JSON.parse(line)),
    [view(up), { error: { code: 'bridge_unreachable', detail: 'no socket' } }, view(down)],
  );
  const never = await runDpvsRoute(words('watch -c 3 -i 0.2'), { answers: [gone] });
  t.same([never.code, never.asked.length], [3, 1], 'one that was never there is not waited for');
});

t.test('watch --json: a line a view, on a terminal, too', async (t) => {
  onTerminal(t, true);
  const { out } = await runDpvsRoute(words('watch --json --count 2 --interval 0.2'), {
    answers: [view(up), view(down)],
  });
  const lines = out.trimEnd().split('\n');
  t.same(
    lines.map((line) => JSON.parse(line)),
    [view(up), view(down)],
  );
});

t.test('watch: words that make no sense', async (t) => {
  for (const line of [
    'watch now',
    'watch -i soon',
    'watch -i 0.1',
    'watch -i 3601',
    'watch -c 0',
    'watch -c 1.5',
    'watch -i',
  ]) {
    const { code, asked } = await runDpvsRoute(words(line), { answers: [view()] });
    t.equal(code, 2, line);
    t.same(asked, []);
  }
});
