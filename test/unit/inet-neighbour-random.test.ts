// The ARP table under random use: whatever happens, packets are neither lost nor sent twice, and slots are unambiguous.
import fc from 'fast-check';
import t from 'tap';
import { ipv4, type Mac, type Neighbour, NeighbourTable } from '../../dataplane/inet/index.js';
import { holds, testSeed } from '../support/property.js';

const seed = testSeed(t);

const ip = fc.nat(9).map((n) => ipv4(0xfffffff0 + n));
const device = fc.constantFrom('dpdk0', 'dpdk1');
const mac = fc.integer({ min: 1, max: 3 }).map((n) => (0x020000000000 + n) as Mac);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ op: fc.constant('send' as const), device, ip }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('learn' as const),
      device,
      ip,
      mac,
      solicited: fc.boolean(),
      create: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('wait' as const),
      ms: fc.constantFrom(10, 500, 1_000, 3_000, 31_000, 61_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('static' as const), device, ip, mac }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('delete' as const), device, ip }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('flush' as const),
      device: fc.option(device, { nil: undefined }),
      statics: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('hold' as const), device, ip }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('release' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('confirm' as const), device, ip }) },
);

const limits = { maxNeighbours: 6, queueLength: 3, totalQueued: 8, reachableMs: 60_000 };

t.test('invariants', async (t) => {
  const property = fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
    let now = 0;
    let handle = 0;
    const waiting = new Set<number>();
    /** What native memory would have in each next-hop slot. */
    const native = new Map<number, Mac>();
    const held: Neighbour[] = [];
    const slotOfHeld = new Map<Neighbour, number>();
    const problems: string[] = [];
    const end = (handles: readonly number[]): void => {
      if (handles.length === 0) problems.push('an empty list of packets');
      for (const h of handles) if (!waiting.delete(h)) problems.push(`packet ${h} ended twice`);
      if (handles.some((h, i) => i > 0 && h < handles[i - 1]!)) problems.push('packets out of order');
    };
    const table = new NeighbourTable(
      {
        sendRequest: () => {},
        changed: (n) => (n.mac === null ? native.delete(n.slot) : native.set(n.slot, n.mac)),
        resolved: (n, handles) => {
          if (native.get(n.slot) !== n.mac) problems.push('sent before the next hop was there');
          end(handles);
        },
        failed: (_, handles) => end(handles),
      },
      limits,
    );
    for (const s of steps) {
      if (s.op === 'send') {
        const n = table.resolve(s.device, s.ip, now);
        if (n?.mac === null && table.enqueue(n, ++handle)) waiting.add(handle);
      } else if (s.op === 'learn') table.learn(s.device, s.ip, s.mac, now, s);
      else if (s.op === 'wait') {
        now += s.ms;
        table.tick(now);
      } else if (s.op === 'flush') table.flush(s.device, s.statics);
      else if (s.op === 'release') {
        const [n] = held.splice(s.which, 1);
        if (n !== undefined) table.release(n, now);
      } else {
        const n = table.get(s.device, s.ip);
        if (s.op === 'delete' && n !== undefined) table.delete(s.device, s.ip);
        if (s.op === 'confirm' && n !== undefined) table.confirm(n, now);
        if (s.op === 'hold' && n !== undefined) {
          table.hold(n);
          held.push(n);
          slotOfHeld.set(n, n.slot);
        }
        if (s.op === 'static' && (n !== undefined || table.size < limits.maxNeighbours))
          table.putStatic(s.device, s.ip, s.mac);
      }

      const all = table.list();
      const queued = all.reduce((sum, n) => sum + n.queued, 0);
      if (queued !== waiting.size || queued !== table.queued || queued > limits.totalQueued)
        problems.push('queue count');
      if (all.length !== table.size || all.length > limits.maxNeighbours) problems.push('size');
      if (new Set(all.map((n) => n.slot)).size !== all.length) problems.push('two in a slot');
      if (new Set(all.map((n) => `${n.device} ${n.ip}`)).size !== all.length) problems.push('one twice');
      for (const n of all) {
        const unresolved = n.state === 'NONE' || n.state === 'SEND';
        if (unresolved !== (n.mac === null)) problems.push(`${n.state} and its MAC`);
        if (n.queued > 0 && n.state !== 'SEND') problems.push(`packets wait in ${n.state}`);
        if (n.queued > limits.queueLength) problems.push('queue length');
        if ((native.get(n.slot) ?? null) !== n.mac) problems.push('native next hop');
        if (table.bySlot(n.slot) !== n || table.get(n.device, n.ip) !== n) problems.push('not found');
        if (n.holds !== held.filter((h) => h === n).length) problems.push('holds');
      }
      if (native.size !== all.filter((n) => n.mac !== null).length) problems.push('native has more');
      for (const n of held) if (table.bySlot(slotOfHeld.get(n)!) !== n) problems.push('a held slot was given away');
      if (problems.length > 0) throw new Error(`after ${JSON.stringify(s)}: ${problems.join('; ')}`);
    }
    // Left alone, everything learned ages away, also when the ticks come only when they are announced.
    for (const n of held) table.release(n, now);
    for (let turns = 0; table.nextDeadline !== Infinity && turns < 10_000; turns++) {
      now = Math.max(now, table.nextDeadline);
      table.tick(now);
    }
    return waiting.size === 0 && table.list().every((n) => n.state === 'STATIC');
  });
  holds(t, 'packets, slots, native mirror, bounds; all is forgotten in the end', property, { seed, numRuns: 400 });
});
