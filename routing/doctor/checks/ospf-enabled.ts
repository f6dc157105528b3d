// Whether ospfd runs on a kni, and speaks there.
import { covers } from '../../drivers/covers.js';
import { type Check, finding } from '../check.js';
import { type OspfFacts, ospfPorts, type PortFacts } from '../facts.js';
import { skip } from '../finding.js';

export const ospfEnabled: Check = {
  id: 'ospf-not-on-kni',
  title: 'OSPF runs on the kni',
  protocol: 'ospf',
  needs: ['daemons', 'kernel'],
  decide: (facts) => {
    if (facts.ospf === null) return skip('ospfd does not answer');
    if (!facts.ospf.config.routerOspf) return skip('ospfd has no `router ospf`');
    if (facts.ports.length === 0) return skip('no port has a kni');
    // ospfd forgets an interface that is down; that is another finding.
    const down = facts.ports.filter(({ kernel }) => kernel === null || !kernel.up || !kernel.carrier);
    if (down.length === facts.ports.length) return skip('no kni is up');
    const ports = ospfPorts(facts);
    const { networks } = facts.ospf.config;
    const lost = down.find((port) => isForOspf(port, facts.ospf!.config));
    if (ports.length === 0 && lost !== undefined) return skip(`${lost.kni} is not up`);
    if (ports.length === 0)
      return [
        finding('ospf-not-on-kni', 'error', {
          title: 'OSPF runs on no kni',
          evidence: `${facts.ports.map(addressesOf).join(', ')}; network statements: ${networks.map(({ prefix }) => prefix).join(', ') || 'none'}`,
          advice:
            'the kni needs its address of the inter-connection network, and `router ospf` a `network` with that prefix',
        }),
      ];
    return ports
      .filter(({ config }) => config?.passive === true)
      .map(({ kni }) =>
        finding('passive', 'error', {
          title: `${kni} is passive: ospfd sends no hello there`,
          evidence: 'show running-config of ospfd',
          advice: `no ip ospf passive on ${kni}; passive is for the VIPs only (ip ospf passive VIP)`,
        }),
      );
  },
};

/** A `network` statement is about it. */
const isForOspf = ({ addresses }: PortFacts, { networks }: OspfFacts['config']): boolean =>
  networks.some(({ prefix }) => addresses.some(({ address }) => covers(prefix, address)));

const addressesOf = ({ kni, addresses }: PortFacts): string =>
  `${kni} has ${addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`).join(' ') || 'no address'}`;
