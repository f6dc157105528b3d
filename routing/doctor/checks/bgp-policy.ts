// What keeps bgpd from telling a peer anything although the session is there.
import { familyOf } from '../../address.js';
import { blockOf } from '../../bgp-output.js';
import { type Check, finding } from '../check.js';
import { type Finding, skip } from '../finding.js';

export const bgpPolicy: Check = {
  id: 'bgp-no-policy',
  title: 'BGP peers are told of routes',
  protocol: 'bgp',
  needs: ['daemons'],
  decide: ({ bgp, speakers, wanted }) => {
    if (bgp === null) return skip('bgpd does not answer');
    if (bgp.sessions.length === 0) return skip('bgpd has no neighbour');
    const found: Finding[] = bgp.sessions
      .filter(({ withoutPolicy }) => withoutPolicy.some((family) => speakers[family] === 'bgp'))
      .map(({ key, withoutPolicy }) =>
        finding('bgp-no-policy', 'error', {
          title: `bgpd sends ${key} nothing without a policy (RFC 8212)`,
          evidence: `show bgp neighbors: outbound updates discarded, ${withoutPolicy.map(blockOf).join(', ')}`,
          advice: `router bgp ${bgp.asn}: no bgp ebgp-requires-policy, or neighbor ${key} route-map MAP out`,
        }),
      );
    for (const family of ['inet', 'inet6'] as const) {
      const vips = wanted.flatMap(({ vip }) => (familyOf(vip) === family ? [vip] : []));
      if (speakers[family] !== 'bgp' || vips.length === 0) continue;
      const activated = bgp.sessions.filter(({ families }) => families.includes(family));
      if (activated.some(({ declined }) => !declined.includes(family))) continue;
      const waiting = `to be announced: ${vips.slice(0, 5).join(', ')}${vips.length > 5 ? ` and ${vips.length - 5} more` : ''}`;
      const block = blockOf(family);
      const peers = activated.map(({ key }) => key).join(', ');
      found.push(
        activated.length === 0
          ? finding('bgp-family-inactive', 'error', {
              title: `no BGP neighbour is activated for ${block}`,
              evidence: waiting,
              advice: `address-family ${block}: neighbor ${bgp.sessions[0].key} activate, on both sides`,
            })
          : finding('bgp-family-inactive', 'error', {
              title: `${peers} has not activated this node for ${block}`,
              evidence: `the OPEN of ${peers} names other families, not this one, which is activated here; ${waiting}`,
              advice: `on the switch, address-family ${block}: neighbor … activate`,
            }),
      );
    }
    return found;
  },
};
