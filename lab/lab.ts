// The whole topology as one object: build it, take it up again by its prefix, take it down.
import { Client } from './client.js';
import type { Driver } from './dpvs-conf.js';
import { DpvsNode } from './dpvs-node.js';
import { LabError } from './errors.js';
import { buildNetwork } from './network.js';
import { nodes as nodePlans, realServers as realServerPlans } from './plan.js';
import { missing } from './prerequisites.js';
import { RealServer } from './real-server.js';
import { RunState } from './run-state.js';
import { L3Switch, type OspfNetwork } from './switch.js';
import { reap, teardown } from './teardown.js';
import { postWarden } from './warden.js';

export interface LabOptions {
  readonly driver: Driver;
  readonly ospfNetwork: OspfNetwork;
  readonly toa: boolean;
  /** 3 x 300 ms between switch and nodes. */
  readonly bfd: boolean;
  /** How the nodes announce. */
  readonly form: 'redistribute' | 'network';
}

export interface BuildOptions extends Partial<LabOptions> {
  /** Called with a line for each step. */
  readonly progress?: (line: string) => void;
  /** False: namespaces, links, switch and real servers only; the nodes' namespaces stay empty. */
  readonly startNodes?: boolean;
}

export class Lab {
  readonly switch: L3Switch;
  readonly client: Client;
  readonly nodes: readonly DpvsNode[];
  readonly realServers: readonly RealServer[];

  private constructor(
    readonly state: RunState,
    readonly options: LabOptions,
  ) {
    this.switch = new L3Switch(state, options);
    this.client = new Client(state);
    this.nodes = nodePlans.map((plan, index) => new DpvsNode(state, plan, { ...options, index }));
    this.realServers = realServerPlans.map((plan) => new RealServer(state, plan, options.toa));
  }

  /** Owned by this process: it goes when the process goes. @throws {LabError} with everything that is missing here. */
  static async up(options: BuildOptions = {}): Promise<Lab> {
    const lacks = await missing();
    if (lacks.length > 0)
      throw new LabError(
        `the lab cannot run here:\n${lacks.map(({ what, suggestion }) => `  ${what}${suggestion && ` — ${suggestion}`}`).join('\n')}`,
      );
    const { progress = () => {}, startNodes = true, ...rest } = options;
    for (const prefix of await reap()) progress(`removed ${prefix}, left behind by a run that was killed`);
    const settings: LabOptions = {
      driver: 'af_xdp',
      ospfNetwork: 'broadcast',
      toa: true,
      bfd: false,
      form: 'redistribute',
      ...rest,
    };
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
    return new Lab(state, state.record.options as unknown as LabOptions);
  }

  get prefix(): string {
    return this.state.prefix;
  }

  node(name: string): DpvsNode {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) throw new LabError(`no node ${name}`);
    return found;
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
    await buildNetwork(this.state);
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
    progress("both nodes: dpvs, the tutorial's script, zebra, ospfd, the routing bridge");
    await Promise.all(
      this.nodes.map(async (node) => {
        await node.start();
        progress(`${node.name} is ready`);
      }),
    );
  }
}
