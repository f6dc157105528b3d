// MTU and MAC of a running port: connections that are open, the neighbours, and a new slow path all go by what is in force.
import type { Test } from 'tap';
import { arpRequest, BROADCAST } from '../support/hosts.js';
import { ALL_NODES, dissect, IcmpType, multicastMac, neighbourDiscovery, packet } from '../support/packet/index.js';
import { only, type Scene, tell } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { client, gateway, packetTest, servers, vip } from '../support/two-arm.js';
import { packetTest6, tcpFlow6, vip6 } from '../support/two-arm6.js';
import { UdpFlow } from '../support/udp-flow.js';
import { dropCounters } from './reasons.js';

const another = '02:dd:00:00:00:aa';
const set = (scene: Scene, name: string, own: { mtu?: number; mac?: string }) =>
  scene.watch(() => scene.harness.configure('link.set', { name, ...own }));
/** Headers of IPv4 and TCP without options. */
const HEADERS = 40;

async function largest(t: Test, scene: Scene, flow: TcpFlow, mtu: number): Promise<void> {
  const frame = flow.clientFrame({ flags: 'PA', data: mtu - HEADERS + 1 }).build();
  const refused = only(await scene.exchange('dpdk1', frame), 'dpdk1');
  t.match(refused.icmp, { type: IcmpType.unreachable, code: 4, seq: mtu }, `told ${mtu}`);
  const passed = await flow.fromClient({ flags: 'PA', data: mtu - HEADERS });
  t.equal(passed.payload.length, mtu - HEADERS, `exactly ${mtu} pass`);
}

const routeMtu = async (scene: Scene, destination: string): Promise<number | undefined> =>
  (await scene.harness.configure('route.list', {})).find((route) => route.destination === destination)?.mtu;

packetTest('open connections follow the MTU of the port to the server', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  for (const mtu of [1400, 1500, 1300]) {
    await set(scene, 'dpdk0', { mtu });
    t.equal((await scene.harness.configure('link.list', { name: 'dpdk0' }))[0]?.mtu, mtu);
    t.equal(await routeMtu(scene, '192.168.100.0/24'), mtu, 'so have its routes');
    await largest(t, scene, flow, mtu);
    await largest(t, scene, await (await new TcpFlow(scene, { sport: 2000 + mtu }).establish()).serverSpeaks(), mtu);
  }
  t.equal(await routeMtu(scene, '10.0.0.0/16'), 1500, 'the other port has its own');
  await scene.harness.restartSlowPath?.();
  await largest(t, scene, flow, 1300);
});

packetTest('a route’s own MTU counts where it is the smaller one', async (t, scene) => {
  const destination = `${servers[0].address}/32`;
  await scene.harness.configure('route.add', { destination, device: 'dpdk0', mtu: 1400 });
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  for (const [mtu, counts] of [
    [1450, 1400],
    [1350, 1350],
    [1500, 1400],
  ] as const) {
    await set(scene, 'dpdk0', { mtu });
    t.equal(await routeMtu(scene, destination), counts);
    await largest(t, scene, flow, counts);
  }
});

packetTest('answers follow the MTU of the port to the client', async (t, scene) => {
  const far = { address: '198.51.100.7', mac: gateway.mac };
  for (const [name, from] of [
    ['by route', client],
    ['back to where it came from', far],
  ] as const) {
    const flow = await (await new TcpFlow(scene, { from }).establish()).serverSpeaks();
    await set(scene, 'dpdk1', { mtu: 1400 });
    const big = await flow.sendServer({ flags: 'PA', data: 1400 - HEADERS + 1 });
    t.match(only(big, 'dpdk0').icmp, { type: IcmpType.unreachable, code: 4, seq: 1400 }, name);
    t.equal((await flow.fromServer({ flags: 'PA', data: 1400 - HEADERS })).payload.length, 1400 - HEADERS);
    await set(scene, 'dpdk1', { mtu: 1500 });
    t.equal((await flow.fromServer({ flags: 'PA', data: 1500 - HEADERS })).payload.length, 1500 - HEADERS);
  }
});

packetTest('what a port cannot have changes nothing', async (t, scene) => {
  const settings = async () => (await scene.harness.configure('link.list', {})).map(({ mtu, mac }) => `${mtu} ${mac}`);
  const before = await settings();
  const dump = await scene.harness.configure('node.dump', {});
  for (const own of [{ mtu: 1501 }, { mac: '01:00:5e:00:00:05' }, { mtu: 1400, mac: '00:00:00:00:00:00' }])
    await t.rejects(async () => scene.harness.configure('link.set', { name: 'dpdk1', ...own }), {
      code: 'invalid_parameter',
    });
  t.same(await settings(), before);

  scene.harness.refuseNextKni?.();
  const own = { name: 'dpdk1', mtu: 1400, mac: another };
  await t.rejects(async () => scene.harness.configure('link.set', own), {
    code: 'not_support',
    message: /kni.*EINVAL/,
  });
  t.same(await settings(), before, 'all or nothing');
  t.same(await scene.harness.configure('node.dump', {}), dump);
  const toRefused = packet().eth({ src: gateway.mac, dst: another }).ip4({ src: client.address, dst: vip });
  const exchange = await scene.exchange('dpdk1', toRefused.icmp({ type: 8 }).build());
  t.equal(exchange.rises.get(dropCounters('ethOtherHost')[0]), 1, tell(exchange));
});

