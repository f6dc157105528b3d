// The bridge as a whole over a model node: announce and withdraw of several VIPs, refusals, moves, and its end.
import t from 'tap';
import { BridgeCore } from '../../routing/core.js';
import type { JournalEntry } from '../../routing/journal.js';
import { mostVips } from '../../routing/limits.js';
import { defaultPolicy } from '../../routing/policy.js';
import { Reconciler } from '../../routing/reconciler.js';
import { bridgeMethods } from '../../routing/schema.js';
import { VtyshError } from '../../routing/vtysh.js';
import { partsOf, TestBridge } from '../support/routing-bridge.js';
import { fullNeighbour, ModelNode } from '../support/routing-node.js';

// Most of their time they wait for an LSA to rest (MinLSArrival).
t.jobs = 16;

const [first, second, third] = ['123.1.2.1', '123.1.2.2', '123.1.2.3'];
const nothing = { addresses: [], routes: [], permitted: [], worse: [], lsas: [] };
const on = (device: string, ...vips: string[]) => ({
  addresses: vips.map((vip) => `${device}.kni ${vip}`),
  routes: vips.map((vip) => `${device} ${vip}/32`),
  permitted: vips,
  worse: [],
  lsas: vips,
});

function serving(...vips: string[]): ModelNode {
  const node = new ModelNode();
  for (const vip of vips) node.services.set(vip, { healthy: 2, servers: 3, flows: 5, newPerSecond: 2 });
  return node;
}

const silence = (node: ModelNode): void => {
  node.neighbours = [];
};
const stopOspfd = (node: ModelNode): void => {
  node.ospfdRuns = false;
};
const tell = (node: ModelNode, said: ModelNode['dataplane']): void => {
  node.dataplane = said;
};

t.test('several VIPs at once, and off again', async (t) => {
  const { node, journal, ask, bridge } = await TestBridge.start(t, serving(first, second, third));
  const report = await ask('announce', { vips: [first, second, third, first] });
  t.match(report, { done: true, error: null, device: 'dpdk1', action: 'announce', dryRun: false });
  t.same(report.vips, [first, second, third], 'one asked for twice is one');
  t.same(node.state, on('dpdk1', first, second, third));
  t.same(
    journal.read().map(({ vip, owned }) => [vip, owned]),
    [first, second, third].map((vip) => [vip, { routes: ['dpdk1'], policy: true }]),
  );
  const status = bridgeMethods.status.result.parse(await bridge.status());
  t.match(status, { name: 'node1', dataplane: { reachable: true, serving: true }, routing: [{ daemon: 'ospfd' }] });
  for (const vip of status.vips) {
    t.match(vip, { state: 'announced', held: true, reason: null, flows: { live: 5, newPerSecond: 2 } });
    t.ok((vip.took.announce ?? 0) > 0);
  }
  t.match(await ask('withdraw', { vips: 'all' }), { done: true, vips: [first, second, third] });
  t.same(node.state, nothing);
  t.same(journal.read(), []);
});

t.test('one that fails: none of them, and none is wanted', async (t) => {
  const { node, journal, ask } = await TestBridge.start(t, serving(first, second));
  node.interfere = (call) => {
    if (call === 'originated') node.lsas.delete(second);
  };
  const report = await ask('announce', { vips: [first, second] });
  t.match(report, { done: false, error: { code: 'not_verified', detail: /123\.1\.2\.2/ } });
  t.same(node.state, nothing);
  t.same(journal.read(), []);
});

