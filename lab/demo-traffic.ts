// The demo's scenes about traffic: forty requests, and what the nodes say about them.
import type { DpvsNode } from './dpvs-node.js';
import type { Lab } from './lab.js';
import { lanNetwork, realServers, vip, vport } from './plan.js';
import { countsText, spread } from './spread.js';
import type { Story } from './story.js';
import { dim } from './terminal.js';

const requests = 40;

export async function requestScene(story: Story, lab: Lab): Promise<void> {
  story.chapter(`${requests} requests from the client, each from a port of its own`);
  const names = lab.nodes.map(({ name }) => name);
  story.shown('client', `curl ${vip}`, '');
  const seen = await story.comes(`all ${requests} requests were answered`, () =>
    spread(lab, requests, names, ({ body, server }) => story.plain(` ${body}  ${dim(`from ${server}`)}`)),
  );
  const wrong = seen.replies.find(({ seenPort, localPort }) => seenPort !== localPort) ?? seen.replies[0];
  story.claim(
    "nginx saw the client's own address and port every time (TOA)",
    seen.trueClient,
    `curl's port ${wrong?.localPort}: ${wrong?.body}`,
  );
  const nodes = countsText(seen.byNode);
  const total = [...seen.byNode.values()].reduce((sum, count) => sum + count, 0);
  story.claim(
    `spread over the nodes: ${nodes}`,
    [...seen.byNode.values()].every((n) => n > 0) && total === requests,
    nodes,
  );
  const servers = countsText(seen.byServer);
  story.claim(`spread over the real servers: ${servers}`, seen.byServer.size === realServers.length, servers);
}

/** Runs one of the node's programs, shows it, and claims that each of the patterns is in what it printed. */
async function listing(
  story: Story,
  node: DpvsNode,
  words: readonly string[],
  patterns: readonly RegExp[],
): Promise<void> {
  const [name, ...args] = words;
  const { stdout, stderr } = await node.cli(name === 'dpip' ? 'dpip' : 'ipvsadm', ...args);
  const command = words.join(' ');
  story.shown(node.name, command, stdout || stderr);
  const absent = patterns.filter((pattern) => !pattern.test(stdout));
  story.claim(`\`${command}\` shows what was configured`, absent.length === 0, `nothing like ${absent.join(' ')}`);
}

const escaped = (text: string): string => text.replaceAll('.', '\\.');

export async function listingScene(story: Story, lab: Lab): Promise<void> {
  const [node] = lab.nodes as readonly [DpvsNode, ...DpvsNode[]];
  story.chapter(`What ${node.name} says about it`);
  const service = `TCP +${escaped(vip)}:${vport}`;
  const servers = realServers.map(({ address }) => `-> ${escaped(address)}:${vport}`);
  await listing(
    story,
    node,
    ['ipvsadm', '-ln'],
    [new RegExp(`^${service} +rr`, 'm'), ...servers.map((server) => new RegExp(`${server} +FullNat +1 `))],
  );
  // Connections, packets and bytes both ways, all above zero for the service and for each real server.
  const counted = '(?: +[1-9]\\d*[KMG]?){5}';
  await listing(
    story,
    node,
    ['ipvsadm', '-ln', '--stats'],
    [service, ...servers].map((start) => new RegExp(`${start}${counted}`)),
  );
  await listing(
    story,
    node,
    ['dpip', 'route', 'show'],
    [
      ...node.plan.lips.map((lip) => new RegExp(`^inet ${escaped(lip)}/32 .* dev dpdk0 .* scope host `, 'm')),
      new RegExp(`^inet ${escaped(lanNetwork)} .* dev dpdk0 .* scope link `, 'm'),
      new RegExp(`^inet ${escaped(node.plan.wanAddress)}/32 .* dev dpdk1 .* scope kni_host `, 'm'),
    ],
  );
}
