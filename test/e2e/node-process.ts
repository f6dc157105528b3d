// A real dpvs as member `node` of a topology of a test's own: started, its command lines' environment, frames as on a wire.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemon, eventually, Hopeless, must, NodeApi, type RunState, startDaemon } from '../../lab/index.js';
import { binDirectory, program } from '../../lab/paths.js';

export class NodeProcess {
  constructor(readonly state: RunState) {}

  get name(): string {
    return this.state.namespace('node');
  }

  get api(): NodeApi {
    return new NodeApi(this.name, join(this.state.directory, 'run'));
  }

  /** For dpvs and what talks to it. */
  get env(): NodeJS.ProcessEnv {
    const { directory } = this.state;
    const own = {
      DPVS_NAME: this.name,
      DPVS_RUN_DIR: join(directory, 'run'),
      DPVS_STATE_DIR: join(directory, 'state'),
    };
    return { ...process.env, PATH: `${binDirectory}:${process.env.PATH}`, ...own };
  }

  /** The end of its log. */
  get log(): string {
    return readFileSync(join(this.state.directory, 'log', 'node-dpvs.log'), 'utf8').slice(-4000);
  }

  /** @param conf the text of dpvs.conf. @returns when it answers */
  async start(conf: string): Promise<Daemon> {
    const { directory } = this.state;
    for (const each of ['run', 'state']) mkdirSync(join(directory, each), { recursive: true, mode: 0o700 });
    const file = join(directory, 'dpvs.conf');
    writeFileSync(file, conf);
    this.state.add('directories', join('/var/run/dpdk', `dpvs-${this.name}`));
    const argv = [program('dpvs'), '-c', file, '--name', this.name];
    const daemon = await startDaemon(this.state, { member: 'node', what: 'dpvs', argv, env: this.env });
    await eventually(
      'dpvs answers',
      () => {
        if (!daemon.alive) throw new Hopeless(`it ended: ${daemon.logTail()}`);
        return this.api.dataplane('node.status', {});
      },
      () => true,
      { timeoutMs: 40_000 },
    );
    return daemon;
  }
}

/** With checksums, not larger than the MTU. */
export async function asOnAWire(namespace: string, name: string): Promise<void> {
  const off = ['rx', 'tx', 'sg', 'tso', 'gso', 'gro'].flatMap((feature) => [feature, 'off']);
  await must(['ethtool', '-K', name, ...off], { namespace });
}