t.test('refusals say which condition, and change nothing', async (t) => {
  const broken: [code: string, breaks: (node: ModelNode) => void, params?: object][] = [
    ['no_service', (node) => node.services.delete(second)],
    ['no_quorum', (node) => node.services.set(second, { healthy: 0, servers: 2 })],
    ['no_quorum', () => {}, { policy: { quorum: 3 } }],
    ['no_adjacency', silence, { device: 'dpdk1' }],
    ['no_device', () => {}, { device: 'dpdk9' }],
    ['unreachable', (node) => tell(node, null)],
    ['not_serving', (node) => tell(node, { serving: false, stopping: false, problems: ['x'] })],
    ['not_serving', (node) => node.ports.set('dpdk1', { up: false })],
    ['routing_daemon', stopOspfd, { device: 'dpdk1' }],
  ];
  for (const [code, breaks, params = {}] of broken) {
    const { node, journal, ask } = await TestBridge.start(t, serving(first, second));
    breaks(node);
    const report = await ask('announce', { vips: [first, second], ...params });
    t.match(report, { done: false, error: { code } }, code);
    t.equal(report.steps.at(-1)?.outcome, 'failed', `${code}: the last step is the one that fails`);
    t.equal(report.steps.filter(({ outcome }) => outcome === 'failed').length, 1);
    t.same(node.changes, [], code);
    t.same(journal.read(), [], code);
  }
});

t.test('what the schema or the policy refuses', async (t) => {
  const { node, ask } = await TestBridge.start(t, serving(first));
  await t.rejects(ask('announce', { vips: [first], policy: { hysteresis: 1 } }), {
    code: 'invalid_parameter',
    field: 'policy.hysteresis',
  });
  await t.rejects(ask('show', { vips: [third] }), { code: 'not_exist', message: /123\.1\.2\.3/ });
  await t.rejects(ask('drain', { vips: [third], deadlineSeconds: 1 }), { code: 'not_exist' });
  await t.rejects(ask('undrain', { vips: [third] }), { code: 'not_exist' });
  const six = await ask('announce', { vips: ['2001:db8::1'] });
  t.match(six, { done: false });
  t.same(node.changes, []);
});

t.test('it waits for the neighbour as long as it is told', async (t) => {
  const { node, ask } = await TestBridge.start(t, serving(first));
  node.neighbours = [];
  const asked = ask('announce', { vips: [first], waitSeconds: 20, device: 'dpdk1' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.same(node.state, nothing);
  node.neighbours = [fullNeighbour()];
  t.match(await asked, { done: true });
  t.match(await ask('announce', { vips: [first], force: true, device: 'dpdk1' }), { done: true });
});

t.test('the policy of a VIP that fails can be changed, and nothing else is', async (t) => {
  const { node, ask, vip, until, journal } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first], policy: { floor: 1 } });
  node.others.set(first, []);
  node.services.set(first, { healthy: 0, servers: 2 });
  const changes = node.changes.length;
  const report = await ask('announce', { vips: [first], policy: { floor: 2 } });
  t.match(report, { done: true, error: null });
  t.same(journal.read()[0].policy, { ...defaultPolicy, floor: 2 });
  t.equal((await vip(first))?.state, 'announced', 'the floor still keeps it');
  t.equal(node.changes.length, changes);
  t.match(await ask('announce', { vips: [first], policy: { floor: 0 } }), { done: true });
  await until(first, ({ held }) => !held);
  t.same(node.lsas, new Set());
  t.same(journal.read()[0].policy, defaultPolicy, 'now it went, and is still wanted');
});

t.test('no policy is taken that would withdraw at once what is announced', async (t) => {
  const { node, ask, vip, journal } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  node.services.set(first, { healthy: 2, servers: 2 });
  for (const dryRun of [true, false]) {
    const report = await ask('announce', { vips: [first], policy: { quorum: 3 }, dryRun });
    t.match(report, { done: false, error: { code: 'no_quorum', detail: /2 of 2 healthy, 3 needed/ } });
  }
  t.match(await vip(first), { state: 'announced', policy: { quorum: 1 } });
  t.same(journal.read()[0].policy, defaultPolicy);
  t.match(await ask('announce', { vips: [first], policy: { quorum: 2 } }), { done: true });
});

