// How long a connection lives in each state, what its end looks like from both sides, and that it leaves nothing behind.
import { dissect, seqAdd } from '../support/packet/index.js';
import { nothing, type Scene, tell } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { lip, packetTest, packetTestWith, servers, tcpService, vip, vport } from '../support/two-arm.js';

async function pool(scene: Scene) {
  const addresses = await scene.harness.configure('addr.list', { device: 'dpdk0' });
  const sapool = addresses.find(({ address }) => address === lip)?.sapool;
  if (sapool === undefined || sapool === null) throw new Error('the LIP has no sapool');
  return sapool;
}

/** Default timeouts of the reference (dpvs.md, section 3) in seconds. A timer may be late by its wheel's turn. */
const LATE = 3;
const lives: readonly [string, number, (flow: TcpFlow) => Promise<unknown>][] = [
  ['SYN_RECV', 30, (flow) => flow.synAck()],
  ['TCP_EST', 90, (flow) => flow.synAck().then(() => flow.fromClient({ flags: 'A' }))],
  ['TCP_CLOSE', 3, (flow) => flow.fromServer({ flags: 'RA' })],
  [
    'CLOSE_WAIT',
    7,
    async (flow) => {
      await flow.synAck();
      await flow.fromClient({ flags: 'A' });
      await flow.fromClient({ flags: 'FA' });
    },
  ],
  [
    'FIN_WAIT',
    7,
    async (flow) => {
      await flow.synAck();
      await flow.fromClient({ flags: 'A' });
      await flow.fromServer({ flags: 'FA' });
    },
  ],
  [
    'TIME_WAIT',
    7,
    async (flow) => {
      await flow.synAck();
      await flow.fromClient({ flags: 'A' });
      await flow.fromClient({ flags: 'FA' });
      await flow.fromServer({ flags: 'FA' });
    },
  ],
];

for (const [state, seconds, reach] of lives) {
  packetTest(`${state} lives ${seconds} s, and its port goes back`, async (t, scene) => {
    const { free } = await pool(scene);
    const flow = new TcpFlow(scene);
    await flow.syn();
    await reach(flow);
    t.match(await flow.entry(), { state }, 'the state');
    const left = (await flow.entry())?.expires ?? -1;
    t.ok(left <= seconds && left >= seconds - 2, `${left} of ${seconds} s left`);
    t.match(await pool(scene), { used: 1, miss: 0 });
    await scene.advance((seconds - 1) * 1000);
    t.equal(await flow.state(), state, 'a second before');
    await scene.advance((1 + LATE) * 1000);
    t.equal(await flow.state(), undefined, 'afterwards');
    t.match(await pool(scene), { used: 0, free, miss: 0 });
  });
}

packetTest('a SYN nobody answers is cleaned up', async (t, scene) => {
  const flow = new TcpFlow(scene);
  await flow.syn();
  await scene.advance(2000);
  t.equal(await flow.state(), 'SYN_RECV', 'the server may take its time');
  // Either conn_init_timeout (3 s and up to one more) or syn_recv (30 s), by which the reference holds it.
  await scene.advance(33_000);
  t.equal(await flow.state(), undefined);
  t.match(await pool(scene), { used: 0 });
});

packetTest('every packet, of either side, starts the time anew', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  for (const side of ['client', 'server', 'client'] as const) {
    await scene.advance(80_000);
    await (side === 'client' ? flow.fromClient({ flags: 'A' }) : flow.fromServer({ flags: 'A' }));
    const left = (await flow.entry())?.expires ?? 0;
    t.ok(left >= 88, `${left} s left after a packet of the ${side}`);
  }
});

