// One node with a port towards each of two switches, its VIP on both: a link goes, and the other, and nobody misses the VIP for longer than
// OSPF takes; also the connections that are open.
import t from 'tap';
import { DpvsNode, eventually, Frr, isFull, Lab, must, outage, plan } from '../../lab/index.js';
import { addCables, addMember } from '../../lab/network.js';
import { skip } from './support.js';

const { vip, client, ospfTimers, switchName, wanPort } = plan;
const both = 'dpdk1,dpdk2';
/** The second port of the node, and its link; the link between the switches; the client's second link. */
const [secondPort, secondSwitch, between, toClient] = ['wan1', '172.10.1', '172.10.2', '10.0.1'];
const ospfNetwork = (first: string, length: number): string => `network ${first}.0/${length} area 0.0.0.0`;
t.setTimeout(180_000);

/** The lab's switch, its client and its real servers, a second switch beside them, and a node of two WAN ports. */
class Scene {
  readonly second: Frr;
  readonly node: DpvsNode;

  private constructor(readonly lab: Lab) {
    const { state, nodes } = lab;
    this.second = new Frr(state, 'switch2');
    const [{ plan: nodePlan, options }] = nodes;
    this.node = new DpvsNode(state, nodePlan, { ...options, wanPorts: [wanPort, secondPort] });
  }

  static async up(): Promise<Scene> {
    const lab = await Lab.up({ nodeCount: 1, startNodes: false, ospfNetwork: 'point-to-point' });
    const scene = new Scene(lab);
    try {
      await scene.#secondSwitch();
      await scene.#startNode();
    } catch (error) {
      await lab.down();
      throw error;
    }
    return scene;
  }

  in(member: string, ...argv: string[]): Promise<string> {
    return must(argv, { namespace: this.lab.state.namespace(member) });
  }

  /** Pulled at the switch, so that the node's port loses its carrier. */
  cable(which: 'first' | 'second', state: 'up' | 'down'): Promise<string> {
    return this.in(which === 'first' ? switchName : 'switch2', 'ip', 'link', 'set', 'to-node1', state);
  }

  /** By which interfaces the two switches reach the VIP. */
  async ways(): Promise<string> {
    const each = await Promise.all(
      [switchName, 'switch2'].map((member) => this.in(member, 'ip', '-json', 'route', 'show', `${vip}/32`)),
    );
    return each
      .map((text) => (JSON.parse(text || '[]') as { dev?: string; nexthops?: { dev: string }[] }[])[0])
      .map((route) => route?.dev ?? route?.nexthops?.map(({ dev }) => dev).join('+') ?? 'none')
      .join(' ');
  }

  waysBecome(wanted: string, timeoutMs = 20_000): Promise<string> {
    return eventually(
      `the switches reach the VIP by ${wanted}`,
      () => this.ways(),
      (seen) => seen === wanted,
      {
        timeoutMs,
        everyMs: 50,
      },
    );
  }

  async vip() {
    const found = (await this.node.routing()).vips.find((each) => each.vip === vip);
    if (found === undefined) throw new Error('the bridge does not know the VIP');
    return found;
  }

  /** Until status says so of its ports, one after the other. */
  async carries(...wanted: boolean[]) {
    return eventually(
      `dpdk1 and dpdk2 carry the VIP: ${wanted.join(' and ')}`,
      () => this.vip(),
      ({ ports }) => ports.map(({ carries }) => carries).join() === wanted.join(),
      { timeoutMs: 30_000, everyMs: 100 },
    );
  }

  async #secondSwitch(): Promise<void> {
    const { lab, second } = this;
    const { state } = lab;
    await addMember(state, 'switch2', true);
    await addCables(state, [
      { a: 'node1', aName: secondPort, b: 'switch2', bName: 'to-node1' },
      { a: switchName, aName: 'to-switch2', b: 'switch2', bName: 'to-switch' },
      { a: client.name, aName: 'eth1', b: 'switch2', bName: 'to-client' },
    ]);
    const at = async (member: string, device: string, address?: string): Promise<void> => {
      await this.in(member, 'ip', 'link', 'set', device, 'up');
      if (address !== undefined) await this.in(member, 'ip', 'address', 'add', address, 'dev', device);
    };
    await at('node1', secondPort);
    await at('switch2', 'lo');
    await at('switch2', 'to-node1', `${secondSwitch}.1/30`);
    await at('switch2', 'to-switch', `${between}.2/30`);
    await at('switch2', 'to-client', `${toClient}.1/24`);
    await at(switchName, 'to-switch2', `${between}.1/30`);
    await at(client.name, 'eth1', `${toClient}.2/24`);
    // Its connections go by both switches, all from one address.
    await this.in(
      client.name,
      'sysctl',
      '-q',
      '-w',
      'net.ipv4.fib_multipath_hash_policy=3',
      'net.ipv4.fib_multipath_hash_fields=0x37',
    );
    const ways = ['nexthop', 'via', client.gateway, 'nexthop', 'via', `${toClient}.1`];
    await this.in(client.name, 'ip', 'route', 'add', `${vip}/32`, 'src', client.address, ...ways);