t.test('each transition has its reason', async (t) => {
  const { ask, until, node } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  await ask('drain', { vips: [first], deadlineSeconds: null });
  await ask('undrain', { vips: [first] });
  const { servers = 2 } = node.services.get(first) ?? {};
  node.services.set(first, { healthy: 0, servers });
  await until(first, ({ state }) => state === 'withdrawn');
  node.services.set(first, { healthy: servers, servers });
  await until(first, ({ state }) => state === 'announced');
  await ask('drain', { vips: [first], deadlineSeconds: 0 });
  await until(first, ({ state }) => state === 'withdrawn');
  await ask('undrain', { vips: [first] });
  await until(first, ({ state }) => state === 'announced');
  const { vips } = await ask('show', { vips: [first] });
  t.same(
    vips[0].history.map(({ from, to, reason: { at } }) => `${from} ${to} ${at}`),
    [
      'configured announced verify',
      'announced draining command',
      'draining announced command',
      'announced withdrawn servers',
      'withdrawn ready conditions',
      'ready announced verify',
      'announced draining command',
      'draining withdrawn drain',
      'withdrawn configured command',
      'configured ready conditions',
      'ready announced verify',
    ],
  );
  for (const { reason } of vips[0].history) t.not(reason.detail, '');
});

t.test('to another port', async (t) => {
  const { node, journal, ask } = await TestBridge.start(t, serving(first, second));
  node.neighbours = [fullNeighbour('dpdk1'), fullNeighbour('dpdk0')];
  await ask('announce', { vips: [first, second], device: 'dpdk1', policy: { quorum: 2 } });
  t.match(await ask('announce', { vips: [first], device: 'dpdk0' }), { done: true, device: 'dpdk0' });
  t.same(node.state, {
    ...on('dpdk1', first, second),
    addresses: [`dpdk0.kni ${first}`, `dpdk1.kni ${second}`],
    routes: [`dpdk0 ${first}/32`, `dpdk1 ${second}/32`],
  });
  t.equal(journal.read().find(({ vip }) => vip === first)?.policy.quorum, 2, 'with its policy');

  const two = await ask('withdraw', { vips: [first, second], dryRun: true });
  t.equal(two.device, null, 'on two ports');
  await t.rejects(
    ask('announce', { vips: [second, first], policy: { quorum: 1 } }),
    { code: 'invalid_parameter', field: 'device', message: /dpdk0, dpdk1/ },
    'a change of policy moves nothing',
  );
  t.match(await ask('announce', { vips: [second, third], policy: {} }), { done: false }, 'no service on the third');
  t.same(node.state.addresses, [`dpdk0.kni ${first}`, `dpdk1.kni ${second}`]);
});

t.test('a move that fails: back to where it was', async (t) => {
  const { node, journal, ask, until } = await TestBridge.start(t, serving(first));
  node.neighbours = [fullNeighbour('dpdk1'), fullNeighbour('dpdk0')];
  await ask('announce', { vips: [first], device: 'dpdk1', policy: { quorum: 2 } });
  const before = journal.read();
  node.interfere = (call) => {
    if (call === 'originated' && node.addresses.has(`dpdk0.kni ${first}`)) node.lsas.clear();
  };
  t.match(await ask('announce', { vips: [first], device: 'dpdk0', policy: { quorum: 1 } }), { done: false });
  await until(first, ({ state }) => state === 'announced');
  t.same(node.state, on('dpdk1', first));
  t.same(journal.read(), before, 'its policy, too');
});

t.test('withdraw of VIPs it does not know', async (t) => {
  const { node, ask } = await TestBridge.start(t, serving(first));
  const unknown = await ask('withdraw', { vips: [third] });
  t.match(unknown, { done: true, vips: [third], device: null, steps: [{ name: 'journal', outcome: 'already' }] });
  await ask('announce', { vips: [first] });
  const mixed = await ask('withdraw', { vips: [third, first] });
  t.match(mixed, { done: true, vips: [first, third], device: 'dpdk1' });
  t.equal(mixed.steps[0].detail, `${third} is not announced by this bridge`);
  t.same(node.state, nothing);
  t.match(await ask('withdraw', { vips: 'all' }), { done: true, vips: [], steps: [] });
});

