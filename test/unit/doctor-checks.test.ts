// The checks of doctor: a sound node has no finding; each case differs from it in one thing, and exactly its finding comes of it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { plain } from '../../cli/common/index.js';
import { formatDoctor } from '../../cli/dpvs-route/doctor.js';
import { Attempts } from '../../routing/doctor/attempts.js';
import { examine, type Facts } from '../../routing/doctor/index.js';
import { noDrops } from '../../routing/doctor/kernel-files.js';
import { checks } from '../../routing/doctor/registry.js';
import * as f from './doctor-facts.js';

const { sound, vip } = f;
const description = (mtu: number) =>
  f.heard({ packet: { type: 'database-description', hello: null, description: { mtu } } });
const lessThanFull = (state: string, age: number) => [{ ...f.ospf.neighbours[0], state, age, full: false }];
const stuck = lessThanFull('ExStart/DR', 12);
/** A broadcast link with a dead interval of 40 s, on which the neighbour hears us and names no DR. */
const namesNobody = (changes: Partial<typeof f.ospfInterface> = {}): Facts =>
  f.withPort({
    ospf: { ...f.ospfInterface, dead: 40, ...changes },
    wire: f.onWire(f.heard({ hello: { designated: '0.0.0.0', backup: '0.0.0.0', deadInterval: 40 } })),
  });
const signed = (key: string, keyId = 1) => {
  const bytes = Buffer.from('a packet');
  const digest = createHash('md5').update(bytes).update(key.padEnd(16, '\0')).digest();
  return f.heard({ packet: { authentication: { kind: 'md5', keyId, signed: bytes, digest } } });
};
const md5 = (facts: Facts, ...packets: ReturnType<typeof f.heard>[]): Facts => ({
  ...facts,
  ports: [
    {
      ...f.port,
      config: { ...f.port.config!, authentication: { kind: 'md5', keys: new Map([[1, 'secret']]) } },
      wire: f.onWire(...packets),
    },
  ],
});
const pointToPoint = { ...f.ospfInterface, pointToPoint: true, state: 'Point-To-Point' };
const withClient = (changes: Partial<{ seconds: number; routes: number; redistributed: number }>): Facts => ({
  ...sound,
  zebraClients: new Map([['ospf', { seconds: 600, routes: 2, redistributed: 2, ...changes }]]),
});
const says = (hello: Parameters<typeof f.heard>[0]) => f.withPort({ wire: f.onWire(f.heard(hello)) });

const own = f.address('172.31.7.2', 30);

type Case = readonly [what: string, facts: Facts, ids: readonly string[]];

const says6 = (hello: Parameters<typeof f.heard6>[0]) => f.withPort6({ wire: f.onWire6(f.heard6(hello)) });
const interface6 = (changes: Partial<typeof f.ospf6Interface>) =>
  f.withPort6({ ospf6: { ...f.ospf6Interface, ...changes } });
const lessThanFull6 = (state: string, age: number) => [{ ...f.ospf6.neighbours[0], state, age, full: false }];
const stuck6 = lessThanFull6('ExStart', 12);
const namesNobody6 = (changes: Partial<typeof f.ospf6Interface> = {}): Facts =>
  f.withPort6({
    ospf6: { ...f.ospf6Interface, pointToPoint: false, state: 'DR', dead: 40, ...changes },
    wire: f.onWire6(f.heard6({ hello: { deadInterval: 40 } })),
  });
const description6 = (mtu: number) =>
  f.heard6({ packet: { type: 'database-description', hello: null, description: { mtu } } });

