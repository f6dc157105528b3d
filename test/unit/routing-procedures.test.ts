// Announce and withdraw against a small model of a node, with every single operation failing in turn: all or nothing must stay.
import t from 'tap';
import { DpvsError, type Method, type RouteInfo } from '../../api/index.js';
import { type KernelAddress, KernelError } from '../../kni/index.js';
import { proveWorse, worsenVips } from '../../routing/drain.js';
import { findDrift } from '../../routing/drift.js';
import type { Driver } from '../../routing/drivers/driver.js';
import type { Origination } from '../../routing/frr-output.js';
import { StepError, Steps } from '../../routing/steps.js';
import type { Owned, Target } from '../../routing/targets.js';
import { Pace, type Tools } from '../../routing/tools.js';
import { VtyshError } from '../../routing/vtysh.js';
import { withdrawVips } from '../../routing/withdraw.js';
import { announceVips } from '../support/announce.js';

const vip = '123.1.2.3';
const target = { vip, ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }] };

/** Kernel, dataplane and ospfd as three sets; ospfd announces an address that came when it was permitted, as FRR does. */
class Model {
  readonly addresses = new Set<string>();
  readonly routes = new Set<string>();
  readonly permitted = new Set<string>();
  readonly lsas = new Map<string, Origination>();
  readonly worse = new Set<string>();
  /** Router ids of the other nodes that announce every VIP. */
  others: string[] = ['10.0.0.2'];
  readonly calls: string[] = [];
  /** The call that fails: its number, and the error. */
  failAt = -1;
  error: () => Error = () => new VtyshError('ospfd', 'refused', 'no');
  ospfdObeys = true;

  #call(name: string): void {
    this.calls.push(name);
    if (this.calls.length - 1 === this.failAt) throw this.error();
  }

  tools(): Tools {
    const call = (name: string) => this.#call(name);
    return {
      pace: new Pace(0),
      zebraAnswers: async () => true,
      deaf: () => false,
      stopping: () => false,
      hopeless: () => false,
      dataplane: { call: async (method: Method, params: unknown) => this.#dataplane(method, params) as never },
      kernel: {
        addresses: async () => {
          call('addresses');
          return [...this.addresses].map((address) => ({ address, family: 'inet', prefixLength: 32 }) as KernelAddress);
        },
        addAddress: async (_kni, prefix) => {
          call('addAddress');
          const address = prefix.replace('/32', '');
          if (this.addresses.has(address)) throw KernelError.fromErrno('add', 17);
          this.addresses.add(address);
          if (this.permitted.has(address) && this.ospfdObeys) this.lsas.set(address, 'live');
        },
        deleteAddress: async (_kni, prefix) => {
          call('deleteAddress');
          const address = prefix.replace('/32', '');
          if (!this.addresses.delete(address)) throw KernelError.fromErrno('delete', 99);
          if (this.lsas.has(address)) this.lsas.set(address, 'flushing');
        },
      },
      driver: () => this.driver(),
    };
  }

  driver(): Driver {
    const call = (name: string) => this.#call(name);
    return {
      ...{
        protocol: 'ospf',
        form: 'redistribute',
        family: 'inet',
        zebraClient: 'ospf',
        daemon: 'ospfd',
        followMs: 60,
        preferenceMs: 60,
        spreadMs: 2_000,
        floodMs: 0,
        drainMetric: 1_000,
      },
      neighbours: async () => [],
      runsOn: async () => true,
      obstacle: async () => null,
      permission: async (vips) => {
        call('permission');
        const added = vips.filter((each) => !this.permitted.has(each));
        return { lines: added.map((each) => `permit ${each}`), vips: added };
      },
      prohibition: async (vips) => ({ lines: vips.map((each) => `forbid ${each}`), vips }),
      worsening: async (vips) => {
        const better = vips.filter((each) => !this.worse.has(each));
        return { lines: better.map((each) => `worsen ${each}`), vips: better };
      },
      improvement: async (vips) => {
        const worse = vips.filter((each) => this.worse.has(each));
        return { lines: worse.map((each) => `improve ${each}`), vips: worse };
      },
      apply: async ({ lines }) => {
        for (const line of lines) {
          const [verb, each] = line.split(' ');
          call(verb);
          if (verb === 'permit') this.permitted.add(each);
          else if (verb === 'forbid') this.permitted.delete(each);
          else if (verb === 'worsen') this.worse.add(each);
          else this.worse.delete(each);
        }
      },
      originated: async () => {
        call('originated');
        return this.lsas;
      },
      announcers: async () =>
        new Map(
          [...this.permitted].map((each) => [
            each,
            [
              { router: '10.0.0.1', metric: this.worse.has(each) && this.ospfdObeys ? 1_000 : 20, self: true },
              ...this.others.map((router) => ({ router, metric: 20, self: false })),
            ],
          ]),
        ),
      acknowledged: async () => true,
    };
  }

  #dataplane(method: Method, params: unknown): unknown {
    if (method === 'batch') {
      const { requests } = params as { requests: { method: Method; params: unknown }[] };
      for (const each of requests) this.#dataplane(each.method, each.params);
      return {};
    }
    this.#call(method);
    const destination = (params as { destination?: string }).destination ?? '';
    if (method === 'route.add') this.routes.add(destination);
    else if (method === 'route.del') {
      if (!this.routes.delete(destination)) throw new DpvsError('not_exist', destination);
    } else if (method === 'route.list')
      return [...this.routes].map((each) => ({ destination: each, scope: 'kni_host' }) as RouteInfo);
    return {};
  }

  get summary(): object {
    const live = [...this.lsas].filter(([, state]) => state === 'live').map(([each]) => each);
    return { addresses: [...this.addresses], routes: [...this.routes], permitted: [...this.permitted], live };
  }
}
const nothing = { addresses: [], routes: [], permitted: [], live: [] };
const everything = { addresses: [vip], routes: [`${vip}/32`], permitted: [vip], live: [vip] };

