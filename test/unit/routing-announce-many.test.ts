// Announcing many VIPs at once, some of them half there before: every single operation fails in turn, and what was there stays as it was.
import t from 'tap';
import { DpvsError } from '../../api/index.js';
import { KernelError } from '../../kni/index.js';
import { findDrift } from '../../routing/drift.js';
import { StepError, Steps } from '../../routing/steps.js';
import type { OwnedTarget } from '../../routing/targets.js';
import { VtyshError } from '../../routing/vtysh.js';
import { withdrawVips } from '../../routing/withdraw.js';
import { announceVips } from '../support/announce.js';
import { ModelNode, targetOn } from '../support/routing-node.js';

const vips = ['123.1.2.1', '123.1.2.2', '123.1.2.3', '123.1.2.4', '123.1.2.5'];
const [fresh, wholeOurs, routed, permitted, addressed] = vips;

/** One of each kind: nothing there, all of it there and ours, and one with each single part that somebody else has made. */
function mixedNode(): { node: ModelNode; targets: OwnedTarget[] } {
  const node = new ModelNode();
  for (const vip of [wholeOurs, routed]) node.routes.add(`dpdk1 ${vip}/32`);
  for (const vip of [wholeOurs, permitted]) node.permitted.add(vip);
  for (const vip of [wholeOurs, addressed]) node.addresses.add(`dpdk1.kni ${vip}`);
  node.lsas.add(wholeOurs);
  const targets = vips.map((vip) => ({
    ...targetOn(vip),
    owned: { routes: vip === wholeOurs ? ['dpdk1'] : [], policy: vip === wholeOurs },
  }));
  return { node, targets };
}

const ownership = (targets: readonly OwnedTarget[]): string[] =>
  targets.map(({ vip, owned }) => `${vip}${owned.routes.length > 0 ? ' route' : ''}${owned.policy ? ' policy' : ''}`);

async function attempt(node: ModelNode, targets: readonly OwnedTarget[], save = (): void => {}) {
  const steps = new Steps();
  const error = await announceVips(node.tools(), steps, targets, save).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { steps, error };
}

t.test('all of them, and only what was added is ours', async (t) => {
  const { node, targets } = mixedNode();
  const saved: string[][] = [];
  const { error } = await attempt(node, targets, () => saved.push(ownership(targets)));
  t.equal(error, null);
  t.same(node.state, {
    addresses: vips.map((vip) => `dpdk1.kni ${vip}`),
    routes: vips.map((vip) => `dpdk1 ${vip}/32`),
    permitted: vips,
    worse: [],
    lsas: vips,
  });
  t.same(ownership(targets), [
    `${fresh} route policy`,
    `${wholeOurs} route policy`,
    `${routed} policy`,
    `${permitted} route`,
    `${addressed} route policy`,
  ]);
  t.equal(saved.length, 2, 'written down once a step, not once a VIP');
  t.notOk(node.changes.includes(`address.del ${wholeOurs}/32`), 'what is announced is left alone');
  t.ok(
    node.changes.includes(`address.del ${addressed}/32`),
    'an address that ospfd was not allowed to announce comes anew',
  );
  await withdrawVips(node.tools(), new Steps(), targets, true, () => {});
  t.same(node.state, {
    ...{ addresses: [], worse: [], lsas: [] },
    routes: [`dpdk1 ${routed}/32`],
    permitted: [permitted],
  });
});

t.test('whichever operation fails, everything is as before', async (t) => {
  const { node: complete, targets } = mixedNode();
  await attempt(complete, targets);
  const calls = [...complete.calls];
  t.ok(calls.length > 15, `${calls.length} operations`);
  const errors = [
    new VtyshError('ospfd', 'refused', 'no'),
    new DpvsError('timeout', 'no answer'),
    KernelError.fromErrno('x', 1),
  ];
  for (const [failAt, call] of calls.entries()) {
    const { node, targets } = mixedNode();
    const before = { state: node.state, ours: ownership(targets) };
    const error = errors[failAt % errors.length];
    node.interfere = (_call, index) => {
      if (index === failAt) throw error;
    };
    const tried = await attempt(node, targets);
    const what = `${failAt}: ${call} fails with ${error.name}`;
    t.ok(tried.error instanceof StepError, what);
    t.same(node.state, before.state, what);
    t.same(ownership(targets), before.ours, what);
    t.equal(tried.steps.list.filter(({ outcome }) => outcome === 'failed').length, 1, what);
  }
});

t.test('ospfd that announces all but one: none of them', async (t) => {
  const { node, targets } = mixedNode();
  const before = node.state;
  node.interfere = (call) => {
    if (call === 'originated') node.lsas.delete(fresh);
  };
  const { error } = await attempt(node, targets);
  t.match(error, { step: 'verify ospfd', code: 'not_verified', message: `${fresh}: ospfd does not announce it` });
  t.same(node.state, before);
});

t.test('drift of many VIPs on two ports, one reason each', async (t) => {
  const node = new ModelNode();
  const onZero = ['123.1.2.1', '123.1.2.2'].map((vip) => ({
    ...targetOn(vip, 'dpdk0'),
    owned: { routes: [], policy: false },
  }));
  const onOne = ['123.1.2.3', '123.1.2.4', '123.1.2.5'].map((vip) => ({
    ...targetOn(vip, 'dpdk1'),
    owned: { routes: [], policy: false },
  }));
  for (const group of [onZero, onOne]) await announceVips(node.tools(), new Steps(), group, () => {});
  const found = async () =>
    Object.fromEntries(
      [...(await findDrift(node.tools(), [...onZero, ...onOne])).gone].map(([vip, { at }]) => [vip, at]),
    );
  t.same(await found(), {});
  node.addresses.delete('dpdk0.kni 123.1.2.1');
  node.routes.delete('dpdk1 123.1.2.3/32');
  node.lsas.delete('123.1.2.4');
  t.same(await found(), {
    '123.1.2.1': 'kernel address',
    '123.1.2.3': 'dataplane route',
    '123.1.2.4': 'ospfd',
  });
  node.addresses.add('dpdk1.kni 123.1.2.1');
  t.equal((await found())['123.1.2.1'], 'kernel address', 'another port does not count');
  node.routes.delete('dpdk0 123.1.2.2/32');
  node.routes.add('dpdk1 123.1.2.2/32');
  t.equal((await found())['123.1.2.2'], 'dataplane route');
  node.ospfdRuns = false;
  t.same(await found(), {
    '123.1.2.1': 'kernel address',
    '123.1.2.2': 'dataplane route',
    '123.1.2.3': 'dataplane route',
    '123.1.2.4': 'ospfd',
    '123.1.2.5': 'ospfd',
  });
  node.dataplane = null;
  node.ospfdRuns = true;
  t.same(
    await found(),
    { '123.1.2.1': 'kernel address', '123.1.2.4': 'ospfd' },
    'a silent dataplane is not taken for an empty one',
  );
});