const ospf6Cases: readonly Case[] = [
  ['OSPFv3: all is well', f.sound6, []],
  [
    'no ospf6d',
    { ...f.sound6, daemons: { ...f.sound6.daemons, ospf6d: f.notRunning }, ospf6: null },
    ['error ospf6d-down'],
  ],
  ['no ospf6d, and no IPv6 VIP', { ...sound, ospf6: null }, []],
  ['no router ospf6', f.withOspf6({ configured: false }), ['error ospf6-not-configured']],
  ['OSPFv3 nowhere', f.withPort6({ ospf6: null }), ['error ospf6-not-on-kni']],
  ['OSPFv3 passive', interface6({ passive: true }), ['error ospf6-passive']],
  ['no link-local address', f.withPort6({ addresses6: [f.address(f.vip6, 128)] }), ['error ospf6-no-link-local']],
  ['no OSPFv3 neighbour', f.withOspf6({ neighbours: [] }), ['error ospf6-no-neighbour']],
  [
    'OSPFv3 silence',
    f.withOspf6({ neighbours: [] }, f.withPort6({ wire: f.onWire6(f.heard6({ own: true })) })),
    ['error ospf6-no-neighbour', 'error ospf6-nothing-received'],
  ],
  ['OSPFv3 router id', says6({ packet: { routerId: '172.31.7.2' } }), ['error ospf6-duplicate-router-id']],
  ['OSPFv3 area', says6({ packet: { area: '0.0.0.7' } }), ['error ospf6-area-mismatch']],
  ['OSPFv3 instance', says6({ packet: { instance: 3 } }), ['error ospf6-instance-mismatch']],
  ['OSPFv3 hello interval', says6({ hello: { helloInterval: 10 } }), ['error ospf6-hello-mismatch']],
  ['OSPFv3 dead interval', says6({ hello: { deadInterval: 40 } }), ['error ospf6-dead-mismatch']],
  ['OSPFv3 stub there', says6({ hello: { external: false } }), ['error ospf6-area-type-mismatch']],
  ['OSPFv3 NSSA here', interface6({ areaKind: 'nssa' }), ['error ospf6-area-type-mismatch']],
  ['OSPFv3 authentication there', says6({ hello: { authenticated: true } }), ['error ospf6-auth-mismatch']],
  ['OSPFv3 authentication here', interface6({ authenticated: true }), ['error ospf6-auth-mismatch']],
  ['OSPFv3 broadcast there', says6({ hello: { designated: '10.0.0.1' } }), ['error ospf6-network-type-mismatch']],
  ['OSPFv3 broadcast here', interface6({ pointToPoint: false, state: 'DR' }), ['error ospf6-network-type-mismatch']],
  [
    'OSPFv3, this node waits',
    f.withOspf6({ neighbours: lessThanFull6('Twoway', 12) }, namesNobody6({ state: 'Waiting' })),
    ['error ospf6-no-neighbour', 'info ospf6-waiting'],
  ],
  [
    'OSPFv3, the neighbour waits',
    f.withOspf6({ neighbours: lessThanFull6('ExStart', 39) }, namesNobody6()),
    ['error ospf6-no-neighbour', 'info ospf6-waiting'],
  ],
  [
    'OSPFv3, broadcast here, for longer than anybody waits',
    f.withOspf6({ neighbours: lessThanFull6('Twoway', 41) }, namesNobody6()),
    ['error ospf6-no-neighbour', 'error ospf6-network-type-mismatch'],
  ],
  [
    'OSPFv3 MTU',
    f.withOspf6({ neighbours: stuck6 }, f.withPort6({ wire: f.onWire6(f.heard6(), description6(9000)) })),
    ['error ospf6-no-neighbour', 'error ospf6-mtu-mismatch'],
  ],
  [
    'OSPFv3, stuck for no reason seen',
    f.withOspf6({ neighbours: stuck6 }),
    ['error ospf6-no-neighbour', 'warn ospf6-mtu-suspected'],
  ],
  [
    "OSPFv3, stuck in ospf6d's other spelling",
    f.withOspf6({ neighbours: lessThanFull6('ExChange', 12) }),
    ['error ospf6-no-neighbour', 'warn ospf6-mtu-suspected'],
  ],
  ['IPv6 VIP wanted, not announced', f.withOspf6({ announced: new Set() }), ['error wanted-not-announced']],
  [
    'IPv6 VIP without service',
    { ...f.sound6, dataplane: { ...f.sound6.dataplane, services: new Set([vip]) } },
    ['error vip-without-service'],
  ],
];

const reset = (code: string | null, by: 'us' | 'peer', dueTo = 'BGP Notification') => ({
  lastReset: { dueTo, code, reason: 'why', by },
});
const drops = (changes: Partial<typeof noDrops>) => ({
  drops: { meanwhile: { ...noDrops, ...changes }, ever: { ...noDrops, ...changes } },
});
const elsewhere = { key: '10.9.9.9' };
const routeTo = (destination: string): Facts['kernel']['routes'][number] => ({ ...f.defaultRoute(), destination });
const routed = (facts: Facts, ...routes: Facts['kernel']['routes']): Facts => ({
  ...facts,
  kernel: { ...facts.kernel, routes },
});
const down = 'error bgp-not-established';

