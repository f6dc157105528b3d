// The ARP table step by step on a clock of its own: what is asked, learned, aged, queued, evicted.
import t from 'tap';
import {
  formatIp,
  formatMac,
  ipv4,
  type Mac,
  type Neighbour,
  NeighbourTable,
  type NeighbourTableOptions,
  parseIpv4,
  parseMac,
} from '../../dataplane/inet/index.js';

const gateway = parseIpv4('172.10.0.1');
const server = parseIpv4('192.168.100.2');
const macA = parseMac('02:00:00:00:00:0a');
const macB = parseMac('02:00:00:00:00:0b');
const dev = 'dpdk1';

/** A table that writes down what it tells its owner. */
function recorder(options?: NeighbourTableOptions) {
  const log: string[] = [];
  const name = (n: Neighbour): string => formatIp(n.ip);
  const table = new NeighbourTable(
    {
      sendRequest: (device, target, unicast) =>
        log.push(`ask ${formatIp(target)} on ${device}${unicast === null ? '' : ` at ${formatMac(unicast)}`}`),
      changed: (n) => log.push(`slot ${n.slot} ${n.mac === null ? 'unknown' : formatMac(n.mac)}`),
      resolved: (n, handles) => log.push(`send ${name(n)} ${handles.join()}`),
      failed: (n, handles) => log.push(`drop ${name(n)} ${handles.join()}`),
    },
    options,
  );
  return { table, events: () => log.splice(0) };
}

/** Ticks through the time and notes when what happened. */
function timeline(r: ReturnType<typeof recorder>, from: number, to: number): string[] {
  const seen: string[] = [];
  for (let now = from; now <= to; now += 100) {
    r.table.tick(now);
    for (const event of r.events()) seen.push(`${now / 1000}s ${event}`);
  }
  return seen;
}

t.test('resolution', async (t) => {
  const r = recorder();
  const n = r.table.resolve(dev, gateway, 0)!;
  t.strictSame(r.events(), ['ask 172.10.0.1 on dpdk1'], 'asked at once');
  t.match(n, { state: 'SEND', mac: null, slot: 0 });
  t.ok(r.table.enqueue(n, 7));
  t.equal(r.table.resolve(dev, gateway, 10), n);
  t.ok(r.table.enqueue(n, 8));
  t.strictSame(r.events(), [], 'not asked for each packet');
  t.equal(r.table.learn(dev, gateway, macA, 20, { solicited: true }), n);
  t.strictSame(r.events(), ['slot 0 02:00:00:00:00:0a', 'send 172.10.0.1 7,8'], 'next hop first, then its packets');
  t.match(n, { state: 'REACHABLE', mac: macA, queued: 0 });
  t.notOk(r.table.enqueue(n, 9), 'nothing waits for what is known');
  t.equal(r.table.queued, 0);
});

t.test('no answer: three requests a second apart, then failure, then oblivion', async (t) => {
  const r = recorder();
  r.table.enqueue(r.table.resolve(dev, gateway, 0)!, 1);
  t.strictSame(
    ['0s', ...r.events(), ...timeline(r, 100, 10_000)],
    [
      '0s',
      'ask 172.10.0.1 on dpdk1',
      '1s ask 172.10.0.1 on dpdk1',
      '2s ask 172.10.0.1 on dpdk1',
      '3s drop 172.10.0.1 1',
    ],
  );
  t.equal(r.table.size, 0);
  t.equal(r.table.nextDeadline, Infinity);
});

t.test('a failed one is asked again when it is used', async (t) => {
  const r = recorder();
  const n = r.table.resolve(dev, gateway, 0)!;
  timeline(r, 100, 4_000);
  t.equal(n.state, 'NONE');
  t.notOk(r.table.enqueue(n, 1));
  t.equal(r.table.resolve(dev, gateway, 4_000), n);
  t.strictSame(r.events(), ['ask 172.10.0.1 on dpdk1']);
  timeline(r, 4_100, 6_000);
  t.equal(r.table.size, 1, 'the old deadline is forgotten');
});

