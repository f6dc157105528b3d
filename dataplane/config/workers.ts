// The worker blocks of worker_defs → lcores, and from their queues how many each port needs.
import type { Report } from './diagnostic.js';
import type { Grammar } from './grammar/index.js';
import type { DeviceSection } from './ports.js';
import type { Section } from './schema.js';
import type { Word } from './tokenizer.js';
import type { PortConfig, WorkerConfig, WorkerQueues } from './types.js';

type WorkerSection = Section<Grammar['blocks']['worker_defs']['blocks']['worker']>;

export function buildWorkers(
  sections: readonly WorkerSection[],
  devices: readonly string[],
  report: Report,
  cpus: number,
): WorkerConfig[] {
  if (sections.length === 0) return defaultWorkers(devices, cpus);
  const workers: WorkerConfig[] = [];
  let master: Word | null = null;
  const cpuTaken = new Map<number, Word>();
  for (const { name, at, keys, blocks } of sections) {
    if (name === null || at === null) continue;
    const role = keys.type.value;
    if (role === 'kni') {
      report.warn(keys.type.at ?? name, 'a worker of type kni is ignored, not built yet: the slow path serves the kni');
      continue;
    }
    if (role === 'master') {
      if (master !== null)
        report.error(keys.type.at ?? name, `line ${master.line} has the master already; there is one`);
      master ??= keys.type.at ?? name;
      if (blocks.port.length > 0) report.warn(blocks.port[0]!.at!, 'the master polls no queues: they are ignored');
    }
    const cpu = keys.cpu_id.value;
    if (cpu === null) {
      if (keys.cpu_id.at === null) report.error(name, `worker ${name.text} needs a cpu_id`);
      continue;
    }
    const before = cpuTaken.get(cpu);
    if (before !== undefined)
      report.error(keys.cpu_id.at ?? name, `CPU ${cpu} is already taken in line ${before.line}`);
    else cpuTaken.set(cpu, keys.cpu_id.at ?? name);
    const queues = role === 'master' ? [] : queuesOf(blocks.port, devices, report);
    workers.push({ name: name.text, role, cpu, queues });
  }
  const first = sections[0]!.at!;
  if (master === null) report.error(first, 'no worker has type master', 'exactly one');
  if (!workers.some(({ role }) => role === 'slave')) report.error(first, 'no worker has type slave', 'at least one');
  return workers;
}

/** On a machine with one CPU the worker shares it with the master. */
function defaultWorkers(devices: readonly string[], cpus: number): WorkerConfig[] {
  const queues = devices.map((port) => ({ port, rx: [0], tx: [0] }));
  return [
    { name: 'cpu0', role: 'master', cpu: 0, queues: [] },
    { name: 'cpu1', role: 'slave', cpu: cpus > 1 ? 1 : 0, queues },
  ];
}

function queuesOf(
  sections: WorkerSection['blocks']['port'],
  devices: readonly string[],
  report: Report,
): WorkerQueues[] {
  const queues: WorkerQueues[] = [];
  for (const { name, keys } of sections) {
    if (name === null) continue;
    if (!devices.includes(name.text)) report.error(name, `there is no device ${name.text}`, devices.join(', '));
    else queues.push({ port: name.text, rx: keys.rx_queue_ids.value, tx: keys.tx_queue_ids.value });
  }
  return queues;
}

/** Runs on a file without errors so far. Each queue has one owner (a queue is not safe for two threads), from 0 without gaps; every worker can send on every port. */
export function assignQueues(
  ports: readonly PortConfig[],
  devices: readonly DeviceSection[],
  workers: readonly WorkerConfig[],
  report: Report,
): PortConfig[] {
  return ports.map((port) => {
    const section = devices.find(({ name }) => name?.text === port.name)!;
    const count = (direction: 'rx' | 'tx'): number => {
      const ids = workers
        .flatMap(({ queues }) => queues)
        .filter((queue) => queue.port === port.name)
        .flatMap((queue) => [...queue[direction]])
        .sort((a, b) => a - b);
      const at = section.name!;
      const wrong = ids.findIndex((id, index) => id !== index);
      const most = section.blocks[direction].keys.queue_number;
      if (wrong >= 0 && ids[wrong] === ids[wrong - 1])
        report.error(at, `${direction} queue ${ids[wrong]} of ${port.name} has two workers`);
      else if (wrong >= 0) report.error(at, `${direction} queue ${wrong} of ${port.name} has no worker`);
      else if (ids.length === 0) report.error(at, `${port.name} has no ${direction} queue in worker_defs`);
      else if (ids.length > most.value)
        report.error(
          most.at ?? at,
          `the workers have ${ids.length} ${direction} queues of ${port.name}, more than ${most.value}`,
        );
      return ids.length;
    };
    for (const { name, role, queues } of workers)
      if (role === 'slave' && !queues.some((queue) => queue.port === port.name && queue.tx.length > 0))
        report.error(section.name!, `worker ${name} has no tx queue on ${port.name}, so it could not send there`);
    return { ...port, rx: { ...port.rx, queues: count('rx') }, tx: { ...port.tx, queues: count('tx') } };
  });
}
