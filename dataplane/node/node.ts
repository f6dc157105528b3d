// The dpvs process put together: ports, lcores, slow path, desired state, API, kni, monitor. Started once, stopped once.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { controlEndpoint, DpvsError, eventEndpoint, type Method, methods, stateDirectory } from '../../api/index.js';
import { ApiServer, EventPublisher } from '../../api/server.js';
import type { Log } from '../../log/index.js';
import { Counters, loadLibrary, portInfo } from '../../native/index.js';
import type { DataplaneConfig } from '../config/index.js';
import {
  type Change,
  type DesiredLink,
  DesiredState,
  Journal,
  type MutatingRequest,
  replay,
} from '../control/index.js';
import { KernelMirror } from '../kernel-mirror/index.js';
import { SlowPathThread } from '../slowpath/index.js';
import { assignQueues, bringUpEal, bringUpPort, type RunningPort, startLcores } from './bring-up.js';
import { Farewell } from './farewell.js';
import { createHandlers } from './handlers.js';
import { KniMemory } from './kni-memory.js';
import { KniSide } from './kni-side.js';
import { applyLink } from './link-settings.js';
import { mtuOf } from './links.js';
import { Monitor } from './monitor.js';
import { MulticastFilters } from './multicast-filters.js';
import { Mutations } from './mutations.js';
import { slowPathOptions } from './slow-path-options.js';
import { Traffic } from './traffic.js';

export interface NodeOptions {
  readonly name: string;
  readonly version: string;
  readonly config: DataplaneConfig;
  readonly log: Log;
  /** Called when someone asked the node to stop through the API. */
  readonly onShutdown: () => void;
}

const topicOf = (change: Change) => {
  const [subject] = change.kind.split('.');
  if (subject === 'laddr' || subject === 'server') return 'server' as const;
  if (subject === 'address' || subject === 'route' || subject === 'link' || subject === 'service') return subject;
  return 'node' as const;
};

/** A part that hangs must not keep the ports open until someone sends SIGKILL. */
const CLOSE_MS = 5_000;
const LATE = `a part of the node has not closed within ${CLOSE_MS} ms`;

export class DataplaneNode {
  readonly #log: Log;
  #farewell: Farewell | undefined;
  readonly #closers: (() => unknown)[] = [];

  private constructor(log: Log) {
    this.#log = log;
  }

  /** @throws {DpvsError} what is missing, after undoing what was started */
  static async start(options: NodeOptions): Promise<DataplaneNode> {
    const node = new DataplaneNode(options.log);
    try {
      await node.#start(options);
      return node;
    } catch (error) {
      await node.stop();
      throw error;
    }
  }

  /** Goes on serving until the VIPs are withdrawn, or for as long as configured; to be called before stop(). */
  async linger(hurry: AbortSignal): Promise<void> {
    await this.#farewell?.begin(hurry);
  }

