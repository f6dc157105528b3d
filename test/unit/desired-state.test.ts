// The desired state request by request: what is accepted, with which steps, and what is refused with which code and field.
import t from 'tap';
import { DpvsError, type ErrorCode, methods, type ServiceKey } from '../../api/index.js';
import {
  type Change,
  DesiredState,
  type DeviceFacts,
  derivedRoutes,
  isMutating,
  type MutatingMethod,
  parseRequest,
  type RequestParams,
} from '../../dataplane/control/index.js';

const devices = [
  { name: 'dpdk0', mtu: 1500 },
  { name: 'dpdk1', mtu: 9000 },
];
const http = { protocol: 'tcp', address: '10.0.0.100', port: 80 } as const;
const dns = { protocol: 'udp', address: '10.0.0.100', port: 53 } as const;
const lip = { address: '192.168.100.200', device: 'dpdk0' };
const server = { address: '192.168.100.2', port: 80 };

const portOf = (key: ServiceKey) => (key.protocol === 'match' ? 'match' : key.port);

/** `route.set 10.0.0.0/16 link`: a step in short. */
function brief(change: Change): string {
  switch (change.kind) {
    case 'address.set': {
      const { address, prefixLength, device, sapool, origin } = change.address;
      return `address.set ${address}/${prefixLength} ${device} ${origin}${sapool ? ' sapool' : ''}`;
    }
    case 'route.set':
    case 'route.remove': {
      const { destination, device, scope, source, origin } = change.route;
      return `${change.kind} ${destination} ${device} ${scope}${source === null ? '' : ` src ${source}`} ${origin}`;
    }
    case 'address.remove':
    case 'laddr.remove':
      return `${change.kind} ${change.address} ${change.device}`;
    case 'laddr.set':
      return `laddr.set ${change.laddr.address} ${change.laddr.device}`;
    case 'service.set':
      return `service.set ${portOf(change.service.service)} ${change.service.scheduler}`;
    case 'service.remove':
      return `service.remove ${portOf(change.service)}`;
    case 'server.set':
      return `server.set ${change.server.server.address} ${change.server.forwarding} ${change.server.weight}`;
    case 'server.remove':
      return `server.remove ${change.server.address}`;
    default:
      return change.kind;
  }
}

function setUp(of: readonly DeviceFacts[] = devices) {
  const state = new DesiredState(of);
  const steps = <M extends MutatingMethod>(method: M, params: RequestParams<M>, now = 0) =>
    state.apply(method, params, now).map(brief);
  const refusal = <M extends MutatingMethod>(method: M, params: RequestParams<M>): [ErrorCode, string, string] => {
    const before = JSON.stringify([state.dump(0), state.snapshot()]);
    try {
      state.apply(method, params, 0);
    } catch (error) {
      if (!(error instanceof DpvsError)) throw error;
      t.equal(
        JSON.stringify([state.dump(0), state.snapshot()]),
        before,
        `${method}: a refused request changes nothing`,
      );
      return [error.code, error.field, error.detail];
    }
    throw new Error(`${method} ${JSON.stringify(params)} was accepted`);
  };
  return { state, steps, refusal };
}

t.test("the tutorial's two-arm script gives its listing", (t) => {
  const { state, steps } = setUp();
  t.same(steps('addr.add', { address: '10.0.0.100', prefixLength: 32, device: 'dpdk1' }), [
    'address.set 10.0.0.100/32 dpdk1 user',
    'route.set 10.0.0.100/32 dpdk1 host address',
  ]);
  t.same(steps('route.add', { destination: '10.0.0.0/16', device: 'dpdk1' }), [
    'route.set 10.0.0.0/16 dpdk1 link user',
  ]);
  steps('route.add', { destination: '192.168.100.0/24', device: 'dpdk0' });
  t.same(steps('service.add', { service: http, scheduler: 'rr' }), ['service.set 80 rr']);
  t.same(steps('server.add', { service: http, server, forwarding: 'FullNat' }), ['server.set 192.168.100.2 FullNat 1']);
  t.same(steps('laddr.add', { service: http, ...lip }), [
    'address.set 192.168.100.200/32 dpdk0 laddr sapool',
    'route.set 192.168.100.200/32 dpdk0 host laddr',
    'laddr.set 192.168.100.200 dpdk0',
  ]);
  t.same(
    state.effectiveRoutes().map(({ destination, device, mtu, scope }) => `${destination} ${device} ${mtu} ${scope}`),
    [
      '10.0.0.0/16 dpdk1 0 link',
      '192.168.100.0/24 dpdk0 0 link',
      '10.0.0.100/32 dpdk1 0 host',
      '192.168.100.200/32 dpdk0 0 host',
    ],
  );
  t.end();
});

