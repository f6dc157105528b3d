// Options of the handshake: the server's MSS makes room for TOA, the client's timestamp goes, everything else stays.
import { realOptions, type TcpOption, tcpOption } from '../support/packet/index.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { packetTest } from '../support/two-arm.js';

/** As Linux sends them. */
const linux = (mss: number): TcpOption[] => [
  tcpOption.mss(mss),
  tcpOption.sackPermitted,
  tcpOption.timestamp(123456, 0),
  tcpOption.nop,
  tcpOption.wscale(7),
];

packetTest("the SYN-ACK's MSS is lowered by 8", async (t, scene) => {
  let sport = 7000;
  for (const [offered, expected] of [
    [1460, 1452],
    [8960, 8952],
    [536, 528],
    [65535, 65527],
  ]) {
    const flow = new TcpFlow(scene, { sport: sport++ });
    await flow.syn();
    const arrived = await flow.fromServer({ flags: 'SA', options: [tcpOption.mss(offered), tcpOption.wscale(7)] });
    t.same(realOptions(arrived), [tcpOption.mss(expected), tcpOption.wscale(7)], `${offered} becomes ${expected}`);
  }
});

packetTest('wherever the MSS stands', async (t, scene) => {
  let sport = 7100;
  for (const before of [[tcpOption.nop], [tcpOption.wscale(7)], [tcpOption.sackPermitted, tcpOption.nop]]) {
    const flow = new TcpFlow(scene, { sport: sport++ });
    await flow.syn();
    const arrived = await flow.fromServer({ flags: 'SA', options: [...before, tcpOption.mss(1460)] });
    t.same(realOptions(arrived), [...before, tcpOption.mss(1452)]);
  }
});

packetTest('a SYN-ACK without MSS stays without', async (t, scene) => {
  let sport = 7200;
  for (const options of [[], [tcpOption.wscale(7)], [tcpOption.raw(2, 5)]]) {
    const flow = new TcpFlow(scene, { sport: sport++ });
    await flow.syn();
    const arrived = await flow.fromServer({ flags: 'SA', options });
    t.same(realOptions(arrived), options);
    t.equal(arrived.tcp?.headerLength, 20 + (options.length > 0 ? 4 : 0));
  }
});

packetTest('an absurdly small MSS does not wrap around', async (t, scene) => {
  let sport = 7300;
  for (const offered of [0, 7, 8, 9]) {
    const flow = new TcpFlow(scene, { sport: sport++ });
    await flow.syn();
    const arrived = await flow.fromServer({ flags: 'SA', options: [tcpOption.mss(offered)] });
    const [first] = arrived.tcp?.options ?? [];
    t.ok(first?.kind === 'mss' && first.value <= offered, `${offered} is not raised`);
  }
});

packetTest('a retransmitted SYN-ACK is lowered once, not twice', async (t, scene) => {
  const flow = new TcpFlow(scene);
  await flow.syn();
  for (const _ of [1, 2]) {
    const arrived = await flow.fromServer({ flags: 'SA', seq: 9_000_000, options: [tcpOption.mss(1460)] });
    t.same(realOptions(arrived), [tcpOption.mss(1452)]);
  }
});

packetTest("the SYN's MSS is the client's word", async (t, scene) => {
  const flow = new TcpFlow(scene, { synOptions: [tcpOption.mss(1460), tcpOption.sackPermitted] });
  t.same(realOptions(await flow.syn()), [tcpOption.mss(1460), tcpOption.sackPermitted]);
});

packetTest("the SYN's timestamp becomes NOPs, the rest stays in its place", async (t, scene) => {
  const flow = new TcpFlow(scene, { synOptions: linux(1460) });
  const arrived = await flow.syn();
  t.same(realOptions(arrived), [
    tcpOption.mss(1460),
    tcpOption.sackPermitted,
    ...Array<TcpOption>(10).fill(tcpOption.nop),
    tcpOption.nop,
    tcpOption.wscale(7),
  ]);
  t.equal(arrived.tcp?.headerLength, 40);
});

packetTest('a timestamp alone, and one with a wrong length', async (t, scene) => {
  const alone = await new TcpFlow(scene, { sport: 7400, synOptions: [tcpOption.timestamp(1, 0)] }).syn();
  t.notOk(alone.tcp?.options.some(({ kind }) => kind === 'timestamp'));
  const odd = await new TcpFlow(scene, { sport: 7401, synOptions: [tcpOption.mss(99), tcpOption.raw(8, 1, 2)] }).syn();
  t.same(odd.tcp?.options[0], tcpOption.mss(99));
});
