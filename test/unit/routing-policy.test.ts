// Policies, and what they ask of the services of a VIP: real servers by quorum and hysteresis, local ports, of any service or of all.
import t from 'tap';
import { changedPolicy, defaultPolicy, type Policy, policy, policyChange } from '../../routing/policy.js';
import { backends, needed, ports } from '../../routing/service-conditions.js';
import type { ServiceHealth } from '../../routing/view.js';

const service = (healthy: number, free: number | null = null, used = 0, port = 80): ServiceHealth => ({
  ...{ protocol: 'tcp', port, servers: 4, healthy, newPerSecond: 0, flows: 0 },
  ports: free === null ? null : { free, used },
});
const asked = (change: Partial<Policy> = {}): Policy => ({ ...defaultPolicy, ...change });
const said = ({ failure }: ReturnType<typeof backends>): string => failure?.code ?? 'holds';

t.test('a change of policy', async (t) => {
  t.same(defaultPolicy, { quorum: 1, hysteresis: 0, services: 'any', floor: 0 });
  t.same(changedPolicy(defaultPolicy, {}), defaultPolicy);
  const before = asked({ quorum: 3, floor: 2 });
  t.same(changedPolicy(before, { hysteresis: 2 }), { quorum: 3, hysteresis: 2, services: 'any', floor: 2 });
  t.same(before, asked({ quorum: 3, floor: 2 }), 'the one before is as it was');
  // keepalived's rule: quorum - hysteresis has to be at least 1, or it would stay up without any real server.
  for (const [from, change] of [
    [defaultPolicy, { hysteresis: 1 }],
    [asked({ quorum: 3, hysteresis: 2 }), { quorum: 2 }],
  ] as const)
    t.throws(() => changedPolicy(from, change), { code: 'invalid_parameter', detail: /must be below quorum/ });
});

t.test('the schema', async (t) => {
  for (const wrong of [
    { quorum: 0 },
    { quorum: 1.5 },
    { quorum: 65536 },
    { hysteresis: -1 },
    { floor: 65 },
    { floor: -1 },
    { services: 'some' },
    { other: 1 },
  ]) {
    t.notOk(policyChange.safeParse(wrong).success, JSON.stringify(wrong));
    t.notOk(policy.safeParse({ ...defaultPolicy, ...wrong }).success, JSON.stringify(wrong));
  }
  t.ok(policyChange.safeParse({}).success);
  t.notOk(policy.safeParse({ quorum: 1 }).success, 'a policy is whole');
});

t.test('quorum and hysteresis', async (t) => {
  //     quorum hysteresis  to begin  to stay
  for (const [quorum, hysteresis, begin, stay] of [
    [1, 0, 1, 1],
    [3, 0, 3, 3],
    [3, 1, 4, 2],
    [4, 3, 7, 1],
  ]) {
    const what = asked({ quorum, hysteresis });
    t.equal(needed(what, false), begin);
    t.equal(needed(what, true), stay);
    for (const [held, least] of [
      [false, begin],
      [true, stay],
    ] as const) {
      t.equal(said(backends([service(least)], what, held)), 'holds', `${quorum}±${hysteresis} held ${held}: ${least}`);
      t.equal(said(backends([service(least - 1)], what, held)), 'no_quorum', `held ${held}: ${least - 1}`);
    }
  }
  t.match(backends([service(1)], asked({ quorum: 2 }), true).failure, { detail: 'tcp 80: 1 of 4 healthy, 2 needed' });
});

t.test('any service, or all', async (t) => {
  const both = (a: number, b: number) => [service(a), service(b, null, 0, 443)];
  for (const [a, b, any, all] of [
    [0, 0, 'no_quorum', 'no_quorum'],
    [1, 0, 'holds', 'no_quorum'],
    [0, 1, 'holds', 'no_quorum'],
    [1, 1, 'holds', 'holds'],
  ] as const) {
    t.equal(said(backends(both(a, b), asked({ services: 'any' }), false)), any, `any of ${a}, ${b}`);
    t.equal(said(backends(both(a, b), asked({ services: 'all' }), false)), all, `all of ${a}, ${b}`);
  }
  t.match(backends(both(1, 0), asked({ services: 'all' }), false).failure, {
    detail: 'tcp 80: 1 of 4, tcp 443: 0 of 4 healthy, 1 needed by each service',
  });
  t.equal(said(backends([], asked(), false)), 'holds', 'that there is none is another condition');
});

t.test('local ports', async (t) => {
  //        free  used  to begin     to stay
  for (const [free, used, begin, stay] of [
    [null, 0, 'holds', 'holds'],
    [0, 0, 'no_ports', 'no_ports'],
    [0, 1000, 'no_ports', 'no_ports'],
    [1, 1000, 'no_ports', 'holds'],
    [9, 991, 'no_ports', 'holds'],
    [10, 990, 'holds', 'holds'],
    [1, 0, 'holds', 'holds'],
    [64_512, 0, 'holds', 'holds'],
  ] as const) {
    t.equal(said(ports([service(1, free, used)], asked(), false)), begin, `${free} free, ${used} used: begin`);
    t.equal(said(ports([service(1, free, used)], asked(), true)), stay, `${free} free, ${used} used: stay`);
  }
});

t.test('ports of several services', async (t) => {
  const all = asked({ services: 'all' });
  const any = asked();
  const two = (first: ServiceHealth, second: ServiceHealth) => [first, { ...second, port: 443 }];
  t.equal(said(ports(two(service(1, 5), service(1, 0)), any, false)), 'holds');
  t.equal(said(ports(two(service(1, 5), service(1, 0)), all, false)), 'no_ports');
  t.equal(said(ports(two(service(1, null), service(1, 0)), any, false)), 'holds', 'one needs none');
  t.equal(said(ports(two(service(1, null), service(1, 0)), all, false)), 'no_ports');
  // Where any will do, it has to be one and the same that has servers and ports.
  t.equal(said(ports(two(service(0, 5), service(1, 0)), any, false)), 'no_ports');
  t.equal(said(ports(two(service(0, 0), service(1, 5)), any, false)), 'holds');
  t.match(ports(two(service(1, 0, 9), service(1, 0, 9)), all, false).failure, {
    detail: 'tcp 80: 0, tcp 443: 0 free',
  });
});
