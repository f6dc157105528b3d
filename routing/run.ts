// The bridge as a process: its parts put together, its API, its signals: SIGTERM withdraws first, SIGHUP reopens the log.
import { bridgeEndpoint, bridgeEventEndpoint, DataplaneLink, eventEndpoint, stateDirectory } from '../api/index.js';
import { ApiServer, EventPublisher, makePrivateDirectory } from '../api/server.js';
import { Rtnetlink, tellOnce } from '../kni/index.js';
import { createLog, type LogLevel } from '../log/index.js';
import { modelDefaults } from '../quagga-conf/index.js';
import { Bridge } from './bridge.js';
import { DataplaneWatch } from './dataplane-watch.js';
import { Journal, journalPath } from './journal.js';
import { portsText } from './port.js';
import { bridgeMethods } from './schema.js';
import { type SpeakerOptions, speakersOf } from './speakers.js';
import { VipBook } from './vip-book.js';
import { Vtysh } from './vtysh.js';
import { WithdrawalGuard } from './withdrawal-guard.js';
import { ZebraWatch } from './zebra-watch.js';

/** VIPs that may go within a minute for want of real servers or ports, unless the operator says otherwise. */
export const defaultWithdrawLimit = 32;

export interface RunOptions extends Partial<SpeakerOptions> {
  /** The node's name. */
  readonly name: string;
  /** `-N` of the routing daemons. */
  readonly frrNamespace?: string;
  /** VIPs that may go within a minute for want of real servers or ports; 0: any number. */
  readonly withdrawLimit?: number;
  readonly logLevel?: LogLevel;
  readonly logFile?: string | null;
}

/** Runs until SIGTERM or SIGINT; SIGHUP reopens the log file. @returns the exit code. @throws {DpvsError} when it cannot start */
export async function runBridge(options: RunOptions): Promise<number> {
  const { name, frrNamespace, protocol = 'ospf', form = 'redistribute', ospf6 = false } = options;
  const { metric = modelDefaults.externalMetric } = options;
  const log = createLog({ name, level: options.logLevel, file: options.logFile });
  // Its default would end the process, with the VIPs left announced.
  process.on('SIGHUP', () => log.reopen());
  makePrivateDirectory(stateDirectory());
  const book = new VipBook(new Journal(journalPath(name)), log);
  const api = new DataplaneLink(name);
  const vtysh = new Vtysh({ namespace: frrNamespace });
  const kernel = new Rtnetlink(tellOnce(log));
  // A link of its own: a look that is not answered in time must not end a change that is under way.
  const sight = new DataplaneLink(name);
  const dataplane = new DataplaneWatch({ api: sight, log, events: eventEndpoint(name), changed: () => bridge.nudge() });
  const speakers = speakersOf({ protocol, form, metric, ospf6 }, { vtysh, kernel, log });
  const drivers = Object.values(speakers).flatMap((speaker) => speaker?.driver ?? []);
  const parts = {
    log,
    api,
    dataplane,
    kernel,
    speakers,
    zebra: new ZebraWatch({ vtysh, drivers, log }),
    guard: new WithdrawalGuard(options.withdrawLimit ?? defaultWithdrawLimit),
    book,
  };
  const identity = { name, startedAt: new Date().toISOString(), frrNamespace: frrNamespace ?? null };
  const bridge: Bridge = new Bridge(parts, identity);
  const ended = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
  // The socket first: whoever else owns it is this node's bridge, and two would fight over the VIPs.
  const server = await ApiServer.listen({
    endpoint: bridgeEndpoint(name),
    methods: bridgeMethods,
    handlers: {
      announce: (params) => bridge.announce(params),
      withdraw: (params) => bridge.withdraw(params),
      drain: (params) => bridge.drain(params),
      undrain: (params) => bridge.undrain(params),
      'graceful-restart': (params) => bridge.gracefulRestart(params),
      status: () => bridge.status(),
      show: (params) => bridge.show(params),
      'config.render': (params) => bridge.render(params),
    },
    log,
  });
  const events = await EventPublisher.listen({ endpoint: bridgeEventEndpoint(name), log });
  book.onTransition = ({ entry }, { from, to, reason }) =>
    events.publish('announcement', { vip: entry.vip, device: portsText(entry.ports), from, to, reason });
  await bridge.start();
  log.event('bridge.started', { protocol, form, ospf6, frrNamespace, vips: book.all.map(({ entry }) => entry.vip) });
  const signal = await ended;
  const clean = await bridge.stop();
  await server.close(200);
  await events.close();
  api.close();
  sight.close();
  log.event('bridge.stopped', { signal, clean });
  log.flush();
  return clean ? 0 : 1;
}
