// The kernel mirror's bookkeeping: after any history the slow path has the desired routes and, where they hide nothing, the kernel's.
import t from 'tap';
import { DpvsError } from '../../api/index.js';
import { type Change, type DesiredRoute, DesiredState, routeKey } from '../../dataplane/control/index.js';
import { KernelMirror, mirroredRoutes } from '../../dataplane/kernel-mirror/index.js';
import type { KernelRoute } from '../../kni/index.js';
import { testSeed } from '../support/property.js';
import { Random } from '../support/random.js';

const ports = [
  { name: 'dpdk0', kniName: 'dpdk0.kni' },
  { name: 'dpdk1', kniName: 'dpdk1.kni' },
];
const route = (destination: string, given: Partial<KernelRoute> = {}): KernelRoute => ({
  family: 'inet',
  destination,
  nextHops: [{ gateway: null, device: 'dpdk1.kni', weight: 1, dead: false }],
  metric: 0,
  source: null,
  protocol: 'zebra',
  scope: 'global',
  type: 'unicast',
  table: 254,
  ...given,
});

/** The slow path as a map, by the same key as its table: prefix, device, metric. */
class Table {
  readonly routes = new Map<string, DesiredRoute>();
  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === 'route.set') this.routes.set(routeKey(change.route), change.route);
      if (change.kind === 'route.remove' && !this.routes.delete(routeKey(change.route)))
        throw new Error(`${routeKey(change.route)} was removed and is not there`);
    }
  }
  get text(): string[] {
    return [...this.routes.values()].map((r) => JSON.stringify(r)).sort();
  }
}

function twoArm(options: { routes?: boolean; limit?: number } = {}) {
  const desired = new DesiredState(ports.map(({ name }) => ({ name, mtu: 1500 })));
  const hidden = (key: string): boolean => desired.hasRoute(key);
  return { desired, mirror: new KernelMirror({ ports, hidden, routes: true, ...options }) };
}

const address = (text: string, change: 'added' | 'removed' = 'added', port = 'dpdk1') => {
  const [address, length] = text.split('/') as [string, string];
  return { port, kni: `${port}.kni`, address, prefixLength: Number(length), family: 'inet', change } as const;
};

t.test('an address is a kni_host route for itself, whatever its length', async (t) => {
  const { mirror } = twoArm();
  mirror.addressChanged(address('172.10.0.2/30'));
  const set = {
    kind: 'route.set',
    route: {
      ...{ destination: '172.10.0.2/32', device: 'dpdk1', scope: 'kni_host', gateway: null, source: null },
      ...{ metric: 0, mtu: 0, origin: 'kernel' },
    },
  } as const;
  t.same(mirror.snapshot(), [], 'seen, not given');
  t.same(mirror.commit(), [set]);
  t.same(mirror.commit(), [], 'once');
  t.same(mirror.snapshot(), [set]);
  // The kernel allows an address twice with two lengths.
  mirror.addressChanged(address('172.10.0.2/32'));
  mirror.addressChanged(address('172.10.0.2/30', 'removed'));
  t.same(mirror.commit(), []);
  mirror.addressChanged(address('172.10.0.2/32', 'removed'));
  t.same(mirror.commit(), [{ ...set, kind: 'route.remove' }]);
  const six = { ...address('172.10.0.2/30'), prefixLength: 64, family: 'inet6' } as const;
  mirror.addressChanged({ ...six, address: 'fe80::1' });
  mirror.addressChanged(address('172.10.0.2/30', 'added', 'eth0'));
  t.same(mirror.commit(), [], 'no link-local address, no other interface');
  mirror.addressChanged({ ...six, address: '2001:db8::2' });
  t.match(mirror.commit(), [{ kind: 'route.set', route: { destination: '2001:db8::2/128', scope: 'kni_host' } }]);
});

t.test('an explicit route hides the mirrored one and uncovers it when it goes', async (t) => {
  const { desired, mirror } = twoArm();
  const spec = { destination: '172.10.0.2/32', device: 'dpdk1', scope: 'kni_host' } as const;
  mirror.addressChanged(address('172.10.0.2/30'));
  mirror.commit();
  const added = mirror.uncover(desired.apply('route.add', spec));
  t.match(added, [{ kind: 'route.set', route: { origin: 'user' } }]);
  t.same(mirror.routes(), []);
  t.match(mirror.uncover(desired.apply('route.del', spec)), [{ kind: 'route.set', route: { origin: 'kernel' } }]);
  desired.apply('route.add', spec);
  mirror.addressChanged(address('172.10.0.2/30', 'removed'));
  t.same(mirror.commit(), [], "the explicit one is not the mirror's to remove");
  t.match(mirror.uncover(desired.apply('route.del', spec)), [{ kind: 'route.remove' }]);
  t.same(desired.dump(), [], 'nothing of it in the dump');
});

