// What is said of zebra or a routing daemon that could not be asked.
import { finding } from '../check.js';
import type { Trouble } from '../facts.js';
import type { Finding } from '../finding.js';

type Daemon = 'zebra' | 'ospfd' | 'ospf6d' | 'bgpd';

export const daemonDown = (daemon: Daemon, trouble: Trouble): Finding => {
  const [title, advice] = words(daemon, trouble.kind);
  const evidence = trouble.kind === 'down' ? `vtysh -d ${daemon} reaches nobody` : trouble.said;
  return finding(`${daemon}-down`, 'error', { title, evidence, advice });
};

function words(daemon: Daemon, kind: Trouble['kind']): [title: string, advice: string] {
  switch (kind) {
    case 'down': {
      const start =
        daemon === 'zebra' ? 'start it before the routing daemons' : `start it (${daemon}=yes in /etc/frr/daemons)`;
      return [`${daemon} does not run`, `${start}; --frr-namespace if it was started with -N`];
    }
    case 'silent':
      return [`${daemon} does not answer`, 'it was reached, and hangs: its log, then restart it'];
    case 'refused':
      return [`${daemon} does not answer as FRR does`, 'is it FRR, and of a version that has JSON?'];
    case 'absent':
      return [`${daemon} cannot be asked`, 'doctor asks the daemons through vtysh, as root'];
  }
}
