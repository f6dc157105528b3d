// One look at the dataplane: its services with what they can still take, its links, and what it says of itself.
import type { LinkInfo, ServiceInfo } from '../api/index.js';
import { canonicalAddress } from './address.js';
import type { DataplaneApi } from './tools.js';
import type { ServiceHealth } from './view.js';

export interface Sight {
  readonly vips: ReadonlyMap<string, readonly ServiceHealth[]>;
  readonly links: readonly LinkInfo[];
  readonly serving: boolean;
  readonly stopping: boolean;
  readonly problems: readonly string[];
}

/** @throws {DpvsError} */
export async function see(api: DataplaneApi, answerMs: number): Promise<Sight> {
  const [services, links, status] = await Promise.all([
    api.call('service.list', {}, answerMs),
    api.call('link.list', {}, answerMs),
    api.call('node.status', {}, answerMs),
  ]);
  const vips = new Map<string, ServiceHealth[]>();
  for (const info of services) {
    const vip = canonicalAddress(info.service.address);
    vips.set(vip, [...(vips.get(vip) ?? []), healthOf(info)]);
  }
  return { vips, links, serving: status.serving, stopping: false, problems: status.problems };
}

function healthOf({ service, servers, rates }: ServiceInfo): ServiceHealth {
  return {
    protocol: service.protocol,
    port: service.port,
    servers: servers.length,
    healthy: servers.filter(({ weight, inhibited, overload }) => weight > 0 && !inhibited && !overload).length,
    ports: null,
    newPerSecond: rates.cps,
    flows: servers.reduce((sum, { activeConns, inactiveConns }) => sum + activeConns + inactiveConns, 0),
  };
}