const bgpCases: readonly Case[] = [
  ['BGP: all is well', f.soundBgp, []],
  [
    'no bgpd',
    { ...f.soundBgp, daemons: { ...f.soundBgp.daemons, bgpd: f.notRunning }, bgp: null },
    ['error bgpd-down'],
  ],
  ['no router bgp', f.withBgp({ asn: null, sessions: [] }), ['error bgp-not-configured']],
  ['no BGP neighbour', f.withBgp({ sessions: [] }), ['error bgp-not-configured']],
  ['a session that is not there', f.withSession({}), [down]],
  [
    'one of two sessions',
    f.withBgp({ sessions: [f.session, { ...f.session, key: '172.31.7.3', state: 'Active', established: false }] }),
    ['warn bgp-not-established'],
  ],
  ['shut down here', f.withSession({ shutdown: true }), [down, 'error bgp-shutdown']],
  ['shut down there', f.withSession(reset('0602', 'peer')), [down, 'error bgp-shutdown']],
  ['no route to the peer', routed(f.withSession(elsewhere)), [down, 'error bgp-no-route', 'info no-return-route']],
  ['only the default route', f.withSession(elsewhere), [down, 'error bgp-no-route']],
  [
    'a peer behind a router',
    routed(f.withSession(elsewhere), f.defaultRoute(), routeTo('10.9.9.0/24')),
    [down, 'error bgp-not-on-link'],
  ],
  [
    'a peer behind a router, with ebgp-multihop',
    routed(f.withSession({ ...elsewhere, maxHops: 2 }), f.defaultRoute(), routeTo('10.9.9.0/24')),
    [down],
  ],
  ['no signature', f.withSession({ password: true }, drops({ md5Missing: 2 })), [down, 'error bgp-password-mismatch']],
  ['an unexpected signature', f.withSession({}, drops({ md5Unexpected: 2 })), [down, 'error bgp-password-mismatch']],
  [
    'a wrong signature',
    f.withSession({ password: true }, drops({ md5Wrong: 1 })),
    [down, 'error bgp-password-mismatch'],
  ],
  ['a TTL too low', f.withSession({}, drops({ ttl: 1 })), [down, 'error bgp-ttl-mismatch']],
  ['drops of others, with the session there', f.withBgp(drops({ ttl: 1, md5Wrong: 1 })), []],
  ['the peer has another AS', f.withSession(reset('0202', 'us')), [down, 'error bgp-as-mismatch']],
  ['the peer expects another AS', f.withSession(reset('0202', 'peer')), [down, 'error bgp-as-mismatch']],
  ['one router id', f.withSession(reset('0203', 'peer')), [down, 'error bgp-duplicate-router-id']],
  ['hold time', f.withSession(reset('0206', 'peer')), [down, 'error bgp-hold-time']],
  ['capability', f.withSession(reset('0207', 'peer')), [down, 'error bgp-capability']],
  ['not known there', f.withSession(reset('0603', 'peer')), [down, 'error bgp-not-known-there']],
  ['another reason', f.withSession(reset('0400', 'us')), [down]],
  ['RFC 8212', f.withBgp({ sessions: [{ ...f.session, withoutPolicy: ['inet'] }] }), ['error bgp-no-policy']],
  [
    'an IPv6 VIP, and no neighbour of that family',
    {
      ...f.withBgp({ announced: new Set([vip, f.vip6]) }),
      wanted: f.sound6.wanted,
      ...{ dataplane: f.sound6.dataplane, kernel: f.sound6.kernel },
      ports: [{ ...f.port6, ospf: null, ospf6: null, config: null }],
    },
    ['error bgp-family-inactive'],
  ],
  [
    'an IPv6 VIP, and a switch that has not activated the family',
    {
      ...f.withBgp({
        sessions: [{ ...f.session, families: ['inet', 'inet6'], declined: ['inet6'] }],
        announced: new Set([vip, f.vip6]),
      }),
      wanted: f.sound6.wanted,
      ...{ dataplane: f.sound6.dataplane, kernel: f.sound6.kernel },
      ports: [{ ...f.port6, ospf: null, ospf6: null, config: null }],
    },
    ['error bgp-family-inactive'],
  ],
  [
    'BGP: wanted, no network line',
    f.withBgp({ announced: new Set(), networks: new Set() }),
    ['error wanted-not-announced'],
  ],
  ['BGP: wanted, told nobody', f.withBgp({ announced: new Set() }), ['error wanted-not-announced']],
];