t.test('an address below /32 brings the route of its network, with itself as source', (t) => {
  t.match(derivedRoutes({ address: '192.168.100.77', prefixLength: 25, device: 'dpdk0', origin: 'user' }), [
    { destination: '192.168.100.77/32', scope: 'host', source: null },
    { destination: '192.168.100.0/25', scope: 'link', source: '192.168.100.77', gateway: null, mtu: 0 },
  ]);
  const { steps, refusal } = setUp();
  t.same(steps('addr.add', { address: '10.1.2.3', prefixLength: 8, device: 'dpdk0' }), [
    'address.set 10.1.2.3/8 dpdk0 user',
    'route.set 10.1.2.3/32 dpdk0 host address',
    'route.set 10.0.0.0/8 dpdk0 link src 10.1.2.3 address',
  ]);
  t.same(refusal('route.add', { destination: '10.0.0.0/8', device: 'dpdk0' }).slice(0, 2), [
    'already_exist',
    'destination',
  ]);
  t.same(refusal('route.del', { destination: '10.0.0.0/8', device: 'dpdk0' }).slice(0, 2), ['busy', 'destination']);
  t.same(steps('addr.del', { address: '10.1.2.3', device: 'dpdk0' }), [
    'address.remove 10.1.2.3 dpdk0',
    'route.remove 10.1.2.3/32 dpdk0 host address',
    'route.remove 10.0.0.0/8 dpdk0 link src 10.1.2.3 address',
  ]);
  t.end();
});

t.test('two addresses share a link route; an explicit route hides it', (t) => {
  const { steps } = setUp();
  steps('addr.add', { address: '10.0.0.1', prefixLength: 24, device: 'dpdk0' });
  t.same(steps('addr.add', { address: '10.0.0.2', prefixLength: 24, device: 'dpdk0' }), [
    'address.set 10.0.0.2/24 dpdk0 user',
    'route.set 10.0.0.2/32 dpdk0 host address',
  ]);
  t.same(steps('addr.del', { address: '10.0.0.1', device: 'dpdk0' }), [
    'address.remove 10.0.0.1 dpdk0',
    'route.remove 10.0.0.1/32 dpdk0 host address',
    'route.set 10.0.0.0/24 dpdk0 link src 10.0.0.2 address',
  ]);
  steps('route.add', { destination: '10.9.0.0/16', device: 'dpdk0' });
  t.same(steps('addr.add', { address: '10.9.0.1', prefixLength: 16, device: 'dpdk0' }), [
    'address.set 10.9.0.1/16 dpdk0 user',
    'route.set 10.9.0.1/32 dpdk0 host address',
  ]);
  t.same(steps('route.del', { destination: '10.9.0.0/16', device: 'dpdk0' }), [
    'route.set 10.9.0.0/16 dpdk0 link src 10.9.0.1 address',
  ]);
  t.end();
});

t.test('a local address lives as long as its last service', (t) => {
  const { state, steps, refusal } = setUp();
  for (const service of [http, dns]) steps('service.add', { service });
  steps('laddr.add', { service: http, ...lip });
  t.same(steps('laddr.add', { service: dns, ...lip }), ['laddr.set 192.168.100.200 dpdk0']);
  t.same(refusal('laddr.add', { service: dns, ...lip }).slice(0, 2), ['laddr_exists', 'address']);
  t.same(refusal('addr.del', lip).slice(0, 2), ['laddr_in_use', 'address']);
  t.same(refusal('addr.flush', { device: 'dpdk0' })[0], 'laddr_in_use');
  t.same(refusal('laddr.add', { service: dns, ...lip, device: 'dpdk1' })[0], 'laddr_exists');
  t.same(steps('laddr.del', { service: http, ...lip }), ['laddr.remove 192.168.100.200 dpdk0']);
  t.same(refusal('laddr.del', { service: http, ...lip }).slice(0, 2), ['no_laddr', 'address']);
  t.same(refusal('laddr.del', { service: dns, ...lip, device: 'dpdk1' }).slice(0, 2), ['invalid_parameter', 'device']);
  t.same(steps('service.del', { service: dns }), [
    'laddr.remove 192.168.100.200 dpdk0',
    'address.remove 192.168.100.200 dpdk0',
    'route.remove 192.168.100.200/32 dpdk0 host laddr',
    'service.remove 53',
  ]);
  t.same(state.addresses(), []);
  t.end();
});