t.test('a withdrawal that is not proved goes on until it is, and nothing brings the VIP back', async (t) => {
  const { node, journal, ask, vip, until } = await TestBridge.start(t, serving(first, second));
  await ask('announce', { vips: [first, second] });
  node.interfere = (call) => {
    if (call === 'originated') node.lsas.add(first);
  };
  t.match(await ask('withdraw', { vips: [first] }), { done: false, error: { code: 'not_verified' } });
  t.match(await vip(first), { state: 'withdrawn', held: true, reason: { at: 'command' } });
  t.match(journal.read(), [
    { vip: first, wanted: false },
    { vip: second, wanted: true },
  ]);
  await t.rejects(ask('undrain', { vips: [first] }), { code: 'not_exist' });
  t.match(await ask('drain', { vips: 'all', ...{ deadlineSeconds: null }, dryRun: true }), { vips: [second] });
  const written = node.changes.length;
  const rounds = node.calls.filter((call) => call === 'originated').length;
  while (node.calls.filter((call) => call === 'originated').length < rounds + 20)
    await new Promise((resolve) => setTimeout(resolve, 50));
  t.notOk(
    node.changes.slice(written).some((call) => /^(address.add|route.add|permit)/.test(call)),
    'not put right again',
  );
  node.interfere = () => {};
  node.lsas.delete(first);
  for (const deadline = performance.now() + 20_000; journal.read().length > 1 && performance.now() < deadline; )
    await new Promise((resolve) => setTimeout(resolve, 50));
  t.match(journal.read(), [{ vip: second }], 'and then it is forgotten');
  t.same(node.state, on('dpdk1', second));
  await until(second, ({ state }) => state === 'announced');
});

t.test('one that is being taken back can be announced again', async (t) => {
  const { node, journal, ask, vip } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  node.interfere = (call) => {
    if (call === 'originated') node.lsas.add(first);
  };
  t.match(await ask('withdraw', { vips: [first] }), { done: false });
  node.interfere = () => {};
  t.match(await ask('announce', { vips: [first], policy: { quorum: 2 } }), { done: true });
  t.match(await vip(first), { state: 'announced', policy: { quorum: 2 } });
  t.match(journal.read(), [{ vip: first, wanted: true }]);
});

t.test('what cannot be served any more is not waited for while it is proved', async (t) => {
  const node = serving(first, second);
  const { ask, until } = await TestBridge.start(t, node);
  await ask('announce', { vips: [first, second] });
  Object.assign(node.driver, { followMs: 12_000 });
  node.interfere = (call) => {
    if (call === 'originated') node.lsas.delete(first);
  };
  await until(first, ({ state }) => state === 'ready');
  const gone = performance.now();
  node.services.delete(first);
  await until(first, ({ held }) => !held);
  t.ok(performance.now() - gone < 6_000, `taken back after ${Math.round(performance.now() - gone)} ms`);
  t.notOk(node.addresses.has(`dpdk1.kni ${first}`));
  await until(second, ({ state }) => state === 'announced');
});

t.test('a move that can be neither done nor undone does not lose the VIP', async (t) => {
  const { node, ask, until, journal } = await TestBridge.start(t, serving(first));
  node.neighbours = [fullNeighbour('dpdk1'), fullNeighbour('dpdk0')];
  await ask('announce', { vips: [first], device: 'dpdk1' });
  let moved = false;
  node.interfere = (call) => {
    moved ||= call.startsWith('route.add') && call.includes(first);
    if (moved && /^(permit|forbid) /.test(call)) throw new VtyshError('ospfd', 'silent', 'no answer');
  };
  t.match(await ask('announce', { vips: [first], device: 'dpdk0' }), { done: false });
  t.match(journal.read(), [{ vip: first, wanted: true }]);
  node.interfere = () => {};
  await until(first, ({ state }) => state === 'announced');
  t.same(node.state.lsas, [first]);
});