t.test('which kernel routes have a counterpart', async (t) => {
  const hop = (gateway: string | null, device = 'dpdk1.kni', dead = false) => ({ gateway, device, weight: 1, dead });
  const one = (given: Partial<KernelRoute>, destination = '10.0.0.0/16') =>
    mirroredRoutes([route(destination, given)], ports)[0] ?? null;
  t.match(one({ source: '172.10.0.2' }), {
    scope: 'link',
    gateway: null,
    device: 'dpdk1',
    source: '172.10.0.2',
    mtu: 0,
  });
  t.match(one({ nextHops: [hop('172.10.0.1')], metric: 20 }), { scope: 'global', gateway: '172.10.0.1', metric: 20 });
  t.match(one({ nextHops: [hop('172.10.0.1')] }, '0.0.0.0/0'), { destination: '0.0.0.0/0', scope: 'global' });
  t.match(one({ protocol: 'kernel' }), { scope: 'link' }, 'the network of an address');
  t.match(one({ nextHops: [hop('10.1.1.1')] }, '10.1.1.1/32'), { scope: 'link', gateway: null }, 'a host by itself');
  t.equal(one({ protocol: 'kernel' }, '10.1.1.1/32'), null);
  t.equal(one({ nextHops: [hop('10.9.9.9', 'eth0')] }), null, 'through another interface');
  t.equal(one({ nextHops: [], type: 'blackhole' }), null);
  t.equal(one({}, '224.0.0.0/4'), null);
  t.equal(one({ nextHops: [hop('fe80::1')] }), null);
  const six = (given: Partial<KernelRoute>, destination: string) => one({ family: 'inet6', ...given }, destination);
  t.match(six({}, '2001:db8::/64'), { destination: '2001:db8::/64', scope: 'link', gateway: null });
  t.match(six({ nextHops: [hop('fe80::1')] }, '::/0'), { scope: 'global', gateway: 'fe80::1' }, 'as OSPFv3 gives it');
  t.match(six({ nextHops: [hop('2001:db8::9')] }, '2001:db8::9/128'), { scope: 'link', gateway: null });
  t.equal(six({ nextHops: [hop('172.10.0.1')] }, '2001:db8::/32'), null, 'of the other family');
  for (const destination of ['fe80::/64', 'ff00::/8', '::1/128']) t.equal(six({}, destination), null, destination);
  t.equal(six({ protocol: 'kernel' }, '2001:db8::2/128'), null);
  const both = one({ nextHops: [hop('172.10.0.1'), hop('10.9.9.9', 'eth0'), hop('172.20.0.1', 'dpdk0.kni')] });
  t.match(both, { gateway: '172.10.0.1', hops: [{ device: 'dpdk1' }, { gateway: '172.20.0.1', device: 'dpdk0' }] });
  t.equal(both?.hops?.length, 2);
  const left = one({ nextHops: [hop('172.10.0.1', 'dpdk1.kni', true), hop('172.20.0.1', 'dpdk0.kni')] });
  t.match(left, { gateway: '172.20.0.1', device: 'dpdk0' });
  t.equal(left?.hops, undefined, 'the hop without carrier is left out');
});

t.test('off and limits', async (t) => {
  const off = twoArm({ routes: false }).mirror;
  off.addressChanged(address('172.10.0.2/30'));
  off.routesRead([route('10.0.0.0/16')]);
  t.match(off.commit(), [{ route: { scope: 'kni_host' } }]);
  t.equal(off.routes().length, 1, 'mirror_routes off: addresses only');
  const few = twoArm({ limit: 2 }).mirror;
  few.routesRead([route('10.0.0.0/16'), route('10.1.0.0/16'), route('10.2.0.0/16')]);
  t.equal(few.commit().length, 2);
  t.equal(few.leftOut, 1);
});

t.test('any history: the slow path, followed or started afresh, has what both sides say', async (t) => {
  const seed = testSeed(t);
  const random = new Random(seed);
  for (let run = 0; run < 40; run++) {
    const { desired, mirror } = twoArm();
    let table = new Table();
    // The witness: the kernel's present state in its own words.
    const addresses = new Set<string>();
    let networks: string[] = [];
    const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
    for (let step = 0; step < 60; step++) {
      const host = random.pick(hosts);
      const what = random.below(7);
      if (what === 0) {
        const change = addresses.has(host) ? 'removed' : 'added';
        if (change === 'added') addresses.add(host);
        else addresses.delete(host);
        mirror.addressChanged(address(`${host}/24`, change));
      } else if (what === 1) {
        networks = ['10.0.0.0/24', '10.1.0.0/16', '0.0.0.0/0'].filter(() => random.chance(0.5));
        mirror.routesRead(networks.map((network) => route(network)));
      } else if (what === 2) {
        table.apply(mirror.commit());
      } else if (what === 3) {
        table = new Table();
        table.apply([...desired.snapshot(), ...mirror.snapshot()]);
      } else {
        const [method, params] = random.pick([
          ['route.add', { destination: `${host}/32`, device: 'dpdk1', scope: 'kni_host' }],
          ['route.del', { destination: `${host}/32`, device: 'dpdk1' }],
          ['addr.add', { address: host, prefixLength: 24, device: 'dpdk1' }],
          ['addr.del', { address: host, device: 'dpdk1' }],
          ['route.add', { destination: '10.1.0.0/16', device: 'dpdk1' }],
          ['route.flush', { device: 'dpdk1' }],
        ] as const);
        try {
          table.apply(mirror.uncover(desired.apply(method, params as never)));
        } catch (error) {
          if (!(error instanceof DpvsError)) throw error;
        }
      }
    }
    table.apply(mirror.commit());
    const explicit = desired.effectiveRoutes();
    const wanted = new Map<string, string>();
    for (const network of networks) wanted.set(`${network} dpdk1 0`, 'kernel');
    for (const host of addresses) wanted.set(`${host}/32 dpdk1 0`, 'kernel');
    for (const each of explicit) wanted.set(routeKey(each), each.origin);
    const have = [...table.routes].map(([key, { origin }]) => `${key} ${origin}`).sort();
    t.same(have, [...wanted].map(([key, origin]) => `${key} ${origin}`).sort(), `run ${run}`);
    const fresh = new Table();
    fresh.apply([...desired.snapshot(), ...mirror.snapshot()]);
    t.same(fresh.text, table.text, `run ${run}, from a snapshot`);
  }
});
