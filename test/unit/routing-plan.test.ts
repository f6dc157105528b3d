// What a dry run says: nothing changes, and what it names is what the procedure then does.
import t from 'tap';
import { byPlace } from '../../routing/places.js';
import { planAnnounce, planPreference, planWithdraw } from '../../routing/plan.js';
import type { Step } from '../../routing/schema.js';
import { Steps } from '../../routing/steps.js';
import { withdrawVips } from '../../routing/withdraw.js';
import { announceVips } from '../support/announce.js';
import { ModelNode, targetOn } from '../support/routing-node.js';

const vips = ['123.1.2.1', '123.1.2.2', '123.1.2.3'];
const targets = vips.map((vip) => ({ ...targetOn(vip), owned: { routes: [], policy: false } }));

const said = (steps: readonly Step[], name: string): string[] =>
  steps
    .filter((step) => step.name === name)
    .map(({ outcome, detail }) => `${outcome}${detail === '' ? '' : ` ${detail}`}`);

t.test('announce: what is missing, and what has to come anew', async (t) => {
  const node = new ModelNode();
  node.routes.add('dpdk1 123.1.2.2/32');
  node.addresses.add('dpdk1.kni 123.1.2.3');
  const before = node.state;
  const plan = await planAnnounce(node.tools(), targets);
  t.same(node.state, before);
  t.same(node.changes, []);
  t.same(said(plan, 'dataplane route'), ['would 123.1.2.1/32 123.1.2.3/32 dev dpdk1 scope kni_host']);
  t.same(
    said(plan, 'ospfd permission'),
    vips.map((vip) => `would permit ${vip}`),
  );
  t.same(said(plan, 'kernel address'), ['would 123.1.2.1/32 123.1.2.2/32 123.1.2.3/32 anew on dpdk1.kni']);
  await announceVips(node.tools(), new Steps(), targets, () => {});
  // By what the calls of the procedure were, not by what it says of itself.
  const named = (verb: string): string[] =>
    node.changes.filter((call) => call.startsWith(`${verb} `)).map((call) => call.split(' ')[1]);
  t.same(named('route.add'), ['123.1.2.1/32', '123.1.2.3/32']);
  t.same(named('permit'), vips);
  t.same(named('address.del'), ['123.1.2.3/32'], 'anew');
  t.same(named('address.add').sort(), ['123.1.2.1/32', '123.1.2.2/32', '123.1.2.3/32']);
  const again = await planAnnounce(node.tools(), targets);
  t.same(
    again.map(({ name, outcome }) => `${name} ${outcome}`),
    ['dataplane route already', 'ospfd permission already', 'kernel address already'],
  );
});

t.test('withdraw', async (t) => {
  const node = new ModelNode();
  const ours = targets.map((target) => ({ ...target, owned: { routes: [], policy: false } }));
  await announceVips(node.tools(), new Steps(), ours, () => {});
  const before = node.state;
  node.calls.length = 0;
  const plan = await planWithdraw(node.tools(), ours);
  t.same(node.state, before);
  t.same(node.changes, []);
  t.same(
    said(plan, 'ospfd permission'),
    vips.map((vip) => `would forbid ${vip}`),
  );
  t.same(said(plan, 'kernel address'), [`would ${vips.map((vip) => `${vip}/32`).join(' ')} off dpdk1.kni`]);
  t.same(said(plan, 'dataplane route'), [`would ${vips.map((vip) => `${vip}/32`).join(' ')} dev dpdk1`]);
  await withdrawVips(node.tools(), new Steps(), ours, true, () => {});
  t.same(
    node.changes.filter((call) => call.startsWith('forbid')),
    vips.map((vip) => `forbid ${vip}`),
  );
});

t.test('withdraw: what was there before the bridge stays, and the plan says so', async (t) => {
  const node = new ModelNode();
  node.routes.add('dpdk1 123.1.2.1/32');
  node.permitted.add('123.1.2.1');
  node.permitted.add('123.1.2.2');
  const ours = targets.map((target) => ({ ...target, owned: { routes: [], policy: false } }));
  await announceVips(node.tools(), new Steps(), ours, () => {});
  node.worse.add('123.1.2.2');
  node.calls.length = 0;
  const plan = await planWithdraw(node.tools(), ours);
  t.same(said(plan, 'ospfd permission'), ['would forbid 123.1.2.3']);
  t.same(said(plan, 'ospfd preference'), ['would improve 123.1.2.2'], 'what a drain has added goes');
  t.same(said(plan, 'dataplane route'), ['would 123.1.2.2/32 123.1.2.3/32 dev dpdk1']);
  await withdrawVips(node.tools(), new Steps(), ours, true, () => {});
  const lines = node.changes.filter((call) => /^(forbid|improve) /.test(call));
  t.same(lines.sort(), ['forbid 123.1.2.3', 'improve 123.1.2.2'], 'what is then done');
  t.same(
    node.changes.filter((call) => call.startsWith('route.del')).map((call) => call.split(' ')[1]),
    ['123.1.2.2/32', '123.1.2.3/32'],
  );
  const foreign = ours.map((target) => ({ ...target, owned: { routes: [], policy: false } }));
  const nothing = await planWithdraw(node.tools(), foreign);
  t.same(said(nothing, 'ospfd permission'), ['already']);
  t.same(said(nothing, 'dataplane route'), ['already']);
});

t.test('preference, both ways', async (t) => {
  const node = new ModelNode();
  node.worse.add('123.1.2.2');
  const before = node.state;
  const plan = async (which: 'worsening' | 'improvement') =>
    said(await planPreference(node.tools(), targets, which), 'ospfd preference');
  t.same(await plan('worsening'), ['would worsen 123.1.2.1', 'would worsen 123.1.2.3']);
  t.same(await plan('improvement'), ['would improve 123.1.2.2']);
  node.worse.clear();
  t.same(await plan('improvement'), ['already']);
  t.same(node.state, { ...before, worse: [] });
});

t.test('VIPs are taken together by interface and family, in their order', async (t) => {
  const at = (vip: string, ...devices: string[]) => ({
    entry: { vip, ports: devices.map((device) => ({ device, kni: `${device}.kni` })) },
  });
  const groups = byPlace([
    at('123.1.2.1', 'a'),
    at('2001:db8::1', 'a'),
    at('123.1.2.2', 'b'),
    at('123.1.2.3', 'a'),
    at('2001:db8::2', 'a'),
  ]);
  t.same(
    groups.map((group) => group.map(({ entry }) => entry.vip)),
    [['123.1.2.1', '123.1.2.3'], ['2001:db8::1', '2001:db8::2'], ['123.1.2.2']],
  );
  t.same(byPlace([]), []);
});
