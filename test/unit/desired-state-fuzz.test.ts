// Random request sequences against a naive model of the desired state, and against a slow path that only applies steps.
import fc from 'fast-check';
import t from 'tap';
import { DpvsError, type Scope, serviceText } from '../../api/index.js';
import { type Change, DesiredState, type MutatingRequest, routeKey } from '../../dataplane/control/index.js';
import { DesiredStateModel } from '../support/desired-state-model.js';

const seed = Number(process.env.DPVS_TEST_SEED ?? Math.floor(Math.random() * 0x7fffffff));
const devices = ['dpdk0', 'dpdk1'].map((name) => ({ name, mtu: 1500 }));

// Few values, so that requests meet each other.
const device = fc.oneof({ arbitrary: fc.constantFrom('dpdk0', 'dpdk1'), weight: 9 }, fc.constant('dpdk9'));
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.1.1', '192.168.100.200', '224.0.0.5');
const service = fc.record({
  protocol: fc.constantFrom('tcp' as const, 'tcp' as const, 'udp' as const),
  address: fc.constant('10.0.0.1'),
  port: fc.constantFrom(80, 80, 80, 0),
});
const server = fc.record({
  address: fc.constantFrom('192.168.100.2', '192.168.100.200'),
  port: fc.constantFrom(80, 80, 80, 81, 0),
});
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const seldom = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 1 });
const addressSpec = fc.record({
  address,
  device,
  prefixLength: maybe(fc.constantFrom(16, 24, 32)),
  sapool: maybe(fc.boolean()),
  validLifetime: maybe(fc.constantFrom('forever' as const, 5, 50)),
});
const routeSpec = fc.record({
  destination: fc.constantFrom('10.0.0.0/24', '10.0.0.0/24', '10.0.0.0/16', '10.0.0.2/32', '0.0.0.0/0', '10.0.1.77/24'),
  device,
  gateway: seldom(fc.constantFrom('10.0.0.2', '10.0.0.9')),
  scope: seldom(fc.constantFrom<Scope[]>('host', 'kni_host', 'link', 'global')),
  metric: seldom(fc.constantFrom(0, 5)),
});
const serverSpec = fc.record({
  service,
  server,
  forwarding: fc.constantFrom('FullNat' as const, 'Route' as const, 'Route' as const, 'Masq' as const, 'SNAT' as const),
  weight: maybe(fc.nat(100)),
});
const laddr = fc.record({ service, address, device });
const matchService = fc.constantFrom(
  { protocol: 'match', match: { protocol: 'tcp', outDevice: 'dpdk1' } } as const,
  { protocol: 'match', match: { protocol: 'icmp', inDevice: 'dpdk0' } } as const,
);
const anyService = fc.oneof({ arbitrary: service, weight: 3 }, matchService);
const wanSpec = fc.record({
  address: fc.constant('192.168.100.200'),
  device: fc.constant('dpdk0'),
  sapool: fc.constantFrom(true, true, undefined),
  validLifetime: seldom(fc.constant(50)),
});
const snatSpec = fc.record({
  service: matchService,
  server: fc.constantFrom({ address: '192.168.100.200', port: 0 }, { address: '10.0.0.1', port: 0 }),
  forwarding: fc.constantFrom('SNAT' as const, 'SNAT' as const, 'FullNat' as const),
});

type Arb<M extends MutatingRequest['method']> = fc.Arbitrary<Extract<MutatingRequest, { method: M }>['params']>;
const of = <M extends MutatingRequest['method']>(method: M, params: Arb<M>): fc.Arbitrary<MutatingRequest> =>
  params.map((value) => ({ method, params: value }) as MutatingRequest);
