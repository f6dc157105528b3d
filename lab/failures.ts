// Breaking a node in one of the ways nodes break, and bringing back whatever is missing.
import type { DpvsNode } from './dpvs-node.js';
import { LabError } from './errors.js';
import { eventually } from './eventually.js';
import { must } from './exec.js';
import type { Lab } from './lab.js';
import { ospfTimers, vip, wanPort } from './plan.js';

interface Failure {
  /** What happens, in the help's words. */
  readonly what: string;
  /** What follows from it, for someone who just did it. */
  readonly consequence: string;
  /** Commands worth a look now; `exec` is added. */
  readonly look: (node: string) => readonly string[];
}

const dead = `${ospfTimers.deadSeconds} s`;
const nextHops = `switch ip route show ${vip}`;

export const failureKinds = {
  power: {
    what: 'SIGKILL to every process of it; the switch keeps its carrier, as with a machine behind another switch',
    consequence: `the switch misses it after its dead interval of ${dead} (with up --bfd within two)`,
    look: () => [nextHops, 'switch vtysh -c "show ip ospf neighbor"'],
  },
  link: {
    what: 'the wire between it and the switch: both ends lose their carrier (the end of the switch is set down)',
    consequence: 'the switch drops it at once; the node says that dpdk1 has no link, and withdraws',
    look: (node) => [nextHops, `${node} dpip link show`, `${node} dpvs-route status`],
  },
  ospfd: {
    what: 'SIGKILL to ospfd',
    consequence: `the switch misses it after its dead interval of ${dead}; what is still sent to it is served meanwhile`,
    look: (node) => [nextHops, `${node} dpvs-route doctor`],
  },
  zebra: {
    what: 'SIGKILL to zebra',
    consequence: 'ospfd goes on with what it knows, but learns of no address and installs no route any more',
    look: (node) => [`${node} dpvs-route doctor`, `${node} dpvs-route status`],
  },
  bridge: {
    what: 'SIGKILL to the routing bridge (dpvs-route run)',
    consequence: 'what it announced stays announced, but nobody withdraws it when the node cannot serve',
    look: (node) => [nextHops, `${node} dpvs-route doctor`],
  },
  dpvs: {
    what: 'SIGKILL to the dataplane; its kni goes with it',
    consequence: `the switch misses it after its dead interval of ${dead}; what is sent to it until then is lost`,
    look: (node) => [nextHops, `${node} dpvs-route doctor`],
  },
  slowpath: {
    what: 'the slow path is ended in mid-work; dpvs starts another one by itself, so that there is nothing to heal',
    consequence: 'established connections lost no packet, new ones waited for some milliseconds',
    look: (node) => [`${node} dpip status`],
  },
} as const satisfies Record<string, Failure>;

export type FailureKind = keyof typeof failureKinds;
export const isFailureKind = (word: string): word is FailureKind => Object.hasOwn(failureKinds, word);

/** A dead interval, an election, the bridge's next try: seconds, but of a machine that may be busy. */
const patience = { timeoutMs: 60_000 };

type Progress = (line: string) => void;

/**
 * The wire is cut at the switch's end: a veth end that is set down takes the carrier of both, and the node's port should be
 * as a NIC whose cable was pulled, administratively up and without a link.
 */
async function setWire(lab: Lab, node: DpvsNode, state: 'up' | 'down'): Promise<void> {
  await must(['ip', 'link', 'set', node.plan.switchInterface, state], { namespace: lab.switch.namespace });
}

async function hasWire(node: DpvsNode): Promise<boolean> {
  const text = await must(['ip', '-json', 'link', 'show', 'dev', wanPort], { namespace: node.namespace });
  const [link] = JSON.parse(text) as { flags: string[] }[];
  return link?.flags.includes('LOWER_UP') === true;
}

function mustRun(node: DpvsNode, what: string): void {
  if (!node.running.includes(what))
    throw new LabError(`${what} of ${node.name} does not run`, `npm run lab -- heal ${node.name}`);
}

/** Returns when it is broken, not when its consequences have come. @throws {LabError} when it is broken already */
export async function fail(lab: Lab, node: DpvsNode, kind: FailureKind, progress: Progress = () => {}): Promise<void> {
  switch (kind) {
    case 'power': {
      const { running } = node;
      if (running.length === 0) throw new LabError(`nothing of ${node.name} runs`, `npm run lab -- heal ${node.name}`);
      progress(`${node.name}: SIGKILL to ${running.join(', ')}`);
      return node.crash();
    }
    case 'link':
      if (!(await hasWire(node)))
        throw new LabError(`${node.name} has no link already`, `npm run lab -- heal ${node.name}`);
      progress(`switch: ip link set ${node.plan.switchInterface} down`);
      return setWire(lab, node, 'down');
    case 'ospfd':
    case 'zebra':
      mustRun(node, kind);
      progress(`${node.name}: SIGKILL to ${kind}`);
      return node.frr.kill(kind);
    case 'bridge':
    case 'dpvs':
      mustRun(node, kind);
      progress(`${node.name}: SIGKILL to ${kind}`);
      return node.kill(kind);
    case 'slowpath':
      mustRun(node, 'dpvs');
      progress(`${node.name}: dpip slowpath restart`);
      await node.cliOrThrow('dpip', ['slowpath', 'restart']);
  }
}

/** Starts what is missing, and returns when the switch sends it what it announced before. */
export async function heal(lab: Lab, node: DpvsNode, progress: Progress = () => {}): Promise<void> {
  if (!node.hasConfig)
    throw new LabError(`${node.name} was never started: this lab was built with --empty`, 'npm run lab -- down');
  if (!(await hasWire(node))) {
    progress(`switch: ip link set ${node.plan.switchInterface} up`);
    await setWire(lab, node, 'up');
  }
  await node.startMissing((what) => progress(`${node.name}: ${what} started`));
  // The node is asked too: of an adjacency that is gone there, the switch may not know yet.
  await eventually(
    `the adjacency of ${node.name} is Full on both sides`,
    async () =>
      [...(await node.fullNeighbours()), ...(await lab.switch.fullNeighbours())].map(({ address }) => address),
    (full) => [node.plan.switchAddress, node.plan.wanAddress].every((address) => full.includes(address)),
    patience,
  );
  progress(`${node.name}: its neighbour is Full`);
  const { vips } = await eventually(
    `${node.name} has announced everything it is to announce`,
    () => node.routing(),
    (seen) => seen.vips.every(({ state }) => state === 'announced'),
    patience,
  );
  for (const each of vips.map(({ vip }) => vip)) {
    await eventually(
      `the switch has ${node.name} as a next hop to ${each}`,
      () => lab.switch.nextHops(each),
      (hops) => hops.includes(node.plan.wanAddress),
      patience,
    );
    progress(`${node.name}: ${each} is announced`);
  }
}
