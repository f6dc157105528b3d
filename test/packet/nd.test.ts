// Neighbour discovery: whom the dataplane answers for, what the kernel still gets, what is learnt, what is asked for, what is malformed.
import {
  ALL_NODES,
  advertisement,
  dissect,
  linkLocal,
  multicastMac,
  neighbourDiscovery,
  parseMac,
  solicitation,
  solicitedNode,
} from '../support/packet/index.js';
import { only, tell } from '../support/scene.js';
import {
  client6,
  lip6,
  otherClient6,
  packetTest6,
  router6,
  servers6,
  tcpFlow6,
  udpFlow6,
  vip6,
} from '../support/two-arm6.js';
import { answer, type Case, drop, punt, runCases } from './verdict.js';

const kernel = '2001:db8:c::2';

packetTest6('solicitations for the dataplane’s addresses are answered', async (t, scene) => {
  const mac = scene.mac('dpdk1');
  const said = (destination: string, station: string, solicited: boolean) =>
    answer('dpdk1', (d) => {
      const nd = neighbourDiscovery(d);
      return [
        ...(d.eth?.dst === station && d.eth.src === mac ? [] : ['the stations']),
        ...(d.ip6?.src === vip6 && d.ip6.dst === destination && d.ip6.hopLimit === 255 ? [] : ['the addresses']),
        ...(nd?.type === 'advertisement' && nd.target === vip6 && nd.mac === mac ? [] : ['the target']),
        ...(nd?.solicited === solicited && nd.override && !nd.router ? [] : ['the flags']),
      ];
    });
  const asked = { from: client6, target: vip6 };
  const direct = said(client6.address, client6.mac, true);
  await runCases(t, scene, [
    { name: 'to the group', on: 'dpdk1', frame: solicitation(asked).build(), verdict: direct },
    {
      name: 'unicast, to confirm',
      on: 'dpdk1',
      frame: solicitation({ ...asked, to: { address: vip6, mac } }).build(),
      verdict: direct,
    },
    {
      name: 'without the option: back to the frame’s sender',
      on: 'dpdk1',
      frame: solicitation({ ...asked, to: { address: vip6, mac }, options: [] }).build(),
      verdict: direct,
    },
    {
      name: 'with an option nobody knows (a nonce, RFC 7527)',
      on: 'dpdk1',
      frame: solicitation({ ...asked, options: [14, 1, 1, 2, 3, 4, 5, 6, 1, 1, ...parseMac(client6.mac)] }).build(),
      verdict: direct,
    },
    {
      name: 'from a link-local address',
      on: 'dpdk1',
      frame: solicitation({ from: router6, target: vip6 }).build(),
      verdict: said(router6.address, router6.mac, true),
    },
    {
      name: 'of one who probes whether it is free',
      on: 'dpdk1',
      frame: solicitation({ from: { address: '::', mac: client6.mac }, target: vip6, options: [] }).build(),
      verdict: said(ALL_NODES, multicastMac(ALL_NODES), false),
    },
  ]);
  const lan = only(await scene.exchange('dpdk0', solicitation({ from: servers6[0], target: lip6 }).build()), 'dpdk0');
  t.match(neighbourDiscovery(lan), { type: 'advertisement', target: lip6, mac: scene.mac('dpdk0') });
  const wrongPort = await scene.exchange('dpdk1', solicitation({ from: client6, target: lip6 }).build());
  t.equal(wrongPort.out['dpdk1.kni'].length, 1, 'an address of another port is not answered for');
});

packetTest6('the kernel gets the rest, and every advertisement', async (t, scene) => {
  const to = { address: linkLocal(scene.mac('dpdk1')), mac: scene.mac('dpdk1') };
  const rows: [string, Uint8Array][] = [
    ['asking for a kernel address', solicitation({ from: client6, target: kernel }).build()],
    ['asking for the kernel’s link-local address', solicitation({ from: router6, target: to.address, to }).build()],
    [
      'probing for a kernel address',
      solicitation({ from: { ...client6, address: '::' }, target: kernel, options: [] }).build(),
    ],
    ['an advertisement to us', advertisement({ from: router6, target: router6.address, to }).build()],
    ['an unsolicited one to all', advertisement({ from: router6, target: router6.address }, 0x2000).build()],
  ];
  await runCases(
    t,
    scene,
    rows.map(([name, frame]): Case => ({ name, on: 'dpdk1', frame, verdict: punt('dpdk1.kni', 'ndKernel') })),
  );
});

packetTest6('what RFC 4861 says to discard', async (t, scene) => {
  const ns = { from: client6, target: vip6 };
  const na = { from: router6, target: router6.address };
  const rows: [string, Uint8Array][] = [
    ['a hop limit of 254', solicitation({ ...ns, ip6: { hopLimit: 254 } }).build()],
    ['code 1', solicitation({ ...ns, code: 1 }).build()],
    ['a wrong checksum', solicitation({ ...ns, checksum: 'bad' }).build()],
    ['a group as target', solicitation({ ...ns, target: 'ff02::1' }).build()],
    ['an option of length 0', solicitation({ ...ns, options: [1, 0, 0, 0, 0, 0, 0, 0] }).build()],
    ['an option beyond the end', solicitation({ ...ns, options: [1, 2, 0, 0, 0, 0, 0, 0] }).build()],
    ['half an option', solicitation({ ...ns, options: [1] }).build()],
    ['a probe with a link-layer address', solicitation({ ...ns, from: { ...client6, address: '::' } }).build()],
    [
      'a probe that is not to the group',
      solicitation({ ...ns, from: { ...client6, address: '::' }, options: [], ip6: { dst: ALL_NODES } }).build(),
    ],
    ['a solicited advertisement to all', advertisement(na, 0x6000).build()],
    ['an advertisement of a group', advertisement({ ...na, target: 'ff02::2' }, 0x2000).build()],
    ['an advertisement from nowhere', advertisement({ ...na, ip6: { src: '::' } }, 0x2000).build()],
  ];
  await runCases(
    t,
    scene,
    rows.map(([name, frame]): Case => ({ name, on: 'dpdk1', frame, verdict: drop('ndMalformed') })),
  );
  for (const length of [1, 8, 23]) {
    const short = solicitation({ ...ns, ip6: { payloadLength: length } }).build();
    const { drops } = await scene.exchange('dpdk1', short);
    t.equal(drops, 1, `${length} bytes of it`);
  }
});

