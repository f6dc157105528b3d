// Random requests to a control socket over the real method table: each is answered, none is a defect, refused ones change nothing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { DpvsError, isErrorCode, methods, RequestChannel } from '../../api/index.js';
import { ApiServer, type Handlers } from '../../api/server.js';
import { DesiredState, isMutating, parseRequest } from '../../dataplane/control/index.js';
import { silentLog } from '../../log/index.js';

const seed = Number(process.env.DPVS_TEST_SEED ?? Math.floor(Math.random() * 0x7fffffff));
t.comment(`seed ${seed} (DPVS_TEST_SEED repeats it)`);

const words = fc.constantFrom<unknown[]>(
  ...[
    'dpdk0',
    '10.0.0.1',
    '10.0.0.1/24',
    '0.0.0.0/0',
    '::1',
    'tcp',
    'rr',
    'FullNat',
    'host',
    'forever',
    '02:00:00:00:00:01',
  ],
  ...[0, 1, 80, 65535, -1, 1.5, 2 ** 53, 1e300, null, true, '', '1.2.3.4/33', 'x'.repeat(100), [], {}],
);
const service = fc.record({ protocol: words, address: words, port: words }, { requiredKeys: [] });
const params = fc.oneof(
  fc.dictionary(
    fc.constantFrom(
      'address',
      'device',
      'name',
      'destination',
      'gateway',
      'mac',
      'scope',
      'tcp',
      '__proto__',
      'constructor',
    ),
    words,
    { maxKeys: 6 },
  ),
  fc.record(
    {
      service: fc.oneof(service, fc.constant({ protocol: 'tcp', address: '10.0.0.1', port: 80 })),
      server: fc.oneof(service, fc.constant({ address: '10.0.0.2', port: 80 })),
      address: words,
      device: fc.oneof(words, fc.constant('dpdk0')),
      forwarding: words,
    },
    { requiredKeys: [] },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const single = fc.tuple(fc.constantFrom(...Object.keys(methods), 'toString', '', 'addr.addd'), params);
const good = fc.constantFrom(
  { method: 'addr.add', params: { address: '10.0.0.9', device: 'dpdk0' } },
  { method: 'addr.del', params: { address: '10.0.0.9', device: 'dpdk0' } },
  { method: 'service.add', params: { service: { protocol: 'tcp', address: '10.0.0.1', port: 80 } } },
);
const entry = fc.oneof(
  good,
  good,
  fc.record({
    method: fc.oneof(
      single.map(([method]) => method),
      words,
    ),
    params,
  }),
);
const batch = fc.tuple(
  fc.constant('batch'),
  fc.record({ requests: fc.oneof(fc.array(entry, { maxLength: 5 }), words) }, { requiredKeys: [] }),
);
const request: fc.Arbitrary<[string, unknown]> = fc.oneof(single, batch);

t.test('every request is answered, and no answer is `internal`', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-fuzz-'));
  const endpoint = `ipc://${join(directory, 'run', 'node.sock')}`;
  const state = new DesiredState([{ name: 'dpdk0', mtu: 1500 }]);
  const answer = (method: string) => async (params: unknown) => {
    const before = JSON.stringify(state.dump(0));
    if (method === 'batch') {
      const { requests } = methods.batch.params.parse(params);
      try {
        state.commit(state.planBatch(requests));
      } catch (error) {
        if (JSON.stringify(state.dump(0)) !== before) throw new Error('a refused batch changed something');
        if (!(error instanceof DpvsError) || !/^requests\.\d+\.params/.test(error.field))
          throw new Error(String(error));
        throw error;
      }
    } else if (isMutating(method)) {
      const { method: known, params: checked } = parseRequest(method, params);
      state.apply(known, checked);
    }
    return {};
  };
  const handlers = Object.fromEntries(Object.keys(methods).map((method) => [method, answer(method)]));
  const server = await ApiServer.listen({
    endpoint,
    methods,
    handlers: handlers as unknown as Handlers<typeof methods>,
    log: silentLog(),
  });
  const client = new RequestChannel(endpoint, 5000);
  t.teardown(async () => {
    client.close();
    await server.close();
    rmSync(directory, { recursive: true });
  });

  const codes = new Map<string, number>();
  const property = fc.asyncProperty(request, async ([method, params]) => {
    let code = 'done';
    try {
      await client.request(method, params);
    } catch (error) {
      if (!(error instanceof DpvsError)) throw error;
      code = error.code;
    }
    codes.set(code, (codes.get(code) ?? 0) + 1);
    if (code !== 'done' && (!isErrorCode(code) || ['internal', 'timeout', 'unreachable'].includes(code)))
      throw new Error(`${method} ${JSON.stringify(params)}: ${code}`);
  });
  const result = await fc.check(property, { seed, numRuns: 3000 });
  t.notOk(result.failed, fc.defaultReportMessage(result) ?? `${result.numRuns} requests`);
  t.comment(JSON.stringify(Object.fromEntries(codes)));
  t.equal(server.counters.defects, 0);
  t.equal(server.counters.requests, result.numRuns);
  t.ok((codes.get('done') ?? 0) > 10 && (codes.get('invalid_parameter') ?? 0) > 1000, 'both happened often');
});