t.test('a late clock gives the neighbour its tries', async (t) => {
  const r = recorder();
  const n = r.table.resolve(dev, gateway, 0)!;
  r.events();
  r.table.tick(10_000);
  t.strictSame(r.events(), ['ask 172.10.0.1 on dpdk1'], 'not failed: it was asked only once');
  t.equal(n.state, 'SEND');
});

t.test('ageing', async (t) => {
  const r = recorder();
  const n = r.table.resolve(dev, gateway, 0)!;
  r.table.learn(dev, gateway, macA, 0, { solicited: true });
  r.events();
  const unicast = 'ask 172.10.0.1 on dpdk1 at 02:00:00:00:00:0a';
  const broadcast = 'ask 172.10.0.1 on dpdk1';
  const seen = timeline(r, 100, 89_900);
  t.strictSame(seen.slice(0, 5), [
    `60s ${unicast}`,
    `61s ${unicast}`,
    `62s ${unicast}`,
    `63s ${broadcast}`,
    `66s ${broadcast}`,
  ]);
  t.match(n, { state: 'PROBE', mac: macA }, 'used on meanwhile');
  t.equal(seen.at(-1), `87s ${broadcast}`);
  t.strictSame(timeline(r, 90_000, 95_000), ['90s slot 0 unknown'], 'PROBE is over after 30 s');
  t.equal(r.table.size, 0);
  t.equal(r.table.counters.failed, 1);
});

t.test('an answer or an acknowledgement ends PROBE', async (t) => {
  for (const how of ['reply', 'confirm'] as const) {
    const r = recorder({ reachableMs: 10_000 });
    const n = r.table.learn(dev, gateway, macA, 0, { solicited: true })!;
    timeline(r, 0, 10_500);
    t.equal(n.state, 'PROBE');
    if (how === 'reply') r.table.learn(dev, gateway, macA, 10_500, { solicited: true });
    else r.table.confirm(n, 10_500);
    t.equal(n.state, 'REACHABLE');
    t.strictSame(timeline(r, 10_600, 20_400), [], `${how}: quiet for another ten seconds`);
    r.table.tick(20_500);
    t.equal(n.state, 'PROBE');
  }
});

t.test('heard unasked', async (t) => {
  const r = recorder();
  t.equal(
    r.table.learn(dev, gateway, macA, 0, { solicited: false, create: false }),
    undefined,
    'gratuitous and unknown',
  );
  t.equal(r.table.size, 0);
  const n = r.table.learn(dev, gateway, macA, 0, { solicited: false })!;
  t.match(n, { state: 'DELAY', mac: macA });
  r.events();
  t.strictSame(timeline(r, 0, 3_900), ['3s ask 172.10.0.1 on dpdk1 at 02:00:00:00:00:0a'], 'to be verified');
  r.table.learn(dev, gateway, macA, 3_900, { solicited: false });
  t.equal(n.state, 'PROBE', 'the same again is no proof');
  r.table.learn(dev, gateway, macB, 3_950, { solicited: false, create: false });
  t.strictSame(r.events(), ['slot 0 02:00:00:00:00:0b'], 'a failover is followed at once');
  t.match(n, { state: 'DELAY', mac: macB });
  r.table.confirm(n, 4_000);
  t.equal(n.state, 'REACHABLE');
});

t.test('what is not believed', async (t) => {
  const r = recorder();
  r.table.resolve(dev, gateway, 0);
  r.events();
  for (const mac of ['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:05']) {
    t.equal(r.table.learn(dev, gateway, parseMac(mac), 1, { solicited: true }), undefined, mac);
    t.throws(() => r.table.addStatic(dev, server, parseMac(mac)), { code: 'invalid_parameter' }, mac);
  }
  t.equal(r.table.learn('dpdk0', gateway, macA, 1, { solicited: true, create: false }), undefined, 'another device');
  t.strictSame(r.events(), []);
});

