// zebra.conf and ospfd.conf: golden files for every form and flavor, the tutorial's own lines, and refusals that name the field.
// After a deliberate change, UPDATE_GOLDEN=1 writes the golden files anew; the difference is then reviewed like code.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import { ModelError, type RoutingModel, renderConfig } from '../../quagga-conf/index.js';

const golden = fileURLToPath(new URL('../../../test/unit/golden/quagga-conf/', import.meta.url));

const base: RoutingModel = {
  flavor: 'frr',
  form: 'redistribute',
  hostname: 'node1',
  logDirectory: '/var/log/frr',
  routerId: '192.168.100.200',
  area: '0.0.0.0',
  areaType: 'normal',
  authenticationScope: 'interface',
  interfaces: [
    { name: 'dpdk1.kni', network: '172.10.0.0/30', networkType: 'point-to-point', hello: 1, dead: 4, cost: 10 },
  ],
  vips: ['123.1.2.3', '123.1.2.4'],
  referenceBandwidth: 1000,
  externalMetric: 20,
  passive: [],
  bfdTimers: { transmit: 300, receive: 300, multiplier: 3 },
};
/** The tutorial's example: its timers, its log directory, one VIP, the type of link it does not mention. */
const tutorial: RoutingModel = {
  ...base,
  flavor: 'quagga',
  form: 'network',
  hostname: 'localhost.localdomain',
  password: 'secret',
  enablePassword: 'secret',
  logDirectory: '/var/log/quagga',
  interfaces: [{ ...base.interfaces[0]!, networkType: 'broadcast', hello: 10, dead: 40 }],
  vips: ['123.1.2.3'],
};

const cases: Record<string, RoutingModel> = {
  'frr-redistribute': base,
  'frr-network': { ...base, form: 'network', interfaces: [{ ...base.interfaces[0]!, networkType: 'broadcast' }] },
  'quagga-redistribute': { ...base, flavor: 'quagga', logDirectory: '/var/log/quagga' },
  'quagga-network': tutorial,
  'frr-everything': {
    ...base,
    password: 'p4ss',
    enablePassword: 'en4ble',
    logDirectory: null,
    area: '7',
    referenceBandwidth: 100000,
    externalMetric: 5,
    vips: [],
    interfaces: [
      {
        ...base.interfaces[0]!,
        networkType: 'broadcast',
        cost: 3,
        authentication: { kind: 'md5', keyId: 4, key: 'sixteen-bytes-ok' },
        bfd: true,
      },
      {
        name: 'bond0.kni',
        network: '172.10.0.4/30',
        networkType: 'point-to-point',
        hello: 2,
        dead: 8,
        cost: 30,
        authentication: { kind: 'plain', key: '8-bytes!' },
      },
    ],
  },
  'frr-stub': {
    ...base,
    form: 'network',
    area: '7',
    areaType: 'totally-stubby',
    authenticationScope: 'area',
    passive: [{ name: 'dpdk0.kni', network: '192.168.100.0/24' }],
    interfaces: [
      {
        ...base.interfaces[0]!,
        networkType: 'broadcast',
        authentication: { kind: 'md5', keyId: 1, key: 'k3y' },
        bfd: true,
      },
    ],
    bfdTimers: { transmit: 150, receive: 200, multiplier: 4 },
    switchHint: { interface: 'to-node1', maximumPaths: 8 },
  },
  'quagga-stub': {
    ...tutorial,
    area: '0.0.0.7',
    areaType: 'stub',
    authenticationScope: 'area',
    passive: [{ name: 'dpdk0.kni', network: '192.168.100.0/24' }],
    interfaces: [{ ...tutorial.interfaces[0]!, authentication: { kind: 'plain', key: '8-bytes!' } }],
    switchHint: { interface: 'to-lb', maximumPaths: 16 },
  },
  'frr-ospf6': {
    ...base,
    passive: [{ name: 'dpdk0.kni', network: '192.168.100.0/24' }],
    interfaces: [{ ...base.interfaces[0]!, bfd: true }],
    ospf6: { vips: ['2001:db8::1', '2001:db8::2'] },
    gracefulRestart: 60,
    switchHint: { interface: 'to-node1', maximumPaths: 16 },
  },
  'frr-ospf6-keys': {
    ...base,
    ospf6: { vips: [], authentication: { keyId: 3, algorithm: 'hmac-sha-256', key: 'k3y' } },
    interfaces: [{ ...base.interfaces[0]!, authentication: { kind: 'md5', keyId: 1, key: 'k3y' } }],
  },
  'quagga-ospf6': {
    ...base,
    flavor: 'quagga',
    logDirectory: '/var/log/quagga',
    passive: [{ name: 'dpdk0.kni', network: '192.168.100.0/24' }],
    ospf6: { vips: ['2001:db8::1'] },
  },
  'frr-graceful': { ...base, gracefulRestart: 90, switchHint: { interface: 'to-node1', maximumPaths: 16 } },
  'frr-bgp': {
    ...base,
    interfaces: [{ ...base.interfaces[0]!, bfd: true }],
    gracefulRestart: 60,
    bgp: { localAs: 65001, peers: [{ address: '172.10.0.1', remoteAs: 65100, password: 'k3y' }] },
    switchHint: { interface: 'to-node1', nodeAddress: '172.10.0.2', maximumPaths: 8 },
  },
  'frr-bgp-plain': {
    ...base,
    vips: [],
    bgp: { localAs: 4200000001, peers: [{ address: '172.10.0.1', remoteAs: 65100 }] },
  },
};