t.test('an announce that waited for another one goes by what that one has done', async (t) => {
  const { node, ask, vip } = await TestBridge.start(t, serving(first));
  node.neighbours = [fullNeighbour('dpdk1'), fullNeighbour('dpdk0')];
  await ask('announce', { vips: [first], device: 'dpdk1' });
  const moving = ask('announce', { vips: [first], device: 'dpdk0' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.match(await vip(first), { device: 'dpdk1' }, 'it is under way');
  t.match(await ask('announce', { vips: [first], policy: { quorum: 2 } }), { done: true, device: 'dpdk0' });
  t.match(await moving, { done: true });
  t.match(await vip(first), { device: 'dpdk0', state: 'announced', policy: { quorum: 2 } });
});

t.test('VIPs that cannot be proved hold nothing up: neither the others, nor a withdrawal', async (t) => {
  const many = Array.from({ length: 12 }, (_, i) => `123.1.3.${i + 1}`);
  const bad = many.slice(0, 8);
  const good = many.slice(8);
  const node = serving(...many, first);
  const { ask, until, vip } = await TestBridge.start(t, node);
  await ask('announce', { vips: [...many, first] });
  Object.assign(node.driver, { followMs: 6_000 });
  node.interfere = (call) => {
    if (call === 'originated') for (const each of bad) node.lsas.delete(each);
  };
  // The port's link goes and comes: all have to be announced anew.
  node.ports.set('dpdk1', { up: false });
  for (const each of many) await until(each, ({ held }) => !held);
  node.ports.set('dpdk1', { up: true });
  await until(first, ({ state }) => state === 'ready');
  const began = performance.now();
  for (const each of [...good, first]) await until(each, ({ state }) => state === 'announced');
  for (const each of bad) t.match(await vip(each), { state: 'ready' }, `${each} is not announced`);
  t.ok(performance.now() - began < 15_000);
  const gone = performance.now();
  node.services.delete(first);
  await until(first, ({ held }) => !held);
  t.ok(performance.now() - gone < 5_000, `withdrawn after ${Math.round(performance.now() - gone)} ms`);
  const asked = performance.now();
  t.match(await ask('withdraw', { vips: [good[0]] }), { done: true });
  t.ok(performance.now() - asked < 5_000, `withdrawn by hand after ${Math.round(performance.now() - asked)} ms`);
});

t.test('a policy that fails leaves the old one', async (t) => {
  const { node, ask, journal, until } = await TestBridge.start(t, serving(first, second));
  await ask('announce', { vips: [first] });
  node.interfere = (call) => {
    if (call === 'originated') node.lsas.delete(second);
  };
  t.match(await ask('announce', { vips: [first, second], policy: { quorum: 2 }, force: true }), { done: false });
  t.match(journal.read(), [{ vip: first, policy: defaultPolicy, force: false }]);
  t.equal(journal.read().length, 1);
  await until(first, ({ state }) => state === 'announced');
});

t.test('dry runs change nothing, neither the node nor the journal', async (t) => {
  const { node, journal, ask } = await TestBridge.start(t, serving(first, second));
  await ask('announce', { vips: [first] });
  const before = { state: node.state, journal: journal.read(), changes: node.changes };
  const dry = { dryRun: true } as const;
  for (const report of [
    await ask('announce', { vips: [second], policy: { quorum: 2 }, ...dry }),
    await ask('announce', { vips: [first], policy: { floor: 3 }, ...dry }),
    await ask('withdraw', { vips: 'all', ...dry }),
    await ask('drain', { vips: 'all', deadlineSeconds: 1, ...dry }),
    await ask('undrain', { vips: 'all', ...dry }),
  ]) {
    t.match(report, { done: true, dryRun: true, error: null }, report.action);
    t.notOk(
      report.steps.some(({ outcome }) => outcome === 'done' || outcome === 'failed'),
      report.action,
    );
  }
  t.same({ state: node.state, journal: journal.read(), changes: node.changes }, before);
});

t.test('show has the schema of its own', async (t) => {
  const { ask, node } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  const { vips } = await ask('show', { vips: [first] });
  t.match(vips, [
    {
      vip: first,
      announcers: [
        { router: '10.0.0.1', metric: 20, self: true },
        { router: '10.0.0.2', metric: 20, self: false },
      ],
      history: [{ from: 'configured', to: 'announced', reason: { at: 'verify', detail: 'every step is proved' } }],
    },
  ]);
  t.same(
    vips[0].conditions.map(({ name, holds }) => `${name} ${holds}`),
    [
      'dataplane',
      'service',
      'servers',
      'local ports',
      'serving',
      'port',
      'kni',
      'daemon',
      'zebra',
      'neighbour',
      'damping',
    ].map((name) => `${name} true`),
  );
  node.ospfdRuns = false;
  t.match((await ask('show', { vips: 'all' })).vips, [{ announcers: null }], 'unknown, and not nobody');
});

t.test('its end withdraws everything and keeps the journal; the next one takes it up', async (t) => {
  const node = serving(first, second);
  const { bridge, ask, journal } = await TestBridge.start(t, node);
  await ask('announce', { vips: [first, second] });
  const waiting = ask('announce', { vips: [third], waitSeconds: 20 }).catch((error: unknown) => error);
  t.equal(await bridge.stop(), true);
  t.match(await waiting, { done: false, error: { code: 'no_service' } });
  t.match(node.state, { addresses: [], permitted: [], lsas: [] });
  t.match(
    journal.read().map(({ vip, owned }) => [vip, owned]),
    [first, second].map((vip) => [vip, { routes: ['dpdk1'], policy: false }]),
  );
  for (const asked of [
    ask('announce', { vips: [first] }),
    ask('withdraw', { vips: [first] }),
    ask('drain', { vips: [first], deadlineSeconds: 1 }),
    ask('undrain', { vips: [first] }),
  ])
    await t.rejects(asked, { code: 'busy', message: /stopping/ });
  const next = await TestBridge.start(t, node, journal.read());
  for (const vip of [first, second]) await next.until(vip, ({ state }) => state === 'announced');
  t.same(node.state, on('dpdk1', first, second));
});

t.test('a stop that is not proved says so', async (t) => {
  const { bridge, ask, node } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  node.interfere = (call) => {
    if (call === 'originated') node.lsas.add(first);
  };
  t.equal(await bridge.stop(), false);
});

t.test('what a killed bridge left behind and cannot be served any more is taken back', async (t) => {
  const entry: JournalEntry = {
    ...{
      vip: first,
      ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }],
      force: false,
      policy: defaultPolicy,
      wanted: true,
      drain: null,
    },
    owned: { routes: ['dpdk1'], policy: true },
  };
  const node = new ModelNode();
  node.addresses.add(`dpdk1.kni ${first}`);
  node.routes.add(`dpdk1 ${first}/32`);
  node.permitted.add(first);
  node.lsas.add(first);
  const { until } = await TestBridge.start(t, node, [entry]);
  const vip = await until(first, ({ held }) => !held);
  t.match(vip, { state: 'configured', reason: { code: 'no_service' } });
  t.match(node.state, { addresses: [], permitted: [], lsas: [] });
});

