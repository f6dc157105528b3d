// --save and --restore: whatever services there are, running the saved lines makes them again.
import fc from 'fast-check';
import t from 'tap';
import type { LaddrInfo, ServerInfo, ServiceInfo } from '../../api/index.js';
import { defaultDestCheck, readScript, saveLines, splitLine } from '../../cli/ipvsadm/index.js';
import { sampleServer, sampleService } from '../support/samples.js';

interface Config {
  readonly info: ServiceInfo;
  readonly laddrs: readonly LaddrInfo[];
}

const seed = Date.now() % 0x7fffffff;

const ip = fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', '2001:db8::2', '::1'));
const port = fc.integer({ min: 1, max: 65535 });
const threshold = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1000 }));
const server: fc.Arbitrary<ServerInfo> = fc
  .record({
    address: ip,
    port,
    forwarding: fc.constantFrom('FullNat', 'Masq', 'SNAT', 'Route', 'Tunnel'),
    weight: fc.integer({ min: 0, max: 65535 }),
    upperThreshold: fc.integer({ min: 1000, max: 0xffffffff }),
    lowerThreshold: threshold,
    activeConns: fc.nat(),
  } as const)
  .map((given) => sampleServer(given));
const seconds = fc.integer({ min: 1, max: 3600 });
const count = fc.integer({ min: 1, max: 255 });
const destCheck = fc
  .record({ down: count, up: count, wait: seconds, inhibitMin: seconds, more: seconds })
  .map(({ more, ...check }) => ({ ...check, inhibitMax: check.inhibitMin + more }));
const device = fc.constantFrom('dpdk0', 'dpdk1', 'bond0.100');

const end = fc
  .record({ a: fc.nat(0xffffffff), b: fc.nat(0xffffffff), p: fc.nat(65535), q: fc.nat(65535) })
  .map(({ a, b, p, q }) => {
    const text = (n: number) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.');
    return {
      from: text(Math.min(a, b)),
      to: text(Math.max(a, b, 1)),
      fromPort: Math.min(p, q),
      toPort: Math.max(p, q),
    };
  });
const matchService: fc.Arbitrary<Config> = fc
  .record({
    match: fc.record(
      {
        protocol: fc.constantFrom('tcp', 'udp', 'icmp'),
        source: end,
        destination: end,
        inDevice: device,
        outDevice: device,
      },
      { requiredKeys: ['protocol'] },
    ),
    scheduler: fc.constantFrom('rr', 'wrr', 'wlc'),
    wans: fc.uniqueArray(fc.ipV4(), { maxLength: 3 }),
  } as const)
  .map(({ match, scheduler, wans }) => {
    // As an API client writes it.
    const { protocol, source, destination, inDevice, outDevice } = match;
    const ordered = JSON.parse(JSON.stringify({ protocol, source, destination, inDevice, outDevice })) as typeof match;
    const service = { protocol: 'match', match: ordered } as const;
    const servers = wans.map((address) => sampleServer({ address, port: 0, forwarding: 'SNAT' }));
    return { info: sampleService({ service, scheduler, servers, localAddresses: 0 }), laddrs: [] };
  });

const vipService: fc.Arbitrary<Config> = fc
  .record({
    service: fc.record({ protocol: fc.constantFrom('tcp', 'udp'), address: ip, port } as const),
    scheduler: fc.constantFrom('rr', 'wrr', 'wlc'),
    connTimeout: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 31535999 })),
    destCheck: fc.oneof(fc.constant(undefined), destCheck),
    servers: fc.uniqueArray(server, { selector: (each) => `${each.address} ${each.port}`, maxLength: 4 }),
    laddrs: fc.uniqueArray(fc.record({ address: ip, device }), { selector: (each) => each.address, maxLength: 3 }),
  } as const)
  .map(({ service, scheduler, connTimeout, destCheck, servers, laddrs }) => ({
    info: sampleService({
      service,
      scheduler,
      connTimeout,
      ...(destCheck === undefined || service.protocol === 'udp' ? {} : { destCheck }),
      servers,
      localAddresses: laddrs.length,
    }),
    laddrs: [{ service, localAddresses: laddrs.map((each) => ({ ...each, conflicts: 0, conns: 0 })) }],
  }));
const config = fc.oneof(vipService, matchService);

const keyOf = ({ service }: { service: ServiceInfo['service'] }): string => JSON.stringify(service);

