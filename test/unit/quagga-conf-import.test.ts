// Hand-written configurations → the model: the tutorial's own files, both dialects, what is kept, what is warned of; and back again.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import {
  type ImportedConfig,
  importConfig,
  keptMark,
  ModelError,
  type RoutingModel,
  renderConfig,
  type SourceFile,
  shownLine,
  writableModel,
  writeImported,
} from '../../quagga-conf/index.js';

const seed = Number(process.env.DPVS_TEST_SEED ?? Date.now() % 2 ** 31);
const file = (name: string, ...lines: string[]): SourceFile => ({ name, text: `${lines.join('\n')}\n` });
const asFiles = (model: RoutingModel): SourceFile[] =>
  Object.entries(renderConfig(model)).map(([name, text]) => ({ name, text: String(text) }));
const keptLines = ({ kept }: ImportedConfig): string[] => kept.map(shownLine);
const warned = ({ findings }: ImportedConfig, what: RegExp): boolean => findings.some((each) => what.test(each.what));

/** As DPVS's tutorial shows them, with its comments and without indentation. */
const tutorial = [
  file(
    'zebra.conf',
    '! -*- zebra -*-',
    '!',
    '! zebra sample configuration file',
    '!',
    '! Id: zebra.conf.sample,v 1.1 2002/12/13 20:15:30 paul Exp $',
    '!',
    'hostname localhost.localdomain # change to it real hostname',
    'password ****',
    'enable password ****',
    'log file /var/log/quagga/zebra.log',
    'service password-encryption',
  ),
  file(
    'ospfd.conf',
    'log file /var/log/quagga/ospf.log',
    'log stdout',
    'log syslog',
    'password ****',
    'enable password ****',
    'interface dpdk1.kni # should be wan-side kni device',
    'ip ospf hello-interval 10',
    'ip ospf dead-interval 40',
    'router ospf',
    'ospf router-id 192.168.100.200 # just use LAN IP',
    'log-adjacency-changes',
    'auto-cost reference-bandwidth 1000',
    'network 172.10.0.0/30 area 0.0.0.0 # announce inter-connection network',
    'network 123.1.2.3/32 area 0.0.0.0 # announce VIP',
  ),
];

t.test("the tutorial's files", async (t) => {
  const imported = importConfig(tutorial);
  const { model } = imported;
  t.same(keptLines(imported), ['log stdout', 'log syslog'], 'nothing else is unknown');
  t.match(model, {
    flavor: 'quagga',
    form: 'network',
    hostname: 'localhost.localdomain',
    password: '****',
    logDirectory: '/var/log/quagga',
    routerId: '192.168.100.200',
    area: '0.0.0.0',
    vips: ['123.1.2.3'],
    referenceBandwidth: 1000,
  });
  t.match(model.interfaces, [
    { name: 'dpdk1.kni', network: '172.10.0.0/30', networkType: 'broadcast', hello: 10, dead: 40 },
  ]);
  t.same(imported.vips, [{ address: '123.1.2.3', by: 'network', where: 'ospfd.conf:14' }]);
  t.notOk(imported.findings.some(({ severity }) => severity === 'broken'));
  t.ok(warned(imported, /goes on getting traffic for 40 s/));
  t.match(writeImported(writableModel(model), imported.kept)['ospfd.conf'], `${keptMark}\nlog stdout\nlog syslog\n`);
});

