// Seeded fuzz of the packet path. Whatever comes in: nothing crashes, every packet is accounted for exactly once, what comes out is sound.
import root, { type Test } from 'tap';
import type { PortName } from '../support/harness.js';
import { arpReply, arpRequest } from '../support/hosts.js';
import { mutant } from '../support/mutate.js';
import { advertisement, dissect, type NdSpec, packet, solicitation, toHex } from '../support/packet/index.js';
import { chosenSeed, fuzzBudget, Random } from '../support/random.js';
import { type Exchange, only, type Scene, tell } from '../support/scene.js';
import { addressed, TcpFlow } from '../support/tcp-flow.js';
import { client, gateway, lip, servers, vip, vport } from '../support/two-arm.js';
import { client6, lip6, packetTest6With, router6, servers6, tcpFlow6, udpFlow6, vip6 } from '../support/two-arm6.js';
import { UdpFlow } from '../support/udp-flow.js';
import { events } from './reasons.js';
import { equalPackets } from './verdict.js';

const wires: readonly PortName[] = ['dpdk0', 'dpdk1'];
const kernels: readonly PortName[] = ['dpdk0.kni', 'dpdk1.kni'];

type Corpus = Readonly<Record<'dpdk0' | 'dpdk1', readonly Uint8Array[]>>;

async function seedCorpus(scene: Scene): Promise<Corpus> {
  const parts = [
    await seedCorpus4(scene),
    await seedCorpus6(scene),
    await seedCorpusDirect(scene),
    await seedCorpusSnat(scene),
  ];
  return { dpdk0: parts.flatMap(({ dpdk0 }) => dpdk0), dpdk1: parts.flatMap(({ dpdk1 }) => dpdk1) };
}

/** Direct routing beside it: what clients send, and errors about what the servers answered past this node. */
async function seedCorpusDirect(scene: Scene): Promise<Corpus> {
  const frames: Uint8Array[] = [];
  for (const [from, vip, server] of [
    [client, '10.0.0.101', servers[1]],
    [client6, '2001:db8::101', servers6[1]],
  ] as const) {
    const service = { protocol: 'tcp', address: vip, port: vport } as const;
    await scene.harness.configure('addr.add', { address: vip, device: 'dpdk1' });
    await scene.harness.configure('service.add', { service });
    const key = { address: server.address, port: vport };
    await scene.harness.configure('server.add', { service, server: key, forwarding: 'Route' });
    const flow = new TcpFlow(scene, { from, vip, sport: 2002 });
    frames.push(...['S', 'A', 'PA', 'FA', 'R'].map((flags) => flow.clientFrame({ flags, data: 'data' }).build()));
    const answer = addressed(packet(), vip, from.address, {}, {}).tcp({ sport: vport, dport: 2002 }).payload(64);
    const error = addressed(packet().eth({ src: gateway.mac, dst: scene.mac('dpdk1') }), from.address, vip, {}, {});
    const tooBig = from === client ? error.icmp({ type: 3, code: 4, mtu: 1300 }) : error.icmp6({ type: 2, mtu: 1300 });
    frames.push(tooBig.payload(answer.build()).build());
  }
  await scene.exchange('dpdk1', ...frames.filter((_, i) => i % 6 < 2));
  return { dpdk0: [], dpdk1: frames };
}