t.test('restore(save(x)) asks for x, whole and in an order that can be obeyed', async (t) => {
  t.comment(`seed ${seed}`);
  fc.assert(
    fc.property(fc.uniqueArray(config, { selector: ({ info }) => keyOf(info), maxLength: 4 }), (configs) => {
      const infos = configs.map(({ info }) => info);
      const laddrs = configs.flatMap((each) => each.laddrs);
      const calls = readScript(`${saveLines(infos, laddrs).join('\n')}\n`).map(({ call }) => call);
      // A model of a node, written apart from the code under test: it only obeys.
      const node = new Map<
        string,
        { scheduler?: string; connTimeout?: number | null; destCheck?: object; servers: string[]; laddrs: string[] }
      >();
      for (const { method, params } of calls) {
        if (method === 'service.add')
          node.set(keyOf(params), {
            scheduler: params.scheduler,
            connTimeout: params.connTimeout ?? null,
            destCheck: params.destCheck,
            servers: [],
            laddrs: [],
          });
        else if (method === 'server.add') {
          const { server: end, forwarding, weight, upperThreshold, lowerThreshold } = params;
          const row = [end.address, end.port, forwarding, weight, upperThreshold ?? 0, lowerThreshold ?? 0];
          node.get(keyOf(params))!.servers.push(row.join(' '));
        } else if (method === 'laddr.add') node.get(keyOf(params))!.laddrs.push(`${params.address} ${params.device}`);
        else throw new Error(`unexpected ${method}`);
      }
      const wanted = configs.map(({ info, laddrs }) => [
        keyOf(info),
        {
          scheduler: info.scheduler,
          connTimeout: info.connTimeout,
          destCheck: info.destCheck,
          servers: info.servers.map((each) =>
            [each.address, each.port, each.forwarding, each.weight, each.upperThreshold, each.lowerThreshold].join(' '),
          ),
          laddrs: laddrs
            .flatMap(({ localAddresses }) => localAddresses)
            .map((each) => `${each.address} ${each.device}`),
        },
      ]);
      return JSON.stringify([...node]) === JSON.stringify(wanted);
    }),
    { seed, interruptAfterTimeLimit: 2000, markInterruptAsFailure: false, numRuns: 500 },
  );
  t.pass('held for every configuration tried');
});

t.test('the saved text of one service', async (t) => {
  const service = { protocol: 'tcp', address: '10.0.0.100', port: 80 } as const;
  const lines = saveLines(
    [
      sampleService({
        service,
        servers: [sampleServer({ upperThreshold: 100 })],
        connTimeout: 60,
        destCheck: defaultDestCheck,
      }),
    ],
    [{ service, localAddresses: [{ address: '192.168.100.200', device: 'dpdk0', conflicts: 0, conns: 0 }] }],
  );
  t.same(lines, [
    '-A -t 10.0.0.100:80 -s rr --conn-timeout 60 --dest-check default',
    '--add-laddr -z 192.168.100.200 -t 10.0.0.100:80 -F dpdk0',
    '-a -t 10.0.0.100:80 -r 192.168.100.2:80 -b -w 1 -x 100',
  ]);
});

t.test("the saved text of SNAT is the reference's", async (t) => {
  const match = {
    protocol: 'tcp',
    source: { from: '192.168.100.0', to: '192.168.100.254', fromPort: 0, toPort: 0 },
    outDevice: 'dpdk1',
  } as const;
  const servers = [sampleServer({ address: '123.1.2.3', port: 0, forwarding: 'SNAT', weight: 100 })];
  const word = 'proto=tcp,src-range=192.168.100.0-192.168.100.254:0-0,dst-range=0.0.0.0-0.0.0.0:0-0,iif=,oif=dpdk1';
  t.same(saveLines([sampleService({ service: { protocol: 'match', match }, servers })], []), [
    `-A -H ${word} -s rr`,
    `-a -H ${word} -r 123.1.2.3:0 -J -w 100`,
  ]);
});

t.test('a script may have comments, blank lines, the name of the program and quotes', async (t) => {
  const text = '# services\n\n  ./ipvsadm -A -t "10.0.0.100:80" -s rr\r\nipvsadm -C\n';
  t.same(
    readScript(text).map(({ line, call }) => [line, call.method]),
    [
      [3, 'service.add'],
      [4, 'service.flush'],
    ],
  );
  t.same(splitLine(`-A 'a b' "c d"e -f`), ['-A', 'a b', 'c de', '-f']);
});

t.test('a wrong line is named and nothing is returned', async (t) => {
  const bad = (line: string) => () => readScript(`-C\n${line}\n`);
  t.throws(bad('-A -s rr'), { code: 'usage', message: /^line 2: You need to supply/ });
  t.throws(bad('-ln'), { code: 'usage', message: /^line 2: only commands that change/ });
  t.throws(bad('-R'), { code: 'usage', message: /^line 2: / });
  t.throws(bad('-A -t 1.1.1.1:80 -p'), { code: 'not_support', exitCode: 1, message: /^line 2: not support/ });
});
