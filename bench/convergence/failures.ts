// What is planned and what is not: how long the switch goes on sending to a node that is not there, and what that costs new connections,
// 50 a second, each given up after 800 ms.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lab, type Outage, outage, plan } from '../../lab/index.js';
import type { Row } from './row.js';
import { hopsBecome, settled } from './settled.js';

type Progress = (line: string) => void;

interface Event {
  readonly name: string;
  /** Nothing may fail. */
  readonly planned: boolean;
  /** The switch has to drop the node. */
  readonly leaves: boolean;
  readonly happen: (lab: Lab) => Promise<unknown>;
}

const victim = 'node1';
const route = (lab: Lab, ...args: string[]) => lab.node(victim).cliOrThrow('dpvs-route', args);

const events: readonly Event[] = [
  { name: 'drain', planned: true, leaves: true, happen: (lab) => route(lab, 'drain', plan.vip, '--deadline', '5') },
  { name: 'undrain', planned: true, leaves: false, happen: (lab) => route(lab, 'undrain', plan.vip) },
  {
    name: 'SIGTERM of the bridge',
    planned: true,
    leaves: true,
    happen: (lab) => lab.node(victim).kill('bridge', 'SIGTERM'),
  },
  { name: 'SIGTERM of dpvs', planned: true, leaves: true, happen: (lab) => lab.node(victim).kill('dpvs', 'SIGTERM') },
  {
    name: 'slow path killed and replaced',
    planned: false,
    leaves: false,
    happen: (lab) => lab.fail(victim, 'slowpath'),
  },
  { name: 'SIGKILL of the bridge', planned: false, leaves: false, happen: (lab) => lab.fail(victim, 'bridge') },
  { name: 'SIGKILL of zebra', planned: false, leaves: false, happen: (lab) => lab.fail(victim, 'zebra') },
  { name: 'SIGKILL of ospfd', planned: false, leaves: true, happen: (lab) => lab.fail(victim, 'ospfd') },
  { name: 'SIGKILL of dpvs', planned: false, leaves: true, happen: (lab) => lab.fail(victim, 'dpvs') },
  { name: 'SIGKILL of the whole node', planned: false, leaves: true, happen: (lab) => lab.fail(victim, 'power') },
  { name: 'cable pulled', planned: false, leaves: true, happen: (lab) => lab.fail(victim, 'link') },
];

/** Those that end a node without a word: where the forms differ in how long the switch takes. */
export const sudden: readonly string[] = ['SIGKILL of dpvs', 'SIGKILL of the whole node'];

/** @param names only these events */
export async function failures(lab: Lab, progress: Progress, names?: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const event of events.filter(({ name }) => names?.includes(name) ?? true)) {
    progress(event.name);
    rows.push(await happens(lab, event));
    // What was drained stays so; the next event brings it back.
    if (event.name !== 'drain') await settled(lab);
  }
  return rows;
}

async function happens(lab: Lab, { name, planned, leaves, happen }: Event): Promise<Row> {
  const others = lab.nodes.filter((node) => node.name !== victim).map((node) => node.name);
  const stream = await lab.client.stream(20, 800);
  await sleep(500);
  const since = Date.now();
  const start = performance.now();
  const done = happen(lab);
  // Whoever is waited for, a rejection must not go unheard.
  done.catch(() => {});
  let tookMs: number[] = [];
  if (leaves) {
    await hopsBecome(lab, plan.vip, others);
    tookMs = [performance.now() - start];
  }
  await done;
  await sleep(4_000);
  const seen: Outage = outage(await stream.stop(), since);
  const aim = planned ? 'none failed' : leaves ? '1 s' : 'none failed';
  return { event: name, tookMs, outage: seen, aim };
}