t.test('an integrated frr.conf, with what is not ours', async (t) => {
  const imported = importConfig([
    file(
      'frr.conf',
      'frr version 8.4.4',
      'frr defaults traditional',
      'hostname lb1',
      'service integrated-vtysh-config',
      'ip route 10.0.0.0/8 172.10.0.1',
      '!',
      'interface dpdk1.kni',
      ' ip address 172.10.0.2/30',
      ' ip ospf authentication message-digest',
      ' ip ospf message-digest-key 1 md5 s3cret',
      ' ip ospf network point-to-point',
      ' ip ospf retransmit-interval 7',
      'exit',
      '!',
      'router ospf',
      ' max-metric router-lsa administrative',
      ' network 123.1.2.3/32 area 0',
      ' network 172.10.0.0/30 area 0',
      ' network 192.168.0.0/16 area 0',
      'exit',
      '!',
      'router isis CORE',
      ' net 49.0001.1921.6810.0001.00',
      'exit',
      'end',
    ),
  ]);
  t.same(keptLines(imported), [
    'ip route 10.0.0.0/8 172.10.0.1',
    'interface dpdk1.kni / ip address 172.10.0.2/30',
    'interface dpdk1.kni / ip ospf retransmit-interval 7',
    'router ospf / max-metric router-lsa administrative',
    'router ospf / network 192.168.0.0/16 area 0',
    'router isis CORE',
    'router isis CORE / net 49.0001.1921.6810.0001.00',
  ]);
  for (const what of [
    /announces nothing on a point-to-point link/,
    /does not drain/,
    /no router-id/,
    /for 40 s/,
    /no cost/,
  ])
    t.ok(warned(imported, what), String(what));
  t.equal(imported.model.routerId, '172.10.0.2');
  const files = writeImported(writableModel(imported.model), imported.kept);
  t.same(Object.keys(files).sort(), ['isisd.conf', 'ospfd.conf', 'staticd.conf', 'zebra.conf']);
  t.match(files['ospfd.conf'], /permit 123\.1\.2\.3\/32/, 'announced in the form that works');
  t.match(
    files['ospfd.conf'],
    `${keptMark}\ninterface dpdk1.kni\n ip ospf retransmit-interval 7\nrouter ospf\n max-metric router-lsa administrative\n network 192.168.0.0/16 area 0\n`,
  );
  t.notMatch(JSON.stringify([keptLines(imported), imported.findings]), /s3cret/);
});

t.test("somebody's own redistribution", async (t) => {
  const ospfd = (...policy: string[]): ImportedConfig =>
    importConfig([
      file(
        'ospfd.conf',
        'interface dpdk1.kni',
        ' ip ospf hello-interval 1',
        ...policy.filter((each) => !each.startsWith(' ') || /match|set/.test(each)),
        'router ospf',
        ' ospf router-id 1.1.1.1',
        ' network 172.10.0.0/30 area 0',
        ...policy.filter((each) => each.startsWith(' redistribute')),
      ),
    ]);
  const own = ospfd(
    'ip prefix-list MINE seq 5 permit 9.9.9.9/32',
    'ip prefix-list MINE seq 10 permit 9.9.9.8/32',
    'ip prefix-list OTHER seq 5 permit 8.8.8.0/24',
    'route-map VIP permit 10',
    ' match ip address prefix-list MINE',
    ' redistribute connected metric 7 route-map VIP',
  );
  t.match(own.model, { form: 'redistribute', vips: ['9.9.9.9', '9.9.9.8'], externalMetric: 7 });
  t.equal(own.model.interfaces[0]!.dead, 4, "FRR's and Quagga's default follows the hello interval");
  t.same(keptLines(own), ['ip prefix-list OTHER seq 5 permit 8.8.8.0/24']);
  t.ok(warned(own, /type-2 externals/));
  const bare = ospfd(' redistribute connected');
  t.ok(warned(bare, /announces every connected network/));
  t.same(keptLines(bare), ['router ospf / redistribute connected']);
  const wide = ospfd(
    'ip prefix-list MINE seq 5 permit 10.0.0.0/8 le 32',
    'route-map VIP permit 10',
    ' match ip address prefix-list MINE',
    ' redistribute connected route-map VIP',
  );
  t.same(wide.vips, []);
  t.equal(wide.kept.length, 4, 'a policy that says more stays whole');
});

