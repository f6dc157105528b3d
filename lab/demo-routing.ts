// The demo's scenes about routing: adjacencies, and the announcement with what the switch makes of it.
import { eventually } from './eventually.js';
import type { Lab } from './lab.js';
import { vip } from './plan.js';
import type { Story } from './story.js';

const wanAddresses = (lab: Lab): string[] => lab.nodes.map(({ plan }) => plan.wanAddress).sort();

export async function adjacencyScene(story: Story, lab: Lab): Promise<void> {
  story.chapter('OSPF: each node and the switch find each other');
  await story.comes('both adjacencies are Full at the switch', () =>
    eventually(
      'two Full neighbours',
      () => lab.switch.fullNeighbours(),
      (full) => wanAddresses(lab).every((address) => full.some((neighbour) => neighbour.address === address)),
      { timeoutMs: 30_000 },
    ),
  );
  const command = 'show ip ospf neighbor';
  story.shown('switch', `vtysh -c "${command}"`, await lab.switch.frr.show('ospfd', command));
  const before = await lab.switch.nextHops(vip);
  story.claim(`the switch knows no way to ${vip} yet`, before.length === 0, before.join(', '));
}

export async function announceScene(story: Story, lab: Lab): Promise<void> {
  story.chapter(`Announce ${vip} from both nodes`);
  for (const node of lab.nodes) {
    const output = await story.comes(`${node.name} announced and verified it`, () => node.announce());
    story.shown(node.name, `dpvs-route announce ${vip}`, output);
  }
  await story.comes(`the switch has two equal-cost next hops to ${vip}`, () =>
    eventually(
      'two next hops',
      () => lab.switch.nextHops(vip),
      (hops) => hops.join() === wanAddresses(lab).join(),
      { timeoutMs: 20_000 },
    ),
  );
  story.shown('switch', `ip route show ${vip}`, await lab.switch.routeText(vip));
}
