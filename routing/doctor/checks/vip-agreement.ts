// Whether kernel, dataplane and ospfd mean the same VIPs.
import { type Check, finding } from '../check.js';
import { type Facts, isHostAddress } from '../facts.js';
import type { Finding } from '../finding.js';

export const vipAgreement: Check = {
  id: 'vip-disagreement',
  title: 'kernel, dataplane and ospfd agree on the VIPs',
  decide: (facts) => [...withoutService(facts), ...withoutAddress(facts), ...notAnnounced(facts)],
};

function withoutService({ ports, dataplane, ospf }: Facts): Finding[] {
  if (dataplane.trouble !== null) return [];
  return ports.flatMap(({ kni, addresses }) =>
    addresses
      .filter((each) => isHostAddress(each) && !dataplane.services.has(each.address))
      .map(({ address }) => {
        const announced = ospf?.announced.has(address) === true;
        return finding('vip-without-service', announced ? 'error' : 'warn', {
          title: `${address} is on ${kni}${announced ? ', is announced,' : ''} and has no service`,
          evidence: `ip address show ${kni}; ipvsadm -ln has no service on ${address}`,
          advice: `ipvsadm -A -t ${address}:PORT …, or dpvs-route withdraw ${address} (ip address del ${address}/32 dev ${kni})`,
        });
      }),
  );
}

function withoutAddress({ ospf, kernel, ports, dataplane, wanted }: Facts): Finding[] {
  return [...(ospf?.announced ?? [])]
    .filter((vip) => !ports.some(({ addresses }) => addresses.some(({ address }) => address === vip)))
    .map((vip) => {
      const elsewhere = kernel.addresses.find(({ address }) => address === vip);
      const ours = dataplane.services.has(vip) || wanted.some((each) => each.vip === vip);
      return finding('announced-not-on-kni', ours && elsewhere === undefined ? 'error' : 'info', {
        title: `${vip} is announced and is on no kni`,
        evidence: elsewhere === undefined ? 'no kernel interface carries it' : `it is on ${elsewhere.device}`,
        advice: 'a VIP on lo or a route can be announced so, but the bridge neither knows nor withdraws it',
      });
    });
}

function notAnnounced({ ospf, wanted, bridge, dataplane }: Facts): Finding[] {
  if (ospf === null || dataplane.trouble !== null) return [];
  return wanted
    .filter(({ vip }) => !ospf.announced.has(vip))
    .map(({ vip, kni }) => {
      const reason = bridge.vips.find((each) => each.vip === vip)?.reason;
      return finding('wanted-not-announced', 'error', {
        title: `${vip} is to be announced and is not`,
        evidence: reason ? `${reason.at}: ${reason.detail}` : `no LSA of this node names it; it belongs on ${kni}`,
        advice: bridge.trouble === null ? 'dpvs-route status' : 'dpvs-route run: the bridge announces it',
      });
    });
}
