// A load-balancer node of ours: dpvs on two DPDK ports, zebra and ospfd on dpdk1.kni, the routing bridge between them.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Counter, NodeStatus, ServiceInfo } from '../api/index.js';
import type { BridgeStatus } from '../routing/index.js';
import { type Daemon, findDaemon, startDaemon } from './daemon.js';
import { type Driver, dpvsConf } from './dpvs-conf.js';
import { Hopeless, LabError } from './errors.js';
import { eventually } from './eventually.js';
import { must, type Outcome, run } from './exec.js';
import { Frr, isFull, type Neighbour } from './frr.js';
import { NodeApi } from './node-api.js';
import { binDirectory, type Program, program } from './paths.js';
import { lanNetwork, type NodePlan, ospfTimers, realServers, vip, vport } from './plan.js';
import { sendSignal, stopAll, waitForEnd } from './process-ref.js';
import type { RunState } from './run-state.js';
import type { OspfNetwork } from './switch.js';

/** The interface of the WAN port that the kernel sees. */
export const wanKni = 'dpdk1.kni';

const nodeDaemons = ['dpvs', 'bridge', 'zebra', 'bfdd', 'ospfd'] as const;

export interface DpvsNodeOptions {
  readonly driver: Driver;
  readonly ospfNetwork: OspfNetwork;
  readonly bfd: boolean;
  readonly form: 'redistribute' | 'network';
  /** A network of which every VIP may be announced; null: none. */
  readonly vipRange: string | null;
  /** Which of the nodes this is, from 0: they poll on different CPUs. */
  readonly index: number;
  /** As of `DpvsConfOptions`; one where nothing is said. */
  readonly wanPorts?: readonly string[];
}

export class DpvsNode {
  readonly name: string;
  readonly namespace: string;
  readonly frr: Frr;

  constructor(
    readonly state: RunState,
    readonly plan: NodePlan,
    readonly options: DpvsNodeOptions,
  ) {
    this.name = plan.name;
    this.namespace = state.namespace(plan.name);
    this.frr = new Frr(state, plan.name);
  }

  /** The node's name towards its own programs: unique on this machine, as several labs may run. */
  get dpvsName(): string {
    return this.namespace;
  }

  get directory(): string {
    return join(this.state.directory, this.name);
  }

  get runDirectory(): string {
    return join(this.directory, 'run');
  }

  get api(): NodeApi {
    return new NodeApi(this.dpvsName, this.runDirectory);
  }

  get configFile(): string {
    return join(this.directory, 'dpvs.conf');
  }

  /** What dpip, ipvsadm and dpvs-route need to find this node and its routing daemons. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PATH: `${binDirectory}:${process.env.PATH}`,
      DPVS_NAME: this.dpvsName,
      DPVS_FRR_NAMESPACE: this.frr.pathspace,
      DPVS_RUN_DIR: this.runDirectory,
      DPVS_STATE_DIR: join(this.directory, 'state'),
    };
  }

  /** From nothing to ready to announce. */
  async start(): Promise<void> {
    await this.startDataplane();
    await this.raiseKni();
    await this.provision();
    await this.startRouting();
  }

  /** After a crash: the dataplane's configuration comes from its journal, so nothing is provisioned again. */
  async restart(): Promise<void> {
    await this.startDataplane();
    await this.raiseKni();
    await this.startRouting();
  }

  /** Whatever does not run of what a started node has; `started` is told of each. */
  async startMissing(started: (what: string) => void = () => {}): Promise<void> {
    const { running } = this;
    const lacks = (what: (typeof nodeDaemons)[number]): boolean => !running.includes(what);
    if (lacks('dpvs')) {
      await this.startDataplane();
      started('dpvs');
      await this.raiseKni();
    }
    for (const name of await this.frr.startMissing()) started(name);
    if (lacks('bridge')) {
      await this.startBridge();
      started('bridge');
    }
  }

  async startDataplane(): Promise<Daemon> {
    mkdirSync(this.runDirectory, { recursive: true, mode: 0o700 });
    mkdirSync(join(this.directory, 'state'), { recursive: true, mode: 0o700 });
    const { driver, index, wanPorts } = this.options;
    const controlCpu = index % 2;
    writeFileSync(this.configFile, dpvsConf({ driver, controlCpu, workerCpu: 1 - controlCpu, wanPorts }));
    // EAL's runtime files of a process that is killed stay behind.
    this.state.add('directories', join('/var/run/dpdk', `dpvs-${this.dpvsName}`));
    const argv = [program('dpvs'), '-c', this.configFile, '--name', this.dpvsName];
    const daemon = await startDaemon(this.state, { member: this.name, what: 'dpvs', argv, env: this.env });
    await eventually(
      `dpvs of ${this.name} answers and has made ${wanKni}`,
      async () => {
        if (!daemon.alive) throw new Hopeless(`it ended: ${daemon.logTail()}`);
        await this.api.dataplane('link.list', {});
        return (await run(['ip', 'link', 'show', 'dev', wanKni], { namespace: this.namespace })).stderr || 'ready';
      },
      (seen) => seen === 'ready',
      { timeoutMs: 40_000 },
    );
    return daemon;
  }

  /** The tutorial's lines for the kernel's side of the WAN port. */
  async raiseKni(): Promise<void> {
    const { switchAddress, wanAddress } = this.plan;
    const at = { namespace: this.namespace };
    await must(['ip', 'link', 'set', wanKni, 'up'], at);
    await must(['ip', 'addr', 'replace', `${wanAddress}/30`, 'dev', wanKni], at);
    await must(['ip', 'route', 'replace', 'default', 'via', switchAddress, 'dev', wanKni], at);
  }

