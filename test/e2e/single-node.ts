// A real dpvs alone, in a network namespace of its own with its two ports on veth: for tests that need no switch and no bridge.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type t from 'tap';
import { dpvsConf } from '../../lab/dpvs-conf.js';
import { eventually, NodeApi } from '../../lab/index.js';
import { program } from '../../lab/paths.js';
import { skip } from './support.js';

export const ip = (line: string): string => execFileSync('ip', line.split(' '), { encoding: 'utf8' });

/** Runs the calling file again in a network namespace that goes with the process. @returns whether this is that run */
export async function inOwnNamespace(test: typeof t, url: string): Promise<boolean> {
  if (process.env.DPVS_TEST_NETNS === '1') {
    for (const [port, peer] of [
      ['lan0', 'lan1'],
      ['wan0', 'wan1'],
    ]) {
      ip(`link add ${port} type veth peer name ${peer}`);
      ip(`link set ${port} up`);
      ip(`link set ${peer} up`);
    }
    return true;
  }
  if (skip !== false) test.plan(0, skip);
  else
    await test.spawn('unshare', ['--net', process.execPath, fileURLToPath(url)], {
      env: { ...process.env, DPVS_TEST_NETNS: '1' },
      name: 'in a network namespace of its own',
    });
  return false;
}

export class SingleNode {
  readonly directory = mkdtempSync(join(tmpdir(), 'dpvs-single-'));
  readonly name = `single-${process.pid}`;
  #child: ChildProcess | undefined;

  /**
   * @param settings lines for dataplane_defs
   * @param edit the file's last change
   */
  constructor(
    readonly settings = '',
    readonly edit = (conf: string): string => conf,
  ) {}

  get api(): NodeApi {
    return new NodeApi(this.name, join(this.directory, 'run'));
  }

  get env(): NodeJS.ProcessEnv {
    const { directory } = this;
    const own = {
      DPVS_NAME: this.name,
      DPVS_RUN_DIR: join(directory, 'run'),
      DPVS_STATE_DIR: join(directory, 'state'),
    };
    return { ...process.env, ...own };
  }

  async start(): Promise<void> {
    for (const each of ['run', 'state']) mkdirSync(join(this.directory, each), { recursive: true, mode: 0o700 });
    const file = join(this.directory, 'dpvs.conf');
    const conf = dpvsConf({ driver: 'af_packet', controlCpu: 0, workerCpu: 1 });
    writeFileSync(file, this.edit(conf.replace('dataplane_defs {', `dataplane_defs {\n    ${this.settings}`)));
    const log = openSync(join(this.directory, 'log'), 'a');
    // It goes with this process, whatever way that ends.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', program('dpvs'), '-c', file, '--name', this.name], {
      env: this.env,
      stdio: ['ignore', log, log],
    });
    const child = this.#child;
    await eventually(
      'dpvs answers',
      () => {
        if (child.exitCode !== null) throw new Error(this.log);
        return this.api.dataplane('node.status', {});
      },
      () => true,
      { timeoutMs: 40_000 },
    );
  }

  get log(): string {
    return readFileSync(join(this.directory, 'log'), 'utf8').slice(-4000);
  }

  end(signal: NodeJS.Signals): Promise<unknown> {
    const ended = this.ended();
    this.#child?.kill(signal);
    return ended;
  }

  /** Resolves when the process is gone. */
  ended(): Promise<unknown> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => child.once('exit', resolve));
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
    rmSync(join('/var/run/dpdk', `dpvs-${this.name}`), { recursive: true, force: true });
  }

  dpip(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(program('dpip'), args, { env: this.env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`dpip ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}
