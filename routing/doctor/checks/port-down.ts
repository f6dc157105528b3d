// Whether each port has its link and each kni is there, up and with a carrier.
import { type Check, finding } from '../check.js';
import type { PortFacts } from '../facts.js';
import { type Finding, skip } from '../finding.js';

export const portDown: Check = {
  id: 'port-down',
  title: 'ports and their kni are up',
  needs: ['kernel'],
  decide: ({ ports }) => (ports.length === 0 ? skip('no port has a kni') : ports.flatMap(onePort)),
};

function onePort(port: PortFacts): Finding[] {
  const { device, kni, link, kernel } = port;
  const severity = port.focus ? 'error' : 'warn';
  const found: Finding[] = [];
  if (link !== null && !link.up)
    found.push(
      finding('port-down', severity, {
        title: `${device} has no link`,
        evidence: `dpip link show ${device} says DOWN`,
        advice: 'cable, transceiver, and the port of the switch',
      }),
    );
  const wrong = kernelTrouble();
  if (wrong !== null) found.push(finding('kni-down', severity, wrong));
  return found;

  function kernelTrouble(): { title: string; evidence: string; advice: string } | null {
    if (kernel === null)
      return {
        title: `${kni} is not there`,
        evidence: 'no such interface in this network namespace',
        advice: 'run this in the network namespace of zebra and ospfd; is the kni in it?',
      };
    if (!kernel.up)
      return {
        title: `${kni} is down`,
        evidence: 'the kernel shows it without UP',
        advice: `ip link set ${kni} up`,
      };
    if (kernel.carrier) return null;
    return {
      title: `${kni} has no carrier`,
      evidence: 'the kernel shows NO-CARRIER',
      advice: 'the dataplane sets it as soon as the port has its link',
    };
  }
}
