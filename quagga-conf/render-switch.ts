// A hint for the other end of the link: the lines of the switch's ospfd that must agree with the node's, and those that make ECMP.
import type { RoutingModel } from './model.js';
import { generatedMark } from './names.js';
import { areaLines, linkLines } from './render-ospf.js';

export function renderSwitch(model: RoutingModel, hint: NonNullable<RoutingModel['switchHint']>): string {
  const [link] = model.interfaces;
  const lines = [
    '! -*- ospfd -*-',
    `${generatedMark}, a hint for the switch: FRR's words, to be merged into its own configuration`,
    `! ${hint.interface} stands for the switch's interface towards ${model.hostname}; the same lines for each node.`,
    '!',
    `interface ${hint.interface}`,
    ...linkLines(model, link),
  ];
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
    ` network ${link.network} area ${model.area}`,
    ...areaLines(model),
    '!',
    "! Not ospfd's: spread flows by the 5-tuple (Linux: sysctl net.ipv4.fib_multipath_hash_policy=1), resilient hashing if there is.",
  );
  return `${lines.join('\n')}\n`;
}
