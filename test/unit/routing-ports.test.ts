// A VIP on several ports, over a model node: announced while one of them carries it, put right on those that come back, moved between
// ports without being missed, and taken off all of them.
import t from 'tap';
import { KernelError } from '../../kni/index.js';
import { assess, firstFailure, graceMs } from '../../routing/conditions.js';
import { defaultPolicy } from '../../routing/policy.js';
import { allPorts, portsBeside, portsText } from '../../routing/port.js';
import type { VipStatus } from '../../routing/schema.js';
import type { NodeView } from '../../routing/view.js';
import { TestBridge } from '../support/routing-bridge.js';
import { fullNeighbour, ModelNode } from '../support/routing-node.js';

// Most of their time they wait for an LSA to rest (MinLSArrival).
t.jobs = 16;

const vip = '123.1.2.3';
const both = 'dpdk0,dpdk1';
const nothing = { addresses: [], routes: [], permitted: [], worse: [], lsas: [] };
const on = (...devices: string[]) => ({
  addresses: devices.map((device) => `${device}.kni ${vip}`),
  routes: devices.map((device) => `${device} ${vip}/32`),
  permitted: [vip],
  worse: [],
  lsas: [vip],
});

function dualHomed(): ModelNode {
  const node = new ModelNode();
  node.services.set(vip, { healthy: 2, servers: 2, flows: 5 });
  node.neighbours = [fullNeighbour('dpdk0'), fullNeighbour('dpdk1')];
  return node;
}

/** What a change of states would leave behind; the VIP is announced once, and that is all. */
async function calmly(bridge: TestBridge, work: () => Promise<void>): Promise<string[]> {
  const known = async () => (await bridge.ask('show', { vips: [vip] })).vips[0].history.length;
  const before = await known();
  await work();
  const { history } = (await bridge.ask('show', { vips: [vip] })).vips[0];
  return history.slice(before).map(({ from, to }) => `${from} ${to}`);
}

const carrying = ({ ports }: VipStatus): string[] =>
  ports.map(
    ({ device, reason }) => `${device}${reason === null ? '' : ` ${reason.at} ${reason.code} ${reason.detail}`}`,
  );
const set = (node: ModelNode, device: string, up: boolean): void => {
  node.ports.get(device)!.up = up;
};

t.test('lists of ports', async (t) => {
  const [a, b, c] = ['a', 'b', 'c'].map((device) => ({ device, kni: `${device}.kni` }));
  t.equal(portsText([a, b]), 'a,b');
  t.same(portsBeside([a, b, c], [b]), [a, c]);
  t.same(allPorts([b], [a, b, c]), [b, a, c]);
});