t.test('a local address that was also added by hand stays, and loses only the sapool', (t) => {
  for (const order of ['address first', 'local address first']) {
    const { steps, refusal } = setUp();
    steps('service.add', { service: http });
    const add = () => steps('addr.add', { ...lip, prefixLength: 24 });
    const bind = () => steps('laddr.add', { service: http, ...lip });
    if (order === 'address first') {
      add();
      t.same(bind(), ['address.set 192.168.100.200/24 dpdk0 user sapool', 'laddr.set 192.168.100.200 dpdk0'], order);
    } else {
      bind();
      t.match(add(), ['address.set 192.168.100.200/24 dpdk0 user sapool', /route.set/, /route.set/], order);
    }
    t.same(refusal('addr.add', lip)[0], 'already_exist');
    t.same(refusal('addr.del', lip)[0], 'laddr_in_use');
    t.same(steps('laddr.del', { service: http, ...lip }), [
      'laddr.remove 192.168.100.200 dpdk0',
      'address.set 192.168.100.200/24 dpdk0 user',
    ]);
    t.equal(steps('addr.del', { ...lip, prefixLength: 24 })[0], 'address.remove 192.168.100.200 dpdk0');
  }
  t.end();
});

t.test('editing goes back to defaults, flushing takes everything', (t) => {
  const { state, steps } = setUp();
  t.same(steps('service.add', { service: http, scheduler: 'rr', connTimeout: 7 }), ['service.set 80 rr']);
  t.same(steps('service.edit', { service: http }), ['service.set 80 wlc']);
  t.equal(state.service(http).connTimeout, null);
  steps('server.add', { service: http, server, forwarding: 'FullNat', weight: 100 });
  t.same(steps('server.edit', { service: http, server, forwarding: 'FullNat' }), [
    'server.set 192.168.100.2 FullNat 1',
  ]);
  steps('service.add', { service: dns });
  t.same(steps('service.flush', {}), ['server.remove 192.168.100.2', 'service.remove 80', 'service.remove 53']);
  t.same(state.snapshot(), []);
  steps('route.add', { destination: '0.0.0.0/0', gateway: '10.0.0.1', device: 'dpdk1' });
  steps('addr.add', { address: '10.0.0.2', prefixLength: 24, device: 'dpdk1' });
  t.same(steps('route.flush', { device: 'dpdk1' }), ['route.remove 0.0.0.0/0 dpdk1 global user']);
  t.equal(steps('addr.flush', { device: 'dpdk1' })[0], 'address.remove 10.0.0.2 dpdk1');
  t.same(state.snapshot(), []);
  t.end();
});

t.test('routes with metrics stand beside each other, and the lowest goes first', (t) => {
  const { state, steps, refusal } = setUp();
  const to = { destination: '10.5.0.0/16', device: 'dpdk0' };
  steps('route.add', { ...to, gateway: '10.0.0.9', metric: 20 });
  steps('route.add', { ...to, gateway: '10.0.0.8', metric: 10 });
  t.same(refusal('route.add', { ...to, metric: 10 })[0], 'already_exist');
  t.same(refusal('route.del', { ...to, gateway: '10.0.0.7' })[0], 'not_exist');
  steps('route.del', { ...to, destination: '10.5.77.1/16' });
  t.match(state.routes(), [{ metric: 20, gateway: '10.0.0.9', scope: 'global' }]);
  t.end();
});

