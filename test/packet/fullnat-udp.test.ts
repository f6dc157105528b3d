// Two-arm FullNAT of UDP over IPv4: every byte of what comes out is predicted, checksums at their wrap-arounds included.
import { be16, describe, dissect, onesSum, u16 } from '../support/packet/index.js';
import { nothing } from '../support/scene.js';
import { client, lip, packetTest, packetTestWith, servers, udpPort, vip } from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';
import { out, runCases } from './verdict.js';

packetTest('both directions, to the byte', async (t, scene) => {
  const flow = new UdpFlow(scene);
  const first = await flow.fromClient();
  t.match(first.ip4, { src: lip, dst: servers[0].address });
  t.match(first.udp, { dport: udpPort });
  const odd = { data: 'odd' };
  const fields = { ip: { ttl: 1, tos: 0x2e, id: 0xffff, df: true } };
  const largest = { data: 1472 };
  await runCases(t, scene, [
    ...[{}, odd, fields, largest, { data: '' }].flatMap((datagram) => [
      {
        name: `in ${JSON.stringify(datagram)}`,
        on: 'dpdk1' as const,
        frame: flow.clientFrame(datagram).build(),
        verdict: out('dpdk0', flow.translatedIn(datagram).build()),
      },
      {
        name: `out ${JSON.stringify(datagram)}`,
        on: 'dpdk0' as const,
        frame: flow.serverFrame(datagram).build(),
        verdict: out('dpdk1', flow.translatedOut(datagram).build()),
      },
    ]),
  ]);
});

packetTest('no checksum stays no checksum', async (t, scene) => {
  const flow = new UdpFlow(scene);
  const first = await flow.fromClient({ checksum: 'none' });
  t.equal(first.udp?.checksum, 0, 'the first packet, through the slow path');
  for (const data of ['', 'x', 'later']) {
    t.equal((await flow.fromClient({ checksum: 'none', data })).udp?.checksum, 0, 'in');
    t.equal((await flow.fromServer({ checksum: 'none', data })).udp?.checksum, 0, 'out');
  }
});

/** The word that moves a checksum from what it is to what is wanted: one's complement sums, so numbers modulo 65535. */
const wordFor = (now: number, wanted: number): number => (now - wanted + 2 * 65_535) % 65_535;

/** A payload of one word which makes the datagram's checksum come out as wanted. */
function payloadFor(frame: (data: Uint8Array) => Uint8Array, wanted: number): Uint8Array {
  const checksum = (data: Uint8Array) => u16(frame(data), 14 + 20 + 6);
  const data = Uint8Array.from(be16(wordFor(checksum(Uint8Array.of(0, 0)), wanted)));
  if (checksum(data) !== wanted) throw new RangeError(`${checksum(data)} instead of ${wanted}`);
  return data;
}

packetTest('checksums that wrap around, before and after translation', async (t, scene) => {
  const flow = new UdpFlow(scene);
  await flow.fromClient();
  const inward = { sent: flow.clientFrame, arrives: flow.translatedIn };
  const outward = { sent: flow.serverFrame, arrives: flow.translatedOut };
  for (const wanted of [0xffff, 0x0001, 0xfffe, 0x8000]) {
    for (const side of ['sent', 'arrives'] as const) {
      const data = payloadFor((bytes) => inward[side].call(flow, { data: bytes }).build(), wanted);
      const back = payloadFor((bytes) => outward[side].call(flow, { data: bytes }).build(), wanted);
      const name = `0x${wanted.toString(16)} ${side}`;
      await runCases(t, scene, [
        {
          name: `in: ${name}`,
          on: 'dpdk1',
          frame: flow.clientFrame({ data }).build(),
          verdict: out('dpdk0', flow.translatedIn({ data }).build()),
        },
        {
          name: `out: ${name}`,
          on: 'dpdk0',
          frame: flow.serverFrame({ data: back }).build(),
          verdict: out('dpdk1', flow.translatedOut({ data: back }).build()),
        },
      ]);
    }
  }
});

packetTest('IP header checksums that wrap around', async (t, scene) => {
  const flow = new UdpFlow(scene);
  await flow.fromClient();
  // The id is free: walk it until the header's own sum before or after translation is at the edge.
  for (const side of ['clientFrame', 'translatedIn'] as const) {
    for (const wanted of [0x0000, 0x0001, 0xfffe]) {
      const header = (id: number) => flow[side]({ ip: { id } }).build().subarray(14, 34);
      const id = wordFor(u16(header(0), 10), wanted);
      t.equal(u16(header(id), 10), wanted, 'the id does it');
      t.equal(onesSum(header(id)), 0xffff);
      await runCases(t, scene, [
        {
          name: `${side} has 0x${wanted.toString(16)}`,
          on: 'dpdk1',
          frame: flow.clientFrame({ ip: { id } }).build(),
          verdict: out('dpdk0', flow.translatedIn({ ip: { id } }).build()),
        },
      ]);
    }
  }
});

packetTest('a wrong UDP checksum is never made right', async (t, scene) => {
  const flow = new UdpFlow(scene);
  await flow.fromClient();
  const { out: frames } = await scene.exchange('dpdk1', flow.clientFrame({ checksum: 'bad' }).build());
  const faults = scene.faults.splice(0);
  t.equal(faults.length, frames.dpdk0.length, faults[0] ?? 'dropped');
});

packetTest('the datagram may be shorter than the IP packet', async (t, scene) => {
  const flow = new UdpFlow(scene);
  await flow.fromClient();
  // RFC 768's length rules; what follows inside the IP packet is nobody's and may go or stay.
  const frame = flow.clientFrame({ data: 'abcd', length: 8 + 2 }).build();
  const { out: frames, drops } = await scene.exchange('dpdk1', frame);
  t.equal(frames.dpdk0.length + drops, 1);
  for (const bytes of frames.dpdk0) t.match(dissect(bytes).udp, { length: 10 }, describe(bytes));
});

packetTest('the connection goes from ONEWAY to NORMAL when the server answers', async (t, scene) => {
  const flow = new UdpFlow(scene);
  await flow.fromClient();
  t.equal((await flow.entry())?.state, 'ONEWAY');
  await flow.fromClient();
  t.equal((await flow.entry())?.state, 'ONEWAY', 'the client alone does not change it');
  await flow.fromServer();
  t.match(await flow.entry(), { state: 'NORMAL', client: { address: client.address }, vip: { address: vip } });
});

packetTestWith('a connection that idles out', { udpTimeouts: { oneway: 10, normal: 20 } }, async (t, scene) => {
  const silent = new UdpFlow(scene, 41_000);
  const answered = new UdpFlow(scene, 41_001);
  await silent.fromClient();
  await answered.fromClient();
  await answered.fromServer();
  nothing(await scene.advance(9000));
  t.ok(await silent.entry(), 'ONEWAY, a second before');
  nothing(await scene.advance(4000));
  t.notOk(await silent.entry(), 'ONEWAY, afterwards');
  nothing(await scene.advance(6000));
  t.ok(await answered.entry(), 'NORMAL, a second before');
  nothing(await scene.advance(4000));
  t.notOk(await answered.entry(), 'NORMAL, afterwards; nobody is told');
});