t.test('static', async (t) => {
  const r = recorder();
  const n = r.table.resolve(dev, gateway, 0)!;
  r.table.enqueue(n, 5);
  r.events();
  t.equal(r.table.addStatic(dev, gateway, macA), n, 'a learned one becomes static');
  t.strictSame(r.events(), ['slot 0 02:00:00:00:00:0a', 'send 172.10.0.1 5']);
  t.throws(() => r.table.addStatic(dev, gateway, macB), { code: 'already_exist' });
  t.equal(r.table.learn(dev, gateway, macB, 1, { solicited: true }), undefined);
  r.table.confirm(n, 1);
  t.strictSame(timeline(r, 100, 200_000), []);
  t.match(n, { state: 'STATIC', mac: macA });
  r.table.flush();
  t.equal(r.table.size, 1, 'flush spares it');
  t.equal(r.table.putStatic(dev, gateway, macB), n);
  t.strictSame(r.events(), ['slot 0 02:00:00:00:00:0b'], 'put replaces it');
  r.table.delete(dev, gateway);
  t.strictSame(r.events(), ['slot 0 unknown']);
  t.throws(() => r.table.delete(dev, gateway), { code: 'not_exist' });
});

t.test('bounds of waiting packets', async (t) => {
  const r = recorder({ queueLength: 3, totalQueued: 5 });
  const a = r.table.resolve(dev, gateway, 0)!;
  const b = r.table.resolve(dev, server, 0)!;
  t.strictSame(
    [1, 2, 3, 4].map((h) => r.table.enqueue(a, h)),
    [true, true, true, false],
  );
  t.strictSame(
    [5, 6, 7].map((h) => r.table.enqueue(b, h)),
    [true, true, false],
  );
  t.equal(r.table.counters.queueFull, 2);
  r.table.learn(dev, gateway, macA, 1, { solicited: true });
  t.ok(r.table.enqueue(b, 8), 'room again');
  r.events();
  r.table.flush();
  t.strictSame(r.events().sort(), ['drop 192.168.100.2 5,6,8', 'slot 0 unknown']);
  t.equal(r.table.queued, 0);
});

t.test('a full table gives up the unresolved, then the least recently used', async (t) => {
  const r = recorder({ maxNeighbours: 4 });
  const ip = (n: number) => ipv4(0x0a000000 + n);
  r.table.addStatic(dev, ip(1), macA);
  r.table.learn(dev, ip(2), macA, 1_000, { solicited: true });
  r.table.learn(dev, ip(3), macA, 2_000, { solicited: true });
  r.table.enqueue(r.table.resolve(dev, ip(4), 3_000)!, 40);
  r.events();
  t.ok(r.table.resolve(dev, ip(5), 4_000));
  t.strictSame(r.events(), ['drop 10.0.0.4 40', 'ask 10.0.0.5 on dpdk1'], 'a sweep of addresses eats itself');
  r.table.learn(dev, ip(5), macB, 4_000, { solicited: true });
  r.table.resolve(dev, ip(2), 10_000);
  t.ok(r.table.resolve(dev, ip(6), 10_000));
  const left = (): string =>
    r.table
      .list()
      .map((n) => Number(n.ip) & 255)
      .join();
  t.equal(left(), '1,2,5,6', 'the third was used longest ago');
  for (const n of r.table.list()) r.table.hold(n);
  t.equal(r.table.resolve(dev, ip(7), 11_000), undefined, 'held ones stay');
  t.equal(r.table.counters.tableFull, 1);
  t.throws(() => r.table.addStatic(dev, ip(8), macA), { code: 'no_room' });
  t.equal(left(), '1,2,5,6');
});