t.test('conditions: one port that has all of it is enough', async (t) => {
  const view: NodeView = {
    dataplane: {
      ...{ reachable: true, silentMs: 0, problems: [], stopping: false },
      vips: new Map([
        [vip, [{ protocol: 'tcp', port: 80, servers: 1, healthy: 1, ports: null, newPerSecond: 0, flows: 0 }]],
      ]),
      links: ['dpdk0', 'dpdk1'].map((name) => ({ name, up: true, kni: `${name}.kni` })),
    },
    kernel: new Map(['dpdk0.kni', 'dpdk1.kni'].map((name) => [name, { up: true, carrier: true }])),
    carried: new Set(),
    zebra: { inet: null, inet6: null },
    routing: {
      inet: {
        ...{ protocol: 'ospf', daemon: 'ospfd', trouble: null },
        neighbours: [fullNeighbour('dpdk0'), { ...fullNeighbour('dpdk1'), routerId: '10.9.9.8' }],
      },
      inet6: null,
    },
  };
  const ports = ['dpdk0', 'dpdk1'].map((device) => ({ device, kni: `${device}.kni` }));
  const wanted = { vip, ports, force: false, policy: defaultPolicy, suppressedMs: 0 };
  const told = (seen: NodeView, held = false): string[] =>
    assess(seen, wanted, held)
      .filter(({ name }) => ['port', 'kni', 'neighbour'].includes(name))
      .map(
        ({ kind, failure, detail }) => `${kind} ${failure === null ? detail : `${failure.code}: ${failure.detail}`}`,
      );
  const links = (...up: boolean[]): NodeView => ({
    ...view,
    dataplane: { ...view.dataplane, links: view.dataplane.links.map((link, i) => ({ ...link, up: up[i] })) },
  });
  const knis = (seen: NodeView, ...carrier: boolean[]): NodeView => ({
    ...seen,
    kernel: new Map(ports.map(({ kni }, i) => [kni, { up: true, carrier: carrier[i] }])),
  });
  const neighbours = (seen: NodeView, ...which: number[]): NodeView => ({
    ...seen,
    routing: {
      ...view.routing,
      inet: { ...view.routing.inet!, neighbours: which.map((i) => view.routing.inet!.neighbours[i]) },
    },
  });
  const [full0, full1] = ['10.9.9.9 at 172.10.0.1 is Full/-', '10.9.9.8 at 172.10.0.1 is Full/-'];
  t.same(told(view), [
    'serve dpdk0 is up, dpdk1 is up',
    'serve dpdk0.kni is up, dpdk1.kni is up',
    `begin ${full0}, ${full1}`,
  ]);
  t.same(told(links(false, true)), ['serve dpdk1 is up', 'serve dpdk1.kni is up', `begin ${full1}`]);
  t.same(
    told(neighbours(links(false, true), 0)),
    ['serve dpdk1 is up', 'serve dpdk1.kni is up', 'begin no_adjacency: on dpdk1.kni: no neighbour at all'],
    'a neighbour on the port that has no link helps nobody',
  );
  t.same(
    told(knis(links(true, false), false, true)),
    ['serve dpdk0 is up', 'serve kni_down: dpdk0.kni has no carrier', `begin ${full0}`],
    'nor does the kni of the one without a link',
  );
  t.same(told(links(false, false))[0], 'serve not_serving: dpdk0 has no link, dpdk1 has no link');
  t.same(
    told(neighbours(view), true)[2],
    'begin no_adjacency: on dpdk0.kni: no neighbour at all, on dpdk1.kni: no neighbour at all',
  );
  const carried = { ...neighbours(view), carried: new Set([`dpdk1.kni ${vip}`]) };
  t.match(told(carried, true)[2], /^hear no_adjacency/, 'what one of them has set up is set up');
  t.equal(firstFailure(assess(links(false, true), wanted, true)), null);

  // The dataplane calls every port without a link a problem of the node.
  const ill = (...of: (string | null)[]): NodeView => ({
    ...view,
    dataplane: { ...view.dataplane, problems: of.map((port) => ({ text: `${port} is ill`, port, ms: graceMs + 1 })) },
  });
  const serving = (seen: NodeView, what = wanted) =>
    assess(seen, what, true).find(({ name }) => name === 'serving')?.failure?.detail;
  t.equal(serving(ill('dpdk0')), undefined, 'its own ports are no reason, if it has others');
  t.equal(serving(ill('dpdk0', 'dpdk1')), undefined, 'that none of them has a link the condition of the ports says');
  t.equal(serving(ill('dpdk0', 'lan')), 'lan is ill', 'another one is: the real servers may be there');
  t.equal(serving(ill('dpdk0', null)), 'null is ill');
  t.equal(serving(ill('dpdk1'), { ...wanted, ports: [ports[1]] }), 'dpdk1 is ill', 'its only one, as ever');
});

t.test('on both, and off both', async (t) => {
  const bridge = await TestBridge.start(t, dualHomed());
  const { node, ask, journal } = bridge;
  const dry = await ask('announce', { vips: [vip], device: both, dryRun: true });
  t.same(node.state, nothing);
  t.equal(dry.device, both);
  const would = (report: typeof dry) =>
    report.steps.flatMap(({ outcome, detail }) => (outcome === 'would' ? [detail] : []));
  t.same(would(dry), [
    `${vip}/32 dev dpdk0 scope kni_host; ${vip}/32 dev dpdk1 scope kni_host`,
    `permit ${vip}`,
    `${vip}/32 on dpdk0.kni; ${vip}/32 on dpdk1.kni`,
  ]);
  const report = await ask('announce', { vips: [vip], device: both });
  t.match(report, { done: true, device: both });
  t.same(
    report.steps.filter(({ outcome }) => outcome === 'done').map(({ name }) => name),
    ['dataplane route', 'ospfd permission', 'kernel address', 'verify address', 'verify route', 'verify ospfd'],
    'each step once, as with one port',
  );
  t.same(node.state, on('dpdk0', 'dpdk1'));
  t.same(journal.read()[0].owned, { routes: ['dpdk0', 'dpdk1'], policy: true });
  const status = await bridge.vip(vip);
  t.match(status, { state: 'announced', device: both, reason: null });
  t.same(carrying(status!), ['dpdk0', 'dpdk1']);
  t.same(would(await ask('withdraw', { vips: [vip], dryRun: true })), [
    `forbid ${vip}`,
    `${vip}/32 off dpdk0.kni; ${vip}/32 off dpdk1.kni`,
    `${vip}/32 dev dpdk0; ${vip}/32 dev dpdk1`,
  ]);
  t.match(await ask('withdraw', { vips: [vip] }), { done: true, device: both });
  t.same(node.state, nothing);
  t.same(journal.read(), []);
});

