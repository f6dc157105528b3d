// Two-arm FullNAT of TCP over IPv4: what is rewritten in each direction, and that nothing else is.
import { decodeTcpFlags, encodeTcpFlags, realOptions, tcpOption } from '../support/packet/index.js';
import { only } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { client, lip, otherClient, packetTest, servers, tcpService, vip, vport } from '../support/two-arm.js';

packetTest('the SYN leaves the LAN port as LIP → real server', async (t, scene) => {
  const flow = new TcpFlow(scene);
  const arrived = await flow.syn();
  t.match(arrived.eth, { src: scene.mac('dpdk0'), dst: servers[0].mac, type: 0x0800 });
  t.match(arrived.ip4, { src: lip, dst: servers[0].address, protocol: 6 });
  t.match(arrived.tcp, { dport: vport, flags: 'S', ack: 0, window: 65535 });
  t.ok(flow.lport >= 1025 && flow.lport <= 65535, `LIP port ${flow.lport} is of the pool`);
});

packetTest('a SYN may carry data (RFC 7413) and ask for ECN (RFC 3168)', async (t, scene) => {
  for (const segment of [{ flags: 'SEC' }, { flags: 'SP', data: 'fast open' }, { flags: 'S', data: 'x' }]) {
    const flow = new TcpFlow(scene, { sport: 30_000 + segment.flags.length });
    const exchange = await flow.sendClient({ ...segment, ack: 0 });
    const arrived = only(exchange, 'dpdk0');
    t.match(arrived.tcp, { flags: decodeTcpFlags(encodeTcpFlags(segment.flags)) });
    t.equal(new TextDecoder().decode(arrived.payload), segment.data ?? '');
    t.equal(await flow.state(), 'SYN_RECV');
  }
});

packetTest('the SYN-ACK leaves the WAN port as VIP → client', async (t, scene) => {
  const flow = new TcpFlow(scene);
  await flow.syn();
  const arrived = await flow.synAck();
  t.match(arrived.eth, { src: scene.mac('dpdk1'), dst: client.mac });
  t.match(arrived.ip4, { src: vip, dst: client.address });
  t.match(arrived.tcp, { sport: vport, dport: flow.sport, flags: 'SA', seq: 9_000_000, ack: 1_000_001 });
});

packetTest('what FullNAT has no business with stays as it was', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const ip = { ttl: 1, tos: 0xb8, id: 0xabcd, df: false };
  const tcp = { window: 777, urgent: 5, flags: 'PAU' };
  for (const arrived of [
    await flow.fromClient({ ...tcp, ip, data: 'in' }),
    await flow.fromServer({ ...tcp, ip, data: 'out' }),
  ]) {
    t.match(arrived.ip4, { ...ip, mf: false, fragmentOffset: 0 }, 'TTL is not decremented, even at 1');
    t.match(arrived.tcp, tcp);
  }
});

packetTest('payload of both directions, to the byte, at every length that matters', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  for (const length of [0, 1, 2, 3, 5, 6, 7, 64, 1399, 1459, 1460]) {
    const data = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff);
    t.same([...(await flow.fromClient({ flags: 'PA', data })).payload], [...data], `${length} bytes in`);
    t.same([...(await flow.fromServer({ flags: 'PA', data })).payload], [...data], `${length} bytes out`);
  }
});

packetTest('Ethernet padding is not taken for payload', async (t, scene) => {
  const flow = new TcpFlow(scene);
  await flow.syn();
  t.equal((await flow.fromServer({ flags: 'SA', pad: true })).payload.length, 0);
  for (const data of ['', 'x']) {
    // The first of these also gets a TOA, which must go between the headers and not behind the padding.
    const arrived = await flow.fromClient({ flags: 'A', data, pad: true });
    t.equal(new TextDecoder().decode(arrived.payload), data);
    t.equal(arrived.ip4?.totalLength, 20 + (arrived.tcp?.headerLength ?? 0) + data.length);
  }
});

packetTest('IP options are carried along', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  // Router alert (RFC 2113) is harmless and ends on a word boundary.
  const options = [0x94, 0x04, 0x00, 0x00];
  const inward = await flow.fromClient({ ip: { options }, data: 'a' });
  t.same(inward.ip4?.options, options);
  t.equal(inward.tcp?.dport, vport);
  t.same((await flow.fromServer({ ip: { options }, data: 'b' })).ip4?.options, options);
});

packetTest('options of established segments pass, also unknown ones', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const options = [tcpOption.nop, tcpOption.nop, tcpOption.timestamp(100, 200), tcpOption.raw(77, 1, 2)];
  t.same(realOptions(await flow.fromClient({ options, data: 'a' })), options);
  t.same(realOptions(await flow.fromServer({ options, data: 'b' })), options);
});

packetTest('the connection list shows both halves', async (t, scene) => {
  const flow = new TcpFlow(scene);
  await flow.syn();
  t.match(await flow.entry(), {
    protocol: 'tcp',
    state: 'SYN_RECV',
    client: { address: client.address, port: flow.sport },
    vip: { address: vip, port: vport },
    lip: { address: lip, port: flow.lport },
    rip: { address: servers[0].address, port: vport },
  });
});

packetTest('statistics count each direction once', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  await flow.serverSpeaks('ten bytes!');
  const [service] = await scene.harness.configure('service.list', { service: tcpService });
  // In: SYN, ACK, ACK; out: SYN-ACK, data.
  t.match(service.stats, { conns: 1, inPkts: 3, outPkts: 2 });
  t.match(service.servers[0], { activeConns: 1, inactiveConns: 0, stats: { conns: 1, inPkts: 3, outPkts: 2 } });
});

packetTest('two connections with the same client port keep apart by client address', async (t, scene) => {
  const one = await new TcpFlow(scene).establish();
  const two = await new TcpFlow(scene, { from: otherClient }).establish();
  t.not(one.lport, two.lport, 'same LIP, same server: another port');
  t.equal((await one.fromServer({ flags: 'PA', data: '1' })).ip4?.dst, client.address);
  t.equal((await two.fromServer({ flags: 'PA', data: '2' })).ip4?.dst, otherClient.address);
});

packetTest('a wrong TCP checksum is never made right', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  // Once while a TOA is inserted and once afterwards: rewriting must be incremental or must have looked first.
  for (const phase of ['with TOA', 'without']) {
    const { out } = await flow.sendClient({ flags: 'PA', data: 'corrupt', checksum: 'bad', seq: flow.clientNext });
    t.ok(out.dpdk0.length <= 1);
    t.equal(scene.faults.splice(0).length, out.dpdk0.length, `${phase}: dropped, or still wrong`);
    await flow.serverSpeaks();
  }
});
