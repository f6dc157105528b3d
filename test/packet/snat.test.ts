// SNAT packet by packet: every byte of what leaves and comes back is predicted, and which packets are taken at all.

import type { ServiceMatch } from '../../api/index.js';
import { be16, dissect, packet, u16 } from '../support/packet/index.js';
import { nothing, only, type Scene } from '../support/scene.js';
import {
  gateway,
  inside,
  lanIp,
  lanRouter,
  matchOf,
  neighbour,
  otherInside,
  outsider,
  remote,
  type Said,
  SnatFlow,
  snatTest,
  wan,
} from '../support/snat.js';
import { type Case, drop, out, punt, runCases } from './verdict.js';

snatTest('both directions, to the byte', async (t, scene) => {
  for (const flow of [
    new SnatFlow(scene, 'udp'),
    new SnatFlow(scene, 'icmp', 7),
    await new SnatFlow(scene, 'tcp').establish(),
  ]) {
    const first = await flow.goOut();
    t.match(first.ip4, { src: wan, dst: remote, ttl: 63 });
    t.ok(flow.wport >= 1025, `${flow.protocol}: ${flow.wport} is from the pool`);
    const options = [
      { kind: 'mss', value: 1460 },
      { kind: 'timestamp', value: 7, echo: 9 },
    ] as const;
    const said: Said[] = [
      {},
      { data: 'odd' },
      { data: '' },
      { data: flow.protocol === 'tcp' ? 1460 : 1472 },
      { ip: { ttl: 2, tos: 0x2e, id: 0xffff, df: true }, seq: 0xffff },
      ...(flow.protocol === 'tcp' ? [{ tcp: { flags: 'PA', seq: 0xfffffff0, ack: 77, options } }] : []),
    ] as Said[];
    await runCases(
      t,
      scene,
      said.flatMap((words): Case[] => [
        {
          name: `${flow.protocol} out ${JSON.stringify(words)}`,
          on: 'dpdk0',
          frame: flow.sent(words).build(),
          verdict: out('dpdk1', flow.left(words).build()),
        },
        {
          name: `${flow.protocol} back ${JSON.stringify(words)}`,
          on: 'dpdk1',
          frame: flow.came(words).build(),
          verdict: out('dpdk0', flow.arrived(words).build()),
        },
      ]),
    );
  }
  t.equal((await scene.harness.connections()).length, 3);
});

snatTest(
  'a TCP SYN keeps its options: the remote end sees the host itself, so there is nothing to hide or to add',
  async (t, scene) => {
    const flow = new SnatFlow(scene, 'tcp');
    const options = [
      { kind: 'mss', value: 1460 },
      { kind: 'sackPermitted' },
      { kind: 'timestamp', value: 1, echo: 0 },
    ] as const;
    const syn = { tcp: { flags: 'S', seq: 9, ack: 0, options } } as Said;
    await flow.goOut(syn);
    const answer = { tcp: { flags: 'SA', seq: 90, ack: 10, options } } as Said;
    await runCases(t, scene, [
      {
        name: 'the SYN again',
        on: 'dpdk0',
        frame: flow.sent(syn).build(),
        verdict: out('dpdk1', flow.left(syn).build()),
      },
      {
        name: 'SYN-ACK',
        on: 'dpdk1',
        frame: flow.came(answer).build(),
        verdict: out('dpdk0', flow.arrived(answer).build()),
      },
    ]);
  },
);

/** The word that moves a one's complement sum from what it is to what is wanted. */
const wordFor = (now: number, wanted: number): number => (now - wanted + 2 * 65_535) % 65_535;