t.test('a port that goes changes nothing but what status says, and is used again when it is back', async (t) => {
  const bridge = await TestBridge.start(t, dualHomed());
  const { node, ask, until } = bridge;
  await ask('announce', { vips: [vip], device: both });
  node.calls.length = 0;
  const moves = await calmly(bridge, async () => {
    set(node, 'dpdk0', false);
    const lost = await until(vip, (seen) => carrying(seen)[0].includes(' port '));
    t.match(lost, { state: 'announced', reason: null, held: true });
    t.same(carrying(lost), ['dpdk0 port not_serving dpdk0 has no link', 'dpdk1']);
    node.neighbours = [fullNeighbour('dpdk1')];
    set(node, 'dpdk0', true);
    const deaf = await until(vip, (seen) => carrying(seen)[0].includes('neighbour'));
    t.same(carrying(deaf), ['dpdk0 neighbour no_adjacency on dpdk0.kni: no neighbour at all', 'dpdk1']);
    node.neighbours = [fullNeighbour('dpdk0'), fullNeighbour('dpdk1')];
    await until(vip, (seen) => seen.ports.every(({ carries }) => carries));
  });
  t.same(moves, []);
  t.same(node.changes, [], 'nothing was set up or taken back');
  t.same(node.state, on('dpdk0', 'dpdk1'));
});

t.test('what is missing on one port is put right without a word', async (t) => {
  const bridge = await TestBridge.start(t, dualHomed());
  const { node, ask, until } = bridge;
  await ask('announce', { vips: [vip], device: both });
  const moves = await calmly(bridge, async () => {
    node.addresses.delete(`dpdk0.kni ${vip}`);
    node.routes.delete(`dpdk0 ${vip}/32`);
    const status = await bridge.vip(vip);
    t.same(carrying(status!)[0], `dpdk0 kernel address not_verified ${vip} is not on dpdk0.kni`);
    await until(vip, (seen) => seen.ports.every(({ carries }) => carries));
  });
  t.same(moves, []);
  t.same(node.state, on('dpdk0', 'dpdk1'));
  const drift = await calmly(bridge, async () => {
    node.addresses.clear();
    await until(vip, ({ state }) => state === 'announced' && node.addresses.size === 2);
  });
  t.same(drift, ['announced ready', 'ready announced'], 'on all of them at once it is a drift as ever');
});

t.test('one without a link at the beginning is set up when it has one', async (t) => {
  const node = dualHomed();
  set(node, 'dpdk0', false);
  const bridge = await TestBridge.start(t, node);
  t.match(await bridge.ask('announce', { vips: [vip], device: both }), { done: true, device: both });
  t.same(node.state, on('dpdk1'));
  const moves = await calmly(bridge, async () => {
    set(node, 'dpdk0', true);
    await bridge.until(vip, (seen) => seen.ports.every(({ carries }) => carries));
  });
  t.same(moves, []);
  t.same(node.state, on('dpdk0', 'dpdk1'));
});

t.test('what cannot be set up on one port leaves the other alone, and is tried again', async (t) => {
  const bridge = await TestBridge.start(t, dualHomed());
  const { node, ask, until } = bridge;
  await ask('announce', { vips: [vip], device: both });
  let refused = 0;
  const moves = await calmly(bridge, async () => {
    node.interfere = (call) => {
      if (call !== `address.add ${vip}/32` || refused === 2) return;
      refused++;
      throw KernelError.fromErrno('add', 5);
    };
    node.addresses.delete(`dpdk0.kni ${vip}`);
    await until(vip, (seen) => refused === 2 && seen.ports.every(({ carries }) => carries));
  });
  t.same(moves, []);
  t.same(node.state, on('dpdk0', 'dpdk1'));
});

t.test('without any of them it is withdrawn from all, and comes back', async (t) => {
  const { node, ask, until } = await TestBridge.start(t, dualHomed());
  await ask('announce', { vips: [vip], device: both });
  set(node, 'dpdk0', false);
  set(node, 'dpdk1', false);
  const gone = await until(vip, ({ held }) => !held);
  // The kernel's side of it may be seen first.
  t.match(gone, { state: 'withdrawn', reason: { at: /^(port|kni)$/, detail: /^dpdk0.*, dpdk1/ } });
  t.same(
    node.state,
    { ...nothing, routes: on('dpdk0', 'dpdk1').routes },
    'as with one: the routes stay while it is wanted',
  );
  set(node, 'dpdk1', true);
  await until(vip, ({ state }) => state === 'announced');
  t.same(node.state.addresses, [`dpdk1.kni ${vip}`]);
});

t.test('without any neighbour everything stays, as with one port', async (t) => {
  const { node, ask, until } = await TestBridge.start(t, dualHomed());
  await ask('announce', { vips: [vip], device: both });
  node.neighbours = [fullNeighbour('dpdk1')];
  await until(vip, (seen) => !seen.ports[0].carries);
  node.neighbours = [];
  await until(vip, ({ state }) => state === 'configured');
  t.same(node.state, on('dpdk0', 'dpdk1'));
  node.neighbours = [fullNeighbour('dpdk0')];
  await until(vip, ({ state }) => state === 'announced');
});

