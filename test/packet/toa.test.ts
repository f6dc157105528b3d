// TOA (TCP option 254): when the client's address is inserted, where, and that nobody can forge it.
import { type Dissection, realOptions, type TcpOption, tcpOption } from '../support/packet/index.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { client, otherClient, packetTest } from '../support/two-arm.js';

const addresses = (d: Dissection): TcpOption[] => (d.tcp?.options ?? []).filter(is254);
const is254 = (option: TcpOption) => option.kind === 'toa' || (option.kind === 'raw' && option.code === 254);

packetTest('not in the SYN', async (t, scene) => {
  const arrived = await new TcpFlow(scene, { synOptions: [tcpOption.mss(1460)] }).syn();
  t.same(addresses(arrived), []);
});

packetTest('in every segment of the client until the server has spoken and was heard', async (t, scene) => {
  const flow = new TcpFlow(scene);
  await flow.syn();
  await flow.synAck();
  const mine = [tcpOption.toa(client.address, flow.sport)];
  const timestamp = [tcpOption.nop, tcpOption.nop, tcpOption.timestamp(5, 6)];
  for (const segment of [
    { flags: 'A' },
    { flags: 'PA', data: 'GET / HTTP/1.1\r\n' },
    { flags: 'PA', data: 'odd' },
    { flags: 'PA', data: 'with options', options: timestamp },
  ]) {
    const arrived = await flow.fromClient(segment);
    t.same(addresses(arrived), mine, `inserted in ${segment.flags} ${segment.data ?? ''}`);
    t.same(arrived.tcp?.options[0], mine[0], 'right behind the base header');
    t.equal(arrived.tcp?.headerLength, 20 + 8 + (segment.options === undefined ? 0 : 12));
    t.equal(new TextDecoder().decode(arrived.payload), segment.data ?? '');
    t.equal(arrived.ip4?.totalLength, 20 + (arrived.tcp?.headerLength ?? 0) + (segment.data ?? '').length);
  }
  await flow.fromServer({ flags: 'PA', data: 'HTTP/1.1 200 OK\r\n' });
  for (const data of ['', 'GET /2'])
    t.same(addresses(await flow.fromClient({ flags: 'PA', data })), [], 'not any more once the data is acknowledged');
});

packetTest('a retransmission gets the same again', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  const segment = { flags: 'PA', data: 'hello', seq: flow.clientNext };
  const [first, second] = [await flow.fromClient(segment), await flow.fromClient(segment)];
  t.same([...second.bytes], [...first.bytes]);
});

packetTest('each connection carries its own client', async (t, scene) => {
  const one = new TcpFlow(scene);
  const two = new TcpFlow(scene, { from: otherClient, sport: 65535 });
  for (const flow of [one, two]) {
    await flow.syn();
    await flow.synAck();
    const arrived = await flow.fromClient({ flags: 'A' });
    t.same(addresses(arrived), [tcpOption.toa(flow.from.address, flow.sport)]);
  }
});

packetTest('an ACK that carries a SYN-ACK acknowledgement and FIN has it too', async (t, scene) => {
  const flow = new TcpFlow(scene);
  await flow.syn();
  await flow.synAck();
  t.same(addresses(await flow.fromClient({ flags: 'FA', data: 'all I say' })).length, 1);
});

packetTest('not in a RST', async (t, scene) => {
  const flow = new TcpFlow(scene);
  await flow.syn();
  await flow.synAck();
  t.same(addresses(await flow.fromClient({ flags: 'RA' })), []);
});

const forged = tcpOption.toa('203.0.113.66', 6666);
const forgedV6 = tcpOption.toa('2001:db8::66', 6666);
const disguises: readonly [string, readonly TcpOption[]][] = [
  ['alone', [forged]],
  ['for IPv6', [forgedV6]],
  ['twice', [forged, forged]],
  ['behind NOPs and a timestamp', [tcpOption.nop, tcpOption.nop, tcpOption.timestamp(1, 2), forged]],
  ['before a timestamp', [forged, tcpOption.timestamp(1, 2), tcpOption.nop, tcpOption.nop]],
  ['with a strange length', [tcpOption.raw(254, 1, 2), tcpOption.nop]],
];

packetTest('forged ones are gone from the SYN', async (t, scene) => {
  let sport = 2000;
  for (const [how, options] of disguises) {
    const flow = new TcpFlow(scene, { sport: sport++, synOptions: [tcpOption.mss(1460), ...options] });
    const arrived = await flow.syn();
    t.same(addresses(arrived), [], how);
    t.same(arrived.tcp?.options[0], tcpOption.mss(1460), 'the others stay');
  }
});

packetTest('forged ones are replaced by the true one', async (t, scene) => {
  let sport = 3000;
  for (const [how, options] of disguises) {
    const flow = new TcpFlow(scene, { sport: sport++ });
    await flow.syn();
    await flow.synAck();
    const arrived = await flow.fromClient({ flags: 'PA', data: 'evil', options });
    t.same(addresses(arrived), [tcpOption.toa(client.address, flow.sport)], how);
    t.equal(new TextDecoder().decode(arrived.payload), 'evil');
    const kept = options.filter(({ kind }) => kind === 'timestamp');
    t.same(
      arrived.tcp?.options.filter(({ kind }) => kind === 'timestamp'),
      kept,
      'the timestamp stays',
    );
  }
});

packetTest('forged ones are gone later as well', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  for (const [how, options] of disguises) {
    const arrived = await flow.fromClient({ flags: 'PA', data: 'evil', options });
    t.same(addresses(arrived), [], how);
    t.equal(new TextDecoder().decode(arrived.payload), 'evil');
  }
});

packetTest('an option that a forger hides in another one is data, not an option', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  // Kind 77 of length 10 whose content looks like a TOA: a careless search for fe 08 would destroy it.
  const options = [tcpOption.raw(77, 0xfe, 8, 0, 80, 1, 2, 3, 4), tcpOption.nop, tcpOption.nop];
  t.same(realOptions(await flow.fromClient({ data: 'x', options })), options);
});

packetTest('an option area with a length of zero does not hang anything', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  for (const area of [
    [tcpOption.raw(77), tcpOption.nop],
    [tcpOption.nop, tcpOption.nop, tcpOption.nop],
  ]) {
    // Encoded right, then its length byte is broken: 0 and 1 are impossible, 40 runs over the header.
    const frame = flow.clientFrame({ flags: 'A', options: area }).build();
    for (const length of [0, 1, 40]) {
      const broken = Uint8Array.from(frame);
      broken.set([77, length], 14 + 20 + 20);
      const exchange = await scene.exchange('dpdk1', broken);
      t.equal(exchange.out.dpdk0.length + exchange.drops, 1, `length ${length}: forwarded or a counted drop`);
    }
  }
  scene.faults.splice(0);
  t.equal((await flow.fromClient({ flags: 'PA', data: 'still there' })).payload.length, 11);
});

packetTest('nothing is inserted towards the client', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  t.same(addresses(await flow.fromServer({ flags: 'PA', data: 'x' })), []);
});