const request = fc.oneof(
  { arbitrary: of('addr.add', addressSpec), weight: 3 },
  of('addr.set', addressSpec),
  { arbitrary: of('addr.add', wanSpec), weight: 2 },
  of('addr.set', wanSpec),
  of('addr.del', fc.constant({ address: '192.168.100.200', device: 'dpdk0' })),
  of('addr.del', fc.record({ address, device, prefixLength: maybe(fc.constantFrom(16, 32)) })),
  of('addr.flush', fc.record({ device })),
  { arbitrary: of('route.add', routeSpec), weight: 2 },
  { arbitrary: of('route.del', routeSpec), weight: 2 },
  of('route.flush', fc.record({ device })),
  of('neigh.add', fc.record({ address, device, mac: fc.constantFrom('02:00:00:00:00:0A', '01:00:00:00:00:01') })),
  of('neigh.del', fc.record({ address, device })),
  of('link.set', fc.record({ name: device, promisc: maybe(fc.boolean()), up: maybe(fc.boolean()) })),
  of('timeout.set', fc.record({ tcp: fc.nat(3), tcpfin: fc.nat(3), udp: fc.nat(3) })),
  { arbitrary: of('service.add', fc.record({ service: anyService })), weight: 5 },
  of('service.edit', fc.record({ service: anyService, connTimeout: maybe(fc.integer({ min: 1, max: 9 })) })),
  of('service.del', fc.record({ service: anyService })),
  of('service.flush', fc.constant({})),
  { arbitrary: of('server.add', serverSpec), weight: 3 },
  { arbitrary: of('server.add', snatSpec), weight: 3 },
  of('server.edit', serverSpec),
  of('server.edit', snatSpec),
  of('server.del', fc.record({ service, server })),
  of(
    'server.del',
    snatSpec.map(({ service, server }) => ({ service, server })),
  ),
  { arbitrary: of('laddr.add', laddr), weight: 4 },
  { arbitrary: of('laddr.del', laddr), weight: 2 },
);

/** A slow path that knows nothing: it applies steps and complains when one does not hold by itself. */
class Mirror {
  readonly addresses = new Map<string, unknown>();
  readonly routes = new Map<string, unknown>();
  readonly other = new Map<string, unknown>();

  apply(change: Change): void {
    const name = serviceText;
    const remove = (table: Map<string, unknown>, key: string) => {
      if (!table.delete(key)) throw new Error(`${change.kind}: ${key} is not there`);
    };
    const needs = (table: Map<string, unknown>, key: string) => {
      if (!table.has(key)) throw new Error(`${change.kind} comes before ${key}`);
    };
    switch (change.kind) {
      case 'address.set':
        this.addresses.set(`${change.address.address} ${change.address.device}`, change.address);
        return;
      case 'address.remove':
        for (const key of this.other.keys())
          if (key.startsWith('laddr') && key.endsWith(`${change.address} ${change.device}`))
            throw new Error(`${key} loses its address`);
        remove(this.addresses, `${change.address} ${change.device}`);
        return;
      case 'route.set':
        this.routes.set(routeKey(change.route), change.route);
        return;
      case 'route.remove':
        if (JSON.stringify(this.routes.get(routeKey(change.route))) !== JSON.stringify(change.route))
          throw new Error(`route.remove: another route ${JSON.stringify(change.route)}`);
        remove(this.routes, routeKey(change.route));
        return;
      case 'laddr.set':
        needs(this.addresses, `${change.laddr.address} ${change.laddr.device}`);
        needs(this.other, `service ${name(change.laddr.service)}`);
        this.other.set(
          `laddr ${name(change.laddr.service)} ${change.laddr.address} ${change.laddr.device}`,
          change.laddr,
        );
        return;
      case 'laddr.remove':
        remove(this.other, `laddr ${name(change.service)} ${change.address} ${change.device}`);
        return;
      case 'service.set':
        this.other.set(`service ${name(change.service.service)}`, change.service);
        return;
      case 'service.remove':
        for (const key of this.other.keys())
          if (key.includes(` ${name(change.service)} `)) throw new Error(`${key} outlives its service`);
        remove(this.other, `service ${name(change.service)}`);
        return;
      case 'server.set': {
        const { service, server } = change.server;
        needs(this.other, `service ${name(service)}`);
        this.other.set(`server ${name(service)} ${server.address} ${server.port}`, change.server);
        return;
      }
      case 'server.remove':
        remove(this.other, `server ${name(change.service)} ${change.server.address} ${change.server.port}`);
        return;
      case 'neighbour.set':
        this.other.set(`neighbour ${change.neighbour.address} ${change.neighbour.device}`, change.neighbour);
        return;
      case 'neighbour.remove':
        remove(this.other, `neighbour ${change.address} ${change.device}`);
        return;
      case 'link.set':
        this.other.set(`link ${change.link.name}`, change.link);
        return;
      case 'timeout.set':
        this.other.set('timeouts', change.timeouts);
        return;
    }
  }

  /** Independent of the order in which things came. */
  contents(): string[][] {
    return [this.addresses, this.routes, this.other].map((table) =>
      [...table].map(([key, value]) => `${key}: ${JSON.stringify(value)}`).sort(),
    );
  }
}

const mirrorOf = (changes: readonly Change[]): string[][] => {
  const mirror = new Mirror();
  for (const change of changes) mirror.apply(change);
  return mirror.contents();
};