snatTest('ICMP checksums that wrap around, before and after translation', async (t, scene) => {
  const flow = new SnatFlow(scene, 'icmp', 7);
  await flow.goOut();
  const checksum = (frame: Uint8Array) => u16(frame, 14 + 20 + 2);
  for (const wanted of [0xffff, 0x0000, 0x0001, 0xfffe, 0x8000])
    for (const [sent, becomes, on, to] of [
      ['sent', 'left', 'dpdk0', 'dpdk1'],
      ['came', 'arrived', 'dpdk1', 'dpdk0'],
    ] as const)
      for (const side of [sent, becomes]) {
        const word = wordFor(checksum(flow[side]({ data: Uint8Array.of(0, 0) }).build()), wanted);
        const said = { data: Uint8Array.from(be16(word)) };
        await runCases(t, scene, [
          {
            name: `0x${wanted.toString(16)} ${side}`,
            on,
            frame: flow[sent](said).build(),
            verdict: out(to, flow[becomes](said).build()),
          },
        ]);
      }
});

snatTest('a wrong checksum is never made right', async (t, scene) => {
  for (const flow of [new SnatFlow(scene, 'udp'), new SnatFlow(scene, 'icmp', 7)]) {
    await flow.goOut();
    for (const [on, to, frame] of [
      ['dpdk0', 'dpdk1', flow.sent({ checksum: 'bad' }).build()],
      ['dpdk1', 'dpdk0', flow.came({ checksum: 'bad' }).build()],
    ] as const) {
      const { out: frames } = await scene.exchange(on, frame);
      const faults = scene.faults.splice(0);
      t.equal(frames[to].length, 1);
      t.equal(faults.length, 1, `${flow.protocol} ${faults[0]}`);
    }
  }
});

snatTest('hosts with the same port or identifier are told apart', async (t, scene) => {
  for (const protocol of ['udp', 'tcp', 'icmp'] as const) {
    const flows = [inside, otherInside].map((from) => new SnatFlow(scene, protocol, 2000, from));
    for (const flow of flows) await flow.goOut({ tcp: { flags: 'S', seq: 1, ack: 0 } });
    t.not(flows[0]?.wport, flows[1]?.wport, protocol);
    for (const flow of flows) {
      const said = { tcp: { flags: 'SA', seq: 5, ack: 2 } };
      t.match((await flow.comeBack(said)).ip4, { src: remote, dst: flow.from.address });
      t.match(await flow.entry(), {
        client: { address: remote, port: protocol === 'icmp' ? 2048 : 80 },
        vip: { address: wan, port: flow.wport },
        lip: { address: remote, port: protocol === 'icmp' ? 2048 : 80 },
        rip: { address: flow.from.address, port: 2000 },
      });
    }
  }
});

snatTest('by gateway or on the WAN itself, and the gateway may get another MAC', async (t, scene) => {
  const far = new SnatFlow(scene);
  t.equal((await far.goOut()).eth?.dst, gateway.mac);
  const near = new SnatFlow(scene, 'udp', 40_001, inside, neighbour.address, 80, neighbour);
  t.equal((await near.goOut()).eth?.dst, neighbour.mac);
  t.equal((await near.comeBack()).ip4?.dst, inside.address);
  const { harness } = scene;
  await harness.configure('neigh.add', { address: gateway.address, mac: '02:00:00:00:09:99', device: 'dpdk1' });
  t.equal((await far.goOut()).eth?.dst, '02:00:00:00:09:99', 'an open connection follows it');
  await harness.configure('route.add', { destination: '198.51.100.0/24', gateway: neighbour.address, device: 'dpdk1' });
  await scene.advance(10);
  t.equal((await far.goOut()).eth?.dst, neighbour.mac, 'and a changed route');
});

snatTest('two copies of a SYN in one burst are one connection', async (t, scene) => {
  const flow = new SnatFlow(scene, 'tcp');
  const syn = flow.sent({ tcp: { flags: 'S', seq: 1, ack: 0 } }).build();
  const { out: frames } = await scene.exchange('dpdk0', syn, syn);
  t.equal(frames.dpdk1.length, 2);
  t.equal(new Set(frames.dpdk1.map((frame) => dissect(frame).tcp?.sport)).size, 1);
  t.equal((await scene.harness.connections()).length, 1);
  const [address] = await scene.harness.configure('addr.list', { device: 'dpdk1' });
  t.match(address?.sapool, { used: 1, free: 1_032_175, miss: 0 });
});

