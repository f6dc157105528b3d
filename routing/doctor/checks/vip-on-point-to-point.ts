// The tutorial's form (`network VIP/32`) on a point-to-point link: FRR takes a /32 for unnumbered, and announces nothing.
import { type Check, finding, onOspfPorts } from '../check.js';
import { isHostAddress } from '../facts.js';

export const vipOnPointToPoint: Check = {
  id: 'network-form-on-p2p',
  title: 'no VIP is announced by `network` on a point-to-point link',
  protocol: 'ospf',
  needs: ['kernel'],
  decide: (facts) =>
    onOspfPorts(facts, ({ kni, ospf, addresses }) => {
      if (!ospf.pointToPoint) return [];
      return addresses.filter(isHostAddress).flatMap(({ address }) => {
        const statement = facts.ospf?.config.networks.find(({ prefix }) => prefix === `${address}/32`);
        if (statement === undefined || facts.ospf?.announced.has(address)) return [];
        return [
          finding('network-form-on-p2p', 'error', {
            title: `${address} is not announced: \`network\` does not work on a point-to-point link`,
            evidence: `network ${statement.prefix} area ${statement.area}; ${kni} is point-to-point; no stub link for ${address} in the router-LSA`,
            advice: 'the redistribute form (dpvs-route config --form redistribute), or a broadcast link on both sides',
          }),
        ];
      });
    }),
};
