// The lines of bgpd.conf: eBGP towards the switch, each VIP a /32; and the switch's side of it.
import type { RoutingModel } from './model.js';
import { announceMapLines, bfdProfile, redistributeVips } from './names.js';
import { listLines } from './render-lists.js';

type Bgp = NonNullable<RoutingModel['bgp']>;

/** eBGP prefers the shortest path and then the lowest MED; all nodes have the same as long as none drains. */
const announcedMed = 0;
/** A peer that was away is called again after this many seconds; the default is two minutes. */
const connectRetry = 1;

export function renderBgp(model: RoutingModel, { localAs, peers }: Bgp): string[] {
  const [{ hello, dead, bfd }] = model.interfaces;
  const lines = [...listLines('ip', model.vips, model.vipRanges), '!', ...announceMapLines('bgp', announcedMed), '!'];
  lines.push(`router bgp ${localAs}`, ` bgp router-id ${model.routerId}`, ...commonLines(model));
  // What the kernel carries stays while bgpd is away: the F bit (RFC 4724 section 3).
  if (model.gracefulRestart !== undefined) lines.push(' bgp graceful-restart preserve-fw-state');
  for (const { address, remoteAs, password } of peers) {
    lines.push(...peerLines(address, remoteAs, password, hello, dead));
    if (bfd === true) lines.push(` neighbor ${address} bfd profile ${bfdProfile}`);
  }
  return [...lines, ' !', ' address-family ipv4 unicast', `  ${redistributeVips('bgp')}`, ' exit-address-family'];
}

/** RFC 8212 wants a policy at both ends; here it is the route-map of what is redistributed. */
function commonLines({ gracefulRestart }: RoutingModel): string[] {
  const lines = [' no bgp ebgp-requires-policy'];
  if (gracefulRestart !== undefined)
    lines.push(` bgp graceful-restart restart-time ${gracefulRestart}`, ' bgp graceful-restart');
  return lines;
}

function peerLines(
  address: string,
  as: number,
  password: string | undefined,
  keepalive: number,
  hold: number,
): string[] {
  return [
    ` neighbor ${address} remote-as ${as}`,
    ...(password === undefined ? [] : [` neighbor ${address} password ${password}`]),
    ` neighbor ${address} timers ${keepalive} ${hold}`,
    ` neighbor ${address} timers connect ${connectRetry}`,
  ];
}

export function bgpSwitchLines(model: RoutingModel, { localAs, peers }: Bgp, nodeAddress: string): string[] {
  const [{ hello, dead, bfd }] = model.interfaces;
  const [{ remoteAs, password }] = peers;
  return [
    `router bgp ${remoteAs}`,
    ...commonLines(model),
    '! Nodes may have AS numbers of their own and still be equal.',
    ' bgp bestpath as-path multipath-relax',
    ...peerLines(nodeAddress, localAs, password, hello, dead),
    ` neighbor ${nodeAddress} advertisement-interval 0`,
    ...(bfd === true ? [` neighbor ${nodeAddress} bfd`] : []),
    ' !',
    ' address-family ipv4 unicast',
    '! Equal-cost next hops a VIP may have: at least the number of nodes.',
    `  maximum-paths ${model.switchHint?.maximumPaths ?? 1}`,
    ' exit-address-family',
  ];
}