/** SNAT beside it: what a host of the LAN sends to the Internet, what comes back, errors about both. */
async function seedCorpusSnat(scene: Scene): Promise<Corpus> {
  const { harness } = scene;
  const [from, wan, remote] = [servers[1], '10.0.0.3', '198.51.100.80'];
  await harness.configure('addr.add', { address: wan, prefixLength: 16, device: 'dpdk1', sapool: true });
  await harness.configure('route.add', {
    destination: '198.51.100.0/24',
    gateway: gateway.address,
    device: 'dpdk1',
    mtu: 1400,
  });
  for (const protocol of ['tcp', 'udp', 'icmp'] as const) {
    const service = { protocol: 'match', match: { protocol, inDevice: 'dpdk0', outDevice: 'dpdk1' } } as const;
    await harness.configure('service.add', { service });
    await harness.configure('server.add', { service, server: { address: wan, port: 0 }, forwarding: 'SNAT' });
  }
  const out: Uint8Array[] = [];
  const back: Uint8Array[] = [];
  const lan = packet()
    .eth({ src: from.mac, dst: scene.mac('dpdk0') })
    .ip4({ src: from.address, dst: remote });
  const internet = packet()
    .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: remote, dst: wan });
  const router = packet()
    .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: '203.0.113.9', dst: wan });
  const syn = lan.tcp({ sport: 3, dport: 80, flags: 'S' }).build();
  const datagram = lan.udp({ sport: 3, dport: 53 }).payload(40).build();
  const ping = lan.icmp({ type: 8, id: 3, seq: 1 }).payload(40).build();
  out.push(syn, datagram, ping);
  for (const sent of [syn, datagram, ping]) {
    const left = only(await scene.exchange('dpdk0', sent), 'dpdk1');
    const error = router.icmp({ type: 11 }).payload(left.bytes.slice(14, 62)).build();
    back.push(error);
    if (left.tcp !== undefined)
      for (const flags of ['SA', 'A', 'FA', 'R'])
        back.push(internet.tcp({ sport: 80, dport: left.tcp.sport, flags }).payload(20).build());
    if (left.udp !== undefined) back.push(internet.udp({ sport: 53, dport: left.udp.sport }).payload(40).build());
    if (left.icmp !== undefined) back.push(internet.icmp({ type: 0, id: left.icmp.id, seq: 1 }).payload(40).build());
  }
  const quoted = only(await scene.exchange('dpdk1', back.at(-1)!), 'dpdk0').bytes.slice(14);
  for (const flags of ['A', 'PA', 'FA', 'R']) out.push(lan.tcp({ sport: 3, dport: 80, flags }).payload(20).build());
  out.push(
    lan.icmp({ type: 3, code: 3 }).payload(quoted).build(),
    lan.udp({ sport: 4, dport: 53 }).payload(1472).build(),
  );
  return { dpdk0: out, dpdk1: back };
}

async function seedCorpus4(scene: Scene): Promise<Corpus> {
  const tcp = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const young = new TcpFlow(scene, { sport: 2000 });
  await young.syn();
  await young.synAck();
  const udp = new UdpFlow(scene);
  const asked = await udp.fromClient();
  const wan = packet().eth({ src: client.mac, dst: scene.mac('dpdk1') });
  const lan = packet().eth({ src: servers[0].mac, dst: scene.mac('dpdk0') });
  const toKernel = packet()
    .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: '172.10.0.1', dst: '172.10.0.2' });
  return {
    dpdk1: [
      ...['A', 'PA', 'FA', 'R', 'S'].map((flags) => tcp.clientFrame({ flags, data: 'data' }).build()),
      ...['A', 'PA'].map((flags) => young.clientFrame({ flags, data: 'data' }).build()),
      new TcpFlow(scene, { sport: 2001 }).clientFrame({ flags: 'S', ack: 0 }).pad().build(),
      udp.clientFrame().build(),
      udp.clientFrame({ checksum: 'none' }).build(),
      arpRequest(client, vip),
      arpReply(client, scene.mac('dpdk1'), vip),
      wan.ip4({ src: client.address, dst: vip }).icmp({ type: 8, id: 1, seq: 2 }).payload(56).build(),
      wan.ip4({ src: client.address, dst: vip, mf: true }).udp({ sport: 1, dport: 53 }).payload(64).build(),
      wan.ip4({ src: client.address, dst: servers[0].address }).udp({ sport: 1, dport: 2 }).build(),
      wan.vlan({ id: 5 }).ip4({ src: client.address, dst: vip }).udp({ sport: 1, dport: 2 }).build(),
      wan.ip6({ src: 'fe80::1', dst: 'ff02::1' }).icmp6({ type: 134 }).payload(24).build(),
      packet()
        .eth({ src: gateway.mac, dst: '01:00:5e:00:00:05' })
        .ip4({ src: '172.10.0.1', dst: '224.0.0.5', protocol: 89, ttl: 1 })
        .payload(44)
        .build(),
      toKernel.tcp({ sport: 1, dport: 22, flags: 'S' }).build(),
    ],
    dpdk0: [
      ...['A', 'PA', 'FA', 'RA', 'SA'].map((flags) => tcp.serverFrame({ flags, data: 'data' }).build()),
      young.serverFrame({ flags: 'PA', data: 'first' }).build(),
      udp.serverFrame().build(),
      arpRequest(servers[0], lip),
      arpReply(servers[0], scene.mac('dpdk0'), lip),
      lan.ip4({ src: servers[0].address, dst: lip }).icmp({ type: 8, id: 1, seq: 2 }).payload(5).build(),
      lan
        .ip4({ src: servers[0].address, dst: lip })
        .icmp({ type: 3, code: 3 })
        .payload(asked.bytes.slice(14, 60))
        .build(),
    ],
  };
}