t.test('an address that is no VIP is no change of a VIP', async (t) => {
  const { node, journal } = await TestBridge.start(t);
  const core = new BridgeCore(partsOf(node, journal));
  const { onKernelEvent } = new Reconciler(core);
  const comes = (address: string): void =>
    onKernelEvent({
      kind: 'address',
      change: 'added',
      address: { device: 'eth0', address, prefixLength: 24, family: 'inet', scope: 'global' },
    });
  for (let i = 0; i < 100; i++) comes(`10.0.0.${i}`);
  t.equal(core.tools.pace.size, 0);
});

t.test('a node that has as many VIPs as it takes refuses more, also dry', async (t) => {
  const entry = (i: number): JournalEntry => ({
    ...{
      vip: `10.0.${i >> 8}.${i & 255}`,
      ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }],
      force: false,
      policy: defaultPolicy,
    },
    ...{ drain: { deadline: null, ended: true }, wanted: true, owned: { routes: [], policy: false } },
  });
  const full = Array.from({ length: mostVips }, (_unused, i) => entry(i));
  const { ask, node } = await TestBridge.start(t, serving(first), full);
  for (const dryRun of [true, false])
    await t.rejects(ask('announce', { vips: [first], dryRun }), { code: 'no_room', message: /at most 4096/ });
  t.notOk(node.addresses.has(`dpdk1.kni ${first}`));
});
