// Whole programs in this process, the node being a table of answers: what is sent, printed, and the exit code.
import t from 'tap';
import { DpvsError, inBatches, longestRequestBytes, type Method } from '../../api/index.js';
import { dpip } from '../../cli/dpip/index.js';
import { ipvsadm } from '../../cli/ipvsadm/index.js';
import { type Answers, runCli } from '../support/cli.js';
import { sampleLink, sampleServer, sampleService, sampleStatus } from '../support/samples.js';
import { fullNatScript, ospfScript } from '../support/tutorial.js';

const run = (line: string, answers?: Answers, input?: string) => {
  const [program, ...argv] = line.split(' ').filter((word) => word !== '');
  return program.endsWith('dpip')
    ? runCli('dpip: ', dpip, argv, answers, input)
    : runCli('', ipvsadm, argv, answers, input);
};

t.test("the tutorial's scripts: one accepted request a line, nothing printed", async (t) => {
  const methodsOf = async (script: readonly string[]): Promise<Method[]> => {
    const sent: Method[] = [];
    for (const line of script) {
      const ran = await run(line);
      t.match(ran, { code: 0, out: '', err: '' }, line);
      sent.push(...ran.calls.map(({ method }) => method));
    }
    return sent;
  };
  t.same(await methodsOf(fullNatScript), [
    'addr.add',
    'route.add',
    'route.add',
    'service.add',
    'server.add',
    'server.add',
    'laddr.add',
  ]);
  t.same(await methodsOf(ospfScript), [
    'route.add',
    'service.add',
    'server.add',
    'server.add',
    'laddr.add',
    'laddr.add',
    'route.add',
  ]);
});

t.test('exit codes and messages', async (t) => {
  const refuse =
    (code: ConstructorParameters<typeof DpvsError>[0], detail = '', field = '') =>
    () => {
      throw new DpvsError(code, detail, field);
    };
  const exists = await run('dpip addr add 10.0.0.1/32 dev dpdk1', { 'addr.add': refuse('already_exist') });
  t.match(exists, { code: 1, out: '', err: 'dpip: already exist\n' });
  const noDevice = await run('dpip addr add 10.0.0.1/32 dev dpdk9', { 'addr.add': refuse('no_device', 'dpdk9') });
  t.match(noDevice, { code: 1, err: 'dpip: no such device: dpdk9\ndpip link show lists the ports of this node\n' });
  const field = await run('dpip addr add 10.0.0.1/32 dev dpdk9', {
    'addr.add': refuse('invalid_parameter', 'too long', 'prefixLength'),
  });
  t.match(field, { code: 1, err: 'dpip: invalid parameter: too long (prefixLength)\n' });
  const laddr = await run('ipvsadm -P -z 10.0.0.1 -t 10.0.0.2:80 -F dpdk0', { 'laddr.add': refuse('laddr_exists') });
  t.match(laddr, { code: 1, err: 'Local address already exists\n' });
  t.match(await run('ipvsadm -D -t 10.0.0.2:80', { 'service.del': refuse('no_service') }), {
    code: 1,
    err: 'Service not defined\nipvsadm -ln lists the services\n',
  });
  t.match(await run('dpip route set 10.0.0.0/8 dev dpdk0'), { code: 1, calls: [], err: /^dpip: not support: / });
  t.match(await run('dpip addr add 10.0.0.1'), {
    code: 2,
    calls: [],
    err: "dpip: missing 'dev STRING'\nsee 'dpip addr help'\n",
  });
  t.match(await run('dpip link show cpu7', { 'link.cpus': () => [] }), {
    code: 1,
    err: /^dpip: no such device: cpu7\n/,
  });
  const bug = () => {
    throw new TypeError('a bug');
  };
  await t.rejects(run('dpip addr flush dev dpdk0', { 'addr.flush': bug }), TypeError, 'a bug keeps its stack');
});

t.test('dpip status: exit code 0 only when serving', async (t) => {
  t.match(await run('dpip status', { 'node.status': () => sampleStatus({}) }), {
    code: 0,
    out: /^node dpvs: serving\n/,
  });
  const ill = { 'node.status': () => sampleStatus({ serving: false, problems: ['no port is up'] }) };
  t.match(await run('dpip status', ill), { code: 1, out: /^node dpvs: not serving\n {4}! no port is up\n/, err: '' });
  const json = await run('dpip status --json', ill);
  t.equal(json.code, 1);
  t.same(JSON.parse(json.out), ill['node.status']());
});

t.test('--json is what the node answered', async (t) => {
  const services = [sampleService({ servers: [sampleServer({})] })];
  const laddrs = [{ service: { protocol: 'tcp' as const, address: '10.0.0.100', port: 80 }, localAddresses: [] }];
  const dump = [{ method: 'addr.add', params: { address: '10.0.0.1' } }];
  const answers: Answers = {
    'service.list': () => services,
    'laddr.list': () => laddrs,
    'timeout.get': () => ({ tcp: 1, tcpfin: 2, udp: 3 }),
    'link.list': () => [sampleLink({})],
    'node.dump': () => dump,
  };
  const parsed = async (line: string): Promise<unknown> => JSON.parse((await run(line, answers)).out);
  t.same(await parsed('ipvsadm -ln --json'), services);
  t.same(await parsed('ipvsadm -G --json'), laddrs);
  t.same(await parsed('ipvsadm -l --timeout --json'), { tcp: 1, tcpfin: 2, udp: 3 });
  t.same(await parsed('dpip link show --json'), [sampleLink({})]);
  t.equal((await run('dpip save', answers)).out, `${JSON.stringify(dump[0])}\n`);
});