  /** The tutorial's second script, word by word but for this node's own addresses. */
  get script(): string {
    const service = `${vip}:${vport}`;
    return [
      '#!/bin/sh -e',
      '# routes for LAN access',
      `dpip route add ${lanNetwork} dev dpdk0`,
      '# add service <VIP:vport> to forwarding, scheduling mode is RR.',
      `ipvsadm -A -t ${service} -s rr`,
      '# add two RS-es for service, forwarding mode is FNAT (-b)',
      ...realServers.map(({ address }) => `ipvsadm -a -t ${service} -r ${address} -b`),
      '# add at Local-IPs (LIPs) for FNAT on LAN interface',
      ...this.plan.lips.map((lip) => `ipvsadm --add-laddr -z ${lip} -t ${service} -F dpdk0`),
      '# add route to kni device.',
      `dpip route add ${this.plan.wanAddress}/32 dev dpdk1 scope kni_host`,
      '',
    ].join('\n');
  }

  async provision(): Promise<void> {
    const path = join(this.directory, 'provision.sh');
    writeFileSync(path, this.script, { mode: 0o755 });
    await must(['sh', '-e', path], { namespace: this.namespace, env: this.env, timeoutMs: 60_000 });
  }

  async startRouting(): Promise<void> {
    await this.writeRoutingConfig();
    await this.frr.start();
    await this.startBridge();
  }

  async writeRoutingConfig(): Promise<void> {
    const { helloSeconds, deadSeconds } = ospfTimers;
    mkdirSync(this.frr.configDirectory, { recursive: true });
    await this.cliOrThrow('dpvs-route', [
      ...['config', '--flavor', 'frr', '--out', this.frr.configDirectory],
      ...['--router-id', this.plan.routerId, '--interface', wanKni, '--network', this.plan.wanPrefix],
      ...['--hello', String(helloSeconds), '--dead', String(deadSeconds), '--ospf-network', this.options.ospfNetwork],
      ...['--form', this.options.form, '--graceful-restart', String(ospfTimers.graceSeconds)],
      ...(this.options.bfd ? ['--bfd'] : []),
      ...(this.options.vipRange === null ? [] : ['--vip-range', this.options.vipRange]),
    ]);
  }

  /** @param args further ones of `dpvs-route run` */
  async startBridge(...args: string[]): Promise<Daemon> {
    const argv = [program('dpvs-route'), 'run', '--form', this.options.form, ...args];
    const daemon = await startDaemon(this.state, { member: this.name, what: 'bridge', argv, env: this.env });
    await eventually(
      `the routing bridge of ${this.name} answers`,
      async () => {
        if (!daemon.alive) throw new Hopeless(`it ended: ${daemon.logTail()}`);
        return this.routing();
      },
      () => true,
      { timeoutMs: 15_000 },
    );
    return daemon;
  }

  /** Runs one of the project's programs against this node, inside its namespace. */
  cli(name: Program, ...args: string[]): Promise<Outcome> {
    return run([program(name), ...args], { namespace: this.namespace, env: this.env });
  }

  cliOrThrow(name: Program, args: readonly string[]): Promise<string> {
    return must([program(name), ...args], { namespace: this.namespace, env: this.env, timeoutMs: 60_000 });
  }

  async fullNeighbours(): Promise<Neighbour[]> {
    return (await this.frr.neighbours()).filter(isFull);
  }

  services(): Promise<ServiceInfo[]> {
    return this.api.dataplane('service.list', {});
  }

  counters(): Promise<Counter[]> {
    return this.api.dataplane('node.counters', {});
  }

  status(): Promise<NodeStatus> {
    return this.api.dataplane('node.status', {});
  }

  routing(): Promise<BridgeStatus> {
    return this.api.bridge('status', {});
  }

  announce(address = vip): Promise<string> {
    return this.cliOrThrow('dpvs-route', ['announce', address]);
  }

  withdraw(address = vip): Promise<string> {
    return this.cliOrThrow('dpvs-route', ['withdraw', address]);
  }

  daemon(what: 'dpvs' | 'bridge'): Daemon {
    const found = findDaemon(this.state, this.name, what);
    if (found === undefined) throw new LabError(`${what} of ${this.name} is not running`);
    return found;
  }

  get running(): string[] {
    return nodeDaemons.filter((what) => findDaemon(this.state, this.name, what) !== undefined);
  }

  /** SIGKILL to everything at once: the machine loses power, as far as its peers can tell. */
  async crash(): Promise<void> {
    const refs = this.state.record.processes.filter(({ member }) => member === this.name);
    for (const ref of refs) sendSignal(ref, 'SIGKILL');
    if (!(await waitForEnd(refs, 5000))) throw new LabError(`${this.name} survived SIGKILL for 5 s`);
  }

  async kill(what: 'dpvs' | 'bridge', signal: NodeJS.Signals = 'SIGKILL', timeoutMs = 15_000): Promise<void> {
    const { ref } = this.daemon(what);
    sendSignal(ref, signal);
    if (!(await waitForEnd([ref], timeoutMs)))
      throw new LabError(`${what} of ${this.name} did not end within ${timeoutMs / 1000} s of ${signal}`);
  }

  /** In good order: the bridge withdraws, then the routing daemons and the dataplane go. */
  async stop(): Promise<void> {
    const bridge = findDaemon(this.state, this.name, 'bridge');
    if (bridge !== undefined) await stopAll([bridge.ref], 10_000);
    await this.frr.stop();
    const dpvs = findDaemon(this.state, this.name, 'dpvs');
    if (dpvs !== undefined) await stopAll([dpvs.ref], 10_000);
  }

  get hasConfig(): boolean {
    return existsSync(this.configFile);
  }
}
