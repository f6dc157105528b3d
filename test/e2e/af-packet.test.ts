// The fallback driver: the same road on net_af_packet, where the kernel gets a copy of every frame and must stay silent.
import t from 'tap';
import { plan, spread } from '../../lab/index.js';
import { announcedCluster, skip } from './support.js';

t.test('the road on net_af_packet', { skip }, async (t) => {
  const lab = await announcedCluster(t, { driver: 'af_packet' });
  const { replies, byNode, byServer, trueClient } = await spread(lab, 30, ['node1', 'node2']);
  t.equal(replies.filter(({ status }) => status === 200).length, 30);
  t.ok(trueClient, `every server saw ${plan.client.address}`);
  // All thirty coins on one side: 2 in 10^9.
  t.ok([...byNode.values()].every((count) => count > 0));
  t.equal(byServer.size, 2);
});
