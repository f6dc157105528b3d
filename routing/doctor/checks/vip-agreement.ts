// Whether kernel, dataplane and routing daemons mean the same VIPs.
import { errorTable, isErrorCode } from '../../../api/index.js';
import { type AddressFamily, familyOf, hostRoute } from '../../address.js';
import { type Check, finding } from '../check.js';
import { announcedOf, type Facts, isHostAddress } from '../facts.js';
import type { Finding } from '../finding.js';

export const vipAgreement: Check = {
  id: 'vip-disagreement',
  title: 'kernel, dataplane and routing daemons agree on the VIPs',
  needs: ['kernel'],
  decide: (facts) => [
    ...withoutService(facts),
    ...withoutAddress(facts),
    ...notAnnounced(facts),
    ...drained(facts),
    ...unknown(facts),
  ],
};

const families: readonly AddressFamily[] = ['inet', 'inet6'];
const isAnnounced = (facts: Facts, vip: string): boolean => announcedOf(facts, familyOf(vip))?.has(vip) === true;

function withoutService(facts: Facts): Finding[] {
  const { ports, dataplane } = facts;
  if (dataplane.trouble !== null) return [];
  return ports.flatMap(({ kni, addresses, addresses6 }) =>
    [...addresses, ...addresses6]
      .filter((each) => isHostAddress(each) && !dataplane.services.has(each.address))
      .map(({ address }) => {
        const announced = isAnnounced(facts, address);
        return finding('vip-without-service', announced ? 'error' : 'warn', {
          title: `${address} is on ${kni}${announced ? ', is announced,' : ''} and has no service`,
          evidence: `ip address show ${kni}; ipvsadm -ln has no service on ${address}`,
          advice: `ipvsadm -A -t ${address.includes(':') ? `[${address}]` : address}:PORT …, or dpvs-route withdraw ${address} (ip address del ${hostRoute(address)} dev ${kni})`,
        });
      }),
  );
}

function withoutAddress(facts: Facts): Finding[] {
  const { kernel, knis, ports, dataplane, wanted } = facts;
  // What a kni carries that is not there, or in another namespace, cannot be seen.
  if (ports.some((port) => port.kernel === null)) return [];
  return families
    .flatMap((family) => [...(announcedOf(facts, family) ?? [])].filter((vip) => familyOf(vip) === family))
    .filter((vip) => !kernel.addresses.some(({ address, device }) => address === vip && knis.includes(device)))
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

const isDrained = ({ drain }: Facts['wanted'][number]): boolean => drain?.ended === true;

const drained = ({ wanted }: Facts): Finding[] =>
  wanted
    .filter((each) => each.wanted && isDrained(each))
    .map(({ vip }) =>
      finding('drained', 'info', {
        title: `${vip} is drained`,
        evidence: "the bridge's journal: its drain has ended",
        advice: 'it stays withdrawn until dpvs-route undrain',
      }),
    );

const unknown = ({ bridge }: Facts): Finding[] =>
  bridge.strays.map(({ vip, device }) =>
    finding('vip-unknown', 'error', {
      title: `${vip} is announced on ${device}, and the bridge does not know of it`,
      evidence: "it is on the kni and in the daemon's database, and not in the bridge's journal: was that file lost?",
      advice: `nobody withdraws it when it cannot be served. dpvs-route announce ${vip} takes it over, dpvs-route withdraw ${vip} takes it back`,
    }),
  );

/** Not while the daemon does not answer, or has nobody to tell: other findings say that. */
function notAnnounced(facts: Facts): Finding[] {
  const { wanted, bridge, dataplane } = facts;
  if (dataplane.trouble !== null) return [];
  return wanted
    .filter((each) => each.wanted && !isDrained(each))
    .filter(({ vip }) => announcedOf(facts, familyOf(vip))?.has(vip) === false)
    .map(({ vip, ports }) => {
      const reason = bridge.vips.find((each) => each.vip === vip)?.reason ?? null;
      const card = reason !== null && isErrorCode(reason.code) ? errorTable[reason.code] : null;
      return finding('wanted-not-announced', 'error', {
        title: `${vip} is to be announced and is not`,
        evidence:
          reason === null
            ? missing(facts, vip, ports.map(({ kni }) => kni).join(' and '))
            : `the bridge: ${card?.message ?? reason.at} (${reason.detail})`,
        advice:
          bridge.trouble !== null ? 'dpvs-route run: the bridge announces it' : card?.suggestion || 'dpvs-route status',
      });
    });
}

function missing({ speakers, bgp, kernel }: Facts, vip: string, kni: string): string {
  if (speakers[familyOf(vip)] !== 'bgp' || bgp === null) return `no LSA of this node names it; it belongs on ${kni}`;
  if (!bgp.networks.has(vip)) return `bgpd has no network ${hostRoute(vip)}`;
  if (!kernel.addresses.some(({ address }) => address === vip))
    return `bgpd has network ${hostRoute(vip)}, and no interface the address; it belongs on ${kni}`;
  const told = bgp.sessions.flatMap(({ key, established }) => (established ? [key] : []));
  return `bgpd has network ${hostRoute(vip)}; not among the advertised-routes of ${told.join(', ') || 'anybody'}: a policy out?`;
}