  /** In the reverse order of starting. New requests first, the ports last. */
  async stop(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await Promise.race([
          close(),
          sleep(CLOSE_MS, undefined, { ref: false }).then(() => Promise.reject(new Error(LATE))),
        ]);
      } catch (error) {
        this.#log.event('node.failed', { error });
      }
    }
  }

  async #start({ name, version, config, log, onShutdown }: NodeOptions): Promise<void> {
    const { huge, why } = bringUpEal(config, name);
    log.event('eal.hugepages', { huge, why });
    const library = loadLibrary();
    this.#closers.push(() => library.dp_close());
    const ports = config.ports.map((port) => this.#port(config, port));
    assignQueues(config, ports);
    const desired = new DesiredState(ports.map(({ config: { name }, mtu, maxMtu }) => ({ name, mtu, maxMtu })));
    const journal = await this.#journal(name, desired, log);
    for (const link of desired.links()) this.#settings(ports, link);

    const mirror = new KernelMirror({
      ports: ports.map(({ config: { name, kniName } }) => ({ name, kniName })),
      routes: config.kni.mirrorRoutes,
      hidden: (key) => desired.hasRoute(key),
    });
    const seed = process.pid;
    const slowPath = new SlowPathThread(
      slowPathOptions(config, ports, seed),
      () => [...desired.snapshot(), ...mirror.snapshot()],
      {
        started: (info) => {
          log.event(info.generation === 1 ? 'slowpath.started' : 'slowpath.recovered', info);
          events?.publish('slowpath', { state: 'running', ...info });
        },
        noticed: ({ inhibited, ...server }) => {
          log.event(inhibited ? 'server.inhibited' : 'server.released', server);
          events?.publish('server', { inhibited, ...server });
        },
        died: (info) => {
          log.event('slowpath.crashed', info);
          events?.publish('slowpath', { state: 'restarting', generation: info.generation });
        },
      },
    );
    let events: EventPublisher | undefined;
    this.#closers.push(() => slowPath.stop());
    await slowPath.start();
    startLcores();
    this.#closers.push(() => library.dp_stop());

    const publisher = await EventPublisher.listen({ endpoint: eventEndpoint(name), log });
    events = publisher;
    this.#closers.push(() => publisher.close());
    const groups = new MulticastFilters(ports, desired, log);
    this.#closers.push(() => groups.close());
    const onChanged = (requests: readonly MutatingRequest[], changes: readonly Change[]): void => {
      for (const { method, params } of requests) log.event('state.changed', { method, params });
      for (const change of changes) publisher.publish(topicOf(change), { change });
      groups.look();
    };
    const onMirrored = (changes: readonly Change[]): void => {
      log.event('kni.mirrored', { changes });
      for (const change of changes) publisher.publish('route', { change });
    };
    const memory = config.kni.keep
      ? new KniMemory({
          path: join(stateDirectory(), `${name}.kni.json`),
          bridgePath: join(stateDirectory(), `${name}.route.json`),
          log,
        })
      : null;
    const kni: KniSide = new KniSide({
      ...{ ports, mirror, memory, groups, log },
      onMirror: () => mutations.followKernel(),
      onOwn: (port, own) => mutations.run({ method: 'link.set', params: { name: port, ...own } }),
    });
    const mutations = new Mutations({ desired, mirror, slowPath, journal, ports, kni, log, onChanged, onMirrored });
    this.#closers.push(() => memory?.close());
    this.#closers.push(() => kni.close());
    await kni.attach();
    const counters = new Counters();
    const traffic = new Traffic(counters);
    const farewell: Farewell = new Farewell({
      lingerMs: config.stopLinger * 1000,
      log,
      onStopping: (withinMs) => {
        publisher.publish('node', { state: 'stopping', withinMs });
        monitor.judge();
      },
    });
    this.#farewell = farewell;
    const monitor = new Monitor({
      name,
      version,
      config,
      desired,
      slowPath,
      traffic,
      counters,
      ports,
      log,
      stopping: () => farewell.stopping,
      kniUp: (port) => kni.isUp(port),
      onCarrier: (port, up) => {
        publisher.publish('link', { port: port.config.name, up });
        kni.carrier(port, up);
      },
      onServing: (serving, problems) => publisher.publish('node', { serving, problems }),
    });
    const { tcp, udp } = config.conn;
    const handlers = createHandlers(
      {
        desired,
        slowPath,
        mirror,
        traffic,
        mutations,
        groups,
        counters,
        config,
        ports,
        mtuOf: (device) => mtuOf(ports, device),
        log,
        status: async () => monitor.status(),
        farewell,
        shutdown: onShutdown,
        timeouts: { tcp: tcp.established, tcpfin: tcp.finWait, udp: udp.normal },
      },
      Object.keys(methods) as Method[],
    );
    monitor.start();
    this.#closers.push(() => monitor.stop());
    const server = await ApiServer.listen({ endpoint: controlEndpoint(name), methods, handlers, log });
    this.#closers.push(() => mutations.settled());
    this.#closers.push(() => server.close());
    this.#expireAddresses(desired, mutations);
    log.event('node.started', { ports: ports.map((p) => p.config.name), pid: process.pid });
  }

  #port(config: DataplaneConfig, port: DataplaneConfig['ports'][number]): RunningPort {
    const running = bringUpPort(config, port);
    const { name, kniName, hardware } = running.config;
    const { mac, mtu } = running;
    this.#log.event('port.created', {
      port: name,
      mac,
      mtu,
      hardware,
      kni: running.kniIndex === null ? null : kniName,
    });
    const kni = running.kniIndex === null ? undefined : portInfo(running.kniIndex);
    if (kni !== undefined && kni.mtu < mtu) {
      const reason = `${kniName}: its driver ${kni.driver} gives the kernel no packets above ${kni.mtu} bytes`;
      this.#log.event('port.limited', { port: name, reason });
    }
    return running;
  }

  /** One that the driver refuses, because it is another NIC by now, does not keep the node from starting. */
  #settings(ports: readonly RunningPort[], link: DesiredLink): void {
    try {
      applyLink(ports, link);
    } catch (error) {
      if (!(error instanceof DpvsError)) throw error;
      this.#log.event('port.limited', { port: link.name, reason: error.message });
    }
  }

  async #journal(name: string, desired: DesiredState, log: Log): Promise<Journal> {
    const live = (): MutatingRequest[] => desired.dump();
    const { journal, requests } = await Journal.open({ directory: stateDirectory(), name, log, live });
    this.#closers.push(() => journal.close());
    await replay(journal, requests, desired, log);
    return journal;
  }

  #expireAddresses(desired: DesiredState, mutations: Mutations): void {
    const timer = setInterval(() => {
      const now = Date.now();
      if (desired.nextExpiry > now) return;
      for (const request of desired.expired(now)) void mutations.run(request).catch(() => undefined);
    }, 1000);
    this.#closers.push(() => clearInterval(timer));
  }
}
