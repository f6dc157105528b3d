// VIPs that a node announces and its bridge has forgotten: which addresses are such, and what announce and withdraw make of them.
import t from 'tap';
import { TestBridge } from '../support/routing-bridge.js';
import { ModelNode } from '../support/routing-node.js';

t.jobs = 4;
const [vip, router, quiet] = ['123.1.2.1', '10.0.0.1', '123.1.2.2'];

/** Announced by a bridge whose journal is lost; beside it the router's own address, which is announced too, and one that is not. */
function forgotten(): ModelNode {
  const node = new ModelNode();
  node.services.set(vip, { healthy: 2, servers: 2, flows: 0, newPerSecond: 0 });
  node.addresses.add(`dpdk1.kni ${vip}`);
  node.addresses.add(`dpdk1.kni ${router}`);
  node.addresses.add(`dpdk1.kni ${quiet}`);
  node.addresses.add('lo 10.0.0.9');
  for (const address of [vip, router, '10.0.0.9']) node.lsas.add(address);
  node.permitted.add(vip);
  node.permitted.add(quiet);
  node.routes.add(`dpdk1 ${vip}/32`);
  return node;
}

t.test('status names it alone, and withdraw takes it back', async (t) => {
  const { bridge, ask, node, journal } = await TestBridge.start(t, forgotten());
  t.same((await bridge.status()).strays, [{ vip, device: 'dpdk1' }]);
  const planned = await ask('withdraw', { vips: [vip], dryRun: true });
  t.match(planned, { done: true, dryRun: true });
  t.ok(planned.steps.some(({ outcome }) => outcome === 'would'));
  t.same([(await bridge.status()).vips, node.changes], [[], []], 'nothing was changed');
  t.match(await ask('withdraw', { vips: [vip, router] }), { done: true, error: null });
  t.notOk(node.lsas.has(vip));
  t.notOk(node.addresses.has(`dpdk1.kni ${vip}`));
  t.notOk(node.routes.has(`dpdk1 ${vip}/32`));
  t.notOk(node.permitted.has(vip));
  t.ok(node.addresses.has(`dpdk1.kni ${router}`), "the router's own stays");
  t.same([(await bridge.status()).strays, journal.read()], [[], []]);
});

t.test('announce takes it over', async (t) => {
  const { bridge, ask, node } = await TestBridge.start(t, forgotten());
  t.match(await ask('announce', { vips: [vip] }), { done: true });
  const { strays, vips } = await bridge.status();
  t.same([strays, vips.map((each) => each.state)], [[], ['announced']]);
  t.notOk(
    node.changes.some((call) => call.includes('del') || call.startsWith('forbid')),
    'it was never away',
  );
});
