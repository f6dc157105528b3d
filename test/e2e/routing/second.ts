// A second node of a scene that speaks OSPFv3 or BGP, on a link of its own to the switch and without a bridge.
import { eventually, Frr, must } from '../../../lab/index.js';
import { secondAddress, secondFiles } from './protocols.js';
import type { Scene } from './scene.js';

export class Second {
  readonly #namespace: string;
  readonly #frr: Frr;

  private constructor(readonly scene: Scene) {
    this.#namespace = scene.state.namespace('second');
    this.#frr = new Frr(scene.state, 'second');
  }

  static async up(scene: Scene): Promise<Second> {
    const second = new Second(scene);
    await second.#build();
    return second;
  }

  async announce(vip: string): Promise<void> {
    const skipDad = vip.includes(':') ? ['nodad'] : [];
    await must(['ip', 'address', 'add', vip, 'dev', 'to-switch', ...skipDad], { namespace: this.#namespace });
    await eventually(
      `the switch has a route to ${vip} through the second node`,
      () => this.learned(vip),
      (seen) => seen,
      { timeoutMs: 30_000, everyMs: 50 },
    );
  }

  async #build(): Promise<void> {
    const { scene } = this;
    if (scene.protocol === 'ospf') throw new Error('not for OSPFv2');
    const here = { namespace: this.#namespace };
    const there = { namespace: scene.switch };
    scene.state.add('namespaces', this.#namespace);
    await must(['ip', 'netns', 'add', this.#namespace]);
    const ends = ['to-switch', 'netns', this.#namespace, 'type', 'veth', 'peer', 'name', 'to-second'];
    await must(['ip', 'link', 'add', ...ends, 'netns', scene.switch]);
    await must(['ip', 'link', 'set', 'lo', 'up'], here);
    await must(['ip', 'link', 'set', 'to-switch', 'up'], here);
    await must(['ip', 'address', 'add', `${secondAddress}/30`, 'dev', 'to-switch'], here);
    await must(['ip', 'link', 'set', 'to-second', 'up'], there);
    await must(['ip', 'address', 'add', '172.31.8.1/30', 'dev', 'to-second'], there);
    await this.#frr.writeConfig(secondFiles[scene.protocol]);
    await this.#frr.start();
  }

  async learned(vip: string): Promise<boolean> {
    const show = ['ip', vip.includes(':') ? '-6' : '-4', 'route', 'show', vip];
    return (await must(show, { namespace: this.scene.switch })).includes('dev to-second');
  }
}