const cases: readonly Case[] = [
  [
    'dataplane silent',
    { ...sound, dataplane: { ...sound.dataplane, trouble: 'no socket', status: null } },
    ['error dataplane-down'],
  ],
  [
    'dataplane not serving',
    { ...sound, dataplane: { ...sound.dataplane, status: { serving: false, problems: ['no port'] } } },
    ['error dataplane-not-serving'],
  ],
  ['port down', f.withPort({ link: { ...f.port.link!, up: false } }), ['error port-down']],
  ['kni missing', f.withPort({ kernel: null }), ['error kni-down']],
  ['kni down', f.withPort({ kernel: { ...f.port.kernel!, up: false } }), ['error kni-down']],
  ['no carrier', f.withPort({ kernel: { ...f.port.kernel!, carrier: false } }), ['error kni-down']],
  ['no carrier where no OSPF runs', f.withPort({ focus: false, kernel: null }), ['warn kni-down']],
  ['kni MTU too large', f.withPort({ kernel: { ...f.port.kernel!, mtu: 9000 } }), ['error kni-mtu']],
  ['kni MTU too small', f.withPort({ kernel: { ...f.port.kernel!, mtu: 1400 } }), ['warn kni-mtu']],
  ['no bridge', { ...sound, bridge: { ...sound.bridge, trouble: 'no socket' } }, ['warn bridge-down']],
  [
    'a damaged journal',
    { ...sound, wanted: [], bridge: { ...sound.bridge, trouble: 'no such file', unread: 'n.route.json: it is empty' } },
    ['warn bridge-down', 'error journal-unreadable'],
  ],
  [
    'a journal that was lost',
    { ...sound, wanted: [], bridge: { ...sound.bridge, strays: [{ vip, device: 'dpdk1' }] } },
    ['error vip-unknown'],
  ],
  [
    'drained',
    f.withOspf(
      { announced: new Set() },
      { ...sound, wanted: [{ ...f.wish(vip), drain: { deadline: null, ended: true } }] },
    ),
    ['info drained'],
  ],
  [
    'drains, and is announced no more',
    f.withOspf(
      { announced: new Set() },
      { ...sound, wanted: [{ ...f.wish(vip), drain: { deadline: null, ended: false } }] },
    ),
    ['error wanted-not-announced'],
  ],
  [
    'being taken back',
    f.withOspf({ announced: new Set() }, { ...sound, wanted: [{ ...f.wish(vip), wanted: false }] }),
    [],
  ],
  ['a full disk', { ...sound, bridge: { ...sound.bridge, unwritten: 'ENOSPC' } }, ['error journal-unwritten']],
  ['no zebra', { ...sound, daemons: { ...sound.daemons, zebra: f.notRunning } }, ['error zebra-down']],
  ['no ospfd', { ...sound, daemons: { ...sound.daemons, ospfd: f.notRunning }, ospf: null }, ['error ospfd-down']],
  ['no router ospf', f.withOspf({ config: { ...f.ospf.config, routerOspf: false } }), ['error ospf-not-configured']],
  ['ospfd is not connected to zebra', { ...sound, zebraClients: new Map() }, ['error zebra-restarted']],
  ['zebra was started anew', withClient({ redistributed: 0 }), ['error zebra-restarted']],
  ['zebra was started anew, redistribution is back', withClient({ routes: 0 }), ['error zebra-restarted']],
  ['nor has ospfd anything to give', f.withOspf({ neighbours: [] }, withClient({ routes: 0 })), ['error no-neighbour']],
  ['ospfd has just connected', withClient({ seconds: 1, routes: 0, redistributed: 0 }), []],
  ['OSPF nowhere', f.withPort({ ospf: null, config: null }), ['error ospf-not-on-kni']],
  [
    'the kni on which OSPF runs is down, and OSPF is nowhere',
    {
      ...f.withPort({ ospf: null, config: null, kernel: { ...f.port.kernel!, up: false } }),
      ports: [
        { ...f.port, ospf: null, config: null, kernel: { ...f.port.kernel!, up: false } },
        { ...f.port, device: 'dpdk0', kni: 'dpdk0.kni', ospf: null, config: null, addresses: [] },
      ],
    },
    ['error kni-down'],
  ],
  ['passive', f.withConfig({ passive: true }), ['error passive']],
  [
    'a neighbour that cannot help',
    f.withOspf({ config: { ...f.ospf.config, gracePeriod: 60 }, withoutOpaque: ['10.0.0.1'] }),
    ['warn graceful-restart-unheard'],
  ],
  ['no graceful restart here, either', f.withOspf({ withoutOpaque: ['10.0.0.1'] }), []],
  ['no neighbour', f.withOspf({ neighbours: [] }), ['error no-neighbour']],
  [
    'neighbour elsewhere',
    f.withOspf({ neighbours: [{ ...f.ospf.neighbours[0], interface: 'eth0' }] }),
    ['error no-neighbour'],
  ],
  ['group not joined', f.withPort({ groups: ['224.0.0.1'] }), ['error multicast-not-joined']],
  ['groups unknown', f.withPort({ groups: null }), []],
  [
    'only own packets',
    f.withOspf({ neighbours: [] }, f.withPort({ wire: f.onWire(f.heard({ own: true })) })),
    ['error no-neighbour', 'error nothing-received'],
  ],
  ['silence, but Full', f.withPort({ wire: f.onWire() }), []],
  ['not listened', f.withPort({ wire: { listened: false, why: 'no tcpdump' } }), []],
  ['another area', says({ packet: { area: '0.0.0.7' } }), ['error area-mismatch']],
  ['stub there', says({ hello: { external: false } }), ['error area-type-mismatch']],
  ['stub here', f.withInterface({ areaKind: 'stub' }), ['error area-type-mismatch']],
  [
    'NSSA there, stub here',
    f.withPort({
      ospf: { ...f.ospfInterface, areaKind: 'stub' },
      wire: f.onWire(f.heard({ hello: { external: false, nssa: true } })),
    }),
    ['error area-type-mismatch'],
  ],
  [
    'NSSA on both sides',
    f.withPort({
      ospf: { ...f.ospfInterface, areaKind: 'nssa' },
      wire: f.onWire(f.heard({ hello: { external: false, nssa: true } })),
    }),
    [],
  ],
  ['hello interval', says({ hello: { helloInterval: 10 } }), ['error hello-mismatch']],
  ['dead interval', says({ hello: { deadInterval: 40 } }), ['error dead-mismatch']],
  ['both', says({ hello: { helloInterval: 10, deadInterval: 40 } }), ['error hello-mismatch', 'error dead-mismatch']],
  ['own hellos do not count', says({ own: true, hello: { helloInterval: 10 } }), []],
  ['the last hello counts', f.withPort({ wire: f.onWire(f.heard({ hello: { helloInterval: 10 } }), f.heard()) }), []],
  ['netmask', says({ hello: { mask: '255.255.255.248' } }), ['error netmask-mismatch']],
  [
    'netmask on a point-to-point link',
    f.withPort({ ospf: pointToPoint, wire: f.onWire(f.heard({ hello: { mask: '0.0.0.0', designated: '0.0.0.0' } })) }),
    [],
  ],
  ['authentication there', says({ packet: { authentication: { kind: 'plain', key: 'x' } } }), ['error auth-mismatch']],
  [
    'unknown authentication',
    says({ packet: { authentication: { kind: 'unknown', type: 9 } } }),
    ['error auth-mismatch'],
  ],
  ['authentication here', f.withConfig({ authentication: { kind: 'plain', key: 'x' } }), ['error auth-mismatch']],
  ['the same MD5 key', md5(sound, signed('secret')), []],
  ['another MD5 key', md5(sound, signed('Secret')), ['error auth-key-mismatch']],
  ['another MD5 key id', md5(sound, signed('secret', 2)), ['error auth-key-mismatch']],
  ['our router id', says({ packet: { routerId: '172.31.7.2' } }), ['error duplicate-router-id']],
  [
    'two others with one router id',
    f.withPort({ wire: f.onWire(f.heard(), f.heard({ source: '172.31.7.3' })) }),
    ['error duplicate-router-id'],
  ],
  [
    'two others with one router id, of whom one waits',
    f.withPort({ wire: f.onWire(f.heard(), f.heard({ source: '172.31.7.3', hello: { designated: '0.0.0.0' } })) }),
    ['error duplicate-router-id'],
  ],
  ['point-to-point there', says({ hello: { designated: '0.0.0.0' } }), ['error network-type-mismatch']],
  ['one that does not hear us', says({ hello: { designated: '0.0.0.0', neighbours: [] } }), []],
  ['a neighbour that ospfd does not know', f.withOspf({ neighbours: [] }, namesNobody()), ['error no-neighbour']],
  [
    'this node waits',
    f.withOspf({ neighbours: lessThanFull('2-Way/DROther', 12) }, namesNobody({ state: 'Waiting' })),
    ['error no-neighbour', 'info waiting'],
  ],
  [
    'the neighbour waits',
    f.withOspf({ neighbours: lessThanFull('ExStart/Backup', 39) }, namesNobody()),
    ['error no-neighbour', 'info waiting'],
  ],
  [
    'point-to-point there, for longer than anybody waits',
    f.withOspf({ neighbours: lessThanFull('ExStart/Backup', 41) }, namesNobody()),
    ['error no-neighbour', 'error network-type-mismatch', 'warn mtu-suspected'],
  ],
  [
    'point-to-point there, exchanging its database: that one does not wait',
    f.withOspf({ neighbours: lessThanFull('Exchange/Backup', 1) }, namesNobody()),
    ['error no-neighbour', 'error network-type-mismatch'],
  ],
  ['point-to-point on both sides', namesNobody({ pointToPoint: true, state: 'Point-To-Point' }), []],
  ['point-to-point here', f.withInterface(pointToPoint), ['error network-type-mismatch']],
  [
    'MTU',
    f.withOspf({ neighbours: stuck }, f.withPort({ wire: f.onWire(f.heard(), description(9000)) })),
    ['error no-neighbour', 'error mtu-mismatch'],
  ],
  ['MTU of a virtual link', f.withPort({ wire: f.onWire(f.heard(), description(0)) }), []],
  ['stuck for no reason seen', f.withOspf({ neighbours: stuck }), ['error no-neighbour', 'warn mtu-suspected']],
  [
    'stuck in Loading',
    f.withOspf({ neighbours: lessThanFull('Loading/DR', 12) }),
    ['error no-neighbour', 'warn mtu-suspected'],
  ],
  [
    'an adjacency that has just begun',
    f.withOspf({ neighbours: lessThanFull('ExStart/DR', 4) }),
    ['error no-neighbour'],
  ],
  [
    'no kni_host',
    { ...sound, dataplane: { ...sound.dataplane, routes: sound.dataplane.routes.slice(0, 1) } },
    ['error kni-host-missing'],
  ],
  [
    'kni_host on another port',
    {
      ...sound,
      dataplane: { ...sound.dataplane, routes: sound.dataplane.routes.map((each) => ({ ...each, device: 'dpdk0' })) },
    },
    ['error kni-host-missing', 'error kni-host-missing'],
  ],
  [
    'the tutorial’s form on a point-to-point link',
    f.withOspf(
      { announced: new Set(), config: { ...f.ospf.config, networks: [{ prefix: `${vip}/32`, area: '0.0.0.0' }] } },
      {
        ...f.withPort({ ospf: pointToPoint, wire: f.onWire(f.heard({ hello: { designated: '0.0.0.0' } })) }),
        wanted: [],
      },
    ),
    ['error network-form-on-p2p'],
  ],
  [
    'announced without service',
    { ...sound, dataplane: { ...sound.dataplane, services: new Set() } },
    ['error vip-without-service'],
  ],
  [
    'on the kni without service',
    f.withOspf(
      { announced: new Set() },
      { ...sound, wanted: [], dataplane: { ...sound.dataplane, services: new Set() } },
    ),
    ['warn vip-without-service'],
  ],
  [
    'announced, not on the kni',
    { ...f.withPort({ addresses: [own] }), kernel: { ...sound.kernel, addresses: [own, f.address(vip, 32, 'lo')] } },
    ['info announced-not-on-kni'],
  ],
  [
    'announced, on the kni of a port that is not looked at',
    {
      ...{ ...f.withPort({ addresses: [own] }), knis: ['dpdk0.kni', 'dpdk1.kni'] },
      kernel: { ...sound.kernel, addresses: [own, f.address(vip, 32, 'dpdk0.kni')] },
    },
    [],
  ],
  [
    'another network namespace',
    { ...f.withPort({ kernel: null, addresses: [], groups: [] }), kernel: { ...sound.kernel, addresses: [] } },
    ['error kni-down'],
  ],
  [
    'announced, nowhere',
    { ...f.withPort({ addresses: [own] }), kernel: { ...sound.kernel, addresses: [] } },
    ['error announced-not-on-kni'],
  ],
  ['wanted, not announced', f.withOspf({ announced: new Set() }), ['error wanted-not-announced']],
  [
    'a large router-LSA',
    f.withOspf({ routerLsas: [{ area: '0.0.0.0', length: 1440, links: 118, stubs: 117 }] }),
    ['warn router-lsa-size'],
  ],
  [
    'nearly so',
    f.withOspf({ routerLsas: [{ area: '0.0.0.0', length: 1300, links: 106, stubs: 105 }] }),
    ['info router-lsa-size'],
  ],
  ['no explicit cost', f.withConfig({ cost: null }), ['warn cost-from-kni-speed']],
  [
    'strict, the answers leave by eth0',
    { ...f.withPort({ rpFilter: 1 }), kernel: { ...sound.kernel, routes: [f.defaultRoute('eth0')] } },
    ['warn reverse-path'],
  ],
  ['strict, they leave by the kni', f.withPort({ rpFilter: 1 }), []],
  ['no default route', { ...sound, kernel: { ...sound.kernel, routes: [] } }, ['info no-return-route']],
  ...ospf6Cases,
  ...bgpCases,
];

