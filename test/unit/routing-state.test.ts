// The VIP's state machine, the conditions, the choice of a port, the journal: the bridge's decisions, without any daemon.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { assess, firstFailure, graceMs } from '../../routing/conditions.js';
import { chooseDevice } from '../../routing/device.js';
import type { Neighbour } from '../../routing/frr-output.js';
import { Journal } from '../../routing/journal.js';
import { defaultPolicy } from '../../routing/policy.js';
import type { NodeView, RoutingView, ServiceHealth } from '../../routing/view.js';
import {
  advance,
  initialState,
  isHeld,
  isUnheard,
  type Order,
  type Reason,
  reasonOf,
  retryDelay,
  type VipInput,
  type VipState,
} from '../../routing/vip-state.js';

const seed = Number(process.env.DPVS_TEST_SEED ?? Date.now() % 2 ** 31);
const noService: Reason = { at: 'service', code: 'no_service', detail: 'none' };
const noNeighbour: Reason = { at: 'neighbour', code: 'no_adjacency', detail: 'none' };
const stepFailed: Reason = { at: 'verify ospfd', code: 'not_verified', detail: 'no LSA' };
const drift: Reason = { at: 'kernel address', code: 'not_verified', detail: 'gone' };

const assessed = (serve: Reason | null = null, begin: Reason | null = null, hear: Reason | null = null): VipInput => ({
  kind: 'assessed',
  serve,
  begin,
  hear,
});
const announced: VipInput = { kind: 'announced', hear: null };

t.test('a life of a VIP', async (t) => {
  const script: [input: VipInput, at: number, state: string, order: Order][] = [
    [assessed(noService, noNeighbour), 0, 'configured service', 'none'],
    [assessed(null, noNeighbour), 1000, 'configured neighbour', 'none'],
    [assessed(), 2000, 'ready -', 'announce'],
    [{ kind: 'failed', reason: stepFailed }, 2100, 'ready verify ospfd', 'none'],
    [assessed(), 2500, 'ready verify ospfd', 'none'],
    [assessed(), 3100, 'ready verify ospfd', 'announce'],
    [{ kind: 'failed', reason: stepFailed }, 3200, 'ready verify ospfd', 'none'],
    [assessed(), 5100, 'ready verify ospfd', 'none'],
    [assessed(), 5200, 'ready verify ospfd', 'announce'],
    [announced, 5300, 'announced -', 'none'],
    [assessed(null, null, noNeighbour), 6000, 'configured neighbour', 'none'],
    [assessed(), 6200, 'announced -', 'none'],
    [{ kind: 'drifted', reason: drift }, 6500, 'ready kernel address', 'none'],
    [assessed(), 6500, 'ready kernel address', 'announce'],
    [announced, 6600, 'announced -', 'none'],
    [assessed(noService), 7000, 'withdrawn service', 'withdraw'],
    [assessed(noService), 8000, 'withdrawn service', 'withdraw'],
    [{ kind: 'released' }, 8100, 'withdrawn service', 'none'],
    [assessed(noService), 9000, 'withdrawn service', 'none'],
    [assessed(), 9500, 'ready -', 'announce'],
  ];
  let state = initialState(0, false);
  for (const [input, at, wanted, wantedOrder] of script) {
    const next = advance(state, input, at);
    state = next.state;
    t.equal(`${state.kind} ${reasonOf(state)?.at ?? '-'}`, wanted, `${at} ${input.kind}`);
    t.equal(next.order, wantedOrder, `${at} ${input.kind}: order`);
  }
});

t.test('after a restart, what cannot be served is taken back although this bridge never announced it', async (t) => {
  const { state, order } = advance(initialState(0, true), assessed(noService), 1);
  t.equal(order, 'withdraw');
  t.equal(advance(advance(state, { kind: 'released' }, 2).state, assessed(noService), 3).order, 'none');
});

