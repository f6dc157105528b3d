// dpvs-keepalived as a process: its parts put together, its API, its signals. SIGHUP reads the file again, SIGTERM takes services back.
import { rmSync, writeFileSync } from 'node:fs';
import { DataplaneLink, keepalivedEndpoint, runDirectory, stateDirectory } from '../api/index.js';
import { ApiServer, makePrivateDirectory } from '../api/server.js';
import { createLog, type Log, type LogLevel } from '../log/index.js';
import { Applier } from './applier.js';
import { CheckEngine } from './check-engine.js';
import { runCheck } from './checkers/index.js';
import { monotonicClock } from './clock.js';
import { DataplaneWatch } from './dataplane-watch.js';
import { type Diagnostic, placeText } from './diagnostic.js';
import { Keeper } from './keeper.js';
import type { KeepalivedConfig } from './model.js';
import { Notifier } from './notifier.js';
import { OwnedServices, ownedPath } from './owned-services.js';
import { loadKeepalived } from './read-config.js';
import { virtualServersStatus } from './status.js';
import { type KeepalivedStatus, keepalivedMethods } from './status-schema.js';
import { StockKeepalived, stockKeepalivedMissing } from './stock-keepalived.js';
import { renderVrrp } from './vrrp-config.js';

export interface RunOptions {
  /** The node's name. */
  readonly name: string;
  readonly file: string;
  readonly pidFile?: string;
  /** SIGTERM leaves services as they are. */
  readonly dontRelease?: boolean;
  /** Sections of VRRP are left out. */
  readonly noVrrp?: boolean;
  readonly logLevel?: LogLevel;
  readonly logFile?: string | null;
}

/** For each script of `omega` at the end; keepalived's. */
const farewellMs = 1_000;
/** For the dataplane to take services back. */
const releaseMs = 10_000;

/** Runs until SIGTERM or SIGINT. @returns the exit code. @throws {DpvsError} config, or when it runs already */
export async function runKeepalived(options: RunOptions): Promise<number> {
  const { config, warnings } = loadKeepalived(options.file);
  const log = createLog({ name: options.name, level: options.logLevel, file: options.logFile });
  const ended = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
  for (const directory of [stateDirectory(), runDirectory()]) makePrivateDirectory(directory);
  const program = new Program(options, log);
  process.on('SIGHUP', () => {
    log.reopen();
    program.reload();
  });
  // The socket first: whoever else owns it looks after the same services.
  const server = await ApiServer.listen({
    endpoint: keepalivedEndpoint(options.name),
    methods: keepalivedMethods,
    handlers: { status: async () => program.status() },
    log,
  });
  if (options.pidFile !== undefined) writeFileSync(options.pidFile, `${process.pid}\n`);
  log.event('keepalived.started', { file: options.file, virtualServers: config.virtualServers.length });
  program.take(config, warnings);
  await program.start();
  const signal = await ended;
  log.event('keepalived.stopping', { signal });
  await program.stop();
  await server.close(200);
  if (options.pidFile !== undefined) rmSync(options.pidFile, { force: true });
  log.event('keepalived.stopped');
  log.flush();
  return 0;
}

class Program {
  readonly #startedAt = new Date().toISOString();
  readonly #link: DataplaneLink;
  readonly #sight: DataplaneLink;
  readonly #engine: CheckEngine;
  readonly #notifier: Notifier;
  readonly #owned: OwnedServices;
  readonly #applier: Applier;
  readonly #keeper: Keeper;
  readonly #watch: DataplaneWatch;
  readonly #vrrp: StockKeepalived;
  #loadedAt = '';
  #config: KeepalivedConfig | null = null;
  #reloadError: string | null = null;
  #stopping = false;
  #releasing = false;
  #dataplaneSeen = false;

  constructor(
    readonly options: RunOptions,
    readonly log: Log,
  ) {
    const { name } = options;
    this.#link = new DataplaneLink(name);
    // A link of its own: a look that is not answered in time must not end a change that is under way.
    this.#sight = new DataplaneLink(name);
    this.#engine = new CheckEngine({
      run: runCheck,
      clock: monotonicClock,
      heard: (view, change) => this.#keeper.heard(view, change),
    });
    this.#notifier = new Notifier(log);
    this.#owned = new OwnedServices(ownedPath(name), log);
    this.#applier = new Applier({
      ...{ api: this.#link, owned: this.#owned, log },
      desired: () => (this.#releasing ? new Map() : this.#keeper.desired),
    });
    this.#keeper = new Keeper({
      ...{ log, engine: this.#engine, applier: this.#applier, notifier: this.#notifier },
    });
    this.#vrrp = new StockKeepalived(name, log);
    this.#watch = new DataplaneWatch(this.#sight, log, () => void this.#dataplaneFound());
  }

  take(config: KeepalivedConfig, warnings: readonly Diagnostic[]): void {
    this.#config = config;
    this.#loadedAt = new Date().toISOString();
    this.#reloadError = null;
    for (const { at, message } of warnings) this.log.event('keepalived.file', { at: placeText(at) }, message);
    this.#keeper.set(config);
    if (this.#dataplaneSeen) this.#setVrrp();
  }

  /** Another one than before, or the first: it has new kernel interfaces, and a VIP should not come here before its service is there. */
  async #dataplaneFound(): Promise<void> {
    this.#applier.dataplaneChanged();
    await this.#applier.idle();
    if (this.#stopping) return;
    if (this.#dataplaneSeen) this.#vrrp.restart();
    this.#dataplaneSeen = true;
    this.#setVrrp();
  }

  #setVrrp(): void {
    const config = this.#config;
    if (config === null) return;
    const wanted = config.vrrp.length > 0 && this.options.noVrrp !== true;
    const missing = wanted ? stockKeepalivedMissing() : null;
    if (missing !== null) this.log.event('keepalived.vrrp_ended', { why: missing });
    this.#vrrp.set(wanted ? renderVrrp(config) : null);
  }

  async start(): Promise<void> {
    await this.#watch.start();
  }

  reload(): void {
    if (this.#stopping) return;
    try {
      const { config, warnings } = loadKeepalived(this.options.file);
      this.take(config, warnings);
      this.log.event('keepalived.reloaded', { virtualServers: config.virtualServers.length });
    } catch (error) {
      this.#reloadError = (error as Error).message;
      this.log.event('keepalived.reload_failed', { why: this.#reloadError });
    }
  }

  /** keepalived's order, but VRRP first: no packet should come for a service that is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#watch.stop();
    await this.#vrrp.stop();
    this.#engine.stop();
    this.#keeper.farewell(farewellMs);
    await this.#notifier.idle();
    if (this.options.dontRelease !== true && this.#watch.trouble === null) {
      this.#releasing = true;
      this.#applier.nudge();
      await Promise.race([this.#applier.idle(), new Promise((resolve) => setTimeout(resolve, releaseMs).unref())]);
    }
    await this.#applier.stop();
    this.#link.close();
    this.#sight.close();
  }

  status(): KeepalivedStatus {
    const { name, file } = this.options;
    return {
      ...{ name, pid: process.pid, startedAt: this.#startedAt, file, loadedAt: this.#loadedAt },
      reloadError: this.#reloadError,
      dataplaneError: this.#watch.trouble,
      vrrp: {
        state: this.#vrrp.state,
        pid: this.#vrrp.pid,
        instances: this.#config?.vrrp.filter(({ words }) => words[0].text === 'vrrp_instance').length ?? 0,
      },
      virtualServers: virtualServersStatus(this.#keeper, this.#engine, this.#applier.refused),
    };
  }
}