t.test('an MTU and a MAC that a port can have', (t) => {
  const { state, steps, refusal } = setUp([
    { name: 'dpdk0', mtu: 1500, maxMtu: { mtu: 1900, why: 'its buffers' } },
    { name: 'dpdk1', mtu: 9000, maxMtu: { mtu: 1500, why: 'its kni' } },
  ]);
  const network = { destination: '10.0.0.0/8', device: 'dpdk0' };
  t.same(steps('link.set', { name: 'dpdk0', mtu: 1900, mac: '02:00:00:00:00:0A' }), ['link.set']);
  t.same(state.links(), [{ name: 'dpdk0', mtu: 1900, mac: '02:00:00:00:00:0a' }]);
  steps('link.set', { name: 'dpdk1', mtu: 9000 });
  t.same(state.links()[1], { name: 'dpdk1', mtu: 9000 }, 'that of the start, whatever the limit');
  const smaller = new DesiredState([{ name: 'dpdk0', mtu: 1500 }]);
  const accepted = state.dump(0).filter(({ method, params }) => {
    try {
      return smaller.apply(method, params, 0).length > 0;
    } catch {
      return false;
    }
  });
  t.same(accepted, [{ method: 'link.set', params: { name: 'dpdk0', mac: '02:00:00:00:00:0a' } }], 'each by itself');
  t.match(refusal('link.set', { name: 'dpdk0', mtu: 1901 }), ['invalid_parameter', 'mtu', /1900: its buffers/]);
  t.same(refusal('link.set', { name: 'dpdk0', mac: '01:00:5e:00:00:05' }).slice(0, 2), ['invalid_parameter', 'mac']);
  t.same(refusal('link.set', { name: 'dpdk0', mac: '00:00:00:00:00:00' }).slice(0, 2), ['invalid_parameter', 'mac']);

  steps('route.add', { ...network, mtu: 1900 });
  steps('link.set', { name: 'dpdk0', mtu: 1400 });
  t.same(state.routes()[0]?.mtu, 1900, 'the route keeps its own for when the port has more again');
  const copy = new DesiredState(state.devices());
  for (const { method, params } of state.dump(0)) copy.apply(method, params, 0);
  t.same(copy.dump(0), state.dump(0), 'which a dump recreates');
  t.same(refusal('route.del', { ...network, mtu: 1400 }).slice(0, 1), ['not_exist']);
  steps('route.del', { ...network, mtu: 1900 });
  steps('route.add', network);
  t.same(state.routes()[0]?.mtu, 0, "the port's");
  steps('route.del', { ...network, mtu: 1400 });

  steps('addr.add', { address: '2001:db8::1', device: 'dpdk0' });
  t.match(refusal('link.set', { name: 'dpdk0', mtu: 1279 }), ['invalid_parameter', 'mtu', /2001:db8::1/]);
  steps('link.set', { name: 'dpdk0', mtu: 1280 });
  t.end();
});

t.test('link settings and timeouts add up', (t) => {
  const { state, steps, refusal } = setUp();
  steps('link.set', { name: 'dpdk0', promisc: true });
  steps('link.set', { name: 'dpdk0', up: false });
  t.same(state.links(), [{ name: 'dpdk0', promisc: true, up: false }]);
  t.same(refusal('link.set', { name: 'dpdk0' }).slice(0, 2), ['invalid_parameter', 'name']);
  steps('timeout.set', { tcp: 100, tcpfin: 0, udp: 0 });
  t.same(steps('timeout.set', { tcp: 0, tcpfin: 0, udp: 0 }), []);
  steps('timeout.set', { tcp: 0, tcpfin: 5, udp: 0 });
  t.same(state.timeouts(), { tcp: 100, tcpfin: 5, udp: 0 });
  t.end();
});

t.test('an address with a lifetime expires, with the time that has passed counted in a dump', (t) => {
  const { state, steps, refusal } = setUp();
  const limited = { address: '10.0.0.5', device: 'dpdk0', validLifetime: 60, preferredLifetime: 30 };
  steps('addr.add', limited, 1_000_000);
  t.equal(state.nextExpiry, 1_060_000);
  t.match(state.dump(1_040_000), [{ params: { validLifetime: 20, preferredLifetime: 0 } }]);
  t.same(state.expired(1_059_999), []);
  steps('service.add', { service: http });
  t.same(refusal('laddr.add', { service: http, address: '10.0.0.5', device: 'dpdk0' }).slice(0, 2), [
    'invalid_parameter',
    'address',
  ]);
  for (const { method, params } of state.expired(1_060_000)) state.apply(method, params);
  t.same(state.addresses(), []);
  t.equal(state.nextExpiry, Number.POSITIVE_INFINITY);
  t.end();
});