for (const [name, model] of Object.entries(cases)) {
  t.test(name, async (t) => {
    for (const [file, text] of Object.entries(renderConfig(model))) {
      const path = `${golden}${name}.${file}`;
      if (process.env.UPDATE_GOLDEN === '1') {
        mkdirSync(golden, { recursive: true });
        writeFileSync(path, text);
      }
      t.equal(text, readFileSync(path, 'utf8'), file);
    }
  });
}

t.test("the network form has the tutorial's lines, in its order", async (t) => {
  // From the tutorial's ospfd.conf without comments; `log stdout` and `log syslog` are left to the administrator.
  const wanted = [
    'password secret',
    'enable password secret',
    'interface dpdk1.kni',
    'ip ospf hello-interval 10',
    'ip ospf dead-interval 40',
    'router ospf',
    'ospf router-id 192.168.100.200',
    'log-adjacency-changes',
    'auto-cost reference-bandwidth 1000',
    'network 172.10.0.0/30 area 0.0.0.0',
    'network 123.1.2.3/32 area 0.0.0.0',
  ];
  const lines = renderConfig(tutorial)
    ['ospfd.conf']!.split('\n')
    .map((line) => line.trim());
  t.same(
    lines.filter((line) => wanted.includes(line)),
    wanted,
  );
  const zebra = renderConfig(tutorial)['zebra.conf'].split('\n');
  for (const line of [
    '! -*- zebra -*-',
    'hostname localhost.localdomain',
    'log file /var/log/quagga/zebra.log',
    'service password-encryption',
  ])
    t.ok(zebra.includes(line), line);
});