const lan = (scene: Scene, from = inside) => packet().eth({ src: from.mac, dst: scene.mac('dpdk0') });

snatTest('what is taken, and what is not', async (t, scene) => {
  const { harness } = scene;
  await harness.configure('route.add', { destination: '172.10.0.2/32', device: 'dpdk1', scope: 'kni_host' });
  await harness.configure('addr.add', { address: '123.1.2.100', device: 'dpdk1' });
  await harness.configure('service.add', { service: { protocol: 'udp', address: '123.1.2.100', port: 53 } });
  const to = (dst: string, from = inside) =>
    lan(scene, from).ip4({ src: from.address, dst }).udp({ sport: 1, dport: 80 }).build();
  const stray = new SnatFlow(scene, 'tcp');
  const ping = new SnatFlow(scene, 'icmp', 7);
  const fragment = (words: object) =>
    lan(scene)
      .ip4({ src: inside.address, dst: remote, protocol: 17, ...words })
      .payload(64)
      .build();
  const back = packet().eth({ src: gateway.mac, dst: scene.mac('dpdk1') });
  await runCases(t, scene, [
    { name: 'a host beyond the range', on: 'dpdk0', frame: to(remote, outsider), verdict: drop('forwardingOff') },
    { name: 'to another host of the LAN', on: 'dpdk0', frame: to(otherInside.address), verdict: drop('forwardingOff') },
    { name: "to the node's LAN address", on: 'dpdk0', frame: to(lanIp), verdict: punt('dpdk0.kni', 'local') },
    { name: 'to its WAN address', on: 'dpdk0', frame: to(wan), verdict: punt('dpdk0.kni', 'local') },
    { name: "to the kernel's address", on: 'dpdk0', frame: to('172.10.0.2'), verdict: punt('dpdk0.kni', 'kniHost') },
    {
      name: 'to a VIP, another port than its service',
      on: 'dpdk0',
      frame: to('123.1.2.100'),
      verdict: punt('dpdk0.kni', 'local'),
    },
    {
      name: "to a VIP's service without servers",
      on: 'dpdk0',
      frame: lan(scene).ip4({ src: inside.address, dst: '123.1.2.100' }).udp({ sport: 1, dport: 53 }).build(),
      verdict: drop('noServer'),
    },
    {
      name: 'another protocol',
      on: 'dpdk0',
      frame: lan(scene).ip4({ src: inside.address, dst: remote, protocol: 47 }).payload(8).build(),
      verdict: drop('forwardingOff'),
    },
    ...['A', 'FA', 'R', 'SA'].map(
      (flags): Case => ({
        name: `a TCP segment of nobody's: ${flags}`,
        on: 'dpdk0',
        frame: stray.sent({ tcp: { flags } }).build(),
        verdict: drop('noConnection'),
      }),
    ),
    {
      name: 'an echo reply',
      on: 'dpdk0',
      frame: lan(scene).ip4({ src: inside.address, dst: remote }).icmp({ type: 0, id: 7 }).build(),
      verdict: drop('noConnection'),
    },
    {
      name: 'a timestamp request',
      on: 'dpdk0',
      frame: lan(scene).ip4({ src: inside.address, dst: remote }).icmp({ type: 13, id: 7 }).payload(12).build(),
      verdict: drop('noConnection'),
    },
    {
      name: 'a ping with a code',
      on: 'dpdk0',
      frame: lan(scene).ip4({ src: inside.address, dst: remote }).icmp({ type: 8, code: 1 }).build(),
      verdict: drop('noConnection'),
    },
    { name: 'a first fragment', on: 'dpdk0', frame: fragment({ mf: true }), verdict: drop('ip4Fragment') },
    { name: 'a later fragment', on: 'dpdk0', frame: fragment({ fragmentOffset: 64 }), verdict: drop('ip4Fragment') },
    {
      name: 'a fragment for the WAN address',
      on: 'dpdk1',
      frame: back.ip4({ src: remote, dst: wan, mf: true, protocol: 17 }).payload(64).build(),
      verdict: drop('ip4Fragment'),
    },
    {
      name: 'an answer that nobody asked for',
      on: 'dpdk1',
      frame: back.ip4({ src: remote, dst: wan }).udp({ sport: 80, dport: 2000 }).build(),
      verdict: punt('dpdk1.kni', 'local'),
    },
    {
      name: 'from outside to a host of the LAN',
      on: 'dpdk1',
      frame: back.ip4({ src: remote, dst: inside.address }).udp({ sport: 80, dport: 2000 }).build(),
      verdict: drop('forwardingOff'),
    },
  ]);
  t.same(await harness.connections(), [], 'none of them is a connection');
  await ping.goOut();
  const asked = only(
    await scene.exchange(
      'dpdk1',
      back.ip4({ src: remote, dst: wan }).icmp({ type: 8, id: ping.wport, seq: 1 }).build(),
    ),
    'dpdk1',
  );
  t.match(
    asked.icmp,
    { type: 0, id: ping.wport },
    'a ping to the WAN address is answered here, whatever its identifier',
  );
});