    await second.writeConfig({
      // As the lab's switch, and why: lab/switch.ts.
      'zebra.conf': 'hostname switch2\nno zebra nexthop kernel enable\n',
      'ospfd.conf': [
        'hostname switch2',
        ...['to-node1', 'to-switch'].flatMap((name) => this.#ospfLink(name)),
        'router ospf',
        'ospf router-id 10.0.0.2',
        'timers lsa min-arrival 0',
        ospfNetwork(secondSwitch, 30),
        ospfNetwork(between, 30),
        '',
      ].join('\n'),
    });
    await second.start();
    const lines = ['configure terminal', ...this.#ospfLink('to-switch2'), 'router ospf', ospfNetwork(between, 30)];
    await this.in(
      switchName,
      'vtysh',
      ...lab.switch.frr.vtyshOptions,
      '-d',
      'ospfd',
      ...lines.flatMap((line) => ['-c', line]),
    );
  }

  #ospfLink(name: string): string[] {
    return [
      `interface ${name}`,
      'ip ospf network point-to-point',
      `ip ospf hello-interval ${ospfTimers.helloSeconds}`,
      `ip ospf dead-interval ${ospfTimers.deadSeconds}`,
      'ip ospf cost 10',
      'exit',
    ];
  }

  async #startNode(): Promise<void> {
    const { node } = this;
    await node.startDataplane();
    const kni = async (name: string, address: string): Promise<void> => {
      await this.in('node1', 'ip', 'link', 'set', name, 'up');
      await this.in('node1', 'ip', 'address', 'add', address, 'dev', name);
    };
    // No default route: zebra learns the way to the clients.
    await kni('dpdk1.kni', `${node.plan.wanAddress}/30`);
    await kni('dpdk2.kni', `${secondSwitch}.2/30`);
    await node.provision();
    await node.cliOrThrow('dpvs-route', [
      ...['config', '--out', node.frr.configDirectory, '--router-id', node.plan.routerId],
      ...['--interface', 'dpdk1.kni,dpdk2.kni', '--ospf-network', 'point-to-point', '--log-directory', 'none'],
    ]);
    await node.frr.start();
    await node.startBridge();
    await eventually(
      'both adjacencies are Full',
      () => node.frr.neighbours(),
      (seen) => seen.filter(isFull).length === 2,
      { timeoutMs: 40_000, everyMs: 250 },
    );
  }
}

t.test('two switches', { skip }, async (t) => {
  const scene = await Scene.up();
  const { lab, node } = scene;
  t.teardown(() => lab.down());
  const direct = 'to-node1 to-node1';

  await t.test('announced through both', async (t) => {
    const said = await node.cliOrThrow('dpvs-route', ['announce', vip, '--dev', both]);
    t.match(said, `${vip}/32 announced on ${both}`);
    await scene.waysBecome(direct);
    t.match(await scene.carries(true, true), { state: 'announced', device: both, reason: null });
    for (const kni of ['dpdk1.kni', 'dpdk2.kni'])
      t.match(await scene.in('node1', 'ip', '-brief', 'address', 'show', 'dev', kni), `${vip}/32`);
  });

  await t.test('a link goes and comes, then the other: requests go on', async (t) => {
    const streams = await Promise.all([lab.client.stream(20, 3000), lab.client.keptConnection(20, 10_000)]);
    const moments: number[] = [];
    for (const [which, alone] of [
      ['first', 'to-switch2 to-node1'],
      ['second', 'to-node1 to-switch'],
    ] as const) {
      moments.push(Date.now());
      await scene.cable(which, 'down');
      const lost = await scene.carries(which !== 'first', which !== 'second');
      const device = which === 'first' ? 'dpdk1' : 'dpdk2';
      t.match(lost, { state: 'announced', reason: null }, `without ${device}`);
      const { reason } = lost.ports.find(({ carries }) => !carries)!;
      t.match(reason, { at: /^(port|kni)$/, detail: new RegExp(device) }, 'and status says why');
      await scene.waysBecome(alone);
      const status = await node.cliOrThrow('dpvs-route', ['status']);
      t.match(
        status,
        new RegExp(`${vip}/32 +${both} +announced .* by ${device === 'dpdk1' ? 'dpdk2' : 'dpdk1'} only; `),
      );
      const settled = Date.now();
      await eventually(
        'more requests',
        async () => streams[0].samples.filter(({ at }) => at > settled).length,
        (n) => n > 50,
      );
      await scene.cable(which, 'up');
      await scene.carries(true, true);
      await scene.waysBecome(direct);
    }
    const { forSeconds } = await scene.vip();
    t.ok(forSeconds * 1000 > Date.now() - moments[0], 'announced all the time');
    const [fresh, kept] = await Promise.all(streams.map((stream) => stream.stop()));
    for (const [i, moment] of moments.entries()) {
      const end = moments[i + 1] ?? Number.POSITIVE_INFINITY;
      const seen = outage(
        fresh.filter(({ at }) => at < end),
        moment,
      );
      t.comment(`${i === 0 ? 'first' : 'second'} link: ${JSON.stringify(seen)}`);
      t.ok(seen.requests > 100, 'enough requests');
      t.ok(
        seen.durationMs < ospfTimers.deadSeconds * 1000,
        `missed for ${seen.durationMs} ms, less than the dead interval`,
      );
    }
    const failures = kept.filter(({ ok }) => !ok);
    t.same(failures, [], 'the open connection goes on');
    t.equal(new Set(kept.map(({ port }) => port)).size, 1, 'and is still the same');
  });

  await t.test('drained on both ports, brought back, withdrawn: both switches know', async (t) => {
    await node.cliOrThrow('dpvs-route', ['drain', vip, '--force', '--deadline', '1', '--wait', '60']);
    await scene.waysBecome('none none');
    for (const kni of ['dpdk1.kni', 'dpdk2.kni'])
      t.notMatch(await scene.in('node1', 'ip', '-brief', 'address', 'show', 'dev', kni), vip);
    await node.cliOrThrow('dpvs-route', ['undrain', vip]);
    await scene.waysBecome(direct);
    await scene.carries(true, true);
    await node.cliOrThrow('dpvs-route', ['withdraw', vip]);
    await scene.waysBecome('none none');
    t.same((await node.routing()).vips, []);
  });
});
