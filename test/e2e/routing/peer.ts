// A second node of a scene, on a link of its own to the switch: zebra and ospfd without a bridge. It announces the addresses that its
// interface `vips` is given, with the same metric as the bridge's.
import { eventually, Frr, isFull, must } from '../../../lab/index.js';
import type { Scene } from './scene.js';

const address = '172.31.8.2';
const switchAddress = '172.31.8.1';
export const peerRouter = '10.0.0.9';

export class Peer {
  readonly #frr: Frr;

  private constructor(
    readonly scene: Scene,
    readonly namespace: string,
  ) {
    this.#frr = new Frr(scene.state, 'peer');
  }

  static async up(scene: Scene): Promise<Peer> {
    const peer = new Peer(scene, scene.state.namespace('peer'));
    await peer.#build();
    return peer;
  }

  announce(vip: string): Promise<string> {
    return must(['ip', 'address', 'add', `${vip}/32`, 'dev', 'vips'], { namespace: this.namespace });
  }

  withdraw(vip: string): Promise<string> {
    return must(['ip', 'address', 'del', `${vip}/32`, 'dev', 'vips'], { namespace: this.namespace });
  }

  /** Without a word to anybody, as a node that loses its power. */
  powerOff(): Promise<void> {
    return this.#frr.kill('ospfd', 'SIGKILL');
  }

  /** Whether the switch's kernel has a route to the address through this node. */
  async learned(vip: string): Promise<boolean> {
    const { scene } = this;
    return (await must(['ip', 'route', 'show', `${vip}/32`], { namespace: scene.switch })).includes(address);
  }

  async becomes(vip: string, learned: boolean, timeoutMs = 15_000): Promise<void> {
    await eventually(
      `the switch ${learned ? 'has' : 'has no'} route to ${vip} through the peer`,
      () => this.learned(vip),
      (seen) => seen === learned,
      { timeoutMs, everyMs: 50 },
    );
  }

  async #build(): Promise<void> {
    const { scene, namespace } = this;
    scene.state.add('namespaces', namespace);
    const inPeer = { namespace };
    const inSwitch = { namespace: scene.switch };
    await must(['ip', 'netns', 'add', namespace]);
    const ends = ['to-switch', 'netns', namespace, 'type', 'veth', 'peer', 'name', 'to-peer', 'netns', scene.switch];
    await must(['ip', 'link', 'add', ...ends]);
    // Not a loopback interface, whose cost ospfd takes for 0.
    await must(['ip', 'link', 'add', 'vips', 'type', 'veth', 'peer', 'name', 'nowhere'], inPeer);
    for (const device of ['lo', 'to-switch', 'vips', 'nowhere'])
      await must(['ip', 'link', 'set', device, 'up'], inPeer);
    await must(['ip', 'link', 'set', 'to-peer', 'up'], inSwitch);
    await must(['ip', 'address', 'add', `${address}/30`, 'dev', 'to-switch'], inPeer);
    await must(['ip', 'address', 'add', `${switchAddress}/30`, 'dev', 'to-peer'], inSwitch);
    const vips =
      scene.form === 'network'
        ? [' network 123.0.0.0/8 area 0.0.0.0']
        : [' redistribute connected metric 20 metric-type 1 route-map VIPS'];
    await this.#frr.writeConfig({
      'zebra.conf': 'hostname peer\n',
      'ospfd.conf': [
        'hostname peer',
        'interface to-switch',
        ' ip ospf network point-to-point',
        ' ip ospf hello-interval 1',
        ' ip ospf dead-interval 4',
        'interface vips',
        ' ip ospf cost 10',
        'router ospf',
        ` ospf router-id ${peerRouter}`,
        ` network ${address}/30 area 0.0.0.0`,
        ...vips,
        'ip prefix-list VIPS permit 123.0.0.0/8 le 32',
        'route-map VIPS permit 10',
        ' match ip address prefix-list VIPS',
        '',
      ].join('\n'),
    });
    await this.#frr.start();
    await eventually(
      'the peer is Full',
      () => this.#frr.neighbours(),
      (seen) => seen.length === 1 && seen.every(isFull),
      {
        timeoutMs: 40_000,
        everyMs: 250,
      },
    );
  }
}
