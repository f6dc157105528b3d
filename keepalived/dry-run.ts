// What a file would change in the dataplane as it is: the same difference that a start makes, and nothing sent.
import type { DataplaneApi } from '../api/index.js';
import { type Log, silentLog } from '../log/index.js';
import { readServices } from './applier.js';
import { type Change, difference } from './difference.js';
import type { KeepalivedConfig, RealServer, VirtualServer } from './model.js';
import { OwnedServices, ownedPath } from './owned-services.js';
import { Pool, serverId } from './pool.js';
import { serviceText } from './services.js';
import type { KeepalivedStatus } from './status-schema.js';

/**
 * @param running what a dpvs-keepalived that runs knows of the servers; null: none runs, and they are taken for what they are at a start
 * @throws {DpvsError} what the dataplane says
 */
export async function planChanges(
  name: string,
  config: KeepalivedConfig,
  api: DataplaneApi,
  running: KeepalivedStatus | null,
  log: Log = silentLog(),
): Promise<Change[]> {
  const owned = new OwnedServices(ownedPath(name), log);
  const desired = new Map(
    config.virtualServers
      .flatMap((virtualServer) => {
        const pool = new Pool(virtualServer);
        pool.settle((server) => healthOf(virtualServer, server, running));
        return pool.desired();
      })
      .map((service) => [serviceText(service.service), service]),
  );
  const gone = new Set([...owned.keys].filter((key) => !desired.has(key)));
  return difference(desired, await readServices(api), gone);
}

function healthOf({ name }: VirtualServer, server: RealServer, running: KeepalivedStatus | null) {
  const known = running?.virtualServers
    .find((each) => each.name === name)
    ?.servers.find((each) => each.server === serverId(server));
  return { alive: known?.alive ?? !server.checks.some(({ alpha }) => alpha), weight: server.weight };
}
