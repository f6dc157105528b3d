// Services and real servers step by step: keys, slots that outlive their server, thresholds, refusals.
import t from 'tap';
import { parseIpv4 } from '../../dataplane/inet/index.js';
import { Protocol, ServerFlag, ServiceTable } from '../../dataplane/ipvs/index.js';

const { tcp, udp } = Protocol;
const vip = parseIpv4('10.0.0.100');
const other = parseIpv4('210.0.0.100');
const [rs1, rs2, rs3] = ['192.168.100.2', '192.168.100.3', '192.168.100.4'].map(parseIpv4) as [never, never, never];

t.test('keys', async (t) => {
  const table = new ServiceTable();
  const http = table.add(tcp, vip, 80);
  const dns = table.add(udp, vip, 53);
  const highest = table.add(tcp, other, 65535, { scheduler: 'rr', connTimeout: 30 });
  t.equal(table.lookup(tcp, vip, 80), http);
  t.equal(table.lookup(udp, vip, 53), dns);
  t.equal(table.lookup(tcp, other, 65535), highest);
  for (const [p, ip, port] of [
    [udp, vip, 80],
    [tcp, vip, 53],
    [tcp, other, 80],
    [tcp, vip, 0],
  ] as const) {
    t.equal(table.lookup(p, ip, port), undefined);
  }
  t.match(http, { scheduler: { name: 'wlc' }, connTimeout: null, live: true });
  t.match(highest, { scheduler: { name: 'rr' }, connTimeout: 30 });
  t.strictSame(table.list(), [http, dns, highest]);
  t.equal(table.hasVip(vip), true);
  table.remove(tcp, vip, 80);
  t.equal(table.hasVip(vip), true, 'still DNS');
  table.remove(udp, vip, 53);
  t.equal(table.hasVip(vip), false);
  t.equal(table.hasVip(other), true);
  t.equal(table.size, 1);
  const again = table.add(tcp, vip, 80);
  t.not(again.id, http.id);
  t.equal(http.live, false);
});

t.test('editing keeps what is not given', async (t) => {
  const table = new ServiceTable();
  const service = table.add(tcp, vip, 80, { scheduler: 'wrr', connTimeout: 5 });
  const { scheduler } = service;
  t.equal(service.laddrs.jitter, true);
  t.equal(table.edit(tcp, vip, 80, { connTimeout: 6 }), service);
  t.equal(service.scheduler, scheduler, 'the same scheduler with its state');
  t.equal(service.connTimeout, 6);
  table.edit(tcp, vip, 80, { scheduler: 'wlc', connTimeout: null });
  t.match(service, { scheduler: { name: 'wlc' }, connTimeout: null });
  t.equal(service.laddrs.jitter, false, 'wlc is in step with nothing');

  const dest = table.addServer(service, rs1, 80, { weight: 3, upperThreshold: 10, lowerThreshold: 5 });
  t.equal(table.editServer(service, rs1, 80, { weight: 0 }), dest);
  t.strictSame(
    [table.dests.weights[dest], table.dests.upperThresholds[dest], table.dests.lowerThresholds[dest]],
    [0, 10, 5],
  );
  t.equal(service.scheduler.pick(), -1, 'weight 0: no new connections');
  table.editServer(service, rs1, 80, { weight: 1, forwarding: 'Route', upperThreshold: undefined });
  t.equal(service.scheduler.pick(), dest);
  t.equal(table.forwardingOf(dest), 'Route');
});