t.test('an IPv6 address brings its host route, and its network’s when it says more', (t) => {
  const { state } = setUp();
  state.apply('addr.add', { address: '2001:db8::100', device: 'dpdk1' });
  state.apply('addr.add', { address: '2001:db8:a::1', prefixLength: 64, device: 'dpdk1' });
  state.apply('route.add', { destination: '2001:db8:ffff:1::1/32', device: 'dpdk1', gateway: 'fe80::1' });
  const routes = state.effectiveRoutes().filter(({ destination }) => destination.includes(':'));
  t.match(routes, [
    { destination: '2001:db8::/32', gateway: 'fe80::1', scope: 'global' },
    { destination: '2001:db8::100/128', scope: 'host', origin: 'address' },
    { destination: '2001:db8:a::1/128', scope: 'host' },
    { destination: '2001:db8:a::/64', scope: 'link', source: '2001:db8:a::1' },
  ]);
  const service = { protocol: 'tcp', address: '2001:db8::100', port: 80 } as const;
  state.apply('service.add', { service });
  state.apply('laddr.add', { service, address: '2001:db8:b::200', device: 'dpdk0' });
  t.match(state.addresses().at(-1), { address: '2001:db8:b::200', prefixLength: 128, origin: 'laddr', sapool: true });
  const again = setUp().state;
  again.apply('service.flush', {});
  for (const { method, params } of state.dump()) {
    try {
      again.apply(method, params as never);
    } catch (error) {
      t.match((error as { code: string }).code, /exist/);
    }
  }
  t.ok(again.service(service).laddrs.length === 1, 'a dump brings it back');
  t.end();
});