async function seedCorpus6(scene: Scene): Promise<Corpus> {
  const tcp = await (await tcpFlow6(scene).establish()).serverSpeaks();
  const young = tcpFlow6(scene, { sport: 2000 });
  await young.syn();
  await young.synAck();
  const udp = udpFlow6(scene);
  const asked = await udp.fromClient();
  const wan = packet().eth({ src: client6.mac, dst: scene.mac('dpdk1') });
  const toVip = wan.ip6({ src: client6.address, dst: vip6 });
  const lan = packet().eth({ src: servers6[0].mac, dst: scene.mac('dpdk0') });
  const nd: NdSpec = { from: client6, target: vip6 };
  const router: NdSpec = { from: router6, target: router6.address };
  return {
    dpdk1: [
      ...['A', 'PA', 'FA', 'R', 'S'].map((flags) => tcp.clientFrame({ flags, data: 'data' }).build()),
      ...['A', 'PA'].map((flags) => young.clientFrame({ flags, data: 'data' }).build()),
      tcpFlow6(scene, { sport: 2001 }).clientFrame({ flags: 'S', ack: 0 }).build(),
      udp.clientFrame().build(),
      solicitation(nd).build(),
      solicitation({ ...nd, to: { address: vip6, mac: scene.mac('dpdk1') } }).build(),
      solicitation({ from: { ...client6, address: '::' }, target: vip6, options: [] }).build(),
      advertisement({ ...router, to: { address: vip6, mac: scene.mac('dpdk1') } }).build(),
      advertisement(router, 0x2000).build(),
      toVip.icmp6({ type: 128, id: 1, seq: 2 }).payload(56).build(),
      toVip.icmp6({ type: 2, mtu: 1280 }).payload(asked.bytes.slice(14)).build(),
      wan.ip6({ src: router6.address, dst: 'ff02::5', nextHeader: 89, hopLimit: 1 }).payload(36).build(),
      wan.ip6({ src: client6.address, dst: '2001:db8:c::2' }).tcp({ sport: 1, dport: 22, flags: 'S' }).build(),
    ],
    dpdk0: [
      ...['A', 'PA', 'FA', 'RA', 'SA'].map((flags) => tcp.serverFrame({ flags, data: 'data' }).build()),
      young.serverFrame({ flags: 'PA', data: 'first' }).build(),
      udp.serverFrame().build(),
      solicitation({ from: servers6[0], target: lip6 }).build(),
      advertisement({ from: servers6[0], target: servers6[0].address }, 0x2000).build(),
      lan.ip6({ src: servers6[0].address, dst: lip6 }).icmp6({ type: 128, id: 1 }).payload(5).build(),
      lan
        .ip6({ src: servers6[0].address, dst: lip6 })
        .icmp6({ type: 1, code: 4 })
        .payload(asked.bytes.slice(14))
        .build(),
    ],
  };
}

const total = ({ rises }: Exchange, names: readonly string[]): number =>
  names.reduce((sum, name) => sum + (rises.get(`event.${name}`) ?? 0), 0);

/** in + generated = out + dropped + consumed + newly held. @returns a sentence when it is not so. */
function imbalance(exchange: Exchange, sent: number, held: number): string | undefined {
  const seen = [...wires, ...kernels].reduce((sum, port) => sum + exchange.out[port].length, 0);
  const out = seen + exchange.answered + exchange.copies;
  const source = sent + exchange.answered + total(exchange, events.generated);
  const sink = out + exchange.drops + total(exchange, events.consumed) + held;
  return source === sink ? undefined : `${source} packets in and made, ${sink} out, dropped, consumed or held`;
}

const remembered = new WeakMap<Uint8Array, ReadonlySet<string>>();

/** A frame's faults by their kinds, without numbers. */
function kinds(frame: Uint8Array): ReadonlySet<string> {
  const known = remembered.get(frame);
  if (known !== undefined) return known;
  const found = new Set(dissect(frame).problems.map((problem) => problem.replace(/0x[0-9a-f]+|\d+/g, '#')));
  remembered.set(frame, found);
  return found;
}

/** Frames that may come out now: those just sent, newest first, and as long as anything waits inside also earlier ones. */
class Candidates {
  static readonly LIMIT = 4096;
  #frames: readonly Uint8Array[] = [];