t.test('what the daemons would misread is refused with its field', async (t) => {
  const link = base.interfaces[0]!;
  const interfaces = (change: object): Partial<RoutingModel> => ({ interfaces: [{ ...link, ...change }] });
  const bgp: NonNullable<RoutingModel['bgp']> = { localAs: 65001, peers: [{ address: '172.10.0.1', remoteAs: 65100 }] };
  const sixKey = { keyId: 1, algorithm: 'md5', key: 'k' } as const;
  const refused: [field: string, change: Partial<RoutingModel>][] = [
    ['hostname', { hostname: 'two words' }],
    ['hostname', { hostname: 'x\nrouter bgp 1' }],
    ['password', { password: '' }],
    ['enablePassword', { enablePassword: '! comment' }],
    ['logDirectory', { logDirectory: 'relative' }],
    ['routerId', { routerId: '0.0.0.0' }],
    ['routerId', { routerId: 'node1' }],
    ['area', { area: 'backbone' }],
    ['vips[1]', { vips: ['123.1.2.3', '123.1.2.3/32'] }],
    ['vipRanges[0]', { vipRanges: ['123.2.0.0/32'] }],
    ['vipRanges[1]', { vipRanges: ['123.2.0.0/16', '123.2.0.0'] }],
    ['interfaces', { interfaces: [] }],
    ['interfaces[0].name', interfaces({ name: 'a-name-that-is-too-long' })],
    ['interfaces[0].network', interfaces({ network: '172.10.0.0' })],
    ['interfaces[0].network', interfaces({ network: '172.10.0.0/33' })],
    ['interfaces[0].dead', interfaces({ dead: 1 })],
    ['interfaces[0].hello', interfaces({ hello: 0 })],
    ['interfaces[0].cost', interfaces({ cost: 65536 })],
    ['interfaces[0].authentication.key', interfaces({ authentication: { kind: 'plain', key: 'nine-byte' } })],
    ['interfaces[0].authentication.keyId', interfaces({ authentication: { kind: 'md5', keyId: 0, key: 'k' } })],
    ['interfaces[0].networkType', { form: 'network' }],
    ['area', { area: '4294967296' }],
    ['areaType', { area: '7', areaType: 'stub' }],
    ['areaType', { ...tutorial, area: '0', areaType: 'stub' }],
    ['authenticationScope', { authenticationScope: 'area' }],
    ['passive[0].name', { passive: [{ name: 'dpdk1.kni', network: '10.0.0.0/8' }] }],
    ['passive[0].network', { passive: [{ name: 'dpdk0.kni', network: '10.0.0.0' }] }],
    ['bfdTimers.multiplier', { bfdTimers: { transmit: 300, receive: 300, multiplier: 1 } }],
    ['bfdTimers.receive', { bfdTimers: { transmit: 300, receive: 5, multiplier: 3 } }],
    ['ospf6.authentication', { ...base, flavor: 'quagga', ospf6: { vips: [], authentication: sixKey } }],
    ['ospf6.authentication.keyId', { ospf6: { vips: [], authentication: { ...sixKey, keyId: 0 } } }],
    ['ospf6', { ospf6: { vips: [] }, bgp }],
    ['bgp', { flavor: 'quagga', bgp }],
    ['form', { form: 'network', bgp, ...interfaces({ networkType: 'broadcast' }) }],
    ['bgp.localAs', { bgp: { ...bgp, localAs: 23456 } }],
    ['bgp.peers', { bgp: { ...bgp, peers: [] } }],
    ['bgp.peers[0].remoteAs', { bgp: { ...bgp, peers: [{ address: '172.10.0.1', remoteAs: 65001 }] } }],
    ['bgp.peers[0].address', { bgp: { ...bgp, peers: [{ address: 'switch', remoteAs: 65100 }] } }],
    ['interfaces[0].dead', { bgp, ...interfaces({ dead: 2 }) }],
    ['interfaces[0].authentication', { bgp, ...interfaces({ authentication: { kind: 'plain', key: 'k' } }) }],
    ['gracefulRestart', { flavor: 'quagga', gracefulRestart: 60 }],
    ['gracefulRestart', { gracefulRestart: 1801 }],
    ['ospf6.vips[0]', { ospf6: { vips: ['1.2.3.4'] } }],
    ['areaType', { ...tutorial, flavor: 'frr', area: '7', areaType: 'stub', ospf6: { vips: [] } }],
    [
      'interfaces[0].authentication',
      { ospf6: { vips: [] }, ...interfaces({ authentication: { kind: 'plain', key: 'k' } }) },
    ],
    ['switchHint.interface', { switchHint: { interface: 'two words', maximumPaths: 8 } }],
    ['switchHint.maximumPaths', { switchHint: { interface: 'x', maximumPaths: 0 } }],
    ['interfaces[0].bfd', { flavor: 'quagga', ...interfaces({ bfd: true }) }],
  ];
  for (const [field, change] of refused)
    try {
      renderConfig({ ...base, ...change });
      t.fail(`${field} was accepted: ${JSON.stringify(change)}`);
    } catch (error) {
      t.ok(error instanceof ModelError);
      t.equal((error as ModelError).field, field);
    }
});

t.test('no value starts a line of its own', async (t) => {
  const seed = Number(process.env.DPVS_TEST_SEED ?? Date.now() % 2 ** 31);
  t.comment(`seed ${seed}`);
  const shape = (model: RoutingModel): number | null => {
    try {
      return renderConfig(model)['ospfd.conf']!.split('\n').length;
    } catch (error) {
      if (error instanceof ModelError) return null;
      throw error;
    }
  };
  const usual = shape({ ...base, password: 'x', enablePassword: 'x' });
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('hostname', 'password', 'enablePassword', 'area', 'routerId', 'logDirectory'),
      (value, field) => {
        const lines = shape({ ...base, password: 'x', enablePassword: 'x', [field]: value });
        return lines === null || lines === usual;
      },
    ),
    { seed, numRuns: 1000 },
  );
  t.type(usual, 'number');
});