packetTest(
  'an established connection that expires is reset on both sides, with numbers they accept',
  async (t, scene) => {
    const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
    await flow.fromClient({ flags: 'PA', data: 'a question' });
    await flow.fromServer({ flags: 'PA', data: 'an answer' });
    await flow.fromClient({ flags: 'A' });
    nothing(await scene.advance(89_000));
    const end = await scene.advance(5000);
    t.equal(end.out.dpdk0.length, 1, tell(end));
    t.equal(end.out.dpdk1.length, 1, tell(end));
    const toServer = dissect(end.out.dpdk0[0]);
    t.match(toServer.eth, { src: scene.mac('dpdk0'), dst: servers[0].mac });
    t.match(toServer.ip4, { src: lip, dst: servers[0].address });
    t.match(toServer.tcp, { sport: flow.lport, dport: vport, flags: /R/ });
    // RFC 5961 section 3.2: a RST counts only with exactly the number that is expected next.
    t.equal(toServer.tcp?.seq, seqAdd(flow.clientNext, flow.delta), "in the server's counting");
    const toClient = dissect(end.out.dpdk1[0]);
    t.match(toClient.eth, { src: scene.mac('dpdk1'), dst: flow.from.mac });
    t.match(toClient.ip4, { src: vip, dst: flow.from.address });
    t.match(toClient.tcp, { sport: vport, dport: flow.sport, flags: /R/, seq: flow.serverNext });
    for (const d of [toServer, toClient]) t.equal(d.payload.length, 0);
    t.equal(toServer.tcp?.flags.includes('A') ? toServer.tcp.ack : flow.serverNext, flow.serverNext);
    t.equal(toClient.tcp?.flags.includes('A') ? toClient.tcp.ack : flow.clientNext, flow.clientNext);
  },
);

packetTest('the reset is where the last byte was, not where a keepalive or a retransmission is', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  await flow.fromServer({ flags: 'PA', data: 'the last words' });
  const at = flow.serverNext;
  await flow.fromServer({ flags: 'PA', seq: seqAdd(at, -14), data: 'the la' });
  await flow.fromServer({ flags: 'A', seq: seqAdd(at, -1) });
  await flow.fromClient({ flags: 'A' });
  nothing(await scene.advance(80_000));
  const end = await scene.advance(14_000);
  t.match(dissect(end.out.dpdk1[0]).tcp, { flags: /R/, seq: at }, tell(end));
});

packetTest('a client that uses its port again is reset again', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  nothing(await scene.advance(80_000));
  const first = await scene.advance(12_000);
  t.equal(first.out.dpdk1.length, 1, tell(first));
  t.equal(await flow.state(), 'TCP_CLOSE');
  flow.clientNext = seqAdd(flow.clientNext, 5_000_000);
  flow.serverNext = seqAdd(flow.serverNext, 7_000_000);
  await flow.establish();
  t.equal((await scene.harness.connections()).length, 1);
  nothing(await scene.advance(80_000));
  const second = await scene.advance(12_000);
  t.match(
    second.out.dpdk1.map((frame) => dissect(frame).tcp),
    [{ flags: /R/, seq: flow.serverNext }],
    tell(second),
  );
  t.equal(second.out.dpdk0.length, 1);
});

packetTest('only an established one is reset', async (t, scene) => {
  const half = new TcpFlow(scene, { sport: 8000 });
  await half.syn();
  const closed = await new TcpFlow(scene, { sport: 8001 }).establish();
  await closed.fromClient({ flags: 'FA' });
  await closed.fromServer({ flags: 'FA' });
  nothing(await scene.advance(60_000));
  t.same(await scene.harness.connections(), []);
});

packetTest('after the end a stray segment finds nothing', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  await scene.advance(120_000);
  const late = await flow.sendClient({ flags: 'PA', data: 'anyone?' });
  t.equal(late.out.dpdk0.length, 0, tell(late));
  const back = await flow.sendServer({ flags: 'PA', data: 'hello?' });
  t.equal(back.out.dpdk1.length, 0, tell(back));
});

packetTestWith('timeouts of the configuration', { tcpTimeouts: { established: 20, syn_recv: 5 } }, async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  await scene.advance(18_000);
  t.equal(await flow.state(), 'TCP_EST');
  await scene.advance((2 + LATE) * 1000);
  t.equal(await flow.state(), undefined);
});

packetTest("timeout.set and the service's own timeout", async (t, scene) => {
  await scene.harness.configure('timeout.set', { tcp: 40, tcpfin: 0, udp: 0 });
  const one = await new TcpFlow(scene, { sport: 8100 }).establish();
  t.ok(((await one.entry())?.expires ?? 0) <= 40, 'ipvsadm --set');
  await scene.harness.configure('service.edit', { service: tcpService, scheduler: 'rr', connTimeout: 600 });
  const two = await new TcpFlow(scene, { sport: 8101 }).establish();
  await scene.advance(500_000);
  t.equal(await two.state(), 'TCP_EST', '--conn-timeout');
  t.equal(await one.state(), undefined);
});
