// The scene of the TOA test: a namespace for the client and one for the server, a veth between, servers under `dpvs-toa run`.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type AttachmentStatus, cgroup2Root, findCgroup, status } from '../../../toa/index.js';
import type { ClientPlan } from './hand-made-client.js';

const top = fileURLToPath(new URL('../../../../', import.meta.url));
export const dpvsToa = join(top, 'bin/dpvs-toa');

const prefix = `toa-e2e-${process.pid}`;
const clientSpace = `${prefix}-client`;
const serverSpace = `${prefix}-server`;
const clientMac = '02:00:00:00:00:01';
const serverMac = '02:00:00:00:00:02';

/** No kernel owns these: the peer addresses a server sees without TOA, as it would see a node's LIP. */
export const peer = { ipv4: '10.99.0.100', ipv6: 'fd99::100' };
export const server = { ipv4: '10.99.0.2', ipv6: 'fd99::2' };

export interface RunningServer {
  readonly child: ChildProcess;
  /** Directory of the cgroup `dpvs-toa run` made for it. */
  readonly cgroup: string;
  log(): string;
}

export type Request = Pick<ClientPlan, 'serverPort' | 'request' | 'answerEnd'> &
  Partial<Pick<ClientPlan, 'ackOptions' | 'requestOptions' | 'awaitGreeting'>> & { readonly family?: 'ipv4' | 'ipv6' };

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

export class Scene {
  readonly directory = mkdtempSync(join(tmpdir(), 'dpvs-toa-'));
  readonly #servers: RunningServer[] = [];
  readonly #clients: ChildProcess[] = [];
  #port = 20_000;

  build(): void {
    for (const space of [clientSpace, serverSpace]) ip('netns', 'add', space);
    ip(
      'link',
      'add',
      'c0',
      'netns',
      clientSpace,
      'address',
      clientMac,
      'type',
      'veth',
      'peer',
      'name',
      's0',
      'netns',
      serverSpace,
    );
    const client = (...args: string[]) => ip('netns', 'exec', clientSpace, ...args);
    client('sysctl', '-q', '-w', 'net.ipv6.conf.c0.disable_ipv6=1');
    client('ip', 'link', 'set', 'c0', 'up');
    this.inServerSpace('ip', 'link', 'set', 's0', 'address', serverMac, 'up');
    this.inServerSpace('ip', 'link', 'set', 'lo', 'up');
    // Frames as on a wire: with checksums, none larger than the MTU.
    this.inServerSpace('ethtool', '-K', 's0', 'tx', 'off', 'tso', 'off', 'gso', 'off');
    this.inServerSpace('ip', 'address', 'add', `${server.ipv4}/24`, 'dev', 's0');
    this.inServerSpace('ip', 'address', 'add', `${server.ipv6}/64`, 'dev', 's0', 'nodad');
    for (const address of Object.values(peer)) {
      this.inServerSpace('ip', 'neighbour', 'add', address, 'lladdr', clientMac, 'dev', 's0', 'nud', 'permanent');
    }
  }

  inServerSpace(...command: string[]): string {
    return ip('netns', 'exec', serverSpace, ...command);
  }

  /** `enter` is the way into the namespace: `ip netns exec` hides cgroup2 and the bpf file system, nsenter does not. */
  async start(enter: 'ip' | 'nsenter', ports: readonly number[], command: readonly string[]): Promise<RunningServer> {
    const way =
      enter === 'ip' ? ['ip', 'netns', 'exec', serverSpace] : ['nsenter', `--net=/run/netns/${serverSpace}`, '--'];
    const [program, ...args] = [...way, dpvsToa, 'run', '--', ...command];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    // Every step of the way execs: the server has the pid of the first.
    const cgroup = join(findCgroup('self', cgroup2Root()), `dpvs-toa-${child.pid}`);
    const running = { child, cgroup, log: () => text };
    this.#servers.push(running);
    for (let tries = 0; tries < 100; tries++) {
      if (child.exitCode !== null) throw new Error(`the server ended: ${text}`);
      const listening = ip('netns', 'exec', serverSpace, 'ss', '-Hltn');
      if (ports.every((port) => new RegExp(`:${port}\\s`).test(listening))) return running;
      await delay(100);
    }
    throw new Error(`the server does not listen: ${text}`);
  }

  /** One connection; the answer, and a function that closes it, both ends. */
  async open({
    family = 'ipv4',
    ...request
  }: Request): Promise<{ answer: string; port: number; close(): Promise<void> }> {
    const port = this.#port++;
    const plan: ClientPlan = {
      interface: 'c0',
      mac: clientMac,
      serverMac,
      address: peer[family],
      port,
      serverAddress: server[family],
      ackOptions: [],
      requestOptions: [],
      awaitGreeting: false,
      ...request,
    };
    const program = fileURLToPath(new URL('./hand-made-client.js', import.meta.url));
    const args = [`--net=/run/netns/${clientSpace}`, '--', process.execPath, program, JSON.stringify(plan)];
    const child = spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#clients.push(child);
    let said = '';
    let complained = '';
    child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
    const exited = once(child, 'exit');
    const answered = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.endsWith('\n')) resolve();
      });
    });
    await Promise.race([answered, exited]);
    if (!said.endsWith('\n')) throw new Error(`the client got no answer: ${complained}`);
    const close = async () => {
      child.stdin.end();
      const [code] = await exited;
      if (code !== 0) throw new Error(`the client could not close: ${complained}`);
    };
    return { answer: JSON.parse(said) as string, port, close };
  }

  async ask(request: Request): Promise<{ answer: string; port: number }> {
    const { answer, port, close } = await this.open(request);
    await close();
    return { answer, port };
  }

  status(of: RunningServer): AttachmentStatus {
    const found = status(cgroup2Root()).find((entry) => entry.cgroup === of.cgroup);
    if (found === undefined) throw new Error(`not attached to ${of.cgroup}`);
    return found;
  }

  async teardown(): Promise<void> {
    for (const child of [...this.#clients, ...this.#servers.map((running) => running.child)]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    for (const { cgroup } of this.#servers) await removeCgroup(cgroup);
    for (const space of [clientSpace, serverSpace]) {
      try {
        ip('netns', 'del', space);
      } catch {
        // It was not made yet.
      }
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The children of a killed nginx go a moment after it. */
async function removeCgroup(directory: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    try {
      for (const pid of readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) {
        process.kill(Number(pid), 'SIGKILL');
      }
      rmdirSync(directory);
      return;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
      await delay(50);
    }
  }
}
