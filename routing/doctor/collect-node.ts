// Facts of the dataplane, the bridge and the daemons. Whoever does not answer is a fact, too.
import { DpvsError, type Result } from '../../api/index.js';
import { BridgeClient } from '../client.js';
import { DataplaneLink } from '../dataplane-link.js';
import { Journal, journalPath } from '../journal.js';
import { Ospfd } from '../ospfd.js';
import { type Vtysh, VtyshError } from '../vtysh.js';
import type { Facts, OspfFacts } from './facts.js';
import { parseRouterId, parseRouterLsas, parseWithoutOpaque } from './ospf-state.js';

const patienceMs = 3_000;
/** Without the message of its code, which always speaks of the dataplane. */
const detailOf = (error: unknown): string => (error instanceof DpvsError && error.detail) || messageOf(error);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export interface DataplaneFacts {
  readonly seen: Facts['dataplane'];
  readonly links: Result<'link.list'>;
}

export async function askDataplane(name: string): Promise<DataplaneFacts> {
  const api = new DataplaneLink(name);
  try {
    // First, alone: a dataplane that does not answer costs one timeout.
    const status = await api.call('node.status', {}, patienceMs);
    const [services, routes, links] = await Promise.all([
      api.call('service.list', {}, patienceMs),
      api.call('route.list', {}, patienceMs),
      api.call('link.list', {}, patienceMs),
    ]);
    const addresses = services.flatMap(({ service }) => ('address' in service ? [service.address] : []));
    return { seen: { trouble: null, status, services: new Set(addresses), routes }, links };
  } catch (error) {
    return { seen: { trouble: detailOf(error), status: null, services: new Set(), routes: [] }, links: [] };
  } finally {
    api.close();
  }
}

export async function askBridge(name: string): Promise<Pick<Facts, 'bridge' | 'wanted'>> {
  const client = new BridgeClient(name, patienceMs);
  const bridge = await client
    .call('status', {})
    .then(({ vips }) => ({ trouble: null, vips }))
    .catch((error: unknown) => ({ trouble: detailOf(error), vips: [] }));
  client.close();
  try {
    return { bridge, wanted: new Journal(journalPath(name)).read() };
  } catch (error) {
    return { bridge: { ...bridge, trouble: bridge.trouble ?? messageOf(error) }, wanted: [] };
  }
}

export interface DaemonFacts {
  readonly daemons: Facts['daemons'];
  readonly ospf: OspfFacts | null;
  /** `show ip ospf interface json` and `show running-config`, to be read port by port. */
  readonly interfaces: unknown;
  readonly running: string;
}

export async function askDaemons(vtysh: Vtysh): Promise<DaemonFacts> {
  const zebra = await vtysh.run('zebra', ['show version']).then(
    () => null,
    (error: unknown) => troubleOf(error),
  );
  const ospfd = new Ospfd(vtysh);
  try {
    const running = await vtysh.run('ospfd', ['show running-config']);
    const [instance, interfaces, router, details, neighbours, originated, config] = await Promise.all([
      vtysh.json('ospfd', 'show ip ospf'),
      vtysh.json('ospfd', 'show ip ospf interface'),
      vtysh.json('ospfd', 'show ip ospf database router self-originate'),
      vtysh.json('ospfd', 'show ip ospf neighbor detail'),
      ospfd.neighbours(),
      ospfd.originated(),
      ospfd.config(),
    ]);
    const ospf = {
      routerId: parseRouterId(instance),
      config,
      neighbours,
      withoutOpaque: parseWithoutOpaque(details),
      announced: new Set([...originated].flatMap(([vip, state]) => (state === 'live' ? [vip] : []))),
      routerLsas: parseRouterLsas(router),
    };
    return { daemons: { zebra, ospfd: null }, ospf, interfaces, running };
  } catch (error) {
    return { daemons: { zebra, ospfd: troubleOf(error) }, ospf: null, interfaces: {}, running: '' };
  }
}

/** Anything else is a bug, and keeps its stack. */
function troubleOf(error: unknown): string {
  if (error instanceof VtyshError) return error.message;
  throw error;
}