packetTest6('how the dataplane asks', async (t, scene) => {
  scene.hosts.remove('dpdk0', servers6[0].address);
  const { out } = await scene.exchange('dpdk1', udpFlow6(scene).clientFrame().build());
  t.equal(out.dpdk0.length, 1);
  const asked = dissect(out.dpdk0[0]);
  const group = solicitedNode(servers6[0].address);
  t.match(asked.eth, { src: scene.mac('dpdk0'), dst: multicastMac(group) });
  t.match(asked.ip6, { src: linkLocal(scene.mac('dpdk0')), dst: group, hopLimit: 255 });
  t.match(neighbourDiscovery(asked), { target: servers6[0].address, mac: scene.mac('dpdk0') });
  t.equal(await scene.harness.held(), 1, 'the packet waits');
  const shown = await scene.harness.configure('neigh.list', { device: 'dpdk0' });
  t.match(shown, [{ address: servers6[0].address, mac: null, state: 'SEND' }]);
  scene.hosts.add('dpdk0', servers6[0]);
  const later = await scene.advance(1000);
  t.equal(only(later, 'dpdk0').udp?.dport, 53, 'and is sent when the answer comes');
  t.match(await scene.harness.configure('neigh.list', { device: 'dpdk0' }), [{ state: 'REACHABLE' }]);
});

packetTest6('who does not answer fails, with every packet counted', async (t, scene) => {
  scene.hosts.remove('dpdk0', servers6[0].address);
  for (let i = 0; i < 140; i++)
    await scene.exchange(
      'dpdk1',
      udpFlow6(scene, 3000 + i)
        .clientFrame()
        .build(),
    );
  t.equal(await scene.harness.held(), 128, 'a bounded queue');
  const { rises } = await scene.advance(5000);
  t.equal(rises.get('drop.neighbour_failed'), 128);
  t.equal(await scene.harness.held(), 0);
});

packetTest6('ageing: confirmed by unicast, and a new MAC reaches open connections', async (t, scene) => {
  const flow = await (await tcpFlow6(scene).establish()).serverSpeaks();
  const before = scene.hosts.asked.length;
  await scene.advance(70_000);
  t.ok(scene.hosts.asked.length > before, 'asked again after it was REACHABLE for a minute');
  t.match(await scene.harness.configure('neigh.list', { device: 'dpdk0' }), [{ state: 'REACHABLE' }]);
  const moved = { address: servers6[0].address, mac: '02:99:00:00:00:0b' };
  await scene.exchange('dpdk0', advertisement({ from: moved, target: moved.address }, 0x2000).build());
  const arrived = await flow.fromClient({ flags: 'PA', data: 'x' });
  t.equal(arrived.eth?.dst, moved.mac);
});

packetTest6('what is not learnt', async (t, scene) => {
  const { harness } = scene;
  const known = async () => (await harness.configure('neigh.list', {})).map(({ address }) => address);
  const to = { address: linkLocal(scene.mac('dpdk1')), mac: scene.mac('dpdk1') };
  await scene.exchange('dpdk1', advertisement({ from: otherClient6, target: otherClient6.address, to }).build());
  t.notOk((await known()).includes(otherClient6.address), 'an advertisement nobody waited for');
  await scene.exchange('dpdk1', solicitation({ from: otherClient6, target: kernel }).build());
  t.notOk((await known()).includes(otherClient6.address), 'one who asks for the kernel');
  const far = { address: '2001:db8:ffff::1', mac: '02:99:00:00:00:01' };
  await scene.exchange('dpdk1', solicitation({ from: far, target: vip6 }).build());
  t.notOk((await known()).includes(far.address), 'one who is not on the link');
  await scene.exchange('dpdk1', solicitation({ from: otherClient6, target: vip6 }).build());
  t.ok((await known()).includes(otherClient6.address), 'one on the link who asks for the VIP is');
  const claim = { address: vip6, mac: '02:66:66:66:66:66' };
  const claimed = await scene.exchange('dpdk1', advertisement({ from: claim, target: vip6 }, 0x2000).build());
  t.equal(claimed.out['dpdk1.kni'].length, 1, tell(claimed));
  t.notOk((await known()).includes(vip6), 'one who claims the VIP is not');
});

packetTest6('a link-local router as gateway, and a static neighbour', async (t, scene) => {
  const { harness } = scene;
  await harness.configure('route.add', { destination: '::/0', gateway: router6.address, device: 'dpdk1' });
  const far = { address: '2001:db8:ffff::7', mac: '02:99:00:00:00:01' };
  const flow = await tcpFlow6(scene, { from: far }).establish();
  t.equal((await flow.fromServer({ flags: 'PA', data: 'x' })).eth?.dst, router6.mac);
  const mac = '02:99:00:00:00:fe';
  await harness.configure('neigh.add', { address: servers6[0].address, mac, device: 'dpdk0' });
  t.equal((await flow.fromClient({ flags: 'A' })).eth?.dst, mac);
});
