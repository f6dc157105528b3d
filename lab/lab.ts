// The whole topology as one object: build it, take it up again by its prefix, take it down.
import { Client } from './client.js';
import type { Driver } from './dpvs-conf.js';
import { DpvsNode } from './dpvs-node.js';
import { LabError } from './errors.js';
import { type FailureKind, fail, heal } from './failures.js';
import { buildNetwork } from './network.js';
import { defaultNodeCount, nodePlans, realServers as realServerPlans } from './plan.js';
import { mustBeAbleToRun } from './prerequisites.js';
import { RealServer } from './real-server.js';
import { RunState } from './run-state.js';
import { L3Switch, type OspfNetwork } from './switch.js';
import { reap, teardown } from './teardown.js';
import { postWarden } from './warden.js';

export interface LabOptions {
  /** 1 to 4. */
  readonly nodeCount: number;
  readonly driver: Driver;
  readonly ospfNetwork: OspfNetwork;
  readonly toa: boolean;
  /** 3 x 300 ms between switch and nodes. */
  readonly bfd: boolean;
  /** How the nodes announce. */
  readonly form: 'redistribute' | 'network';
  /** A network of which every VIP may be announced; null: none. */
  readonly vipRange: string | null;
}

export interface BuildOptions extends Partial<LabOptions> {
  /** Called with a line for each step. */
  readonly progress?: (line: string) => void;
  /** False: namespaces, links, switch and real servers only; the nodes' namespaces stay empty. */
  readonly startNodes?: boolean;
}

const defaults: LabOptions = {
  nodeCount: defaultNodeCount,
  driver: 'af_xdp',
  ospfNetwork: 'broadcast',
  toa: true,
  bfd: false,
  form: 'redistribute',
  vipRange: null,
};

export class Lab {
  readonly switch: L3Switch;
  readonly client: Client;
  readonly nodes: readonly DpvsNode[];
  readonly realServers: readonly RealServer[];

  private constructor(
    readonly state: RunState,
    readonly options: LabOptions,
  ) {
    const plans = nodePlans(options.nodeCount);
    this.switch = new L3Switch(state, { ...options, nodes: plans });
    this.client = new Client(state);
    this.nodes = plans.map((plan, index) => new DpvsNode(state, plan, { ...options, index }));
    this.realServers = realServerPlans.map((plan) => new RealServer(state, plan, options.toa));
  }

  /** Owned by this process: it goes when the process goes. @throws {LabError} with everything that is missing here. */
  static async up(options: BuildOptions = {}): Promise<Lab> {
    await mustBeAbleToRun();
    const { progress = () => {}, startNodes = true, ...rest } = options;
    for (const prefix of await reap()) progress(`removed ${prefix}, left behind by a run that was killed`);
    const settings: LabOptions = { ...defaults, ...rest };
    const lab = new Lab(RunState.create({ ...settings }), settings);
    postWarden(lab.prefix);
    try {
      await lab.#build(progress, startNodes);
    } catch (error) {
      if (process.env.DPVS_LAB_KEEP === undefined) await lab.down();
      else lab.keep();
      throw error;
    }
    return lab;
  }

  /** A lab that is up, made by another process. */
  static open(state: RunState): Lab {
    return new Lab(state, { ...defaults, ...(state.record.options as Partial<LabOptions>) });
  }

  get prefix(): string {
    return this.state.prefix;
  }

  node(name: string): DpvsNode {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined)
      throw new LabError(
        `no node ${name}`,
        `there ${this.nodes.length === 1 ? 'is' : 'are'} ${this.nodes.map((node) => node.name).join(', ')}`,
      );
    return found;
  }

  /** Breaks something of a node; returns when it is broken. @throws {LabError} when it is broken already */
  fail(name: string, kind: FailureKind, progress?: (line: string) => void): Promise<void> {
    return fail(this, this.node(name), kind, progress);
  }

  /** Starts what is missing of a node; returns when the switch sends it what it is to announce. */
  heal(name: string, progress?: (line: string) => void): Promise<void> {
    return heal(this, this.node(name), progress);
  }

  /** From now on it stays when this process ends. */
  keep(): void {
    this.state.setOwner(null);
  }

  async down(): Promise<void> {
    const problems = await teardown(this.state);
    if (problems.length > 0) throw new LabError(`lab ${this.prefix} is not quite gone:\n${problems.join('\n')}`);
  }

  async #build(progress: (line: string) => void, startNodes: boolean): Promise<void> {
    progress(`namespaces and links, all named ${this.prefix}-…`);
    await buildNetwork(
      this.state,
      this.nodes.map(({ plan }) => plan),
    );
    progress('the switch: zebra, ospfd');
    await this.switch.start();
    // Side by side: starting is mostly waiting for one another.
    await Promise.all(
      this.realServers.map(async (server) => {
        await server.start();
        progress(`${server.plan.name}: nginx on ${server.plan.address}`);
      }),
    );
    if (!startNodes) return;
    const who = this.nodes.map(({ name }) => name).join(', ');
    progress(`${who}: dpvs, the tutorial's script, zebra, ospfd, the routing bridge`);
    await Promise.all(
      this.nodes.map(async (node) => {
        await node.start();
        progress(`${node.name} is ready`);
      }),
    );
  }
}