t.test('a held neighbour keeps its slot', async (t) => {
  const r = recorder({ maxNeighbours: 2 });
  const n = r.table.learn(dev, gateway, macA, 0, { solicited: true })!;
  r.table.hold(n);
  r.table.hold(n);
  r.events();
  r.table.delete(dev, gateway);
  t.strictSame(r.events(), ['slot 0 unknown'], 'deleted: nothing may be sent there');
  t.match(n, { state: 'NONE', mac: null, holds: 2 });
  r.table.tick(50_000);
  t.equal(r.table.bySlot(0), n, 'but its number is not given away');
  t.equal(r.table.resolve(dev, server, 50_000)!.slot, 1);
  t.equal(r.table.resolve(dev, gateway, 50_000), n, 'used again: asked again, in the same slot');
  r.table.learn(dev, gateway, macB, 50_100, { solicited: true });
  r.table.flush(dev);
  r.table.release(n, 51_000);
  r.table.release(n, 51_000);
  t.throws(() => r.table.release(n, 51_000), /is not held/);
  r.table.tick(53_000);
  t.equal(r.table.bySlot(0), undefined);
  t.throws(() => r.table.hold(n), /was removed/);
});

t.test('slots rest before they are used again, and are adopted', async (t) => {
  const r = recorder({ maxNeighbours: 3 });
  const slot = (ip: number): number => r.table.learn(dev, ipv4(ip), macA, 0, { solicited: true })!.slot;
  t.strictSame([slot(1), slot(2)], [0, 1]);
  r.table.delete(dev, ipv4(1));
  t.equal(slot(3), 2, 'not 0, which was just freed');
  t.equal(slot(4), 0);

  const restarted = recorder({ maxNeighbours: 3 });
  const n = restarted.table.adopt(1, dev, gateway, macA, 0);
  t.match(n, { slot: 1, state: 'DELAY', mac: macA });
  t.throws(() => restarted.table.adopt(1, dev, server, macA, 0), /slot 1 is in use/);
  t.throws(() => restarted.table.adopt(3, dev, server, macA, 0), /slot 3 is in use or out of range/);
  t.throws(() => restarted.table.adopt(0, dev, gateway, macA, 0), /already in the table/);
  const next = [9, 10, 11].map((n) => restarted.table.resolve('dpdk0', ipv4(n), 0)?.slot);
  t.strictSame(next, [0, 2, 0], 'around the adopted one; the third gets the slot of the first');
});

t.test('one address on two devices is two neighbours', async (t) => {
  const r = recorder();
  r.table.learn('dpdk0', gateway, macA, 0, { solicited: true });
  r.table.learn('dpdk1', gateway, macB, 0, { solicited: true });
  t.equal(r.table.get('dpdk0', gateway)?.mac, macA);
  t.equal(r.table.get('dpdk1', gateway)?.mac, macB);
  t.equal(r.table.get('dpdk2', gateway), undefined);
  r.table.flush('dpdk0');
  t.strictSame(
    r.table.list().map((n) => n.device),
    ['dpdk1'],
  );
  r.table.addStatic('dpdk0', server, macA);
  r.table.flush('dpdk0', true);
  t.strictSame(r.table.list('dpdk0'), []);
});

t.test('the handlers may use the table', async (t) => {
  const sent: Mac[] = [];
  const table: NeighbourTable = new NeighbourTable(
    {
      sendRequest: () => {},
      changed: () => {},
      resolved: () => {},
      // The ICMP error goes to the neighbour that is just being made: it must not be made twice.
      failed: (_, handles) => {
        const n = table.resolve(dev, server, 1)!;
        for (const handle of handles) table.enqueue(n, handle + 100);
        sent.push(macA);
      },
    },
    { maxNeighbours: 1 },
  );
  table.enqueue(table.resolve(dev, gateway, 0)!, 1);
  const n = table.resolve(dev, server, 1)!;
  t.equal(sent.length, 1);
  t.equal(table.size, 1);
  t.equal(table.get(dev, server), n);
  t.equal(n.queued, 1);
});