snatTest('without a default route there is nothing to match', async (t, scene) => {
  const { harness } = scene;
  await harness.configure('route.del', { destination: '0.0.0.0/0', gateway: gateway.address, device: 'dpdk1' });
  await runCases(t, scene, [
    { name: 'no route', on: 'dpdk0', frame: new SnatFlow(scene).sent().build(), verdict: punt('dpdk0.kni', 'noRoute') },
  ]);
});

snatTest(
  'with forwarding on nothing that a match service takes leaves as it came',
  async (t, scene) => {
    const flow = new SnatFlow(scene);
    t.equal((await flow.goOut()).ip4?.src, wan);
    const stray = new SnatFlow(scene, 'tcp');
    await runCases(t, scene, [
      {
        name: "nobody's segment",
        on: 'dpdk0',
        frame: stray.sent({ tcp: { flags: 'A' } }).build(),
        verdict: drop('noConnection'),
      },
    ]);
    const other = lan(scene, outsider).ip4({ src: outsider.address, dst: remote }).udp({ sport: 1, dport: 2 }).build();
    t.equal(only(await scene.exchange('dpdk0', other), 'dpdk1').ip4?.src, outsider.address, 'others are routed');
  },
  { forwarding: true },
);

snatTest('the last added of the services that match; by the ports a packet comes and goes by', async (t, scene) => {
  const { harness } = scene;
  const other = '123.1.2.4';
  await harness.configure('addr.add', { address: other, prefixLength: 24, device: 'dpdk1', sapool: true });
  const add = async (match: Partial<ServiceMatch>, address: string) => {
    const service = { protocol: 'match', match: { protocol: 'udp', ...match } } as const;
    await harness.configure('service.add', { service });
    await harness.configure('server.add', { service, server: { address, port: 0 }, forwarding: 'SNAT' });
    return service;
  };
  const dns = { destination: { from: '0.0.0.0', to: '0.0.0.0', fromPort: 53, toPort: 53 } };
  const service = await add(dns, other);
  const source = async (flow: SnatFlow) => (await flow.goOut()).ip4?.src;
  t.equal(await source(new SnatFlow(scene, 'udp', 1, inside, remote, 53)), other);
  t.equal(await source(new SnatFlow(scene, 'udp', 1, inside, remote, 54)), wan);
  t.equal(await source(new SnatFlow(scene, 'udp', 2, outsider, remote, 53)), other, 'of any source');
  await harness.configure('service.del', { service });
  t.equal(await source(new SnatFlow(scene, 'udp', 3, inside, remote, 53)), wan);
  nothing(await scene.exchange('dpdk0', new SnatFlow(scene, 'udp', 3, outsider, remote, 53).sent().build()));

  await add({ inDevice: 'dpdk1' }, other);
  t.equal(await source(new SnatFlow(scene, 'udp', 4)), wan, 'it comes by dpdk0');
  await add({ inDevice: 'dpdk0' }, other);
  t.equal(await source(new SnatFlow(scene, 'udp', 5)), other);
  await add({ outDevice: 'dpdk0' }, wan);
  t.equal(await source(new SnatFlow(scene, 'udp', 6)), other, 'it leaves by dpdk1');
});

