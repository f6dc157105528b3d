// Two-arm FullNAT66: what is rewritten in each direction, the client's address for the server, checksums, and that nothing else changes.
import { Icmp6Type, NextHeader, realOptions, tcpOption } from '../support/packet/index.js';
import { only } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { udpPort, vport } from '../support/two-arm.js';
import {
  client6,
  lip6,
  otherClient6,
  packetTest6,
  packetTest6With,
  servers6,
  tcpFlow6,
  tcpService6,
  udpFlow6,
  vip6,
} from '../support/two-arm6.js';

packetTest6('TCP: the SYN goes LIP → real server, the SYN-ACK VIP → client', async (t, scene) => {
  const flow = tcpFlow6(scene, { synAckOptions: [tcpOption.mss(1440)] });
  const syn = await flow.syn();
  t.match(syn.eth, { src: scene.mac('dpdk0'), dst: servers6[0].mac, type: 0x86dd });
  t.match(syn.ip6, { src: lip6, dst: servers6[0].address, protocol: 6, hopLimit: 64 });
  t.match(syn.tcp, { dport: vport, flags: 'S', ack: 0, window: 65535 });
  t.ok(flow.lport >= 1025, `port ${flow.lport} is of the pool`);
  const synAck = await flow.synAck();
  t.match(synAck.eth, { src: scene.mac('dpdk1'), dst: client6.mac });
  t.match(synAck.ip6, { src: vip6, dst: client6.address });
  t.match(synAck.tcp, { sport: vport, dport: flow.sport, flags: 'SA', seq: 9_000_000, ack: 1_000_001 });
  t.same(realOptions(synAck), [tcpOption.mss(1420)], 'room for an address option of 20 bytes');
  await flow.fromClient({ flags: 'A' });
  t.equal(await flow.state(), 'TCP_EST');
});

packetTest6('TCP: payload of every length, and the headers it has no business with', async (t, scene) => {
  const flow = await (await tcpFlow6(scene).establish()).serverSpeaks();
  for (const length of [0, 1, 2, 3, 5, 6, 7, 64, 1399, 1439, 1440]) {
    const data = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff);
    t.same([...(await flow.fromClient({ flags: 'PA', data })).payload], [...data], `${length} bytes in`);
    t.same([...(await flow.fromServer({ flags: 'PA', data })).payload], [...data], `${length} bytes out`);
  }
  const ip6 = { hopLimit: 1, trafficClass: 0xb8, flowLabel: 0xabcde };
  const tcp = { window: 777, urgent: 5, flags: 'PAU' };
  for (const arrived of [
    await flow.fromClient({ ...tcp, ip6, data: 'in' }),
    await flow.fromServer({ ...tcp, ip6, data: 'out' }),
  ]) {
    t.match(arrived.ip6, ip6, 'hop limit, class and label');
    t.match(arrived.tcp, tcp);
  }
});

packetTest6('TCP: the client’s address until the server has spoken', async (t, scene) => {
  const flow = tcpFlow6(scene);
  await flow.syn();
  await flow.synAck();
  const toa = tcpOption.toa(client6.address, flow.sport);
  const first = await flow.fromClient({ flags: 'A' });
  t.same(realOptions(first), [toa]);
  t.equal(first.ip6?.payloadLength, 40, 'the header is 20 bytes longer');
  const data = await flow.fromClient({ flags: 'PA', data: 'GET /' });
  t.same(realOptions(data), [toa]);
  t.equal(new TextDecoder().decode(data.payload), 'GET /');
  await flow.serverSpeaks();
  t.same(realOptions(await flow.fromClient({ flags: 'PA', data: 'more' })), [], 'once is enough');
});

packetTest6('TCP: the address option beside others, and where it has no room', async (t, scene) => {
  const flow = tcpFlow6(scene);
  await flow.syn();
  await flow.synAck();
  const toa = tcpOption.toa(client6.address, flow.sport);
  const timestamp = tcpOption.timestamp(1, 2);
  const padded = [tcpOption.nop, tcpOption.nop, timestamp];
  t.same(realOptions(await flow.fromClient({ flags: 'A', options: padded })), [toa, ...padded]);
  const sack = tcpOption.sack([1, 2], [3, 4]);
  const full = await flow.sendClient({ flags: 'A', options: [tcpOption.nop, tcpOption.nop, sack] });
  t.ok(only(full, 'dpdk0').tcp !== undefined);
  t.equal(full.rises.get('event.toa_added'), 1, '18 + 20 bytes, with the padding as it was');
  const none = await flow.sendClient({ flags: 'A', options: [...padded, tcpOption.sack([1, 2], [3, 4])] });
  t.equal(none.rises.get('event.toa_no_room'), 1, 'timestamps and SACK are never given up for it');
  const mtu = await flow.sendClient({ flags: 'A', data: 1430, seq: flow.clientNext });
  t.equal(mtu.rises.get('event.toa_over_mtu'), 1);
  t.same(realOptions(only(mtu, 'dpdk0')), []);
});

