// A node and a switch in two network namespaces, joined by a veth whose node side is called dpdk1.kni: real zebra and ospfd on both,
// the real bridge and command line on the node, and a mock in place of the dataplane.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Subscriber } from 'zeromq';
import {
  type Daemon,
  eventually,
  Frr,
  isFull,
  must,
  NodeApi,
  type Outcome,
  postWarden,
  RunState,
  run,
  sendSignal,
  startDaemon,
  teardown,
  waitForEnd,
} from '../../../lab/index.js';
import type { VipDetail } from '../../../routing/index.js';
import { MockDataplane } from './mock-dataplane.js';
import { nodeFiles, type Protocol, runOptions, switchFiles } from './protocols.js';

export const program = fileURLToPath(new URL('../../../../bin/dpvs-route', import.meta.url));
export const kni = 'dpdk1.kni';
export const nodeAddress = '172.31.7.2';
export const network = '172.31.7.0/30';

export type LinkType = 'broadcast' | 'point-to-point';

type Transition = VipDetail['history'][number];
type AnnouncementEvent = Pick<Transition, 'from' | 'to' | 'reason'> & { readonly vip: string };

export interface SceneOptions {
  readonly linkType?: LinkType;
  readonly form?: 'redistribute' | 'network';
  readonly protocol?: Protocol;
  /** Between node and switch is a bridge, in the switch's namespace, so that a third router can join them (third.ts). */
  readonly segment?: boolean;
}

export class Scene {
  readonly node: string;
  readonly switch: string;
  readonly nodeFrr: Frr;
  readonly switchFrr: Frr;
  readonly dataplane: MockDataplane;
  readonly linkType: LinkType;
  readonly form: 'redistribute' | 'network';
  readonly protocol: Protocol;
  readonly segment: boolean;
  /** Of the network between node and switch: a third address where there is to be a third router. */
  readonly prefixLength: 29 | 30;
  #bridge: Daemon | null = null;

  private constructor(
    readonly state: RunState,
    { linkType = 'point-to-point', form = 'redistribute', protocol = 'ospf', segment = false }: SceneOptions,
  ) {
    this.node = state.namespace('node');
    this.switch = state.namespace('switch');
    this.nodeFrr = new Frr(state, 'node');
    this.switchFrr = new Frr(state, 'switch');
    this.linkType = linkType;
    this.form = form;
    this.protocol = protocol;
    this.segment = segment;
    this.prefixLength = segment ? 29 : 30;
    this.dataplane = new MockDataplane(this.node, join(state.directory, 'run'));
  }

  static async up(options: SceneOptions = {}): Promise<Scene> {
    const scene = new Scene(RunState.create({}), options);
    postWarden(scene.state.prefix);
    try {
      await scene.#build();
    } catch (error) {
      await scene.down();
      throw error;
    }
    return scene;
  }

  async down(): Promise<void> {
    await this.dataplane.stop();
    await teardown(this.state);
  }