t.test('schedulers see members come and go', async (t) => {
  const table = new ServiceTable({ start: 1 });
  const service = table.add(tcp, vip, 80, { scheduler: 'rr' });
  t.equal(service.scheduler.pick(), -1);
  const dests = [rs1, rs2, rs3].map((rip) => table.addServer(service, rip, 80));
  t.strictSame(
    [1, 2, 3].map(() => service.scheduler.pick()),
    [dests[1], dests[2], dests[0]],
  );
  table.removeServer(service, rs2, 80);
  t.equal(new Set([1, 2, 3, 4].map(() => service.scheduler.pick())).has(dests[1]!), false);
  table.dests.setFlag(dests[0]!, ServerFlag.INHIBITED, true);
  t.strictSame(
    [1, 2].map(() => service.scheduler.pick()),
    [dests[2], dests[2]],
  );
  const many = Array.from({ length: 50 }, (_, i) => table.addServer(service, rs3, 1000 + i));
  t.equal(
    new Set(Array.from({ length: 51 }, () => service.scheduler.pick())).size,
    51,
    'more than the first allocation',
  );
  t.strictSame([...service.members.subarray(0, service.count)], [dests[0], dests[2], ...many], 'in the order added');
  table.removeServer(service, rs1, 80);
  t.strictSame([...service.members.subarray(0, service.count)], [dests[2], ...many], 'also after one is gone');
  t.equal(table.findServer(service, rs3, 1049), many[49]);
  t.equal(table.findServer(service, rs2, 80), -1);
});

t.test('a removed server keeps its slot until its last connection', async (t) => {
  const table = new ServiceTable({ maxServers: 2 });
  const service = table.add(tcp, vip, 80);
  const dest = table.addServer(service, rs1, 80);
  table.dests.opened(dest);
  table.dests.opened(dest);
  table.dests.activated(dest);
  t.equal(table.removeServer(service, rs1, 80), dest);
  t.equal(table.dests.stateOf(dest), 'retired');
  t.equal(table.serviceOf(dest), service, 'its connections still find their service');
  t.strictSame(table.dests.drained(), []);
  t.throws(() => table.free(dest), { code: 'ERR_ASSERTION' }, 'has connections');

  const second = table.addServer(service, rs2, 80);
  t.not(second, dest);
  t.throws(() => table.addServer(service, rs3, 80), { code: 'no_room' });
  t.equal(table.addServer(service, rs1, 80, { weight: 7 }), dest, 'added again it has its slot and connections back');
  t.strictSame([table.dests.active[dest], table.dests.inactive[dest], table.dests.weights[dest]], [1, 1, 7]);

  table.remove(tcp, vip, 80);
  t.equal(service.count, 0);
  t.equal(service.scheduler.pick(), -1);
  t.throws(() => table.addServer(service, rs3, 80), { code: 'no_service' });
  t.strictSame(table.dests.drained(), [second]);
  table.dests.closed(dest, true);
  table.dests.closed(dest, false);
  t.strictSame(table.dests.drained().sort(), [dest, second].sort());
  t.throws(() => table.free(99), { code: 'ERR_ASSERTION' });
  table.free(dest);
  t.throws(() => table.free(dest), { code: 'ERR_ASSERTION' }, 'twice');
  t.equal(table.serviceOf(dest), undefined);
  t.equal(table.dests.stateOf(dest), 'free');
  t.equal(table.dests.used, 1);

  const renewed = table.add(tcp, vip, 80);
  t.equal(table.addServer(renewed, rs2, 80), second, 'also by the service of the same key made again');
  t.equal(table.serviceOf(second), renewed);
  t.equal(
    table.addServer(table.add(udp, vip, 80), rs2, 80),
    dest,
    'another service’s server has nothing to do with it',
  );
});

t.test('slots are adopted and used again late', async (t) => {
  const table = new ServiceTable({ maxServers: 5 });
  const before = { protocol: tcp, vip, port: 80, rport: 80 };
  table.adoptServers([
    { ...before, destIndex: 0, rip: rs2 },
    { ...before, destIndex: 2, rip: rs1 },
  ]);
  t.throws(() => table.adoptServers([{ ...before, destIndex: 2, rip: rs3 }]), { code: 'ERR_ASSERTION' }, 'taken');
  t.throws(() => table.adoptServers([{ ...before, destIndex: 5, rip: rs3 }]), { code: 'ERR_ASSERTION' }, 'no slot');
  const service = table.add(tcp, vip, 80);
  t.equal(table.addServer(service, rs3, 80), 1, 'a new one gets none of theirs');
  t.equal(table.addServer(service, rs1, 80), 2, 'each finds its own');
  t.strictSame(table.dests.drained(), [0], 'what was removed meanwhile is retired');
  table.free(0);
  t.equal(table.addServer(service, rs2, 80), 3, 'not the one just freed');
  table.removeServer(service, rs2, 80);
  table.free(3);
  t.equal(table.addServer(service, rs3, 81), 4);
  t.equal(table.addServer(service, rs3, 82), 0);
});