/** Addresses that were announced by the port, in order, each as a frame that has to be right. */
function announced(t: Test, out: readonly Uint8Array[], mac: string): string[] {
  return out.map((bytes) => {
    const d = dissect(bytes);
    t.equal(d.eth?.src, mac);
    if (d.arp !== undefined) {
      t.match(d, { eth: { dst: BROADCAST }, arp: { op: 'request', senderMac: mac, senderIp: d.arp.targetIp } });
      return d.arp.senderIp;
    }
    const nd = neighbourDiscovery(d);
    t.match(nd, { type: 'advertisement', mac, solicited: false, override: true, router: false });
    t.match(d, { eth: { dst: multicastMac(ALL_NODES) }, ip6: { src: nd?.target, dst: ALL_NODES, hopLimit: 255 } });
    return nd?.target ?? '';
  });
}

packetTest6(
  'a new MAC: frames leave with it, and every address of the port is announced three times',
  async (t, scene) => {
    const { harness } = scene;
    await harness.kernelAddress({ port: 'dpdk1', address: '172.10.0.2', prefixLength: 30, change: 'added' });
    const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
    const flow6 = await (await tcpFlow6(scene).establish()).serverSpeaks();
    const back = new UdpFlow(scene, 40_001, { address: '198.51.100.7', mac: gateway.mac });
    await back.fromClient();
    const old = scene.mac('dpdk1');
    const late = flow.clientFrame({ flags: 'PA', data: 'to the old one' }).build();
    const all = ['10.0.0.100', '172.10.0.2', vip6];

    const first = await set(scene, 'dpdk1', { mac: another });
    t.equal(scene.mac('dpdk1'), another);
    t.same(announced(t, first.out.dpdk1, another).sort(), all);
    t.equal(first.rises.get('event.address_announced'), 3);
    t.same(first.out.dpdk0, [], 'not by the other port');
    t.match((await flow.fromServer({ flags: 'PA', data: 'answer' })).eth, { src: another, dst: client.mac });
    t.equal((await flow6.fromServer({ flags: 'PA', data: 'answer' })).eth?.src, another);
    t.equal((await back.fromServer()).eth?.src, another);
    t.equal((await flow.fromClient({ flags: 'PA', data: 'request' })).eth?.src, scene.mac('dpdk0'));
    t.equal(only(await scene.exchange('dpdk1', late), 'dpdk0').payload.length, 14, 'who has not heard yet is received');

    const answer = only(await scene.exchange('dpdk1', arpRequest(gateway, vip)), 'dpdk1');
    t.match(answer.arp, { op: 'reply', senderMac: another, senderIp: vip });
    const rest = await scene.advance(5000);
    t.same(announced(t, rest.out.dpdk1, another).sort(), [...all, ...all].sort(), tell(rest));
    t.equal(
      (await scene.exchange('dpdk1', late)).rises.get(dropCounters('ethOtherHost')[0]),
      1,
      `${old} is another host's`,
    );
    t.equal((await flow.fromServer({ flags: 'PA', data: 'more' })).eth?.src, another);

    await harness.restartSlowPath?.();
    t.equal((await flow.fromServer({ flags: 'PA', data: 'after a restart' })).eth?.src, another);
    const again = only(await scene.exchange('dpdk1', arpRequest(gateway, vip)), 'dpdk1');
    t.equal(again.arp?.senderMac, another);
    t.same((await scene.advance(3000)).out.dpdk1, [], 'which announces nothing');
  },
);

packetTest('a slow path that dies before it hears of a new MAC', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  scene.harness.crashOnNextChange?.();
  const first = await set(scene, 'dpdk1', { mac: another, mtu: 1400 });
  t.same(announced(t, first.out.dpdk1, another), [vip], 'the next one tells');
  t.equal((await flow.fromServer({ flags: 'PA', data: 'answer' })).eth?.src, another);
  const big = await flow.sendServer({ flags: 'PA', data: 1400 - HEADERS + 1 });
  t.equal(only(big, 'dpdk0').icmp?.seq, 1400);
});

packetTest('many addresses are announced a part a turn', async (t, scene) => {
  const addresses = Array.from({ length: 300 }, (_, i) => `10.0.${1 + Math.floor(i / 200)}.${1 + (i % 200)}`);
  for (const address of addresses) await scene.harness.configure('addr.add', { address, device: 'dpdk1' });
  await scene.harness.configure('link.set', { name: 'dpdk1', mac: another });
  await scene.harness.step(1);
  await scene.harness.step(1);
  const begun = scene.harness.receive('dpdk1').length;
  t.ok(begun > 0 && begun < 200, `${begun} in the first turns`);
  await scene.harness.step(20);
  t.equal(begun + scene.harness.receive('dpdk1').length, addresses.length + 1);
});