  get #runDirectory(): string {
    return join(this.state.directory, 'run');
  }

  /** The bridge's API. */
  get api(): NodeApi {
    return new NodeApi(this.node, this.#runDirectory);
  }

  /** The bridge's events of VIPs, from now on. */
  async announcements(): Promise<{ readonly heard: readonly AnnouncementEvent[]; close(): void }> {
    const heard: AnnouncementEvent[] = [];
    const subscriber = new Subscriber();
    // A subscription travels, too: what is published before it has arrived is not heard.
    const connected = new Promise<void>((resolve) => subscriber.events.on('handshake', () => resolve()));
    subscriber.connect(`ipc://${this.#runDirectory}/${this.node}.route.events.sock`);
    subscriber.subscribe('announcement');
    void (async () => {
      for await (const [, body] of subscriber) heard.push(JSON.parse(String(body)) as AnnouncementEvent);
    })();
    await connected;
    return { heard, close: () => subscriber.close() };
  }

  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      DPVS_NAME: this.node,
      DPVS_RUN_DIR: this.#runDirectory,
      DPVS_STATE_DIR: join(this.state.directory, 'state'),
    };
  }

  get journalFile(): string {
    return join(this.state.directory, 'state', `${this.node}.route.json`);
  }

  /** dpvs-route in the node's namespace. */
  cli(...args: string[]): Promise<Outcome> {
    return run([program, ...args], { namespace: this.node, env: this.env, timeoutMs: 60_000 });
  }

  async startBridge(...args: string[]): Promise<Daemon> {
    const how = this.protocol === 'ospf' ? ['--form', this.form] : runOptions[this.protocol];
    const argv = [program, 'run', '--frr-namespace', this.nodeFrr.pathspace, ...how, ...args];
    const daemon = await startDaemon(this.state, { member: 'node', what: 'bridge', argv, env: this.env });
    this.#bridge = daemon;
    await eventually(
      'the bridge answers',
      async () => (daemon.alive ? await this.api.bridge('status', {}) : daemon.logTail()),
      (seen) => typeof seen !== 'string',
    );
    return daemon;
  }

  async killBridge(signal: NodeJS.Signals): Promise<void> {
    const { ref } = this.#bridge!;
    sendSignal(ref, signal);
    if (!(await waitForEnd([ref], 15_000))) throw new Error(`the bridge survived ${signal}`);
  }

  get bridgeLog(): string {
    return this.#bridge?.logTail(60) ?? '';
  }

  /** Whether the switch's kernel has a route to the address through the node. */
  async learned(address: string): Promise<boolean> {
    const show = ['ip', address.includes(':') ? '-6' : '-4', 'route', 'show', address];
    return (await must(show, { namespace: this.switch })).includes('dev to-node');
  }

  async becomes(address: string, learned: boolean, timeoutMs = 5_000): Promise<void> {
    await eventually(
      `the switch ${learned ? 'has' : 'has no'} route to ${address}`,
      () => this.learned(address),
      (seen) => seen === learned,
      { timeoutMs, everyMs: 50 },
    );
  }

  async kniAddresses(): Promise<string> {
    return must(['ip', '-brief', 'address', 'show', 'dev', kni], { namespace: this.node });
  }

  ip(...args: string[]): Promise<string> {
    return must(['ip', ...args], { namespace: this.node });
  }

  /** Those of node and switch; with a peer the switch has one more. */
  async full(adjacencies = 2): Promise<void> {
    await eventually(
      'the adjacency is Full on both sides',
      async () => [...(await this.nodeFrr.neighbours()), ...(await this.switchFrr.neighbours())],
      (seen) => seen.length === adjacencies && seen.every(isFull),
      { timeoutMs: 40_000, everyMs: 250 },
    );
  }

  async #build(): Promise<void> {
    for (const name of [this.node, this.switch]) {
      this.state.add('namespaces', name);
      await must(['ip', 'netns', 'add', name]);
      await must(['ip', 'link', 'set', 'lo', 'up'], { namespace: name });
    }
    const inSwitch = { namespace: this.switch };
    const far = ['peer', 'name', this.segment ? 'port-node' : 'to-node', 'netns', this.switch];
    await must(['ip', 'link', 'add', kni, 'netns', this.node, 'type', 'veth', ...far]);
    if (this.segment) {
      await must(['ip', 'link', 'add', 'to-node', 'type', 'bridge', 'mcast_snooping', '0'], inSwitch);
      await must(['ip', 'link', 'set', 'port-node', 'up', 'master', 'to-node'], inSwitch);
    }
    await this.ip('link', 'set', kni, 'up');
    await this.ip('address', 'add', `${nodeAddress}/${this.prefixLength}`, 'dev', kni);
    await must(['ip', 'link', 'set', 'to-node', 'up'], inSwitch);
    await must(['ip', 'address', 'add', `172.31.7.1/${this.prefixLength}`, 'dev', 'to-node'], inSwitch);
    for (const directory of ['run', 'state']) mkdirSync(join(this.state.directory, directory), { mode: 0o700 });
    await this.dataplane.start();

    if (this.protocol === 'ospf') await this.#generate();
    else await this.#writeFiles(this.protocol);
    await Promise.all([this.nodeFrr.start(), this.switchFrr.start()]);
  }

  async #generate(): Promise<void> {
    const { code, stderr } = await this.cli(
      ...['config', '--form', this.form, '--ospf-network', this.linkType, '--log-directory', 'none'],
      ...['--graceful-restart', '60'],
      ...['--out', this.nodeFrr.configDirectory, '--hostname', 'node'],
    );
    if (code !== 0) throw new Error(stderr);
    await this.switchFrr.writeConfig({
      'zebra.conf': 'hostname switch\n',
      'ospfd.conf': [
        'hostname switch',
        'interface to-node',
        ` ip ospf network ${this.linkType}`,
        ' ip ospf hello-interval 1',
        ' ip ospf dead-interval 4',
        'router ospf',
        ' ospf router-id 10.0.0.1',
        ` network 172.31.7.0/${this.prefixLength} area 0.0.0.0`,
        ' capability opaque',
        ' graceful-restart helper enable',
        ' no graceful-restart helper strict-lsa-checking',
        // Of a peer, where there is one (peer.ts).
        'interface to-peer',
        ' ip ospf network point-to-point',
        ' ip ospf hello-interval 1',
        ' ip ospf dead-interval 4',
        'router ospf',
        ' network 172.31.8.0/30 area 0.0.0.0',
        '',
      ].join('\n'),
    });
  }

  async #writeFiles(protocol: Exclude<Protocol, 'ospf'>): Promise<void> {
    await this.ip('address', 'add', '2001:db8:7::2/64', 'dev', kni, 'nodad');
    await must(['ip', 'address', 'add', '2001:db8:7::1/64', 'dev', 'to-node', 'nodad'], { namespace: this.switch });
    await this.nodeFrr.writeConfig(nodeFiles[protocol]);
    await this.switchFrr.writeConfig(switchFiles[protocol]);
  }
}
