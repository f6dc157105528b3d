// A hint for the other end of the link: the lines of the switch's daemons that must agree with the node's, and those that make ECMP.
import type { RoutingModel } from './model.js';
import { generatedMark } from './names.js';
import { bgpSwitchLines } from './render-bgp.js';
import { areaLines, linkLines } from './render-ospf.js';
import { link6Lines } from './render-ospf6.js';

type Hint = NonNullable<RoutingModel['switchHint']>;

export function renderSwitch(model: RoutingModel, hint: Hint): string {
  const { bgp, ospf6, hostname } = model;
  const address = hint.nodeAddress ?? '';
  const body =
    bgp === undefined
      ? [...ospfLines(model, hint), ...(ospf6 === undefined ? [] : ospf6Lines(model, ospf6, hint))]
      : bgpSwitchLines(model, bgp, address);
  const stands =
    bgp === undefined
      ? `${hint.interface} stands for the switch's interface towards`
      : `${address} stands for the address of`;
  const lines = [
    `! -*- ${bgp === undefined ? 'ospfd' : 'bgpd'} -*-`,
    `${generatedMark}, a hint for the switch: FRR's words, to be merged into its own configuration`,
    `! ${stands} ${hostname}; the same lines for each node.`,
    '!',
    ...body,
    '!',
    "! Not the daemon's: spread flows by the 5-tuple (Linux: sysctl net.ipv4.fib_multipath_hash_policy=1), resilient hashing if there is.",
  ];
  return `${lines.join('\n')}\n`;
}

function ospfLines(model: RoutingModel, hint: Hint): string[] {
  const [link] = model.interfaces;
  const lines = [`interface ${hint.interface}`, ...linkLines(model, link)];
  if (link.bfd === true) {
    const { transmit, receive, multiplier } = model.bfdTimers;
    lines.push(' ip ospf bfd', `! bfdd of the switch: ${multiplier} x ${Math.max(transmit, receive)} ms or faster`);
  }
  lines.push(
    '!',
    'router ospf',
    '! Equal-cost next hops a VIP may have: at least the number of nodes.',
    ` maximum-paths ${hint.maximumPaths}`,
    "! A node's LSAs of the first second are kept; otherwise they come again 5 s later.",
    ' timers lsa min-arrival 0',
  );
  if (model.gracefulRestart !== undefined)
    lines.push(
      '! A node that restarts its ospfd on purpose keeps its routes, also when another node announces or withdraws meanwhile.',
      ' capability opaque',
      ' graceful-restart helper enable',
      ' no graceful-restart helper strict-lsa-checking',
    );
  return [...lines, ` network ${link.network} area ${model.area}`, ...areaLines(model)];
}

function ospf6Lines(model: RoutingModel, ospf6: NonNullable<RoutingModel['ospf6']>, hint: Hint): string[] {
  const [link] = model.interfaces;
  const six = link6Lines({ ...model, flavor: 'frr' }, ospf6, { ...link, bfd: false });
  return [
    '!',
    "! ospf6d's:",
    ...[`interface ${hint.interface}`, ...six, 'router ospf6', ` maximum-paths ${hint.maximumPaths}`].map(
      (line) => `!  ${line}`,
    ),
    ...(model.gracefulRestart === undefined
      ? []
      : ['!   graceful-restart helper enable', '!   graceful-restart helper lsa-check-disable']),
  ];
}
