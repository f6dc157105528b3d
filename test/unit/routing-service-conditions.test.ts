// What the bridge makes of a service's local ports: FullNAT needs some, direct routing none, and who mixes them needs some again.
import t from 'tap';
import type { DataplaneApi, Result } from '../../api/index.js';
import { see } from '../../routing/dataplane-sight.js';
import { defaultPolicy } from '../../routing/policy.js';
import { ports } from '../../routing/service-conditions.js';

type Health = Result<'service.health'>[number];

const service = (port: number, localPorts: Health['localPorts']): Health => ({
  service: { protocol: 'tcp', address: '123.1.2.3', port },
  ...{ servers: 2, healthy: 2, localPorts, cps: 0, activeConns: 0, inactiveConns: 0 },
});

async function seen(...healths: Health[]) {
  const answers: Record<string, unknown> = {
    'service.health': healths,
    'link.list': [],
    'node.status': { serving: true, stopping: false, problems: [] },
    'node.attach': { leaseMs: 1 },
  };
  const api = { call: async (method: string) => answers[method] } as unknown as DataplaneApi;
  return (await see(api, 1000)).vips.get('123.1.2.3') ?? [];
}

t.test('local ports of a VIP', async (t) => {
  const none = { used: 0, free: 0 };
  const some = { used: 1, free: 64_510 };
  const cases: [Health[], boolean, string][] = [
    [[service(80, null)], true, 'not needed'],
    [[service(80, null), service(443, null)], true, 'not needed'],
    [[service(80, some)], true, 'tcp 80: 64510 free'],
    [[service(80, none)], false, 'no local address'],
    [[service(80, { used: 64_511, free: 0 })], false, 'tcp 80: 0 free'],
    [[service(80, null), service(443, some)], true, 'tcp 80: any, tcp 443: 64510 free'],
    [[service(80, null), service(443, none)], false, 'tcp 80: any, tcp 443: 0 free'],
  ];
  for (const [healths, ok, detail] of cases) {
    const finding = ports(await seen(...healths), { ...defaultPolicy, services: 'all' }, false);
    const said = finding.failure === null ? [true, finding.detail] : [false, finding.failure.detail];
    t.same(said, [ok, detail], JSON.stringify(healths.map(({ localPorts }) => localPorts)));
  }
  const any = { ...defaultPolicy, services: 'any' } as const;
  t.match(
    ports(await seen(service(80, null), service(443, none)), any, false),
    { failure: null },
    'one of them will do',
  );
});