t.test('one port more, another order, one port less: nobody misses it', async (t) => {
  const bridge = await TestBridge.start(t, dualHomed());
  const { node, ask, journal } = bridge;
  await ask('announce', { vips: [vip], device: 'dpdk1', policy: { quorum: 2 } });
  let missed = 0;
  node.interfere = () => {
    if (!node.lsas.has(vip)) missed++;
  };
  const moves = await calmly(bridge, async () => {
    t.match(await ask('announce', { vips: [vip], device: 'dpdk1,dpdk0' }), { done: true, device: 'dpdk1,dpdk0' });
    t.same(node.state, on('dpdk0', 'dpdk1'));
    t.match(await ask('announce', { vips: [vip], policy: { quorum: 1 } }), { done: true, device: 'dpdk1,dpdk0' });
    t.match(await ask('announce', { vips: [vip], device: both }), { done: true, device: both });
    t.same(portsText(journal.read()[0].ports), both);
    const dry = await ask('announce', { vips: [vip], device: 'dpdk0', dryRun: true });
    t.same(
      dry.steps.flatMap(({ outcome, detail }) => (outcome === 'would' ? [detail] : [])),
      [`${vip}/32 off dpdk1.kni`, `${vip}/32 dev dpdk1`],
    );
    t.same(node.state, on('dpdk0', 'dpdk1'));
    t.match(await ask('announce', { vips: [vip], device: 'dpdk0' }), { done: true, device: 'dpdk0' });
  });
  t.same(moves, []);
  t.equal(missed, 0, 'and ospfd announces it all the time');
  t.same(node.state, on('dpdk0'));
  t.same(journal.read()[0].owned, { routes: ['dpdk0'], policy: true });
});

t.test('one port more that fails: as it was', async (t) => {
  const { node, ask, journal, until } = await TestBridge.start(t, dualHomed());
  await ask('announce', { vips: [vip], device: 'dpdk1', policy: { quorum: 2 } });
  const before = journal.read();
  node.interfere = (call) => {
    if (call === 'originated') node.addresses.delete(`dpdk0.kni ${vip}`);
    if (call === 'addresses dpdk0.kni' && node.routes.has(`dpdk0 ${vip}/32`)) node.addresses.delete(`dpdk0.kni ${vip}`);
  };
  const failed = await ask('announce', { vips: [vip], device: both, policy: { quorum: 1 } });
  t.match(failed, { done: false, error: { code: 'not_verified' } });
  await until(vip, ({ state }) => state === 'announced');
  t.same(node.state, on('dpdk1'));
  t.same(journal.read(), before);
});

t.test('a port that is not there is refused; one of the two that could carry it has to be named', async (t) => {
  const { node, ask } = await TestBridge.start(t, dualHomed());
  t.match(await ask('announce', { vips: [vip], device: 'dpdk1,dpdk7' }), {
    done: false,
    error: { code: 'no_device', detail: 'dpdk7' },
  });
  await t.rejects(ask('announce', { vips: [vip], device: 'dpdk1,,dpdk0' }), /dpdk1,dpdk2/);
  await t.rejects(ask('announce', { vips: [vip] }), {
    code: 'invalid_parameter',
    message: /--dev dpdk0,dpdk1 for all of them/,
  });
  t.same(node.state, nothing);
});

t.test('drained and undrained on both', async (t) => {
  const { node, ask, until } = await TestBridge.start(t, dualHomed());
  await ask('announce', { vips: [vip], device: both });
  t.match(await ask('drain', { vips: [vip], deadlineSeconds: null }), { done: true, device: both });
  t.same(node.state, { ...on('dpdk0', 'dpdk1'), worse: [vip] });
  set(node, 'dpdk0', false);
  t.match(await until(vip, ({ ports }) => !ports[0].carries), { state: 'draining' });
  t.match(await ask('undrain', { vips: [vip] }), { done: true });
  t.same(node.state, on('dpdk0', 'dpdk1'));
  node.services.set(vip, { healthy: 2, flows: 0 });
  await ask('drain', { vips: [vip], deadlineSeconds: null });
  await until(vip, ({ state, held }) => state === 'withdrawn' && !held);
  t.same(node.state.addresses, []);
});

t.test('a bridge that was killed: the next one knows both', async (t) => {
  const node = dualHomed();
  const before = await TestBridge.start(t, node);
  await before.ask('announce', { vips: [vip], device: both });
  const written = before.journal.read();
  set(node, 'dpdk1', false);
  const { until } = await TestBridge.start(t, node, written);
  const status = await until(vip, ({ state }) => state === 'announced');
  t.same(carrying(status), ['dpdk0', 'dpdk1 port not_serving dpdk1 has no link']);
});