interface Attempt {
  readonly owned: Owned;
  readonly steps: Steps;
  readonly error: unknown;
  readonly saved: string[];
}

async function announce(model: Model, owned: Owned = { routes: [], policy: false }): Promise<Attempt> {
  const steps = new Steps();
  const saved: string[] = [];
  const error = await announceVips(model.tools(), steps, [{ ...target, owned }], () =>
    saved.push(JSON.stringify(owned)),
  ).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { owned, steps, error, saved };
}

t.test('announce', async (t) => {
  const model = new Model();
  const { error, owned, saved, steps } = await announce(model);
  t.equal(error, null);
  t.same(model.summary, everything);
  t.same(owned, { routes: ['dpdk1'], policy: true });
  t.same(
    saved,
    ['{"routes":["dpdk1"],"policy":false}', '{"routes":["dpdk1"],"policy":true}'],
    'written down before each addition',
  );
  const order = model.calls.filter((name) => ['route.add', 'permit', 'addAddress'].includes(name));
  t.same(order, ['route.add', 'permit', 'addAddress'], 'the address last: it is what makes ospfd announce');
  t.ok(steps.list.every(({ outcome }) => outcome !== 'failed'));

  model.calls.length = 0;
  const again = await announce(model, owned);
  t.equal(again.error, null);
  t.notOk(
    model.calls.some((name) => ['route.add', 'addAddress', 'deleteAddress', 'forbid'].includes(name)),
    'idempotent',
  );
  t.same(again.owned, { routes: ['dpdk1'], policy: true });
});

t.test('whichever operation fails, nothing stays', async (t) => {
  const complete = new Model();
  await announce(complete);
  const errors = [
    () => new VtyshError('ospfd', 'refused', 'no'),
    () => new DpvsError('timeout', 'no answer'),
    () => KernelError.fromErrno('x', 1),
  ];
  for (let failAt = 0; failAt < complete.calls.length; failAt++)
    for (const error of errors) {
      const model = new Model();
      model.failAt = failAt;
      model.error = error;
      const attempt = await announce(model);
      const what = `${complete.calls[failAt]} (${failAt}) fails with ${error().name}`;
      t.ok(attempt.error instanceof StepError, what);
      t.same(model.summary, nothing, what);
      t.same(attempt.owned, { routes: [], policy: false }, what);
      t.equal(attempt.steps.list.filter(({ outcome }) => outcome === 'failed').length, 1, what);
    }
});