t.test('a sound node', async (t) => {
  const report = examine('node', sound);
  t.same(
    report.checks.filter(({ outcome }) => outcome !== 'ok'),
    [],
  );
  t.same(
    report.checks.map(({ id }) => id),
    checks.filter(({ protocol = 'ospf' }) => protocol === 'ospf').map(({ id }) => id),
    'what is not used is not asked about',
  );
  t.match(formatDoctor(report, plain), /^ok {5}the dataplane runs and serves$[\s\S]*\nnode: nothing found\n$/m);
});

t.test('one thing broken', async (t) => {
  for (const [what, facts, ids] of cases) {
    const report = examine('node', facts);
    const findings = report.checks.flatMap((check) => check.findings);
    t.same(
      findings.map(({ severity, id }) => `${severity} ${id}`),
      ids,
      what,
    );
    for (const { title, evidence, advice } of findings) t.ok(title && evidence && advice, `${what}: all of it is said`);
    t.notMatch(JSON.stringify(report), /secret/i, 'no key is shown');
  }
});

t.test(
  'a collector that fails: the checks that need it are not looked at, with the reason, and nothing is found',
  async (t) => {
    const empty = { addresses: [], routes: [] };
    const nothing = { ...f.port, kernel: null, addresses: [] };
    const deaf = examine('node', { ...sound, failed: { kernel: 'list routes: EIO' }, kernel: empty, ports: [nothing] });
    const skipped = deaf.checks.filter(({ outcome }) => outcome === 'skipped');
    t.same(new Set(skipped.map(({ reason }) => reason)), new Set(['list routes: EIO']));
    t.same(
      skipped.map(({ id }) => id).sort(),
      ['port-down', 'kni-mtu', 'kni-host-missing', 'network-form-on-p2p', 'vip-disagreement', 'netmask-mismatch']
        .concat(['reverse-path', 'no-return-route', 'ospf-not-on-kni'])
        .sort(),
    );
    t.same(
      deaf.checks.flatMap((check) => check.findings),
      [],
    );
    t.match(formatDoctor(deaf, plain), /^- {6}\d+ checks not looked at: list routes: EIO\n\nnode: nothing found\n$/m);
    const one = examine('node', { ...sound, bridge: { ...sound.bridge, trouble: 'no socket' } });
    t.match(
      formatDoctor(one, plain),
      /^- {6}the bridge's journal is read and written: not looked at, the bridge does not answer\n\nnode: 0 errors, 1 warning, 0 remarks\n$/m,
    );
    const garbled = examine('node', { ...sound, failed: { daemons: 'no such field' }, ospf: null });
    t.match(
      garbled.checks.filter(({ id }) => id === 'ospfd-down'),
      [{ outcome: 'skipped', reason: 'no such field' }],
    );

    const attempts = new Attempts();
    const fail = (message: string) => () => Promise.reject(new Error(message));
    t.same(await attempts.ask('kernel', fail('first'), ['otherwise']), ['otherwise']);
    t.same(await attempts.ask('kernel', fail('second'), []), []);
    t.equal(await attempts.ask('daemons', async () => 7, 0), 7);
    t.same(attempts.failed, { kernel: 'first' });
  },
);

