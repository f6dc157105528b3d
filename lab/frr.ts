// One FRR instance (zebra, and those of the others that have a file) in one namespace, told apart from the others by its pathspace (-N).
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemon, findDaemon, startDaemon } from './daemon.js';
import { Hopeless, LabError } from './errors.js';
import { eventually } from './eventually.js';
import { must, run } from './exec.js';
import { sendSignal, stopAll, waitForEnd } from './process-ref.js';
import type { RunState } from './run-state.js';

const daemonDirectory = '/usr/lib/frr';
/** Where FRR keeps the sockets of a pathspace; it does not make the directory itself. */
const socketDirectory = '/var/run/frr';

/** Not by the PATH, on which ours comes first. */
const systemVtysh = '/usr/bin/vtysh';

/** Besides zebra; those that have a file are started. */
const daemons = ['bfdd', 'ospfd', 'ospf6d', 'bgpd'] as const;
export type FrrDaemon = 'zebra' | (typeof daemons)[number];

export interface Neighbour {
  readonly routerId: string;
  /** "Full/DR", "Full/-", "Init/DROther", … */
  readonly state: string;
  readonly address: string;
}

export class Frr {
  readonly pathspace: string;

  constructor(
    readonly state: RunState,
    readonly member: string,
  ) {
    this.pathspace = state.namespace(member);
  }

  /** Where zebra.conf and ospfd.conf of this instance are read from. */
  get configDirectory(): string {
    return join(this.state.directory, 'frr', this.member);
  }