t.test('direct routing delivers to other nodes, and sees nothing of their answers', (t) => {
  const { state, steps, refusal } = setUp();
  const other = { address: '192.168.100.9', port: http.port };
  const destCheck = { down: 1, up: 1, wait: 3, inhibitMin: 5, inhibitMax: 3600 };
  steps('service.add', { service: http });
  t.same(
    steps('server.add', { service: http, server: other }),
    ['server.set 192.168.100.9 Route 1'],
    'without a word for it',
  );
  const here = { address: other.address, device: 'dpdk0' };
  const cases: [[ErrorCode, string, string], ErrorCode, string, RegExp][] = [
    [refusal('addr.add', here), 'invalid_parameter', 'address', /another node's/],
    [refusal('laddr.add', { service: http, ...here }), 'invalid_parameter', 'address', /another node's/],
    [refusal('service.edit', { service: http, destCheck }), 'not_support', 'destCheck', /192\.168\.100\.9:80/],
  ];
  for (const [[code, field, detail], wantedCode, wantedField, wantedDetail] of cases) {
    t.same([code, field], [wantedCode, wantedField], detail);
    t.match(detail, wantedDetail);
  }
  steps('server.edit', { service: http, server: other, forwarding: 'FullNat' });
  steps('service.edit', { service: http, destCheck });
  t.same(refusal('server.edit', { service: http, server: other }).slice(0, 2), ['not_support', 'destCheck']);
  t.same(steps('addr.add', here).length > 0, true, 'of FullNAT nothing is said about it');
  steps('service.edit', { service: http });
  t.same(refusal('server.edit', { service: http, server: other }).slice(0, 2), ['invalid_parameter', 'server.address']);
  steps('addr.del', here);
  steps('server.edit', { service: http, server: other });
  steps('service.del', { service: http });
  t.same(steps('addr.add', here).length > 0, true, 'nor when its service is gone');
  t.same(state.addresses().length, 1);
  t.end();
});

t.test('what is refused, with code and field', (t) => {
  const { state, steps, refusal } = setUp();
  steps('service.add', { service: http });
  steps('server.add', { service: http, server, forwarding: 'FullNat' });
  steps('laddr.add', { service: http, ...lip });
  steps('neigh.add', { address: '10.0.0.9', mac: '02:00:00:00:00:09', device: 'dpdk0' });
  const on = { device: 'dpdk0' };
  const fullNat = { service: http, forwarding: 'FullNat' } as const;
  const cases: [[ErrorCode, string, string], ErrorCode, string, RegExp?][] = [
    [refusal('addr.add', { address: '10.0.0.1', device: 'dpdk7' }), 'no_device', 'device', /dpdk7/],
    [refusal('addr.add', { address: '224.0.0.5', ...on }), 'invalid_parameter', 'address', /multicast/],
    [refusal('addr.add', { address: '127.0.0.1', ...on }), 'invalid_parameter', 'address', /loopback/],
    [refusal('addr.add', { address: '0.0.0.0', ...on }), 'invalid_parameter', 'address'],
    [refusal('addr.add', { address: '255.255.255.255', ...on }), 'invalid_parameter', 'address'],
    [refusal('addr.add', { address: 'ff02::5', ...on }), 'invalid_parameter', 'address', /multicast/],
    [refusal('addr.add', { address: '::1', ...on }), 'invalid_parameter', 'address', /loopback/],
    [refusal('addr.add', { address: '::', ...on }), 'invalid_parameter', 'address', /unspecified/],
    [refusal('addr.add', { address: '::ffff:a00:1', ...on }), 'invalid_parameter', 'address', /mapped/],
    [refusal('addr.add', { address: 'fe80::1', ...on }), 'invalid_parameter', 'address', /link-local/],
    [refusal('addr.add', { address: '2001:db8::1', prefixLength: 0, ...on }), 'invalid_parameter', 'prefixLength'],
    [refusal('addr.add', { address: '2001:db8::1', broadcast: '10.0.0.255', ...on }), 'invalid_parameter', 'broadcast'],
    [refusal('addr.add', { address: '10.0.0.1', prefixLength: 33, ...on }), 'invalid_parameter', 'prefixLength'],
    [refusal('addr.add', { address: '10.0.0.1', validLifetime: 0, ...on }), 'invalid_parameter', 'validLifetime'],
    [
      refusal('addr.add', { address: '10.0.0.1', validLifetime: 5, preferredLifetime: 6, ...on }),
      'invalid_parameter',
      'preferredLifetime',
    ],
    [refusal('addr.add', { ...lip, device: 'dpdk1' }), 'invalid_parameter', 'device', /TCP 10\.0\.0\.100:80 on dpdk0/],
    [refusal('addr.set', { address: '10.0.0.1', ...on }), 'not_exist', 'address'],
    [refusal('addr.set', { ...lip, validLifetime: 9 }), 'invalid_parameter', 'validLifetime'],
    [refusal('addr.del', { address: '10.0.0.1', ...on }), 'not_exist', 'address'],
    [refusal('addr.del', { ...lip, prefixLength: 24 }), 'not_exist', 'address'],
    [
      refusal('route.add', { destination: '1.2.3.0/24', scope: 'kni_host', ...on }),
      'invalid_parameter',
      'destination',
      /32/,
    ],
    [refusal('route.add', { destination: '1.2.3.0/31', scope: 'host', ...on }), 'invalid_parameter', 'destination'],
    [refusal('route.add', { destination: '1.2.3.0/24', scope: 'global', ...on }), 'invalid_parameter', 'gateway'],
    [
      refusal('route.add', { destination: '1.2.3.0/24', scope: 'link', gateway: '1.1.1.1', ...on }),
      'invalid_parameter',
      'gateway',
    ],
    [refusal('route.add', { destination: '1.2.3.4/32', gateway: '1.2.3.4', ...on }), 'invalid_parameter', 'gateway'],
    [refusal('route.add', { destination: '1.2.3.0/24', gateway: '224.0.0.1', ...on }), 'invalid_parameter', 'gateway'],
    [refusal('route.add', { destination: '1.2.3.0/24', mtu: 1501, ...on }), 'invalid_parameter', 'mtu', /1500/],
    [
      refusal('route.add', { destination: '2001:db8::/64', scope: 'kni_host', ...on }),
      'invalid_parameter',
      'destination',
      /128/,
    ],
    [
      refusal('route.add', { destination: '::/0', gateway: '10.0.0.1', ...on }),
      'invalid_parameter',
      'gateway',
      /family/,
    ],
    [refusal('route.add', { destination: '::/0', gateway: 'ff02::1', ...on }), 'invalid_parameter', 'gateway'],
    [refusal('route.add', { destination: '2001:db8::/32', mtu: 1279, ...on }), 'invalid_parameter', 'mtu', /1280/],
    [
      refusal('route.add', { destination: '2001:db8::9/128', gateway: '2001:db8::9', ...on }),
      'invalid_parameter',
      'gateway',
    ],
    [refusal('route.del', { destination: '1.2.3.0/24', ...on }), 'not_exist', 'destination'],
    [refusal('neigh.add', { address: '10.0.0.9', mac: '02:00:00:00:00:08', ...on }), 'already_exist', 'address'],
    [refusal('neigh.add', { address: '10.0.0.8', mac: '01:00:5e:00:00:05', ...on }), 'invalid_parameter', 'mac'],
    [refusal('neigh.add', { address: '10.0.0.8', mac: '00:00:00:00:00:00', ...on }), 'invalid_parameter', 'mac'],
    [refusal('neigh.del', { address: '10.0.0.8', ...on }), 'not_exist', 'address'],
    [refusal('link.set', { name: 'dpdk9', up: true }), 'no_device', 'name'],
    [refusal('service.add', { service: http }), 'service_exists', 'service', /TCP 10\.0\.0\.100:80/],
    [refusal('service.add', { service: { ...http, port: 0 } }), 'invalid_parameter', 'service.port'],
    [refusal('service.add', { service: { ...http, address: '::1' } }), 'invalid_parameter', 'service.address'],
    [refusal('service.edit', { service: dns }), 'no_service', 'service'],
    [refusal('service.del', { service: dns }), 'no_service', 'service'],
    [refusal('server.add', { service: dns, server, forwarding: 'FullNat' }), 'no_service', 'service'],
    [refusal('server.add', { ...fullNat, server }), 'server_exists', 'server'],
    [
      refusal('server.add', { service: http, server: { ...server, port: 81 } }),
      'invalid_parameter',
      'server.port',
      /direct routing.*80$/,
    ],
    [
      refusal('server.edit', { service: http, server: { ...server, port: 81 }, forwarding: 'Route' }),
      'no_server',
      'server',
    ],
    [
      refusal('server.add', { service: http, server: { ...server, address: http.address } }),
      'invalid_parameter',
      'server.address',
      /this node's/,
    ],
    [
      refusal('server.add', { service: http, server: { ...server, address: lip.address } }),
      'invalid_parameter',
      'server.address',
      /this node's/,
    ],
    [
      refusal('server.add', { ...fullNat, forwarding: 'SNAT', server: { ...server, port: 81 } }),
      'invalid_parameter',
      'forwarding',
      /SNAT is of match services/,
    ],
    [refusal('server.add', { ...fullNat, server: { ...server, port: 0 } }), 'invalid_parameter', 'server.port'],
    [
      refusal('server.add', { ...fullNat, server: { address: '2001:db8::2', port: 80 } }),
      'not_support',
      'server.address',
      /NAT64/,
    ],
    [
      refusal('laddr.add', { service: http, address: '2001:db8::200', device: 'dpdk0' }),
      'not_support',
      'address',
      /NAT64/,
    ],
    [
      refusal('server.edit', { ...fullNat, server, upperThreshold: 5, lowerThreshold: 6 }),
      'invalid_parameter',
      'lowerThreshold',
    ],
    [refusal('server.edit', { ...fullNat, server: { ...server, port: 81 } }), 'no_server', 'server'],
    [refusal('server.del', { service: http, server: { ...server, port: 81 } }), 'no_server', 'server'],
    [refusal('laddr.add', { service: dns, ...lip }), 'no_service', 'service'],
    [refusal('laddr.add', { service: http, address: '10.0.0.1', device: 'dpdk7' }), 'no_device', 'device'],
    [refusal('laddr.add', { service: http, address: '224.0.0.1', device: 'dpdk0' }), 'invalid_parameter', 'address'],
  ];
  for (const [[code, field, detail], wantedCode, wantedField, wantedDetail] of cases) {
    t.same([code, field], [wantedCode, wantedField], detail);
    if (wantedDetail !== undefined) t.match(detail, wantedDetail);
  }
  t.throws(() => state.commit({ ...state.plan({ method: 'service.flush', params: {} }), version: -1 }), /not made for/);
  t.end();
});

t.test('requests from a file are checked against the schema', (t) => {
  t.same(parseRequest('addr.flush', { device: 'dpdk0' }), { method: 'addr.flush', params: { device: 'dpdk0' } });
  t.throws(() => parseRequest('addr.list', {}), { code: 'invalid_parameter', field: 'method' });
  t.throws(() => parseRequest('toString', {}), { code: 'invalid_parameter', field: 'method' });
  t.throws(() => parseRequest('service.del', { service: { ...http, port: 70000 } }), {
    code: 'invalid_parameter',
    field: 'service.port',
  });
  for (const [method, { mutates }] of Object.entries(methods))
    t.equal(isMutating(method), mutates && method !== 'batch', method);
  t.end();
});

t.test('match services and the addresses they rewrite to', async (t) => {
  const { state, steps, refusal } = setUp();
  const lan = { from: '192.168.100.0', to: '192.168.100.254', fromPort: 0, toPort: 0 };
  const match = { protocol: 'tcp', source: lan, outDevice: 'dpdk1' } as const;
  const service = { protocol: 'match', match } as const;
  const wan = { address: '123.1.2.3', device: 'dpdk1' };
  const snat = { service, server: { address: wan.address, port: 0 }, forwarding: 'SNAT' } as const;
  t.same(steps('service.add', { service, scheduler: 'rr' }), ['service.set match rr']);
  const range = (words: object) => ({ protocol: 'match', match: { ...match, source: { ...lan, ...words } } }) as const;
  for (const [key, code, field] of [
    [{ protocol: 'match', match: { protocol: 'tcp' } }, 'invalid_parameter', 'service.match'],
    [
      { protocol: 'match', match: { protocol: 'tcp', source: { ...lan, from: '0.0.0.0', to: '0.0.0.0' } } },
      'invalid_parameter',
      'service.match',
    ],
    [{ protocol: 'match', match: { ...match, outDevice: 'dpdk7' } }, 'no_device', 'service.match.outDevice'],
    [{ protocol: 'match', match: { ...match, inDevice: 'dpdk7' } }, 'no_device', 'service.match.inDevice'],
    [range({ to: '192.168.99.254' }), 'invalid_parameter', 'service.match.source.to'],
    [range({ fromPort: 2, toPort: 1 }), 'invalid_parameter', 'service.match.source.toPort'],
    [range({ from: '2001:db8::1' }), 'not_support', 'service.match.source.from'],
    [
      { protocol: 'match', match: { ...range({ toPort: 9 }).match, protocol: 'icmp' } },
      'invalid_parameter',
      'service.match.source.toPort',
    ],
    [
      { protocol: 'match', match: { ...match, destination: { ...lan, from: '0.0.0.0', to: '0.0.0.0' } } },
      'service_exists',
      'service',
    ],
  ] as const)
    t.same(refusal('service.add', { service: key as typeof service }).slice(0, 2), [code, field], JSON.stringify(key));
  t.same(
    refusal('service.edit', { service, destCheck: { down: 1, up: 1, wait: 3, inhibitMin: 5, inhibitMax: 9 } })[0],
    'not_support',
  );

  t.match(refusal('server.add', snat), ['invalid_parameter', 'server.address', /no address of this node/]);
  steps('addr.add', { ...wan, prefixLength: 24 });
  t.match(refusal('server.add', snat), ['invalid_parameter', 'server.address', /has no sapool/]);
  steps('addr.set', { ...wan, sapool: true, validLifetime: 9 });
  t.match(refusal('server.add', snat), ['invalid_parameter', 'server.address', /would expire/]);
  steps('addr.set', { ...wan, sapool: true });
  t.same(refusal('server.add', { ...snat, server: { ...snat.server, port: 80 } }).slice(0, 2), [
    'invalid_parameter',
    'server.port',
  ]);
  t.same(refusal('server.add', { ...snat, forwarding: 'FullNat' }).slice(0, 2), ['invalid_parameter', 'forwarding']);
  t.same(steps('server.add', { ...snat, weight: 100 }), ['server.set 123.1.2.3 SNAT 100']);

  t.match(refusal('addr.del', wan), ['wan_in_use', 'address', /123\.1\.2\.3 by MATCH tcp,from=192\.168\.100\.0/]);
  t.same(refusal('addr.flush', { device: 'dpdk1' })[0], 'wan_in_use');
  t.same(refusal('addr.set', wan).slice(0, 2), ['invalid_parameter', 'sapool']);
  t.same(refusal('addr.set', { ...wan, sapool: true, validLifetime: 9 }).slice(0, 2), [
    'invalid_parameter',
    'validLifetime',
  ]);
  t.same(refusal('addr.add', { ...wan, device: 'dpdk0', validLifetime: 9 }).slice(0, 2), [
    'invalid_parameter',
    'validLifetime',
  ]);
  const again = setUp().state;
  for (const { method, params } of state.dump(0)) again.apply(method, params, 0);
  t.same(again.snapshot(), state.snapshot(), 'a dump makes the same');
  t.same(steps('service.del', { service }), ['server.remove 123.1.2.3', 'service.remove match']);
  t.same(refusal('server.del', { service, server: snat.server })[0], 'no_service');
  t.match(steps('addr.del', wan), ['address.remove 123.1.2.3 dpdk1']);
});

t.test('only so many match services', async (t) => {
  const { steps, refusal } = setUp();
  const service = (port: number) =>
    ({
      protocol: 'match',
      match: { protocol: 'tcp', destination: { from: '0.0.0.0', to: '0.0.0.0', fromPort: port, toPort: port } },
    }) as const;
  for (let port = 1; port <= 1024; port++) steps('service.add', { service: service(port) });
  t.match(refusal('service.add', { service: service(1025) }), ['no_room', '', /1024 match services/]);
  steps('service.del', { service: service(7) });
  steps('service.add', { service: service(1025) });
});
