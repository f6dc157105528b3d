// The slow path in its worker thread, over the real native code: starts, dies, comes back, stops, whatever it is doing.
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Change } from '../../dataplane/control/index.js';
import { type SlowPathOptions, SlowPathThread } from '../../dataplane/slowpath/index.js';
import { createContext, startEal } from '../../native/index.js';
import { harnessMissing } from '../support/load-harness.js';

const options: SlowPathOptions = {
  ports: [],
  timeouts: { tcp: new Array(11).fill(60), udp: [60, 60, 60] },
  neighbour: { reachableMs: 60_000, queueLength: 128 },
  sapoolBuckets: 16,
  defaultTtl: 64,
  forwarding: false,
  decrementTtl: false,
  tcpDefence: false,
  udpDefence: false,
  seed: 1,
};
const service = { protocol: 'tcp', address: '10.0.0.100', port: 80 } as const;
const services: Change[] = [{ kind: 'service.set', service: { service, scheduler: 'rr', connTimeout: null } }];

const died: string[] = [];
const make = (changes: readonly Change[] = services, more: Partial<SlowPathOptions> = {}) =>
  new SlowPathThread({ ...options, ...more }, () => changes, {
    started: () => undefined,
    noticed: () => undefined,
    died: ({ error }) => died.push(error),
  });

/** A change that no control thread would send: the worker dies of it. */
const poison = [{ kind: 'service.set' }] as unknown as Change[];

async function within(t: Test, ms: number, what: string, done: Promise<unknown>): Promise<void> {
  t.equal(await Promise.race([done.then(() => 'done'), sleep(ms, 'late', { ref: false })]), 'done', what);
}

void t.test('the slow-path thread', { skip: harnessMissing }, async (t) => {
  startEal({ lcores: '0@0', huge: false, memoryMb: 128, pci: false, filePrefix: `dpvs-test-${process.pid}` });
  createContext({
    flowCapacity: 2048,
    connCapacity: 1024,
    spin: false,
    idleSleepUs: 100,
    classRate: [1000, 1000, 1000, 1000],
    classBurst: [1000, 1000, 1000, 1000],
    upcallRing: 64,
    mbufs: 1023,
    mbufRoom: 2048,
    mbufCache: 0,
  });

  await t.test('one that cannot start says so', async (t) => {
    const address = { address: '10.0.0.1', prefixLength: 32, device: 'dpdk0', scope: 'global', sapool: true } as const;
    const whole = { ...address, broadcast: null, origin: 'user', validUntil: null, preferredUntil: null } as const;
    const thread = make([{ kind: 'address.set', address: whole }], { sapoolBuckets: 1000 });
    await t.rejects(thread.start(), { message: /1000 buckets/ });
    t.same(died, [], 'it is not started again and again');
    await within(t, 2000, 'and can be stopped', thread.stop());
  });

  await t.test('dies and comes back', async (t) => {
    const thread = make();
    await thread.start();
    t.match(await thread.query('services', {}), [{ service }]);
    await t.rejects(thread.apply(poison), { code: 'slow_path_down' });
    t.equal(died.length, 1);
    await within(t, 5000, 'started again', thread.whenRunning());
    t.match(await thread.query('services', {}), [{ service }], 'with the configuration');
    t.ok((await thread.restart()).downMs >= 0);
    t.match(await thread.query('services', {}), [{ service }]);
    await within(t, 2000, 'stopped', thread.stop());
    await t.rejects(thread.query('ping', {}), { code: 'slow_path_down' });
  });

  await t.test('one that hangs is stopped all the same', async (t) => {
    const changes = Array.from({ length: 3_000_000 }, () => services[0]);
    const thread = make();
    await thread.start();
    const busy = thread.apply(changes).catch((error: { code: string }) => error.code);
    await within(t, 2000, 'stopped', thread.stop());
    t.equal(await busy, 'slow_path_down');
  });
});