snatTest('several WAN addresses take turns; one without a port left is passed over', async (t, scene) => {
  const { harness } = scene;
  const other = '123.1.2.4';
  const service = matchOf('udp');
  await harness.configure('addr.add', { address: other, prefixLength: 24, device: 'dpdk1', sapool: true });
  await harness.configure('server.add', { service, server: { address: other, port: 0 }, forwarding: 'SNAT' });
  const seen: (string | undefined)[] = [];
  for (let sport = 1; sport <= 4; sport++) seen.push((await new SnatFlow(scene, 'udp', sport).goOut()).ip4?.src);
  t.same(seen.toSorted(), [wan, wan, other, other].toSorted());
  await harness.configure('server.edit', { service, server: { address: wan, port: 0 }, forwarding: 'SNAT', weight: 0 });
  for (let sport = 5; sport <= 7; sport++)
    t.equal((await new SnatFlow(scene, 'udp', sport).goOut()).ip4?.src, other, 'weight 0');
  await harness.configure('server.del', { service, server: { address: other, port: 0 } });
  await runCases(t, scene, [
    {
      name: 'none is left',
      on: 'dpdk0',
      frame: new SnatFlow(scene, 'udp', 8).sent().build(),
      verdict: drop('noServer'),
    },
  ]);
});

snatTest(
  'a host behind a router of the LAN without a route: answers go back to its station, and follow it',
  async (t, scene) => {
    const { harness } = scene;
    const far = { address: '10.7.0.9', mac: lanRouter.mac };
    const service = { protocol: 'match', match: { protocol: 'udp', inDevice: 'dpdk0', outDevice: 'dpdk1' } } as const;
    await harness.configure('service.add', { service });
    await harness.configure('server.add', { service, server: { address: wan, port: 0 }, forwarding: 'SNAT' });
    // The default route would lead its answers back to the WAN.
    await harness.configure('route.del', { destination: '0.0.0.0/0', gateway: gateway.address, device: 'dpdk1' });
    await harness.configure('route.add', { destination: '198.51.100.0/24', gateway: gateway.address, device: 'dpdk1' });
    const flow = new SnatFlow(scene, 'udp', 40_000, far);
    await flow.goOut();
    t.equal((await flow.comeBack()).eth?.dst, lanRouter.mac);
    const moved = new SnatFlow(scene, 'udp', 40_000, { ...far, mac: otherInside.mac });
    t.equal((await moved.goOut()).udp?.sport, flow.wport, 'the same connection');
    t.equal((await flow.comeBack()).eth?.dst, otherInside.mac, 'the router was replaced');
  },
);

snatTest('counts: what goes out is out', async (t, scene) => {
  const flow = new SnatFlow(scene);
  await flow.goOut({ data: 100 });
  await flow.goOut({ data: 100 });
  await flow.comeBack({ data: 10 });
  const list = await scene.harness.configure('service.list', { service: matchOf('udp') });
  t.equal(list.length, 1);
  t.match(list[0], { service: matchOf('udp'), scheduler: 'rr', localAddresses: 0 });
  t.match(list[0]?.servers, [
    { address: wan, port: 0, forwarding: 'SNAT', weight: 100, activeConns: 0, inactiveConns: 1 },
  ]);
  t.match(list[0]?.stats, { conns: 1, outPkts: 2, outBytes: 256, inPkts: 1, inBytes: 38 });
  t.equal((await scene.harness.configure('conn.list', { service: matchOf('udp') })).connections.length, 1);
  t.equal((await scene.harness.configure('conn.list', { service: matchOf('tcp') })).connections.length, 0);
  t.same(await scene.harness.configure('service.health', {}), [], 'a router has nothing to know of it');
  t.same(await scene.harness.configure('laddr.list', {}), []);
});