packetTest6('TCP: a client cannot forge the address option', async (t, scene) => {
  const flow = tcpFlow6(scene);
  await flow.syn();
  await flow.synAck();
  const forged = tcpOption.toa('2001:db8:bad::1', 1);
  const exchange = await flow.sendClient({ flags: 'A', options: [forged] });
  const real = realOptions(only(exchange, 'dpdk0')).filter(({ kind }) => kind === 'toa');
  t.same(real, [tcpOption.toa(client6.address, flow.sport)]);
  t.equal(exchange.rises.get('event.toa_forged'), 1);
});

packetTest6('TCP: SACK blocks are of the client’s numbering', async (t, scene) => {
  const flow = await (await tcpFlow6(scene).establish()).serverSpeaks();
  const [left, right] = [flow.clientNext + 100, flow.clientNext + 200];
  const shifted = tcpOption.sack([(left + flow.delta) >>> 0, (right + flow.delta) >>> 0]);
  const out = await flow.fromServer({ flags: 'A', options: [tcpOption.nop, tcpOption.nop, shifted] });
  t.same(realOptions(out).at(-1), tcpOption.sack([left, right]));
});

packetTest6('UDP: both directions, every length, and a mandatory checksum', async (t, scene) => {
  const flow = udpFlow6(scene);
  const asked = await flow.fromClient({ data: 'query' });
  t.match(asked.ip6, { src: lip6, dst: servers6[0].address, protocol: 17 });
  t.match(asked.udp, { dport: udpPort });
  const answered = await flow.fromServer({ data: 'answer' });
  t.match(answered.ip6, { src: vip6, dst: client6.address });
  t.match(answered.udp, { sport: udpPort, dport: flow.sport });
  for (const length of [0, 1, 2, 3, 512, 1231, 1452]) {
    t.same(
      (await flow.fromClient({ data: length })).bytes,
      flow.translatedIn({ data: length }).build(),
      `${length} in`,
    );
    t.same(
      (await flow.fromServer({ data: length })).bytes,
      flow.translatedOut({ data: length }).build(),
      `${length} out`,
    );
  }
  t.equal((await flow.entry())?.state, 'NORMAL');
});

packetTest6('UDP: a checksum that comes out as zero is sent as all ones', async (t, scene) => {
  const flow = udpFlow6(scene);
  await flow.fromClient();
  // Two bytes of payload take the sum through every value: one of them must be the one that sums up to zero.
  const wanted = flow.translatedIn({ data: new Uint8Array([0, 0]) }).build();
  const sum = (wanted[14 + 40 + 6] << 8) | wanted[14 + 40 + 7];
  const arrived = await flow.fromClient({ data: new Uint8Array([sum >>> 8, sum & 0xff]) });
  t.equal(arrived.udp?.checksum, 0xffff);
});

packetTest6('extension headers are carried along', async (t, scene) => {
  const padN = [0, 1, 4, 0, 0, 0, 0];
  const extensions = [
    { header: NextHeader.hopByHop, rest: padN },
    { header: NextHeader.destination, rest: padN },
    // No segments left: the destination is the last.
    { header: NextHeader.routing, rest: [0, 4, 0, 0, 0, 0, 0] },
    // An atomic fragment (RFC 6946).
    { header: NextHeader.fragment, rest: [0, 0, 0, 1, 2, 3, 4] },
  ];
  const numbers = extensions.map(({ header }) => header);
  const flow = tcpFlow6(scene);
  await flow.syn();
  await flow.synAck();
  const first = await flow.fromClient({ flags: 'A', ip6: { extensions } });
  t.same(first.ip6?.extensions, numbers);
  t.same(realOptions(first), [tcpOption.toa(client6.address, flow.sport)], 'the address option goes behind them');
  await flow.serverSpeaks();
  const inward = await flow.fromClient({ ip6: { extensions }, data: 'a' });
  t.same(inward.ip6?.extensions, numbers);
  t.equal(inward.tcp?.dport, vport);
  t.same((await flow.fromServer({ ip6: { extensions }, data: 'b' })).ip6?.extensions, numbers);
  const udp = udpFlow6(scene);
  t.same((await udp.fromClient({ ip6: { extensions } })).ip6?.extensions, numbers, 'a first packet too');
});