t.test('retries come later and later, at most every 30 s', async (t) => {
  t.same([1, 2, 3, 4, 5, 6, 50].map(retryDelay), [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
});

t.test('whatever happens', async (t) => {
  t.comment(`seed ${seed}`);
  const reason = fc.option(fc.constantFrom(noService, noNeighbour), { nil: null });
  const input: fc.Arbitrary<VipInput> = fc.oneof(
    fc.record({ kind: fc.constant('assessed' as const), serve: reason, begin: reason, hear: reason }),
    fc.constantFrom<VipInput>(
      announced,
      { kind: 'released' },
      { kind: 'failed', reason: stepFailed },
      { kind: 'drifted', reason: drift },
    ),
  );
  const alwaysSound = () =>
    fc.assert(
      fc.property(fc.boolean(), fc.array(input, { maxLength: 40 }), (held, inputs) => {
        let state: VipState = initialState(0, held);
        let now = 0;
        for (const each of inputs) {
          now += 700;
          const before = state;
          const { state: after, order } = advance(before, each, now);
          // An order needs a reason to be given: to announce, that nothing is missing; to withdraw, that it cannot be served and that
          // something may be there.
          if (order === 'announce' && !(each.kind === 'assessed' && each.serve === null && each.begin === null))
            return false;
          if (order === 'withdraw' && !(each.kind === 'assessed' && each.serve !== null && isHeld(before)))
            return false;
          // It is never left announced when it cannot be served.
          if (each.kind === 'assessed' && each.serve !== null && (after.kind === 'announced' || after.kind === 'ready'))
            return false;
          // What may be set up is forgotten only when it is said to be released, or announced anew.
          if (isHeld(before) && !isHeld(after) && each.kind !== 'released') return false;
          if (after.kind === 'announced' && !['announced', 'configured'].includes(before.kind) && each !== announced)
            return false;
          if (after.kind === 'announced' && before.kind === 'configured' && each !== announced && !isUnheard(before))
            return false;
          state = after;
        }
        return true;
      }),
      { seed, numRuns: 2000 },
    );
  t.doesNotThrow(alwaysSound);
});

const neighbour = (seen: Omit<Neighbour, 'full' | 'unacknowledged'>): Neighbour => ({
  ...seen,
  full: seen.state.startsWith('Full'),
  unacknowledged: 0,
});
const service: ServiceHealth = {
  ...{ protocol: 'tcp', port: 80, servers: 2, healthy: 2, ports: { free: 100, used: 0 }, newPerSecond: 0, flows: 0 },
};
const view: NodeView = {
  dataplane: {
    reachable: true,
    silentMs: 0,
    problems: [],
    stopping: false,
    vips: new Map([['123.1.2.3', [service]]]),
    links: [
      { name: 'dpdk0', up: true, kni: 'dpdk0.kni' },
      { name: 'dpdk1', up: true, kni: 'dpdk1.kni' },
    ],
  },
  kernel: new Map([['dpdk1.kni', { up: true, carrier: true }]]),
  carried: new Set(),
  zebra: { inet: null, inet6: null },
  routing: {
    inet: {
      ...{ protocol: 'ospf', daemon: 'ospfd', trouble: null },
      neighbours: [
        neighbour({ routerId: '1.1.1.1', address: '10.0.0.1', interface: 'dpdk1.kni', state: 'Full/DR' }),
        neighbour({ routerId: '2.2.2.2', address: '10.0.0.5', interface: 'dpdk0.kni', state: 'Init/DROther' }),
      ],
    },
    inet6: null,
  },
};
const dataplane = (change: Partial<NodeView['dataplane']>): NodeView => ({
  ...view,
  dataplane: { ...view.dataplane, ...change },
});
const wanted = {
  vip: '123.1.2.3',
  ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }],
  force: false,
  policy: defaultPolicy,
  suppressedMs: 0,
};

t.test('each condition fails by itself, with its code', async (t) => {
  const failing = (seen: NodeView, what = wanted, held = false): string => {
    const failure = firstFailure(assess(seen, what, held));
    return failure === null ? 'none' : `${failure.name} ${failure.failure?.code} ${failure.failure?.detail}`;
  };
  const link = (kernel: { up: boolean; carrier: boolean }): NodeView => ({
    ...view,
    kernel: new Map([['dpdk1.kni', kernel]]),
  });
  const ospf = (change: Partial<RoutingView>): NodeView => ({
    ...view,
    routing: { ...view.routing, inet: { ...view.routing.inet!, ...change } },
  });
  t.equal(failing(view), 'none');
  t.equal(failing(dataplane({ reachable: false, silentMs: 4200 })), 'dataplane unreachable no answer for 4.2 s');
  t.equal(failing(dataplane({ vips: new Map() })), 'service no_service no service on 123.1.2.3');
  t.equal(
    failing(dataplane({ problems: ['dpdk0 is down', 'x'].map((text) => ({ text, port: null, ms: 1 })) })),
    'serving not_serving dpdk0 is down; x',
  );
  t.match(failing(view, { ...wanted, ports: [{ device: 'dpdk9', kni: 'dpdk9.kni' }] }), /^port no_device dpdk9/);
  t.match(failing(dataplane({ links: [{ name: 'dpdk1', up: true, kni: null }] })), /^port no_device .*kni is off/);
  t.match(failing(dataplane({ links: [{ name: 'dpdk1', up: false, kni: 'dpdk1.kni' }] })), /^port not_serving/);
  t.match(failing({ ...view, kernel: new Map() }), /^kni kni_down no dpdk1.kni in this network namespace/);
  t.match(failing(link({ up: false, carrier: true })), /^kni kni_down/);
  t.match(failing(link({ up: true, carrier: false })), /^kni kni_down .*no carrier/);
  t.match(failing(ospf({ trouble: 'ospfd: down', neighbours: [] })), /^daemon routing_daemon/);
  t.match(failing(ospf({ neighbours: [] })), /^neighbour no_adjacency .*no neighbour at all/);
  t.match(failing(view, { ...wanted, ports: [{ device: 'dpdk0', kni: 'dpdk0.kni' }] }), /^kni/);
  const half = [{ ...view.routing.inet!.neighbours[0]!, full: false, state: 'ExStart/DR' }];
  t.match(failing(ospf({ neighbours: half })), /^neighbour no_adjacency .*1\.1\.1\.1 is ExStart/);
  t.equal(failing(ospf({ neighbours: [] }), { ...wanted, force: true }), 'none', '--force');
});