  add(frames: readonly Uint8Array[], heldBefore: number): readonly Uint8Array[] {
    this.#frames = [...frames, ...(heldBefore > 0 ? this.#frames : [])].slice(0, Candidates.LIMIT);
    return this.#frames;
  }
}

/** Faults in what came out of a wire that nothing that went in can explain, and punts that are not what went in. */
function unsound(exchange: Exchange, sent: readonly Uint8Array[]): string[] {
  const known = new Set(sent.flatMap((frame) => [...kinds(frame)]));
  // The dataplane answers for Ethernet and IP whatever the sender did; layer 4 it passes on as it came. What an
  // ICMP error quotes is the quoting host's word; icmp-related.test.ts judges its translation.
  const excused = (kind: string) =>
    /^quoted/.test(kind) || (known.has(kind) && !/^(eth|ip4: (?!reserved)|ip6)/.test(kind));
  const faults = wires.flatMap((port) =>
    exchange.out[port].flatMap((frame) =>
      [...kinds(frame)].filter((kind) => !excused(kind)).map((kind) => `${port}: ${kind}`),
    ),
  );
  const altered = kernels.flatMap((port) =>
    exchange.out[port]
      .filter((frame) => !sent.some((one) => equalPackets(one, frame)))
      .map(() => `${port}: not what came in`),
  );
  return [...faults, ...altered];
}

/** Mostly sends; sometimes lets time pass, and now and then kills the slow path while what was sent is still unread. */
async function provoke(scene: Scene, random: Random, port: PortName, frames: readonly Uint8Array[]): Promise<Exchange> {
  if (random.chance(0.03)) return scene.advance(random.below(20_000));
  if (random.chance(0.99)) return scene.exchange(port, ...frames);
  return scene.watch(async () => {
    scene.harness.send(port, frames);
    await scene.harness.restartSlowPath?.();
  }, frames.length);
}

async function fuzz(t: Test, scene: Scene): Promise<void> {
  const random = new Random(chosenSeed());
  t.comment(`FUZZ_SEED=${random.seed} FUZZ_MS=${fuzzBudget()}`);
  await scene.harness.configure('route.add', { destination: '172.10.0.2/32', device: 'dpdk1', scope: 'kni_host' });
  const corpus = await seedCorpus(scene);
  const candidates = new Candidates();
  const end = Date.now() + fuzzBudget();
  let packets = 0;
  for (let round = 0; Date.now() < end; round++) {
    const wire = random.pick(['dpdk0', 'dpdk1'] as const);
    const port: PortName = random.chance(0.05) ? `${wire}.kni` : wire;
    const frames = Array.from({ length: random.chance(0.7) ? 1 : 1 + random.below(40) }, () =>
      mutant(random, corpus[wire]),
    );
    const heldBefore = await scene.harness.held();
    const exchange = await provoke(scene, random, port, frames);
    const sent = exchange.sent > 0 ? frames : [];
    packets += sent.length;
    const held = (await scene.harness.held()) - heldBefore;
    // A kernel's frame leaves as it is, faults included.
    const possible = candidates.add(sent, heldBefore);
    const faults = port.endsWith('.kni') ? [] : unsound(exchange, possible);
    scene.faults.splice(0);
    const wrong = [imbalance(exchange, sent.length, held), ...faults].filter((line) => line !== undefined);
    if (wrong.length > 0) {
      t.fail(`round ${round} on ${port}: ${wrong.join('; ')}`, { sent: sent.map(toHex), happened: tell(exchange) });
      return;
    }
  }
  t.ok(packets > 0, `${packets} packets, each accounted for`);
}

root.setTimeout(fuzzBudget() + 120_000);

packetTest6With('every packet ends in exactly one place', { connections: 4096 }, async (t, scene) => {
  t.setTimeout(fuzzBudget() + 60_000);
  await fuzz(t, scene);
  await scene.advance(400_000);
  t.same(await scene.harness.connections(), [], 'and every connection ends');
  scene.hosts.add('dpdk0', ...servers);
  for (const { address, mac } of [client, ...servers]) {
    const device = address === client.address ? 'dpdk1' : 'dpdk0';
    await scene.exchange(device, arpReply({ address, mac }, scene.mac(device), device === 'dpdk1' ? vip : lip));
  }
  const flow = await new TcpFlow(scene, { sport: 60_000 }).establish();
  t.equal((await flow.fromServer({ flags: 'PA', data: 'alive' })).payload.length, 5);
});