packetTest6('both families side by side, and clients of one port apart', async (t, scene) => {
  const six = await tcpFlow6(scene).establish();
  const other = await tcpFlow6(scene, { from: otherClient6 }).establish();
  const four = await new TcpFlow(scene).establish();
  t.not(six.lport, other.lport, 'same LIP, same server: another port');
  t.equal((await six.fromServer({ flags: 'PA', data: '1' })).ip6?.dst, client6.address);
  t.equal((await other.fromServer({ flags: 'PA', data: '2' })).ip6?.dst, otherClient6.address);
  t.ok((await four.fromServer({ flags: 'PA', data: '3' })).ip4 !== undefined);
  t.match(await six.entry(), {
    protocol: 'tcp',
    state: 'TCP_EST',
    client: { address: client6.address, port: six.sport },
    vip: { address: vip6, port: vport },
    lip: { address: lip6, port: six.lport },
    rip: { address: servers6[0].address, port: vport },
  });
  const listed = await scene.harness.configure('conn.list', { service: tcpService6 });
  t.equal(listed.connections.length, 2, 'of the one service');
});

packetTest6('statistics and local addresses are listed', async (t, scene) => {
  await (await tcpFlow6(scene).establish()).serverSpeaks('ten bytes!');
  const [service] = await scene.harness.configure('service.list', { service: tcpService6 });
  t.match(service.stats, { conns: 1, inPkts: 3, outPkts: 2 });
  t.match(service.servers[0], { address: servers6[0].address, activeConns: 1, stats: { conns: 1 } });
  const [laddrs] = await scene.harness.configure('laddr.list', { service: tcpService6 });
  t.match(laddrs.localAddresses, [{ address: lip6, device: 'dpdk0', conns: 1 }]);
  const [address] = await scene.harness.configure('addr.list', { device: 'dpdk0', family: 'inet6' });
  t.match(address, { address: lip6, prefixLength: 128, sapool: { used: 1 } });
});

packetTest6('a wrong TCP or UDP checksum is never made right', async (t, scene) => {
  const flow = await tcpFlow6(scene).establish();
  for (const phase of ['with TOA', 'without']) {
    const { out } = await flow.sendClient({ flags: 'PA', data: 'corrupt', checksum: 'bad', seq: flow.clientNext });
    t.equal(scene.faults.splice(0).length, out.dpdk0.length, `${phase}: dropped, or still wrong`);
    await flow.serverSpeaks();
  }
  const udp = udpFlow6(scene);
  await udp.fromClient();
  const { out } = await scene.exchange('dpdk1', udp.clientFrame({ checksum: 'bad' }).build());
  t.equal(scene.faults.splice(0).length, out.dpdk0.length);
});

packetTest6With('real servers take turns', { realServers: 2 }, async (t, scene) => {
  const to: string[] = [];
  for (let i = 0; i < 4; i++) to.push((await tcpFlow6(scene, { sport: 2000 + i }).syn()).ip6?.dst ?? '');
  t.same(
    [...new Set(to)].sort(),
    servers6.map(({ address }) => address),
  );
});

packetTest6(
  'a client without a route is answered where its packets come from, also when that changes',
  async (t, scene) => {
    const far = { address: '2001:db8:ffff::7', mac: '02:99:00:00:00:01' };
    const flow = await tcpFlow6(scene, { from: far }).establish();
    t.equal((await flow.fromServer({ flags: 'PA', data: 'x' })).eth?.dst, far.mac);
    flow.from = { ...far, mac: '02:99:00:00:00:02' };
    await flow.fromClient({ flags: 'PA', data: 'y' });
    t.equal((await flow.fromServer({ flags: 'PA', data: 'z' })).eth?.dst, '02:99:00:00:00:02');
  },
);

packetTest6With('the hop limit counts down when dpvs.conf says so', { decrementTtl: true }, async (t, scene) => {
  const flow = await (await tcpFlow6(scene).establish()).serverSpeaks();
  for (const hopLimit of [2, 64, 255]) {
    t.equal((await flow.fromClient({ ip6: { hopLimit }, data: 'in' })).ip6?.hopLimit, hopLimit - 1);
    t.equal((await flow.fromServer({ ip6: { hopLimit }, data: 'out' })).ip6?.hopLimit, hopLimit - 1);
  }
  const last = flow.clientFrame({ ip6: { hopLimit: 1 }, data: 'x' }).build();
  const exchange = await scene.exchange('dpdk1', last);
  const error = only(exchange, 'dpdk1');
  t.equal(exchange.rises.get('drop.ip6_hop_limit'), 1);
  t.match(error.ip6, { src: vip6, dst: client6.address });
  t.match(error.icmp6, { type: Icmp6Type.timeExceeded, code: 0 });
  t.same(error.payload, last.subarray(14), 'with what caused it');
  const four = await new TcpFlow(scene).establish();
  t.equal((await four.fromClient({ ip: { ttl: 9 }, data: 'y' })).ip4?.ttl, 8, 'as the TTL of IPv4');
});