t.test('a bug is not taken for a refusal', async (t) => {
  const model = new Model();
  model.failAt = 3;
  model.error = () => new TypeError('x is not a function');
  t.ok((await announce(model)).error instanceof TypeError);
  t.same(model.summary, nothing, 'and what was done is undone all the same');
});

t.test("what was there before is not ours: a failed attempt leaves it, ospfd's part too", async (t) => {
  const model = new Model();
  model.routes.add(`${vip}/32`);
  model.permitted.add(vip);
  model.addresses.add(vip);
  model.ospfdObeys = false;
  const { error, owned } = await announce(model);
  t.match(error, { step: 'verify ospfd', code: 'not_verified', detail: /ospfd does not announce it after 0\.1 s/ });
  t.same(model.summary, { addresses: [vip], routes: [`${vip}/32`], permitted: [vip], live: [] });
  t.same(owned, { routes: [], policy: false });
});

t.test('an address that was there before it was permitted comes anew', async (t) => {
  const model = new Model();
  model.addresses.add(vip);
  t.equal((await announce(model)).error, null);
  t.same(model.summary, everything);
});

t.test('withdraw', async (t) => {
  const model = new Model();
  const { owned } = await announce(model);
  model.calls.length = 0;
  await withdrawVips(model.tools(), new Steps(), [{ ...target, owned }], true, () => {});
  t.same(model.summary, nothing);
  t.same(owned, { routes: [], policy: false });
  t.same(
    model.calls.filter((name) => ['forbid', 'deleteAddress', 'route.del'].includes(name)),
    ['forbid', 'deleteAddress', 'route.del'],
    'the dataplane last: it serves what is still under way',
  );
  await withdrawVips(model.tools(), new Steps(), [{ ...target, owned }], true, () => {});
  t.same(model.summary, nothing, 'idempotent');
});

t.test('withdraw keeps the route of a VIP that is still wanted', async (t) => {
  const model = new Model();
  const { owned } = await announce(model);
  await withdrawVips(model.tools(), new Steps(), [{ ...target, owned }], false, () => {});
  t.same(model.summary, { ...nothing, routes: [`${vip}/32`] });
  t.same(owned, { routes: ['dpdk1'], policy: false });
});

t.test('withdraw goes on past what fails', async (t) => {
  for (const failing of ['forbid', 'route.del']) {
    const model = new Model();
    const { owned } = await announce(model);
    const before = model.calls.length;
    const dry = new Model();
    await withdrawVips(
      dry.tools(),
      new Steps(),
      [{ ...target, owned: { routes: ['dpdk1'], policy: true } }],
      true,
      () => {},
    );
    model.failAt = before + dry.calls.indexOf(failing);
    const steps = new Steps();
    await withdrawVips(model.tools(), steps, [{ ...target, owned }], true, () => {});
    t.notOk(model.addresses.has(vip), `${failing} fails: the address is gone`);
    t.not(model.lsas.get(vip), 'live', `${failing} fails: it is not announced`);
    t.equal(steps.list.filter(({ outcome }) => outcome === 'failed').length, 1);
    t.equal(
      failing === 'forbid' ? owned.policy : owned.routes.includes('dpdk1'),
      true,
      'what stays is still known as ours',
    );
  }
});

t.test('an LSA that stays is a failure, as is an ospfd that hangs; one that is gone announces nothing', async (t) => {
  const model = new Model();
  const { owned } = await announce(model);
  const tools = model.tools();
  const held = [{ ...target, owned }];
  const stubborn: Tools = {
    ...tools,
    driver: () => ({ ...model.driver(), originated: async () => new Map([[vip, 'live']]) }),
  };
  await t.rejects(
    withdrawVips(stubborn, new Steps(), held, false, () => {}),
    {
      step: 'verify ospfd',
      message: /still announces 123\.1\.2\.3/,
    },
  );
  const failing = (error: Error): Tools => ({
    ...tools,
    driver: () => ({ ...model.driver(), originated: async () => Promise.reject(error) }),
  });
  const hung = failing(new VtyshError('ospfd', 'silent', 'no answer within 5 s'));
  await t.rejects(
    withdrawVips(hung, new Steps(), held, true, () => {}),
    { step: 'verify ospfd', code: 'routing_daemon', message: /no answer within 5 s/ },
    'one that hangs proves nothing',
  );
  t.same(
    [...(await findDrift(hung, [target])).gone.values()].map(({ at }) => at),
    ['kernel address'],
    'and is not gone',
  );
  const dead = failing(new VtyshError('ospfd', 'down', 'it does not run'));
  await withdrawVips(dead, new Steps(), held, false, () => {});
  t.notOk(model.addresses.has(vip));
});

