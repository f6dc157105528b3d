// Looks at the node once a second: samples rates, asks the slow path for a sign of life, mirrors carriers, says what is wrong.
import type { NodeStatus } from '../../api/index.js';
import type { Log } from '../../log/index.js';
import { type Counters, portInfo, usage } from '../../native/index.js';
import type { DataplaneConfig } from '../config/index.js';
import type { DesiredState } from '../control/index.js';
import type { RunningPort } from './bring-up.js';
import { ConditionLog } from './condition-log.js';
import type { SlowPathClient } from './slow-path-client.js';
import type { Traffic } from './traffic.js';

/** Longer than this without an answer, the slow path counts as stalled: new connections are not scheduled. */
const STALLED_MS = 2_000;
const INTERVAL_MS = 1_000;
/** Carriers are looked at more often: ospfd should learn of a dead link well within a dead interval of one second. */
const CARRIER_MS = 100;

export interface MonitorParts {
  readonly name: string;
  readonly version: string;
  readonly config: DataplaneConfig;
  readonly desired: DesiredState;
  readonly slowPath: SlowPathClient;
  readonly traffic: Traffic;
  readonly counters: Counters;
  readonly ports: readonly RunningPort[];
  readonly log: Log;
  readonly onCarrier: (port: RunningPort, up: boolean) => void;
  readonly onServing: (serving: boolean, problems: readonly string[]) => void;
  /** Whether the node was told to stop. */
  readonly stopping: () => boolean;
  /** Whether the port's kni is up in the kernel. */
  readonly kniUp: (port: RunningPort) => boolean;
}

interface Problem {
  readonly text: string;
  /** That has no link; null: the whole node has the problem. */
  readonly port: string | null;
}

export class Monitor {
  readonly #startedAt = new Date();
  readonly #links = new Map<string, boolean>();
  readonly #loops = new Map<number, number>();
  #stalledLcores: number[] = [];
  /** What was last said about it. */
  #told: string | undefined;
  #timers: NodeJS.Timeout[] = [];
  #looking = false;
  readonly #conditions: ConditionLog;

  constructor(readonly parts: MonitorParts) {
    this.#conditions = new ConditionLog(parts.counters, parts.log);
  }

  start(): void {
    this.#carriers();
    this.#timers = [setInterval(() => this.#carriers(), CARRIER_MS), setInterval(() => void this.#look(), INTERVAL_MS)];
    void this.#look();
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#conditions.flush();
  }

  status(): NodeStatus {
    const { name, version, slowPath, ports, desired, log, kniUp } = this.parts;
    const problems = this.problems();
    const { flows, connections } = usage();
    return {
      name,
      version,
      pid: process.pid,
      startedAt: this.#startedAt.toISOString(),
      serving: problems.length === 0,
      stopping: this.parts.stopping(),
      problems: problems.map(({ text }) => text),
      problemPorts: problems.map(({ port }) => port),
      slowPath: {
        state: slowPath.running ? 'running' : 'restarting',
        generation: slowPath.generation,
        lastAnswerMs: Math.max(0, Date.now() - slowPath.lastAnswer),
      },
      ports: ports.map((port) => ({
        name: port.config.name,
        up: this.#links.get(port.config.name) ?? false,
        kni: port.kniIndex === null ? null : port.config.kniName,
        kniUp: port.kniIndex !== null && kniUp(port),
      })),
      services: desired.services().length,
      connections,
      flows,
      logLevel: log.level,
    };
  }

  /** Why new connections are not scheduled, and what to do; empty when they are. */
  problems(): Problem[] {
    const { slowPath, ports } = this.parts;
    const problems: Problem[] = [];
    const say = (text: string, port: string | null = null): number => problems.push({ text, port });
    if (this.parts.stopping()) say('dpvs is stopping: what still arrives is forwarded for a moment');
    if (!slowPath.running)
      say('the slow path is restarting: established connections go on, new ones wait; see the log for why it died');
    else if (Date.now() - slowPath.lastAnswer > STALLED_MS)
      say(
        `the slow path has not answered for ${Math.round((Date.now() - slowPath.lastAnswer) / 1000)} s: dpip slowpath restart`,
      );
    for (const { config } of ports) {
      if (this.#links.get(config.name) === false)
        say(`${config.name} has no link: check its cable or peer, or dpip link set ${config.name} up`, config.name);
    }
    for (const lcore of this.#stalledLcores)
      say(`lcore ${lcore + 1} has stopped polling: restart dpvs and report its log`);
    return problems;
  }

  #carriers(): void {
    for (const port of this.parts.ports) {
      const info = portInfo(port.index);
      const up = info?.linkUp === true && info.adminUp;
      const before = this.#links.get(port.config.name);
      if (before === up) continue;
      this.#links.set(port.config.name, up);
      this.parts.log.event(up ? 'port.up' : 'port.down', { port: port.config.name });
      if (before !== undefined || !up) this.parts.onCarrier(port, up);
    }
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      this.parts.traffic.sample(await this.parts.slowPath.query('dests', {}));
    } catch {
      // It is restarting; problems() says so.
    } finally {
      this.#looking = false;
    }
    this.#lcores();
    this.#conditions.look();
    this.judge();
  }

  /** Says so when the node begins or ceases to serve, or for another reason. Called once a second, and by who knows that something has changed. */
  judge(): void {
    const problems = this.problems().map(({ text }) => text);
    const serving = problems.length === 0;
    // Numbers in them count seconds: the same problem a second later is no news.
    const told = problems.join('\n').replaceAll(/\d+ s\b/g, 's');
    if (told === this.#told) return;
    this.#told = told;
    this.parts.log.event(serving ? 'node.serving' : 'node.not_serving', serving ? {} : { problems });
    this.parts.onServing(serving, problems);
  }

  #lcores(): void {
    this.#stalledLcores = [];
    for (let i = 0; i < usage().lcores; i++) {
      const { loops } = this.parts.counters.lcore(i);
      if (this.#loops.get(i) === loops) this.#stalledLcores.push(i);
      this.#loops.set(i, loops);
    }
  }
}
