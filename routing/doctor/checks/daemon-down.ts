// What is said of a routing daemon that does not run.
import { finding } from '../check.js';
import type { Finding } from '../finding.js';

type RoutingDaemon = 'ospfd' | 'ospf6d' | 'bgpd';

/** @param evidence why it could not be asked */
export const daemonDown = (daemon: RoutingDaemon, evidence: string): Finding =>
  finding(`${daemon}-down`, 'error', {
    title: `${daemon} does not run`,
    evidence,
    advice: `start it (${daemon}=yes in /etc/frr/daemons); --frr-namespace if it was started with -N`,
  });