t.test('an adjacency that is stuck: what was heard of its descriptions', async (t) => {
  for (const [what, wire, evidence, advice] of [
    [
      'heard',
      f.onWire(f.heard(), description(1500), description(1500)),
      'for 12 s; MTU 1500 here; database descriptions of it heard in 3 s: 2',
      /^they come, .* \(ip route show table local dev dpdk1\.kni/,
    ],
    [
      'not heard',
      f.onWire(f.heard(), f.heard({ own: true })),
      'for 12 s; MTU 1500 here; database descriptions of it heard in 3 s: none',
      /kni_host .*ping -M do -s 1472 172\.31\.7\.1\)\?$/,
    ],
    [
      'not listened',
      { listened: false, why: 'there is no tcpdump here' },
      'for 12 s; MTU 1500 here; not listened: there is no tcpdump here',
      /kni_host/,
    ],
  ] as const) {
    const { checks } = examine('node', f.withOspf({ neighbours: stuck }, f.withPort({ wire })));
    const found = checks.flatMap(({ findings }) => findings).find(({ id }) => id === 'mtu-suspected');
    t.equal(found?.evidence, evidence, what);
    t.match(found?.advice, advice, what);
  }
});

t.test('a VIP that the bridge does not announce: in its words', async (t) => {
  const status = { vip, reason: { at: 'kni', code: 'kni_down', detail: 'dpdk1.kni' } };
  const facts = f.withOspf({ announced: new Set() }, { ...sound, bridge: { ...sound.bridge, vips: [status] } });
  const found = examine('node', facts).checks.flatMap(({ findings }) => findings);
  t.match(found, [
    {
      id: 'wanted-not-announced',
      evidence: 'the bridge: the kernel-visible interface is not up (dpdk1.kni)',
      advice: /ip link set dev/,
    },
  ]);
});