t.test('what cannot be imported says what is missing', async (t) => {
  const field = (...files: SourceFile[]): string => {
    try {
      importConfig(files);
      return '';
    } catch (error) {
      return error instanceof ModelError ? error.field : String(error);
    }
  };
  t.equal(field(file('zebra.conf', 'hostname x')), 'import');
  t.equal(field(file('frr.conf', 'router ospf', 'router bgp 1')), 'import');
  t.equal(field(file('ospfd.conf', 'router ospf', ' network 172.10.0.0/30 area 0')), 'interface');
  t.equal(field(file('ospfd.conf', 'interface x', ' ip ospf cost 1', 'router ospf')), 'network');
});

const octet = fc.integer({ min: 1, max: 254 });
const vip = fc.tuple(octet, octet, octet).map((parts) => `123.${parts.join('.')}`);
const word = fc.stringMatching(/^[A-Za-z0-9._-]{1,8}$/);
const link = (i: number) =>
  fc.record(
    {
      name: fc.constant(`dpdk${i}.kni`),
      network: fc.constant(`172.10.0.${4 * i}/30`),
      networkType: fc.constantFrom('broadcast' as const, 'point-to-point' as const),
      hello: fc.integer({ min: 1, max: 10 }),
      dead: fc.integer({ min: 11, max: 60 }),
      cost: fc.integer({ min: 1, max: 65535 }),
      authentication: fc.oneof(
        fc.record({ kind: fc.constant('plain' as const), key: word }),
        fc.record({ kind: fc.constant('md5' as const), keyId: fc.integer({ min: 1, max: 255 }), key: word }),
      ),
    },
    { requiredKeys: ['name', 'network', 'networkType', 'hello', 'dead', 'cost'] },
  );
const anyModel: fc.Arbitrary<RoutingModel> = fc
  .record({
    base: fc.record(
      {
        flavor: fc.constantFrom('frr' as const, 'quagga' as const),
        form: fc.constantFrom('redistribute' as const, 'network' as const),
        hostname: word,
        password: word,
        enablePassword: word,
        logDirectory: fc.constantFrom(null, '/var/log/quagga', '/var/log/frr'),
        routerId: fc.constantFrom('192.168.100.200', '10.1.1.1'),
        area: fc.constantFrom('0', '0.0.0.0', '7', '0.0.0.9'),
        vips: fc.uniqueArray(vip, { maxLength: 8 }),
        referenceBandwidth: fc.integer({ min: 1, max: 4294967 }),
        externalMetric: fc.integer({ min: 0, max: 16777214 }),
        gracefulRestart: fc.integer({ min: 1, max: 1800 }),
      },
      {
        requiredKeys: [
          'flavor',
          'form',
          'hostname',
          'logDirectory',
          'routerId',
          'area',
          'vips',
          'referenceBandwidth',
          'externalMetric',
        ],
      },
    ),
    interfaces: fc.tuple(link(1), link(2)),
    both: fc.boolean(),
    passive: fc.boolean(),
    areaType: fc.constantFrom('normal' as const, 'stub' as const, 'totally-stubby' as const),
    ospf6: fc.option(
      fc.uniqueArray(
        octet.map((n) => `2001:db8::${n}`),
        { maxLength: 3 },
      ),
      { nil: undefined },
    ),
    bfd: fc.boolean(),
    bgp: fc.boolean(),
    ranges: fc.subarray(['123.2.0.0/16', '123.7.8.0/24']),
  })
  .map(({ base, interfaces: [first, second], both, passive, areaType, ospf6, bfd, bgp, ranges }): RoutingModel => {
    const { gracefulRestart, ...rest } = base;
    const frr = base.flavor === 'frr';
    const speaksBgp = bgp && frr && base.form === 'redistribute';
    const network = base.form === 'network';
    const each = {
      ...first,
      ...(network && frr ? { networkType: 'broadcast' as const } : {}),
      ...(bfd && frr ? { bfd } : {}),
    };
    const two = { ...second, ...(network && frr ? { networkType: 'broadcast' as const } : {}) };
    const { authentication: _, ...plain } = each;
    return {
      ...rest,
      areaType: network && !['0', '0.0.0.0'].includes(base.area) && ospf6 === undefined ? areaType : 'normal',
      authenticationScope: !both && first.authentication !== undefined && !speaksBgp ? 'area' : 'interface',
      interfaces: speaksBgp
        ? [{ ...plain, networkType: 'broadcast', cost: 10 }]
        : ospf6 === undefined
          ? both
            ? [each, two]
            : [each]
          : [plain],
      ...(ospf6 !== undefined && first.authentication !== undefined ? { authenticationScope: 'interface' } : {}),
      passive: passive && !speaksBgp ? [{ name: 'dpdk0.kni', network: '192.168.100.0/24' }] : [],
      bfdTimers:
        bfd && frr ? { transmit: 100, receive: 250, multiplier: 5 } : { transmit: 300, receive: 300, multiplier: 3 },
      // Not said by any line in the form that has no external LSA.
      externalMetric: (network && ospf6 === undefined) || speaksBgp ? 20 : base.externalMetric,
      ...(speaksBgp
        ? {
            area: '0.0.0.0',
            referenceBandwidth: 1000,
            bgp: { localAs: 65001, peers: [{ address: '172.10.0.5', remoteAs: 65100 }] },
          }
        : ospf6 === undefined
          ? {}
          : { ospf6: { vips: ospf6 } }),
      ...(gracefulRestart === undefined || !frr ? {} : { gracefulRestart }),
      ...(network || ranges.length === 0 ? {} : { vipRanges: ranges }),
    };
  });

