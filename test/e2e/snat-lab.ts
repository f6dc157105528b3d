// A host on a LAN, a node with two ports, and an Internet of one router with a server behind it that knows no way to the LAN: for SNAT.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type t from 'tap';
import { Client } from '../../lab/client.js';
import { dpvsConf } from '../../lab/dpvs-conf.js';
import {
  type Daemon,
  eventually,
  Hopeless,
  must,
  NodeApi,
  postWarden,
  RunState,
  run,
  startDaemon,
  teardown,
} from '../../lab/index.js';
import { binDirectory, program } from '../../lab/paths.js';
import { lanPort, wanPort } from '../../lab/plan.js';
import { stopAll } from '../../lab/process-ref.js';
import { RealServer } from '../../lab/real-server.js';
import { udpProgram } from '../../lab/udp.js';

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
  #dpvs: Daemon | undefined;

  static async up(test: Pick<typeof t, 'teardown' | 'passing'>): Promise<SnatLab> {
    const lab = new SnatLab();
    postWarden(lab.state.prefix);
    test.teardown(async () => {
      if (!test.passing()) process.stderr.write(`${lab.#log}\n`);
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
    return must(['sh', '-e', '-s'], { ...this.at('node'), cwd, env: this.#env, input: text, timeoutMs: 60_000 });
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
    return new NodeApi(this.#name, join(this.state.directory, 'run'));
  }

  async startNode(): Promise<void> {
    const { directory } = this.state;
    for (const each of ['run', 'state']) mkdirSync(join(directory, each), { recursive: true, mode: 0o700 });
    const file = join(directory, 'dpvs.conf');
    writeFileSync(file, dpvsConf({ driver: 'af_xdp', controlCpu: 0, workerCpu: 1 }));
    const argv = [program('dpvs'), '-c', file, '--name', this.#name];
    const daemon = await startDaemon(this.state, { member: 'node', what: 'dpvs', argv, env: this.#env });
    this.#dpvs = daemon;
    await eventually(
      'dpvs answers',
      () => {
        if (!daemon.alive) throw new Hopeless(`it ended: ${daemon.logTail()}`);
        return this.api.dataplane('node.status', {});
      },
      () => true,
      { timeoutMs: 40_000 },
    );
  }

  async stopNode(): Promise<void> {
    if (this.#dpvs !== undefined) await stopAll([this.#dpvs.ref]);
  }

  get #name(): string {
    return this.state.namespace('node');
  }

  get #env(): NodeJS.ProcessEnv {
    const { directory } = this.state;
    const own = {
      DPVS_NAME: this.#name,
      DPVS_RUN_DIR: join(directory, 'run'),
      DPVS_STATE_DIR: join(directory, 'state'),
    };
    return { ...process.env, PATH: `${binDirectory}:${process.env.PATH}`, ...own };
  }

  get #log(): string {
    return readFileSync(join(this.state.directory, 'log', 'node-dpvs.log'), 'utf8').slice(-4000);
  }

  async #cable(): Promise<void> {
    for (const member of members) {
      const { namespace } = this.at(member);
      this.state.add('namespaces', namespace);
      await must(['ip', 'netns', 'add', namespace]);
      await must(['sysctl', '-q', '-w', 'net.ipv6.conf.default.disable_ipv6=1'], this.at(member));
    }
    this.state.add('directories', join('/var/run/dpdk', `dpvs-${this.#name}`));
    const node = this.state.namespace('node');
    const batch = (member: Member, lines: readonly string[]) =>
      must(['ip', '-batch', '-'], { ...this.at(member), input: `${lines.join('\n')}\n` });
    // Frames as on a wire: with checksums, not larger than the MTU.
    const plain = (member: Member, name: string) => {
      const off = ['rx', 'tx', 'sg', 'tso', 'gso', 'gro'].flatMap((feature) => [feature, 'off']);
      return must(['ethtool', '-K', name, ...off], this.at(member));
    };
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
      await plain(member, 'eth0');
      await plain('node', port);
    }
  }
}
