// Whether zebra serves ospfd: FRR 8.4's ospfd connects again to a zebra that was started anew, and neither asks it to redistribute nor gives
// it its routes again. The bridge sees to it.
import { type Check, finding } from '../check.js';
import { type Finding, skip } from '../finding.js';

/** A daemon that has just connected has not said everything yet. */
const settledSeconds = 2;

export const zebraRestarted: Check = {
  id: 'zebra-restarted',
  title: 'zebra serves ospfd',
  protocol: 'ospf',
  needs: ['daemons'],
  decide: ({ ospf, zebraClients }) => {
    if (zebraClients === null) return skip('zebra does not answer');
    if (ospf === null) return skip('ospfd does not answer');
    const client = zebraClients.get('ospf');
    if (client === undefined)
      return [
        lacks(
          'ospfd is not connected to zebra',
          'show zebra client does not name ospf: it tries every 10 s, later every 60 s',
        ),
      ];
    if (client.seconds < settledSeconds) return [];
    const evidence = `show zebra client: ospf is connected for ${client.seconds} s`;
    if (ospf.config.redistribute !== undefined && client.redistributed === 0)
      return [lacks('zebra tells ospfd of no address that comes or goes', `${evidence}, Redist:v4 is 0`)];
    const full = ospf.neighbours.some((each) => each.full);
    return full && client.routes === 0 ? [lacks("zebra has none of ospfd's routes", `${evidence}, IPv4 is 0`)] : [];
  },
};

const lacks = (title: string, evidence: string): Finding =>
  finding('zebra-restarted', 'error', {
    title,
    evidence,
    advice:
      'zebra was started anew without ospfd. The bridge cures it within seconds (dpvs-route status says why not); without it: dpvs-route graceful-restart, and restart ospfd',
  });