t.test('what the generator writes is read back as the same model', async (t) => {
  t.comment(`seed ${seed}`);
  fc.assert(
    fc.property(anyModel, fc.boolean(), (model, joined) => {
      const files = asFiles(model);
      // Also when all of it stands in one file.
      const sources =
        joined && model.flavor === 'frr' ? [{ name: 'frr.conf', text: files.map(({ text }) => text).join('') }] : files;
      const imported = importConfig(sources, { flavor: model.flavor });
      return isDeepStrictEqual(imported.model, structuredClone(model)) && imported.kept.length === 0;
    }),
    { seed, numRuns: 300 },
  );
});

t.test('any text: read, or refused with a field; nothing that is kept is lost or shown with its key', async (t) => {
  t.comment(`seed ${seed}`);
  const words =
    'router ospf bgp 65001 interface dpdk1.kni ip address area network 172.10.0.0/30 123.1.2.3/32 0 route-map X permit 10 match prefix-list redistribute connected metric ! # exit end no password KEY neighbor 172.10.0.1 remote-as hello-interval dead-interval message-digest-key md5 line vty profile bfd'.split(
      ' ',
    );
  const anyLine = fc.oneof(
    fc.array(fc.constantFrom(...words), { maxLength: 7 }).map((list) => list.join(' ')),
    fc.constantFrom(
      'router ospf',
      'interface dpdk1.kni',
      ' ip ospf cost 3',
      ' network 172.10.0.0/30 area 0',
      ' network 123.1.2.3/32 area 0',
    ),
    fc.string({ unit: 'binary', maxLength: 30 }),
  );
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 40 }), (lines) => {
      const source = file('frr.conf', ...lines);
      let imported: ImportedConfig;
      try {
        imported = importConfig([source]);
      } catch (error) {
        return error instanceof ModelError;
      }
      const { kept } = imported;
      // Each is a line of the file, as it stood but for blanks and comments.
      const rows = source.text.split(/\r?\n/);
      if (!kept.every(({ number, text }) => rows[number - 1]!.replace(/\s+/g, ' ').trim().startsWith(text)))
        return false;
      if (kept.some((line) => /^(enable )?password KEY|md5 KEY$/.test(line.text) && shownLine(line).endsWith('KEY')))
        return false;
      let files: Record<string, string>;
      try {
        files = writeImported(writableModel(imported.model), kept);
      } catch (error) {
        return error instanceof ModelError;
      }
      const written = Object.values(files).join('');
      return kept.every(({ text }) => written.includes(text));
    }),
    { seed, numRuns: 1500 },
  );
});