t.test('a daemon that cannot be asked: why not', async (t) => {
  for (const [kind, title, advice] of [
    ['down', 'ospfd does not run', /^start it \(ospfd=yes/],
    ['silent', 'ospfd does not answer', /^it was reached, and hangs/],
    ['refused', 'ospfd does not answer as FRR does', /version/],
    ['absent', 'ospfd cannot be asked', /vtysh/],
  ] as const) {
    const facts = { ...sound, daemons: { ...sound.daemons, ospfd: { kind, said: 'why' } }, ospf: null };
    const found = examine('node', facts).checks.flatMap(({ findings }) => findings);
    const evidence = kind === 'down' ? 'vtysh -d ospfd reaches nobody' : 'why';
    t.match(found, [{ id: 'ospfd-down', title, evidence, advice }]);
    t.equal(found.length, 1);
  }
});

t.test('every check has a case that it finds', async (t) => {
  const found = new Set(
    cases.flatMap(([, facts]) =>
      examine('node', facts).checks.flatMap(({ id, outcome }) => (outcome === 'found' ? [id] : [])),
    ),
  );
  t.same(
    checks.map(({ id }) => id).filter((id) => !found.has(id)),
    [],
  );
  t.equal(new Set(checks.map(({ id }) => id)).size, checks.length, 'each has an id of its own');
});

t.test('the table of findings names those that a case finds, and no other', async (t) => {
  const [, section] = /^## Doctor$([\s\S]*?)^## /m.exec(readFileSync('routing/README.md', 'utf8')) ?? [];
  const named = [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, id]) => id),
  );
  const found = cases.flatMap(([, facts]) =>
    examine('node', facts).checks.flatMap(({ findings }) => findings.map(({ id }) => id)),
  );
  t.same(named.sort(), [...new Set(found)].sort());
});