t.test('thresholds', async (t) => {
  const table = new ServiceTable();
  const service = table.add(tcp, vip, 80, { scheduler: 'rr' });
  const { dests } = table;
  const state = (dest: number): string =>
    `${dests.conns(dest)} ${service.scheduler.pick() === -1 ? 'overload' : 'open'}`;
  const dest = table.addServer(service, rs1, 80, { upperThreshold: 4 });
  const seen: string[] = [];
  for (let i = 0; i < 4; i++) {
    dests.opened(dest);
    seen.push(state(dest));
  }
  dests.activated(dest);
  seen.push(state(dest));
  for (const wasActive of [true, false, false]) {
    dests.closed(dest, wasActive);
    seen.push(state(dest));
  }
  t.strictSame(
    seen,
    ['1 open', '2 open', '3 open', '4 overload', '4 overload', '3 overload', '2 open', '1 open'],
    'without a lower threshold: below three quarters',
  );
  table.editServer(service, rs1, 80, { lowerThreshold: 1 });
  for (let i = 0; i < 3; i++) dests.opened(dest);
  t.equal(state(dest), '4 overload');
  for (let i = 0; i < 3; i++) dests.closed(dest, false);
  t.equal(state(dest), '1 overload');
  dests.closed(dest, false);
  t.equal(state(dest), '0 open', 'below the lower threshold');
  dests.opened(dest);
  dests.opened(dest);
  table.editServer(service, rs1, 80, { upperThreshold: 2 });
  t.equal(state(dest), '2 overload', 'a new threshold holds at once');
  table.editServer(service, rs1, 80, { upperThreshold: 0, lowerThreshold: 0 });
  t.equal(state(dest), '2 open');
});

t.test('miscounting connections is a bug', async (t) => {
  const table = new ServiceTable();
  const dest = table.addServer(table.add(tcp, vip, 80), rs1, 80);
  for (const wrong of [
    () => table.dests.activated(dest),
    () => table.dests.deactivated(dest),
    () => table.dests.closed(dest, true),
    () => table.dests.closed(dest, false),
    () => table.dests.revive(dest),
  ]) {
    t.throws(wrong, { code: 'ERR_ASSERTION' });
  }
  table.dests.opened(dest);
  table.dests.activated(dest);
  table.dests.deactivated(dest);
  t.equal(table.dests.conns(dest), 1);
});

t.test('refusals change nothing', async (t) => {
  const table = new ServiceTable({ maxServices: 1 });
  const service = table.add(tcp, vip, 80);
  table.addServer(service, rs1, 80, { upperThreshold: 10 });
  const { generation } = table;
  const refused: [string, () => unknown][] = [
    ['service_exists', () => table.add(tcp, vip, 80)],
    ['no_room', () => table.add(udp, vip, 80)],
    ['not_support', () => table.add(tcp, other, 0)],
    ['no_service', () => table.edit(udp, vip, 80, {})],
    ['no_service', () => table.remove(tcp, vip, 81)],
    ['server_exists', () => table.addServer(service, rs1, 80)],
    ['no_server', () => table.editServer(service, rs1, 81, {})],
    ['no_server', () => table.removeServer(service, rs2, 80)],
    ['invalid_parameter', () => table.addServer(service, rs2, 80, { weight: 65536 })],
    ['invalid_parameter', () => table.addServer(service, rs2, 80, { weight: -1 })],
    ['invalid_parameter', () => table.addServer(service, rs2, 80, { upperThreshold: 4, lowerThreshold: 5 })],
    ['invalid_parameter', () => table.editServer(service, rs1, 80, { lowerThreshold: 11 })],
  ];
  for (const [code, action] of refused) t.throws(action, { code }, code);
  t.equal(table.generation, generation);
  t.equal(table.size, 1);
  t.equal(service.count, 1);
  t.equal(table.dests.used, 1);
});
