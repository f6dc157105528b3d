// Runs vtysh: one process a call, without a shell, bounded in time. What FRR refuses or does not answer becomes a VtyshError.
import { execFile } from 'node:child_process';
import type { ConfigDaemon } from '../quagga-conf/index.js';
import { readObjects } from './frr-json.js';

export type RoutingDaemon = ConfigDaemon;

export class VtyshError extends Error {
  constructor(
    readonly daemon: RoutingDaemon,
    /**
     * `absent`: no vtysh here. `down`: nobody listens on the daemon's socket, so it does not run. `silent`: it was reached and has not
     * answered; what it announces meanwhile, nobody here can tell. `refused`: it does not take the command.
     */
    readonly kind: 'absent' | 'down' | 'silent' | 'refused',
    detail: string,
  ) {
    super(`${daemon}: ${detail}`);
    this.name = 'VtyshError';
  }
}

export interface VtyshOptions {
  /** `-N NAME` of the daemons: their sockets are in /var/run/frr/NAME. */
  readonly namespace?: string;
  readonly timeoutMs?: number;
  /** The program; for tests. */
  readonly program?: string;
}

export interface VtyshOutput {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Output of a vtysh that failed → why. Exported for its test with captured samples. */
export function explainFailure(daemon: RoutingDaemon, output: VtyshOutput): VtyshError {
  const lines = `${output.stderr}\n${output.stdout}`
    .split('\n')
    .map((line) => line.trim())
    // A pathspace has no vtysh.conf of its own; FRR mentions that each time.
    .filter((line) => line !== '' && !/^% Can't open configuration file/.test(line));
  const detail = lines.join('; ') || `vtysh ended with ${output.exitCode}`;
  if (/failed to connect to any daemons|is not running/i.test(detail))
    return new VtyshError(daemon, 'down', 'it does not run');
  // It was killed, or closed the connection, while it was asked.
  if (/error reading from|closing connection|closed/i.test(detail)) return new VtyshError(daemon, 'silent', detail);
  return new VtyshError(daemon, 'refused', detail);
}

/** A prefix-list entry takes ospfd some milliseconds, and more with their number. */
const perLineMs = 50;

export class Vtysh {
  readonly #program: string;
  readonly #timeoutMs: number;
  readonly #prefix: readonly string[];

  constructor({ namespace, timeoutMs = 5_000, program = 'vtysh' }: VtyshOptions = {}) {
    this.#program = program;
    this.#timeoutMs = timeoutMs;
    this.#prefix = namespace === undefined ? [] : ['-N', namespace];
  }

  /** @returns what the commands print. @throws {VtyshError} */
  run(daemon: RoutingDaemon, commands: readonly string[], timeoutMs = this.#timeoutMs): Promise<string> {
    const args = [...this.#prefix, '-d', daemon, ...commands.flatMap((command) => ['-c', command])];
    const options = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: 64 << 20,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, VTYSH_PAGER: 'cat' },
    } as const;
    return new Promise((resolve, reject) => {
      execFile(this.#program, args, options, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        if (error.killed === true)
          return reject(new VtyshError(daemon, 'silent', `no answer within ${timeoutMs / 1000} s`));
        if (typeof error.code === 'string')
          return reject(new VtyshError(daemon, 'absent', `${this.#program} cannot be run (${error.code})`));
        reject(explainFailure(daemon, { exitCode: error.code ?? null, stdout, stderr }));
      });
    });
  }

  async json(daemon: RoutingDaemon, command: string): Promise<unknown> {
    const text = await this.run(daemon, [`${command} json`]);
    // What ospfd prints as long as it has no `router ospf`: nothing, or this.
    if (text.trim() === '' || /^% OSPF is not enabled/.test(text.trim())) return {};
    try {
      return JSON.parse(text);
    } catch {
      throw new VtyshError(daemon, 'refused', `no JSON from "${command}": ${text.trim().split('\n')[0]}`);
    }
  }

  /**
   * What several show commands print, in their order, by one vtysh where that can be told apart: to start it takes more of a CPU
   * (25 ms) than the daemon's answers.
   */
  async jsons(daemon: RoutingDaemon, ...commands: readonly string[]): Promise<unknown[]> {
    const text = await this.run(
      daemon,
      commands.map((command) => `${command} json`),
    );
    const answers = readObjects(text);
    if (answers?.length === commands.length) return answers;
    return Promise.all(commands.map((command) => this.json(daemon, command)));
  }

  async answers(daemon: RoutingDaemon): Promise<boolean> {
    try {
      await this.run(daemon, ['show version']);
      return true;
    } catch {
      return false;
    }
  }

  /** Lines as in the configuration file. They change the running daemon, never its file. */
  async configure(daemon: RoutingDaemon, lines: readonly string[]): Promise<void> {
    const commands = ['configure terminal', ...lines.map((line) => line.trim())];
    if (lines.length > 0) await this.run(daemon, commands, this.#timeoutMs + lines.length * perLineMs);
  }
}
