// A third router in the segment of node and switch (`segment: true`): zebra and ospfd, with a router id of choice.
import { Frr, must } from '../../../lab/index.js';
import type { Scene } from './scene.js';

export const thirdAddress = '172.31.7.3';

export async function thirdRouter(scene: Scene, routerId: string): Promise<Frr> {
  const namespace = scene.state.namespace('third');
  const here = { namespace };
  const there = { namespace: scene.switch };
  scene.state.add('namespaces', namespace);
  await must(['ip', 'netns', 'add', namespace]);
  const far = ['peer', 'name', 'port-third', 'netns', scene.switch];
  await must(['ip', 'link', 'add', 'to-segment', 'netns', namespace, 'type', 'veth', ...far]);
  await must(['ip', 'link', 'set', 'port-third', 'up', 'master', 'to-node'], there);
  for (const device of ['lo', 'to-segment']) await must(['ip', 'link', 'set', device, 'up'], here);
  await must(['ip', 'address', 'add', `${thirdAddress}/${scene.prefixLength}`, 'dev', 'to-segment'], here);
  const frr = new Frr(scene.state, 'third');
  await frr.writeConfig({
    'zebra.conf': 'hostname third\n',
    'ospfd.conf': [
      'hostname third',
      'interface to-segment',
      ' ip ospf network broadcast',
      ' ip ospf hello-interval 1',
      ' ip ospf dead-interval 4',
      'router ospf',
      ` ospf router-id ${routerId}`,
      ` network 172.31.7.0/${scene.prefixLength} area 0.0.0.0`,
      '',
    ].join('\n'),
  });
  await frr.start();
  return frr;
}