t.test('dpip link show -i: the head once, then rates', async (t) => {
  let asked = 0;
  const link = () => {
    asked++;
    return [sampleLink({ stats: { ...sampleLink({}).stats, ipackets: asked * 1000 } })];
  };
  const { out, code } = await run('dpip link show dpdk0 -s -i 0.1 -c 2', { 'link.list': link });
  t.equal(code, 0);
  t.equal(asked, 3);
  const lines = out.split('\n');
  t.equal(lines.length, 3 + 2 * 4 + 1);
  t.match(lines[3], /^ {4}ipackets\/pps/);
  const rate = Number(/^ {4}(\d+)/.exec(lines[4])?.[1]);
  t.ok(rate > 0 && rate <= 10_000, `1000 packets in at least 0.1 s are ${rate} a second`);
  t.equal((await run('dpip addr show -i 0.1 -c 3', { 'addr.list': () => [] })).calls.length, 3);
});

t.test('ipvsadm -lnc reads all pages', async (t) => {
  const end = { address: '10.0.0.1', port: 1 };
  const row = (lcore: number) =>
    ({ lcore, protocol: 'udp', state: 'NORMAL', expires: 3, client: end, vip: end, lip: end, rip: end }) as const;
  const answers: Answers = {
    'conn.list': ({ cursor = 0 }) => ({
      connections: [row(cursor), row(1)],
      nextCursor: cursor < 2 ? cursor + 1 : null,
    }),
  };
  const all = await run('ipvsadm -lnc', answers);
  t.equal(all.calls.length, 3);
  t.equal(all.out.trimEnd().split('\n').length, 6);
  t.equal((await run('ipvsadm -lnc --cpu 1', answers)).out.trimEnd().split('\n').length, 4);
  const json = JSON.parse((await run('ipvsadm -lnc --json', answers)).out);
  t.same(
    json.connections.map(({ lcore }: { lcore: number }) => lcore),
    [0, 1, 1, 1, 2, 1],
  );
  const none = { 'conn.list': () => ({ connections: [], nextCursor: null }) };
  t.same(JSON.parse((await run('ipvsadm -lnc --json', none)).out), { connections: [], nextCursor: null });
});

t.test('help is complete: every option is on a page, every page has an example', async (t) => {
  const pages = ['addr', 'route', 'neigh', 'link', 'status', 'counters', 'slowpath', 'save', 'log'];
  for (const page of pages)
    t.match(await run(`dpip ${page} help`), {
      code: 0,
      out: new RegExp(`^dpip ${page}[\\s\\S]*Examples:\n  dpip `),
    });
  const top = (await run('dpip help')).out;
  for (const word of [...pages, '--json', '--name', '-4', '-6', '--interval']) t.ok(top.includes(word), word);
  t.notMatch(top, /--[46]\b/);
  t.match(await run('dpip help nothing'), { code: 2, err: /no help for 'nothing'/ });
  t.match(await run('ipvsadm --help'), { code: 0, out: /--add-laddr[\s\S]*--conn-timeout[\s\S]*Examples:/ });
  t.match(await run('dpip -V'), { code: 0, out: /^dpip, dpvs-node \d+\.\d+\.\d+\n$/ });
});

t.test('--restore sends one batch, and says which line the node refused', async (t) => {
  const script = ['# two services', '-A -t 1.1.1.1:80 -s rr', '', '-A -t 1.1.1.2:80 -s rr', '-Z', '-C'].join('\n');
  const ran = await run('ipvsadm -R', {}, script);
  t.match(ran, { code: 0, out: '', err: '' });
  t.match(ran.calls, [
    { method: 'batch', params: { requests: [{ method: 'service.add' }, { method: 'service.add' }] } },
    { method: 'service.zero' },
    { method: 'batch', params: { requests: [{ method: 'service.flush' }] } },
  ]);
  const refuse = (detail: string, field: string) => () => {
    throw new DpvsError('service_exists', detail, field);
  };
  t.match(
    await run(
      'ipvsadm -R',
      { batch: refuse('requests.1 (service.add): TCP 1.1.1.2:80', 'requests.1.params.service') },
      script,
    ),
    { code: 1, err: /^line 4: Service already exists: TCP 1\.1\.1\.2:80/ },
  );
  t.match(
    await run('ipvsadm -R', { batch: refuse('the journal is full', '') }, script),
    { code: 1, err: /^Service already exists: the journal is full/ },
    'what is about no entry has no line',
  );
  t.match(await run('ipvsadm -R', {}, `${script}\n-A\n`), { code: 2, calls: [], err: /^line 7: You need to supply/ });
});

t.test('a long script is cut at what a request may hold', async (t) => {
  const lines = Array.from({ length: 10_000 }, (_, i) => `-A -t 10.${i >> 8}.${i & 255}.1:80 -s rr`);
  const { calls } = await run('ipvsadm -R', {}, lines.join('\n'));
  const batches = calls.map(({ params }) => (params as { requests: unknown[] }).requests);
  t.same(
    batches.map((requests) => requests.length),
    [4096, 4096, 1808],
  );
  for (const { params } of calls)
    t.ok(Buffer.byteLength(JSON.stringify({ id: 2 ** 53, method: 'batch', params })) <= longestRequestBytes);
  const wide = Array.from({ length: 4096 }, (_, i) => ({ method: 'x'.repeat(300), params: { i } }));
  for (const requests of inBatches(wide))
    t.ok(
      Buffer.byteLength(JSON.stringify({ id: 2 ** 53, method: 'batch', params: { requests } })) <= longestRequestBytes,
    );
  t.same(inBatches(wide).flat(), wide);
});