/** As the command does it. */
async function drained(model: Model, force: boolean, ...targets: Target[]): Promise<void> {
  const steps = new Steps();
  await worsenVips(model.tools(), steps, targets, force);
  try {
    await proveWorse(model.tools(), steps, targets);
  } catch (error) {
    await steps.undo();
    throw error;
  }
}

t.test('a drain: refused where nobody else announces it, undone where the others do not take over', async (t) => {
  const model = new Model();
  await announce(model);
  model.others = [];
  const drain = (force: boolean, ...targets: Target[]) => drained(model, force, target, ...targets);
  await t.rejects(drain(false), { code: 'sole_announcer', message: /123\.1\.2\.3/ });
  t.same([...model.worse], []);
  await drain(true);
  t.same([...model.worse], [vip], '--force');
  model.worse.clear();
  model.others = ['10.0.0.2'];
  model.ospfdObeys = false;
  await t.rejects(drain(false), { step: 'verify best set', message: /123\.1\.2\.3: still among the best/ });
  t.same([...model.worse], []);
  const other = { ...target, vip: '123.1.2.4' };
  model.permitted.add(other.vip);
  model.worse.add(vip);
  await t.rejects(drain(false, other), { step: 'verify best set', message: /still/ });
  t.same([...model.worse], [vip], 'of two, what was worse before stays so');
});

t.test("withdraw takes a drain's mark away, also where the permission is not ours", async (t) => {
  const model = new Model();
  model.permitted.add(vip);
  const { owned } = await announce(model);
  t.equal(owned.policy, false);
  await drained(model, false, target);
  await withdrawVips(model.tools(), new Steps(), [{ ...target, owned }], false, () => {});
  t.same([...model.worse], [], 'it would come back worse than it was');
  t.same([...model.permitted], [vip], "the administrator's permission stays");
});

t.test('drift is found, one reason a VIP', async (t) => {
  const model = new Model();
  await announce(model);
  const found = async () => [...(await findDrift(model.tools(), [target])).gone].map(([, { at }]) => at);
  t.same(await found(), []);
  model.lsas.set(vip, 'flushing');
  t.same(await found(), ['ospfd']);
  model.routes.clear();
  t.same(await found(), ['dataplane route']);
  model.addresses.clear();
  t.same(await found(), ['kernel address']);
});

t.test('the pace lets an LSA rest, each for itself', async (t) => {
  const pace = new Pace(80);
  const waited = async (vips: string[]): Promise<number> => {
    const start = performance.now();
    await pace.wait(vips);
    return performance.now() - start;
  };
  t.ok((await waited(['a'])) > 40, 'a bridge that has just started does not know what its predecessor did');
  t.ok((await waited(['a'])) < 40);
  pace.changed(['a']);
  t.ok((await waited(['b'])) < 40);
  t.ok((await waited(['b', 'a'])) > 40);
});

t.test('the pace remembers what has just changed and nothing else', async (t) => {
  const pace = new Pace(60);
  // More than a call takes as arguments.
  pace.changed(Array.from({ length: 150_000 }, (_unused, i) => `${i}`));
  t.ok(pace.quietMs >= 0 && pace.quietMs < 20_000);
  t.equal(pace.size, 150_000);
  for (const deadline = performance.now() + 20_000; pace.size > 1 && performance.now() < deadline; ) {
    await pace.wait(['7']);
    pace.changed(['a']);
  }
  t.equal(pace.size, 1);
});
