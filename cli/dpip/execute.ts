// Carries out an action: sends its requests, prints what came back, tells the exit code.
import { type Call, type Context, DpvsError, ExitCode, type NodeApi, packageVersion } from '../common/index.js';
import type { View } from './action.js';
import { familyOfAddress } from './family.js';
import { formatAddresses, formatNeighbours, formatRoutes } from './format-inet.js';
import { formatCpuRates, formatCpus, formatLinkRates, formatLinks } from './format-link.js';
import { formatGroups } from './format-maddr.js';
import { formatCounters, formatDump, formatStatus } from './format-node.js';
import { dpipHelp } from './help.js';
import type { Options } from './options.js';
import type { Line } from './parse.js';
import { type Presenter, present } from './repeat.js';

async function showView(view: View, options: Options, node: NodeApi, { terminal }: Context): Promise<ExitCode> {
  const run = <T>(presenter: Presenter<T>): Promise<T> => present(presenter, options, terminal);
  const { paint } = terminal;
  const repeats = options.intervalMs !== undefined;
  // Repeated, the totals make way for the rates.
  const totals = options.stats && !repeats;
  switch (view.view) {
    case 'addr':
      await run({ fetch: () => node.call('addr.list', view.params), text: formatAddresses });
      return ExitCode.done;
    case 'route':
      await run({ fetch: () => node.call('route.list', view.params), text: formatRoutes });
      return ExitCode.done;
    case 'neigh': {
      const wanted = (ip: string): boolean => options.family === undefined || familyOfAddress(ip) === options.family;
      await run({
        fetch: async () => (await node.call('neigh.list', view.params)).filter(({ address }) => wanted(address)),
        text: (all) => formatNeighbours(all, paint),
      });
      return ExitCode.done;
    }
    case 'link':
      await run({
        fetch: async () => ({
          links: await node.call('link.list', view.params),
          cpus: options.verbose ? await node.call('link.cpus', {}) : null,
        }),
        text: ({ links, cpus }) => formatLinks(links, { stats: totals, cpus }, paint),
        rates: (before, now, seconds) => formatLinkRates(before.links, now.links, seconds),
        json: ({ links }) => links,
      });
      return ExitCode.done;
    case 'maddr':
      await run({
        fetch: () => node.call('maddr.list', view.params),
        text: (ports) => formatGroups(ports, options.verbose),
      });
      return ExitCode.done;
    case 'cpu':
      await run({
        fetch: async () => {
          const chosen = (await node.call('link.cpus', {})).filter(
            ({ cpu }) => view.cpu === undefined || cpu === view.cpu,
          );
          if (view.cpu !== undefined && chosen.length === 0) throw new DpvsError('no_device', `cpu${view.cpu}`);
          return chosen;
        },
        text: (cpus) => formatCpus(cpus, totals, view.cpu === undefined),
        rates: formatCpuRates,
      });
      return ExitCode.done;
    case 'status': {
      const last = await run({
        fetch: () => node.call('node.status', {}),
        text: (status) => formatStatus(status, paint),
      });
      return last.serving ? ExitCode.done : ExitCode.refused;
    }
    case 'counters':
      await run({
        fetch: () => node.call('node.counters', {}),
        text: (counters) => (repeats ? [] : formatCounters(counters, options.all)),
        rates: (before, counters, seconds) => formatCounters(counters, options.all, { counters: before, seconds }),
      });
      return ExitCode.done;
    case 'dump':
      await run({ fetch: () => node.call('node.dump', {}), text: formatDump });
      return ExitCode.done;
  }
}

async function send({ method, params }: Call, node: NodeApi): Promise<void> {
  await node.call(method, params);
}

/** @throws {DpvsError} what the node refused, or that it cannot be reached */
export async function execute({ action, options }: Line, context: Context): Promise<ExitCode> {
  const { terminal } = context;
  if (action.do === 'help') {
    terminal.write(await dpipHelp(action.topic, terminal.width));
    return ExitCode.done;
  }
  if (action.do === 'version') {
    terminal.write(`dpip, dpvs-node ${packageVersion()}\n`);
    return ExitCode.done;
  }
  const node = await context.open(options.name);
  try {
    if (action.do === 'show') return await showView(action.view, options, node, context);
    if (action.do === 'change') await send(action.call, node);
    else {
      const { downMs } = await node.call('slowpath.restart', {});
      terminal.write(
        options.json
          ? `${JSON.stringify({ downMs })}\n`
          : `slow path restarted; it was away for ${Math.round(downMs)} ms\n`,
      );
    }
    return ExitCode.done;
  } finally {
    node.close();
  }
}
