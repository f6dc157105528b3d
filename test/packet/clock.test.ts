// Days and years: the native clock comes round after 49.7 days, and timeouts may be longer than half of that.
import { loadLibrary } from '../../native/index.js';
import { packet } from '../support/packet/index.js';
import type { Scene } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { client, packetTest, packetTestWith, tcpService, udpService, vip } from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';

const DAY = 86_400_000;

/** Leaps instead of the harness's steps: nothing is due in between. */
function leapTo(ms: number): void {
  const library = loadLibrary();
  for (let left = ms - (library.dp_clock_ms() as number); left > 0; left -= 20 * DAY) {
    library.dp_test_advance(Math.min(left, 20 * DAY));
  }
}

const echo = (scene: Scene) =>
  packet()
    .eth({ src: client.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: client.address, dst: vip, ttl: 1 })
    .icmp({ type: 8, id: 1, seq: 1 })
    .payload(8)
    .build();

packetTest('timers go on when the clock comes round', async (t, scene) => {
  for (const day of [20, 40]) {
    leapTo(day * DAY);
    await scene.harness.step();
  }
  leapTo(2 ** 32 - 5_000);
  await scene.harness.step();
  const tcp = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const udp = new UdpFlow(scene);
  await udp.fromClient();
  await scene.advance(10_000);
  t.ok((loadLibrary().dp_clock_ms() as number) < 10_000, 'it has come round');
  const left = (await tcp.entry())?.expires ?? -1;
  t.ok(left > 75 && left <= 81, `${left} of 90 s left after 10`);
  t.equal((await tcp.fromClient({ flags: 'PA', data: 'more' })).payload.length, 4);
  t.equal((await scene.exchange('dpdk1', echo(scene))).out.dpdk1.length, 1, 'echo');
  const fresh = new TcpFlow(scene, { sport: 2222 });
  await fresh.syn();
  await scene.advance(40_000);
  t.equal(await fresh.state(), undefined, 'what is half open goes after 30 s');
  await scene.advance(400_000);
  t.same(await scene.harness.connections(), [], 'and the others in their time');
});

const YEAR_S = 31_535_999;

packetTestWith('the longest timeouts dpvs.conf allows', { tcpTimeouts: { established: YEAR_S } }, async (t, scene) => {
  await scene.harness.configure('service.edit', { service: udpService, connTimeout: YEAR_S });
  const tcp = await new TcpFlow(scene).establish();
  const udp = new UdpFlow(scene);
  await udp.fromClient();
  await scene.advance(5_000);
  leapTo(20 * DAY);
  await scene.advance(5_000);
  t.equal(await tcp.state(), 'TCP_EST', 'still there after twenty days');
  t.ok(await udp.entry());
  leapTo(24 * DAY);
  await scene.advance(20_000);
  t.same(await scene.harness.connections(), [], 'but not for ever');
  await scene.harness.configure('service.edit', { service: tcpService, connTimeout: YEAR_S });
  const own = await new TcpFlow(scene, { sport: 2222 }).establish();
  await scene.advance(200_000);
  t.equal(await own.state(), 'TCP_EST', "a service's own timeout is bounded the same way");
});
