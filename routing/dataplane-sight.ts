// One look at the dataplane: its services with what they can still take, its links, and what it says of itself.
import type { DataplaneApi, LinkInfo, Result } from '../api/index.js';
import { canonicalAddress } from './address.js';
import type { NodeProblem, ServiceHealth } from './view.js';

export interface Sight {
  readonly vips: ReadonlyMap<string, readonly ServiceHealth[]>;
  readonly links: readonly LinkInfo[];
  readonly serving: boolean;
  readonly stopping: boolean;
  readonly problems: readonly Omit<NodeProblem, 'ms'>[];
}

/** @throws {DpvsError} */
export async function see(api: DataplaneApi, answerMs: number): Promise<Sight> {
  const [, services, links, status] = await Promise.all([
    // A lease, so that a dataplane that is told to stop waits for us to withdraw.
    api.call('node.attach', { role: 'bridge' }, answerMs),
    api.call('service.health', {}, answerMs),
    api.call('link.list', {}, answerMs),
    api.call('node.status', {}, answerMs),
  ]);
  const vips = new Map<string, ServiceHealth[]>();
  for (const info of services) {
    const vip = canonicalAddress(info.service.address);
    vips.set(vip, [...(vips.get(vip) ?? []), healthOf(info)]);
  }
  const { serving, stopping, problemPorts } = status;
  const problems = status.problems.map((text, i) => ({ text, port: problemPorts[i] ?? null }));
  return { vips, links, serving, stopping, problems };
}

function healthOf(health: Result<'service.health'>[number]): ServiceHealth {
  const { service, servers, healthy, localPorts, cps, activeConns, inactiveConns } = health;
  return {
    protocol: service.protocol,
    port: service.port,
    servers,
    healthy,
    ports: localPorts,
    newPerSecond: cps,
    flows: activeConns + inactiveConns,
  };
}
