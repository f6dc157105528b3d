// Every check, in the order in which they are worth telling: what the others depend on comes first.
import type { Check } from './check.js';
import { area } from './checks/area.js';
import { authentication } from './checks/authentication.js';
import { bgpPolicy } from './checks/bgp-policy.js';
import { bgpSession } from './checks/bgp-session.js';
import { bgpdDown } from './checks/bgpd-down.js';
import { bridge } from './checks/bridge.js';
import { bridgeJournal } from './checks/bridge-journal.js';
import { cost } from './checks/cost.js';
import { dataplane } from './checks/dataplane.js';
import { deadInterval } from './checks/dead-interval.js';
import { gracefulRestart } from './checks/graceful-restart.js';
import { helloInterval } from './checks/hello-interval.js';
import { kniMtu } from './checks/kni-mtu.js';
import { kniRoute } from './checks/kni-route.js';
import { multicast } from './checks/multicast.js';
import { neighbour } from './checks/neighbour.js';
import { netmask } from './checks/netmask.js';
import { networkType } from './checks/network-type.js';
import { ospfEnabled } from './checks/ospf-enabled.js';
import { ospfMtu } from './checks/ospf-mtu.js';
import { ospf6Enabled } from './checks/ospf6-enabled.js';
import { ospf6Hello } from './checks/ospf6-hello.js';
import { ospf6Mtu } from './checks/ospf6-mtu.js';
import { ospf6Neighbour } from './checks/ospf6-neighbour.js';
import { ospf6Waiting } from './checks/ospf6-waiting.js';
import { ospf6dDown } from './checks/ospf6d-down.js';
import { ospfdDown } from './checks/ospfd-down.js';
import { portDown } from './checks/port-down.js';
import { returnRoute } from './checks/return-route.js';
import { reversePath } from './checks/reverse-path.js';
import { routerId } from './checks/router-id.js';
import { routerLsa } from './checks/router-lsa.js';
import { silence } from './checks/silence.js';
import { vipAgreement } from './checks/vip-agreement.js';
import { vipOnPointToPoint } from './checks/vip-on-point-to-point.js';
import { waiting } from './checks/waiting.js';
import { zebraDown } from './checks/zebra-down.js';
import { zebraRestarted } from './checks/zebra-restarted.js';

export const checks: readonly Check[] = [
  ...[dataplane, portDown, kniMtu, bridge, bridgeJournal, zebraDown, ospfdDown, zebraRestarted, ospfEnabled],
  ...[neighbour, multicast, silence, area, authentication, netmask, helloInterval, deadInterval],
  ...[routerId, networkType, waiting, ospfMtu, gracefulRestart],
  ...[ospf6dDown, ospf6Enabled, ospf6Neighbour, ospf6Hello, ospf6Waiting, ospf6Mtu],
  ...[bgpdDown, bgpSession, bgpPolicy],
  ...[kniRoute, vipOnPointToPoint, vipAgreement, routerLsa, cost, reversePath, returnRoute],
];