const everything = (state: DesiredState, now: number): string =>
  JSON.stringify([
    state.dump(now),
    state.snapshot(),
    state.addresses(),
    state.effectiveRoutes(),
    state.services(),
    state.neighbours(),
    state.links(),
    state.timeouts(),
  ]);

t.comment(`seed ${seed} (DPVS_TEST_SEED repeats it)`);

const mustBeSame = (actual: unknown, wanted: unknown, what: string): void => {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(wanted)];
  if (is !== should) throw new Error(`${what}\n  is     ${is}\n  should ${should}`);
};

t.test("decisions are the model's, refusals change nothing, steps add up, a dump recreates the state", (t) => {
  let accepted = 0;
  const refusals = new Map<string, number>();
  // Plain throws inside: fast-check shrinks the sequence to the shortest that still fails.
  const property = fc.property(fc.array(request, { maxLength: 60, size: 'max' }), (requests) => {
    const state = new DesiredState(devices);
    const mirror = new Mirror();
    const model = new DesiredStateModel(devices.map(({ name }) => name));
    let now = 0;
    for (const one of requests) {
      now += 1000;
      model.expire(now);
      for (const { method, params } of state.expired(now))
        for (const change of state.apply(method, params, now)) mirror.apply(change);
      const before = everything(state, now);
      let refusal: string | null = null;
      try {
        for (const change of state.apply(one.method, one.params, now)) mirror.apply(change);
        accepted++;
      } catch (error) {
        if (!(error instanceof DpvsError)) throw error;
        refusal = error.code;
        mustBeSame(everything(state, now), before, `${one.method} was refused in part`);
        refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1);
      }
      mustBeSame(refusal, model.apply(one, now), `${JSON.stringify(one)} after ${before}`);
      mustBeSame(DesiredStateModel.listing(state.addresses(), state.effectiveRoutes()), model.listing(), 'listing');
      mustBeSame(mirror.contents(), mirrorOf(state.snapshot()), 'the steps do not add up to the snapshot');
    }
    const again = new DesiredState(devices);
    for (const { method, params } of state.dump(now)) again.apply(method, params, now);
    mustBeSame(everything(again, now), everything(state, now), 'the dump makes another state');
  });
  const result = fc.check(property, { seed, numRuns: 400 });
  t.notOk(result.failed, fc.defaultReportMessage(result) ?? `${result.numRuns} sequences`);
  t.comment(`${accepted} accepted, refused: ${JSON.stringify(Object.fromEntries(refusals))}`);
  for (const code of ['already_exist', 'not_exist', 'no_device', 'no_service', 'laddr_in_use', 'busy', 'not_support'])
    t.ok((refusals.get(code) ?? 0) > 0, `${code} happened`);
  t.ok(accepted > 1000, 'enough was accepted to mean something');
  t.end();
});

t.test('a batch is its requests one after the other, or nothing', (t) => {
  let whole = 0;
  let refused = 0;
  const batches = fc.tuple(fc.array(request, { maxLength: 40, size: 'max' }), fc.array(request, { maxLength: 5 }));
  const property = fc.property(batches, ([first, batch]) => {
    const state = new DesiredState(devices);
    const apart = new DesiredState(devices);
    for (const { method, params } of first)
      for (const each of [state, apart]) {
        try {
          each.apply(method, params, 0);
        } catch (error) {
          if (!(error instanceof DpvsError)) throw error;
        }
      }
    const before = everything(state, 0);
    const steps: Change[] = [];
    let wanted: string | null = null;
    for (const [at, { method, params }] of batch.entries()) {
      try {
        steps.push(...apart.apply(method, params, 0));
      } catch (error) {
        if (!(error instanceof DpvsError)) throw error;
        wanted = [error.code, `requests.${at}.params${error.field === '' ? '' : `.${error.field}`}`].join(' ');
        break;
      }
    }
    let refusal: string | null = null;
    try {
      mustBeSame(state.commit(state.planBatch(batch, 0)), steps, 'other steps');
    } catch (error) {
      if (!(error instanceof DpvsError)) throw error;
      refusal = `${error.code} ${error.field}`;
    }
    mustBeSame(refusal, wanted, 'refusal');
    mustBeSame(everything(state, 0), refusal === null ? everything(apart, 0) : before, 'state');
    if (refusal === null) whole++;
    else refused++;
  });
  const result = fc.check(property, { seed, numRuns: 400 });
  t.notOk(result.failed, fc.defaultReportMessage(result) ?? `${result.numRuns} batches`);
  t.comment(`${whole} accepted, ${refused} refused`);
  t.ok(whole > 50 && refused > 50, 'both happened often');
  t.end();
});