  get #sockets(): string {
    return join(socketDirectory, this.pathspace);
  }

  /** What this instance's ospfd has for /var/run/frr. */
  get #ownRun(): string {
    return join(this.configDirectory, 'run');
  }

  /** How vtysh finds these daemons. Not by -N, with which it wants a vtysh.conf below /etc/frr. */
  get vtyshOptions(): readonly string[] {
    return ['--vty_socket', this.#sockets, '--config_dir', this.configDirectory];
  }

  /** A directory for the PATH, whose vtysh finds these daemons instead of the host's. */
  shellDirectory(): string {
    const directory = join(this.state.directory, 'bin', this.member);
    mkdirSync(directory, { recursive: true });
    const options = this.vtyshOptions.map((option) => `'${option}'`).join(' ');
    // Whoever names the daemons, such as dpvs-route, knows them already.
    const named = `case " $* " in *' -N '*) exec ${systemVtysh} "$@" ;; esac`;
    writeFileSync(join(directory, 'vtysh'), `#!/bin/sh\n${named}\nexec ${systemVtysh} ${options} "$@"\n`, {
      mode: 0o755,
    });
    return directory;
  }

  async writeConfig(files: Readonly<Record<string, string>>): Promise<void> {
    mkdirSync(this.configDirectory, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.configDirectory, name), text);
  }

  async start(): Promise<void> {
    const sockets = this.#sockets;
    this.state.add('directories', sockets);
    writeFileSync(join(this.configDirectory, 'vtysh.conf'), 'no service integrated-vtysh-config\n');
    mkdirSync(sockets, { recursive: true, mode: 0o755 });
    const frrUser = Number(await must(['id', '-u', 'frr']));
    const frrGroup = Number(await must(['id', '-g', 'frr']));
    chownSync(sockets, frrUser, frrGroup);
    mkdirSync(join(this.#ownRun, this.pathspace), { recursive: true, mode: 0o755 });
    chownSync(this.#ownRun, frrUser, frrGroup);
    await this.startMissing();
  }

  /** Starts the daemons that have a file and do not run, in the order they need each other. */
  async startMissing(): Promise<FrrDaemon[]> {
    const wanted = (['zebra', ...daemons] as const).filter(
      (name) => !this.isRunning(name) && existsSync(join(this.configDirectory, `${name}.conf`)),
    );
    for (const name of wanted) await this.startDaemon(name);
    return wanted;
  }

  async startDaemon(name: FrrDaemon): Promise<Daemon> {
    const daemon = await startDaemon(this.state, {
      member: this.member,
      what: name,
      argv: [
        ...(name === 'ospfd' ? withOwnRun(this.#ownRun, this.pathspace) : []),
        join(daemonDirectory, name),
        ...['-N', this.pathspace],
        ...['-f', join(this.configDirectory, `${name}.conf`)],
        ...['-i', join(this.#sockets, `${name}.pid`)],
        // Its control socket is one for the whole machine unless it is told otherwise.
        ...(name === 'bfdd' ? ['--bfdctl', join(this.#sockets, 'bfdd.sock')] : []),
        ...['--log', 'stdout', '--log-level', 'informational'],
      ],
    });
    await eventually(
      `${name} of ${this.member} answers vtysh`,
      async () => {
        if (!daemon.alive) throw new Hopeless(`it ended: ${daemon.logTail()}`);
        const { code, stderr } = await this.#vtysh(name, 'show version');
        return code === 0 ? 'ready' : stderr;
      },
      (seen) => seen === 'ready',
    );
    return daemon;
  }

  daemon(name: FrrDaemon): Daemon {
    const found = findDaemon(this.state, this.member, name);
    if (found === undefined) throw new LabError(`${name} of ${this.member} is not running`);
    return found;
  }

  isRunning(name: FrrDaemon): boolean {
    return findDaemon(this.state, this.member, name) !== undefined;
  }

  async kill(name: FrrDaemon, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { ref } = this.daemon(name);
    sendSignal(ref, signal);
    if (!(await waitForEnd([ref], 5000)))
      throw new LabError(`${name} of ${this.member} did not end within 5 s of ${signal}`);
  }

  async stop(): Promise<void> {
    // zebra last: the others withdraw their routes on SIGTERM while it is still there to be told.
    for (const name of [...daemons.toReversed(), 'zebra'] as const) {
      const daemon = findDaemon(this.state, this.member, name);
      if (daemon !== undefined) await stopAll([daemon.ref]);
    }
  }

  /** What a show command prints. */
  async show(daemon: FrrDaemon, command: string): Promise<string> {
    const outcome = await this.#vtysh(daemon, command);
    if (outcome.code !== 0)
      throw new LabError(`vtysh of ${this.member}: ${(outcome.stderr || outcome.stdout).trim() || 'failed'}`);
    return outcome.stdout;
  }

  async json(daemon: FrrDaemon, command: string): Promise<unknown> {
    const text = await this.show(daemon, `${command} json`);
    try {
      return JSON.parse(text);
    } catch {
      throw new LabError(`vtysh of ${this.member}: no JSON from "${command}": ${text.trim()}`);
    }
  }

  async neighbours(): Promise<Neighbour[]> {
    const answer = (await this.json('ospfd', 'show ip ospf neighbor')) as {
      neighbors?: Record<string, { state?: string; nbrState?: string; address?: string; ifaceAddress?: string }[]>;
    };
    return Object.entries(answer.neighbors ?? {}).flatMap(([routerId, entries]) =>
      entries.map((entry) => ({
        routerId,
        state: entry.nbrState ?? entry.state ?? '?',
        address: entry.ifaceAddress ?? entry.address ?? '?',
      })),
    );
  }

  #vtysh(daemon: FrrDaemon, command: string) {
    return run(['vtysh', ...this.vtyshOptions, '-d', daemon, '-c', command], {
      namespace: this.pathspace,
      timeoutMs: 5000,
    });
  }
}

/**
 * ospfd keeps the state of a graceful restart in /var/run/frr/ospfd-gr.json whatever its pathspace is, so that one would read another's.
 * It gets a directory of its own there, in which the sockets are where vtysh looks for them outside.
 */
const withOwnRun = (directory: string, pathspace: string): string[] => [
  ...['unshare', '--mount', '--propagation', 'private', 'sh', '-ec'],
  `mount --bind ${socketDirectory}/"$2" "$1/$2"; mount --rbind "$1" ${socketDirectory}; shift 2; exec "$@"`,
  ...['sh', directory, pathspace],
];

export const isFull = (neighbour: Neighbour): boolean => neighbour.state.startsWith('Full');
