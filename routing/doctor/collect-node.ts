// Facts of the dataplane and the bridge. Whoever does not answer is a fact, too.
import { DataplaneLink, DpvsError, type Result } from '../../api/index.js';
import { BridgeClient } from '../client.js';
import { Journal, journalPath } from '../journal.js';
import type { RoutingStatus } from '../schema.js';
import type { Facts } from './facts.js';

const patienceMs = 3_000;
/** Without the message of its code, which always speaks of the dataplane. */
function detailOf(error: unknown): string {
  if (!(error instanceof DpvsError) || error.detail === '') return messageOf(error);
  return error.code === 'timeout' ? `no answer to ${error.detail}` : error.detail;
}
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

export interface BridgeFacts extends Pick<Facts, 'bridge' | 'wanted'> {
  /** What it speaks, by family; null: it does not answer. */
  readonly routing: readonly Pick<RoutingStatus, 'protocol' | 'family'>[] | null;
}

export async function askBridge(name: string): Promise<BridgeFacts> {
  const client = new BridgeClient(name, patienceMs);
  const { bridge, routing } = await client
    .call('status', {})
    .then(({ vips, routing, journal, strays }) => ({
      bridge: { trouble: null, vips, unwritten: journal.trouble, strays },
      routing,
    }))
    .catch((error: unknown) => ({
      bridge: { trouble: detailOf(error), vips: [], unwritten: null, strays: [] },
      routing: null,
    }));
  client.close();
  try {
    return { bridge: { ...bridge, unread: null }, routing, wanted: new Journal(journalPath(name)).read() };
  } catch (error) {
    return { bridge: { ...bridge, unread: detailOf(error) }, routing, wanted: [] };
  }
}
