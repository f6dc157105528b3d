// What runs, as the status API shows it.
import type { CheckEngine } from './check-engine.js';
import { initialCheckState } from './check-state.js';
import { placeText } from './diagnostic.js';
import type { Keeper } from './keeper.js';
import type { CheckSpec, RealServer } from './model.js';
import { type Pool, serverId } from './pool.js';
import { endpointText, serviceText } from './services.js';
import type { CheckStatus, VirtualServerStatus } from './status-schema.js';

export function virtualServersStatus(
  keeper: Keeper,
  engine: CheckEngine,
  refused: ReadonlyMap<string, string>,
): VirtualServerStatus[] {
  return keeper.pools.map((pool) => {
    const { virtualServer } = pool;
    const { name, at, services, quorum, hysteresis, sorryServer, realServers } = virtualServer;
    return {
      ...{ name, at: placeText(at) },
      services: services.map((service) => ({
        service: serviceText(service),
        refused: refused.get(serviceText(service)) ?? null,
      })),
      quorum: { up: pool.quorumUp, needed: quorum, hysteresis, aliveWeight: pool.aliveWeight },
      sorryServer: sorryServer === null ? null : { server: serverId(sorryServer), active: pool.sorry },
      servers: realServers.map((server) => serverStatus(pool, server, keeper, engine)),
    };
  });
}

function serverStatus(pool: Pool, server: RealServer, keeper: Keeper, engine: CheckEngine) {
  const checks = keeper.checksOf(server).map(({ id, spec }): CheckStatus => {
    const view = engine.view(id);
    const { up, settled, retries } = view?.state ?? initialCheckState(spec);
    const last = view?.last ?? null;
    return {
      ...{ kind: spec.kind, target: targetText(spec), up, settled, retries },
      last:
        last === null
          ? null
          : {
              ...{ ok: last.ok, reason: last.reason, tookMs: Math.round(last.tookMs * 10) / 10 },
              agoSeconds: Math.round((engine.now - last.at) / 100) / 10,
            },
    };
  });
  return { server: serverId(server), ...pool.health(server), inhibitOnFailure: server.inhibit, checks };
}

function targetText(spec: CheckSpec): string {
  if (spec.kind === 'MISC_CHECK') return spec.script.command;
  const endpoint = endpointText(spec.target);
  if (spec.kind === 'HTTP_GET' || spec.kind === 'SSL_GET')
    return spec.urls.map(({ path, virtualHost }) => `${virtualHost ?? endpoint}${path}`).join(' ');
  return endpoint;
}
