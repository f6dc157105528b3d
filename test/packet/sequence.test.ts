// Sequence numbers: the client's are shifted by one constant towards the server, and everything that answers to them is shifted back.
import { realOptions, seqAdd, seqSub, type TcpOption, tcpOption } from '../support/packet/index.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { packetTest } from '../support/two-arm.js';

const numbers: readonly [string, { iss: number; irs: number }][] = [
  ['small', { iss: 0, irs: 0 }],
  ['the client wraps around', { iss: 0xfffffffe, irs: 5 }],
  ['the server wraps around', { iss: 5, irs: 0xfffffffd }],
  ['the middle of the circle', { iss: 0x7fffffff, irs: 0x80000000 }],
];

packetTest('one delta for all packets of a connection', async (t, scene) => {
  let sport = 5000;
  for (const [what, options] of numbers) {
    const flow = new TcpFlow(scene, { ...options, sport: sport++ });
    await flow.syn();
    t.equal((await flow.synAck()).tcp?.ack, flow.clientNext, `${what}: the SYN-ACK answers to the client's own number`);
    for (const data of ['', 'abc', 'd', 'x'.repeat(500)]) {
      const sent = flow.clientNext;
      const arrived = await flow.fromClient({ flags: 'PA', data });
      t.equal(arrived.tcp?.seq, seqAdd(sent, flow.delta), `${what}: seq in`);
      t.equal(arrived.tcp?.ack, flow.serverNext, `${what}: ack in is untouched`);
      const told = flow.serverNext;
      const back = await flow.fromServer({ flags: 'PA', data });
      t.equal(back.tcp?.seq, told, `${what}: seq out is untouched`);
      t.equal(back.tcp?.ack, flow.clientNext, `${what}: ack out is shifted back`);
    }
    const last = flow.clientNext;
    t.equal((await flow.fromClient({ flags: 'FA' })).tcp?.seq, seqAdd(last, flow.delta), `${what}: FIN`);
    t.equal((await flow.fromServer({ flags: 'FA' })).tcp?.ack, flow.clientNext);
  }
});

packetTest("deltas differ: the server cannot tell the client's initial number", async (t, scene) => {
  const deltas = new Set<number>();
  for (let sport = 6000; sport < 6008; sport++) {
    const flow = new TcpFlow(scene, { sport });
    await flow.syn();
    deltas.add(flow.delta);
  }
  t.ok(deltas.size >= 7, `${deltas.size} different deltas in 8 connections`);
});

packetTest('a retransmitted SYN is the same SYN', async (t, scene) => {
  const flow = new TcpFlow(scene, { synOptions: [tcpOption.mss(1400)] });
  const first = await flow.syn();
  // Numbers are drawn from a clock: a second later they would be others.
  await scene.advance(1000);
  const again = await flow.fromClient({ flags: 'S', ack: 0, seq: 1_000_000, options: [tcpOption.mss(1400)] });
  t.same([...again.bytes], [...first.bytes]);
  t.equal((await scene.harness.connections()).length, 1);
});

packetTest('SACK blocks of the server are shifted back', async (t, scene) => {
  for (const iss of [1000, 0xffffff00]) {
    const flow = new TcpFlow(scene, { iss, sport: iss & 0xffff });
    await flow.establish();
    const inClient = (offset: number) => seqAdd(flow.clientNext, offset);
    const inServer = (offset: number) => seqAdd(inClient(offset), flow.delta);
    for (const offsets of [
      [[10, 20]],
      [
        [10, 20],
        [30, 300],
      ],
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ],
    ]) {
      const block = (side: (offset: number) => number) =>
        tcpOption.sack(...offsets.map(([left, right]) => [side(left), side(right)] as const));
      const wrap = (option: TcpOption) => [tcpOption.nop, tcpOption.nop, option];
      const arrived = await flow.fromServer({ flags: 'A', options: wrap(block(inServer)) });
      t.same(realOptions(arrived), wrap(block(inClient)), `${offsets.length} blocks, ISN ${iss}`);
    }
  }
});

packetTest('SACK blocks at odd places, behind a timestamp', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  const next = seqAdd(flow.clientNext, flow.delta);
  for (const before of [[], [tcpOption.nop], [tcpOption.nop, tcpOption.timestamp(1, 2)], [tcpOption.raw(77, 1)]]) {
    const options = [...before, tcpOption.sack([next, seqAdd(next, 9)])];
    const arrived = await flow.fromServer({ flags: 'A', options });
    const expected = tcpOption.sack([flow.clientNext, seqAdd(flow.clientNext, 9)]);
    t.same(
      arrived.tcp?.options.find(({ kind }) => kind === 'sack'),
      expected,
      `${before.length} options before it`,
    );
  }
});

packetTest('D-SACK below the acknowledgement is shifted like any other', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  const left = seqAdd(flow.clientNext, -100);
  const options = [tcpOption.sack([seqAdd(left, flow.delta), seqAdd(left + 50, flow.delta)])];
  const arrived = await flow.fromServer({ flags: 'A', options });
  t.same(arrived.tcp?.options[0], tcpOption.sack([left, seqAdd(left, 50)]));
});

packetTest("SACK blocks of the client speak of the server's bytes and stay", async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const options = [tcpOption.nop, tcpOption.nop, tcpOption.sack([flow.serverNext + 10, flow.serverNext + 20])];
  t.same(realOptions(await flow.fromClient({ flags: 'A', options })), options);
});

packetTest('a new connection on the same four-tuple after the old one closed', async (t, scene) => {
  const old = await new TcpFlow(scene).establish();
  await old.fromClient({ flags: 'FA' });
  await old.fromServer({ flags: 'FA' });
  await old.fromClient({ flags: 'A' });
  t.equal(await old.state(), 'TIME_WAIT');
  await scene.advance(1000);
  // A client's numbers on one four-tuple go forward (RFC 6528); so must those the server sees, or its TIME_WAIT refuses them.
  const fresh = new TcpFlow(scene, { iss: seqAdd(old.clientNext, 64_000), irs: 77 });
  const syn = await fresh.syn();
  const oldEnd = seqAdd(old.clientNext, old.delta);
  t.ok(seqSub(syn.tcp?.seq ?? 0, oldEnd) < 0x80000000, `the server sees ${syn.tcp?.seq} after ${oldEnd}`);
  await fresh.synAck();
  await fresh.fromClient({ flags: 'A' });
  t.equal(await fresh.state(), 'TCP_EST');
  t.equal((await fresh.fromServer({ flags: 'PA', data: 'x' })).tcp?.ack, fresh.clientNext);
});
