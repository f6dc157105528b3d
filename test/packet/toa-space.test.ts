// TOA where there is no room for it: a full TCP header, a full MTU. The segment goes on without it, never the other way round.
import { type Dissection, type TcpOption, tcpOption } from '../support/packet/index.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { client, packetTest } from '../support/two-arm.js';

const toa = (d: Dissection): TcpOption | undefined => d.tcp?.options.find(({ kind }) => kind === 'toa');
const nops = (count: number): TcpOption[] => Array<TcpOption>(count).fill(tcpOption.nop);
const sack = (count: number): TcpOption =>
  tcpOption.sack(...Array.from({ length: count }, (_, i) => [i * 100, i * 100 + 50] as const));

async function beforeServerSpeaks(scene: ConstructorParameters<typeof TcpFlow>[0]): Promise<TcpFlow> {
  const flow = new TcpFlow(scene);
  await flow.syn();
  await flow.synAck();
  return flow;
}

const areas: readonly [string, readonly TcpOption[], 'fits' | 'full'][] = [
  ['32 bytes and 8 to spare', [tcpOption.timestamp(1, 2), ...nops(22)], 'fits'],
  ['36 bytes of which 26 are NOPs', [tcpOption.timestamp(1, 2), ...nops(26)], 'fits'],
  ['40 bytes of NOPs', nops(40), 'fits'],
  ['a forged TOA in a full header', [tcpOption.toa('203.0.113.66', 1), tcpOption.timestamp(1, 2), ...nops(22)], 'fits'],
  ['four SACK blocks', [...nops(2), sack(4), ...nops(4)], 'full'],
  [
    'timestamp and three SACK blocks, as every modern stack sends',
    [...nops(2), tcpOption.timestamp(1, 2), ...nops(2), sack(3)],
    'full',
  ],
];

packetTest('a TCP header of up to 60 bytes', async (t, scene) => {
  const flow = await beforeServerSpeaks(scene);
  for (const [what, options, room] of areas) {
    const arrived = await flow.fromClient({ flags: 'PA', data: what, options });
    t.equal(new TextDecoder().decode(arrived.payload), what, `${what}: forwarded with its payload`);
    t.ok((arrived.tcp?.headerLength ?? 99) <= 60);
    const inserted = toa(arrived);
    if (room === 'fits') t.ok(inserted, `${what}: room was made`);
    if (inserted !== undefined) t.same(inserted, tcpOption.toa(client.address, flow.sport));
    const timestamps = (list: readonly TcpOption[] = []) => list.filter(({ kind }) => kind === 'timestamp');
    t.same(timestamps(arrived.tcp?.options), timestamps(options), 'timestamps are never given up (RFC 7323)');
  }
});

packetTest('the MTU of the way to the server', async (t, scene) => {
  const flow = await beforeServerSpeaks(scene);
  for (const [size, expected] of [
    [1491, true],
    [1492, true],
    [1493, false],
    [1499, false],
    [1500, false],
  ] as const) {
    const arrived = await flow.fromClient({ flags: 'PA', data: size - 40 });
    t.equal(
      toa(arrived) !== undefined,
      expected,
      `a packet of ${size} bytes goes ${expected ? 'with' : 'without'} TOA`,
    );
    t.equal(arrived.ip4?.totalLength, expected ? size + 8 : size);
    t.equal(arrived.payload.length, size - 40);
  }
});

packetTest('a segment without room does not end the insertion', async (t, scene) => {
  const flow = await beforeServerSpeaks(scene);
  t.notOk(toa(await flow.fromClient({ flags: 'PA', data: 1460 })));
  t.ok(toa(await flow.fromClient({ flags: 'PA', data: 'the rest of the request' })));
});

packetTest('IP options and TOA together', async (t, scene) => {
  const flow = await beforeServerSpeaks(scene);
  const arrived = await flow.fromClient({ flags: 'PA', data: 'x', ip: { options: [0x94, 4, 0, 0] } });
  t.same(toa(arrived), tcpOption.toa(client.address, flow.sport));
  t.same(arrived.ip4?.options, [0x94, 4, 0, 0]);
  t.equal(arrived.ip4?.totalLength, 24 + 28 + 1);
});
