// A host on a LAN, a node with two ports, and an Internet of one router with a server behind it that knows no way to the LAN: for SNAT.
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type t from 'tap';
import { Client } from '../../lab/client.js';
import { dpvsConf } from '../../lab/dpvs-conf.js';
import {
  type Daemon,
  eventually,
  must,
  type NodeApi,
  postWarden,
  RunState,
  run,
  startDaemon,
  teardown,
} from '../../lab/index.js';
import { program } from '../../lab/paths.js';
import { lanPort, wanPort } from '../../lab/plan.js';
import { stopAll } from '../../lab/process-ref.js';
import { RealServer } from '../../lab/real-server.js';
import { udpProgram } from '../../lab/udp.js';
import { asOnAWire, NodeProcess } from './node-process.js';

export const gateway = '123.1.2.1';
/** The server of the Internet; its namespace is the gateway's. */
export const remote = '198.51.100.80';
export const host = '192.168.100.7';

const members = ['client', 'node', 'internet'] as const;
type Member = (typeof members)[number];

export class SnatLab {
  readonly state = RunState.create({});
  /** The host on the LAN. */
  readonly client = new Client(this.state);
  readonly server = new RealServer(this.state, { name: 'internet', address: remote }, false);
  readonly #node = new NodeProcess(this.state);
  #dpvs: Daemon | undefined;

  static async up(test: Pick<typeof t, 'teardown' | 'passing'>): Promise<SnatLab> {
    const lab = new SnatLab();
    postWarden(lab.state.prefix);
    test.teardown(async () => {
      if (!test.passing()) process.stderr.write(`${lab.#node.log}\n`);
      await teardown(lab.state);
    });
    await lab.#cable();
    await Promise.all([lab.startNode(), lab.server.start()]);
    return lab;
  }

  at(member: Member): { namespace: string } {
    return { namespace: this.state.namespace(member) };
  }

  /** A shell script on the node, in a directory with ./dpip and ./ipvsadm as the tutorial has them. @returns what it printed */
  async script(text: string): Promise<string> {
    const cwd = join(this.state.directory, 'bin');
    mkdirSync(cwd, { recursive: true });
    for (const name of ['dpip', 'ipvsadm'] as const)
      try {
        symlinkSync(program(name), join(cwd, name));
      } catch {
        // It is there from the script before.
      }
    return must(['sh', '-e', '-s'], { ...this.at('node'), cwd, env: this.#node.env, input: text, timeoutMs: 60_000 });
  }

  /** A UDP service of the Internet's that answers from the address it is asked at. */
  async serveUdp(port: number): Promise<void> {
    const argv = [process.execPath, udpProgram, 'serve', 'internet', String(port), remote];
    await startDaemon(this.state, { member: 'internet', what: 'udp', argv });
    await eventually(
      'the server listens on UDP',
      async () => (await run(['ss', '-Hlun', `sport = :${port}`], this.at('internet'))).stdout,
      (seen) => seen.includes(remote),
    );
  }

  get api(): NodeApi {
    return this.#node.api;
  }

  async startNode(): Promise<void> {
    this.#dpvs = await this.#node.start(dpvsConf({ driver: 'af_xdp', controlCpu: 0, workerCpu: 1 }));
  }

  async stopNode(): Promise<void> {
    if (this.#dpvs !== undefined) await stopAll([this.#dpvs.ref]);
  }

  async #cable(): Promise<void> {
    for (const member of members) {
      const { namespace } = this.at(member);
      this.state.add('namespaces', namespace);
      await must(['ip', 'netns', 'add', namespace]);
      await must(['sysctl', '-q', '-w', 'net.ipv6.conf.default.disable_ipv6=1'], this.at(member));
    }
    const node = this.state.namespace('node');
    const batch = (member: Member, lines: readonly string[]) =>
      must(['ip', '-batch', '-'], { ...this.at(member), input: `${lines.join('\n')}\n` });
    for (const [member, port, addresses] of [
      ['client', lanPort, [`${host}/24 dev eth0`]],
      ['internet', wanPort, [`${gateway}/24 dev eth0`, `${remote}/32 dev lo`]],
    ] as const) {
      await batch(member, [
        `link add eth0 type veth peer name ${port} netns ${node}`,
        ...['link set lo up', 'link set eth0 up'],
        ...addresses.map((address) => `address add ${address}`),
      ]);
      await batch('node', [`link set ${port} up`]);
      await asOnAWire(this.at(member).namespace, 'eth0');
      await asOnAWire(node, port);
    }
  }
}