t.test('silence has a grace only for what is announced', async (t) => {
  const silent = (ms: number) =>
    dataplane({ reachable: false, silentMs: ms, problems: [{ text: '', port: null, ms }] });
  const fails = (seen: NodeView, held: boolean) => firstFailure(assess(seen, wanted, held))?.name ?? 'none';
  t.equal(fails(silent(100), false), 'dataplane');
  t.equal(fails(silent(graceMs - 1), true), 'none');
  t.equal(fails(silent(graceMs + 1), true), 'dataplane');
  t.equal(fails(dataplane({ problems: [{ text: 'x', port: null, ms: graceMs - 1 }] }), true), 'none');
  t.equal(fails(dataplane({ problems: [{ text: 'x', port: null, ms: graceMs + 1 }] }), true), 'serving');
});

t.test('a VIP that is on the kni already does not wait for the neighbour again', async (t) => {
  const alone: NodeView = {
    ...view,
    routing: { ...view.routing, inet: { ...view.routing.inet!, neighbours: [] } },
    carried: new Set(['dpdk1.kni 123.1.2.3']),
  };
  const lacks = (seen: NodeView, held: boolean): string => {
    const failure = firstFailure(assess(seen, wanted, held));
    return `${failure?.name} ${failure?.kind}`;
  };
  t.equal(lacks(alone, true), 'neighbour hear', 'but it is not called announced without one');
  t.equal(lacks(alone, false), 'neighbour begin');
  t.equal(lacks({ ...alone, carried: new Set(['dpdk0.kni 123.1.2.3']) }, true), 'neighbour begin');
  t.equal(firstFailure(assess(alone, { ...wanted, force: true }, true)), null, '--force asks for none');
});

t.test('the port that OSPF runs on is chosen, or the user is asked', async (t) => {
  const none = async (_kni: string) => false;
  const choose = (neighbours: readonly Neighbour[], links = view.dataplane.links, runsOn = none) =>
    chooseDevice(links, neighbours, runsOn);
  const { neighbours } = view.routing.inet!;
  t.equal(await choose(neighbours), 'dpdk1', 'the only one with a Full neighbour');
  const onZero = async (kni: string) => kni === 'dpdk0.kni';
  t.equal(await choose([], view.dataplane.links, onZero), 'dpdk0', 'the only one with OSPF');
  await t.rejects(choose([]), {
    code: 'invalid_parameter',
    message: /dpdk0, dpdk1 could carry it: say which with --dev/,
  });
  await t.rejects(choose([], []), { code: 'no_device' });
  t.equal(await choose([], [view.dataplane.links[0]!]), 'dpdk0');
});

t.test('the journal', async (t) => {
  const directory = t.testdir({});
  const path = join(directory, 'deep', 'node1.route.json');
  const journal = new Journal(path);
  t.same(journal.read(), [], 'none yet');
  const entry = {
    vip: '123.1.2.3',
    ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }],
    force: false,
    policy: { ...defaultPolicy, quorum: 2 },
    wanted: true,
    drain: null,
    owned: { routes: ['dpdk1'], policy: false },
  };
  journal.write([entry]);
  t.same(new Journal(path).read(), [entry]);
  t.same(readdirSync(join(directory, 'deep')), ['node1.route.json'], 'no temporary file stays');
  for (const [text, pattern] of [
    ['{', /route\.json: .*JSON/],
    ['{"version":3,"vips":[]}', /version/],
    ['{"version":1,"vips":[{"vip":"x"}]}', /vips\.0/],
    ['{"version":2,"vips":[{"vip":"x"}]}', /vips\.0/],
  ] as const) {
    writeFileSync(path, text);
    await t.rejects(async () => journal.read(), { code: 'journal', message: pattern });
  }
  journal.write([]);
  t.same(JSON.parse(readFileSync(path, 'utf8')), { version: 2, vips: [] });
});
