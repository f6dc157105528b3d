// The heart: checks tell the pools, pools tell the applier and the scripts. A new file is a difference to the old one.
import type { Log } from '../log/index.js';
import type { Applier } from './applier.js';
import type { Check, CheckEngine, CheckView } from './check-engine.js';
import { initialCheckState } from './check-state.js';
import type { CheckSpec, KeepalivedConfig, RealServer, VirtualServer } from './model.js';
import type { Notifier } from './notifier.js';
import { Pool, type PoolEvent, type ServerHealth, serverId } from './pool.js';
import { type DesiredService, serviceText } from './services.js';

export interface KeeperParts {
  readonly log: Log;
  readonly engine: CheckEngine;
  readonly applier: Pick<Applier, 'nudge' | 'fileChanged'>;
  readonly notifier: Pick<Notifier, 'notify'>;
}

/** What a check asks, without when: after a reload that only changed times it is the same check. */
function checkId(pool: string, server: RealServer, spec: CheckSpec, ordinal: number): string {
  const { alpha, delayLoopMs, warmupMs, retry, delayBeforeRetryMs, logAllFailures, ...asks } = spec;
  return `${pool} ${serverId(server)} ${ordinal} ${JSON.stringify(asks)}`;
}

/** Which virtual server of the old file one of the new file is. */
const poolId = ({ name, services }: VirtualServer): string => `${services[0]?.protocol} ${name}`;

interface Member {
  readonly pool: Pool;
  readonly server: RealServer;
}

export class Keeper {
  readonly #parts: KeeperParts;
  #pools = new Map<string, Pool>();
  /** Of each check's id. */
  #members = new Map<string, Member>();
  #checks = new Map<RealServer, Check[]>();
  #desired = new Map<string, DesiredService>();

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  get pools(): readonly Pool[] {
    return [...this.#pools.values()];
  }

  /** What the dataplane should have now, by serviceText. */
  get desired(): ReadonlyMap<string, DesiredService> {
    return this.#desired;
  }

  checksOf(server: RealServer): readonly Check[] {
    return this.#checks.get(server) ?? [];
  }

  /** The file as it is now. */
  set({ virtualServers }: Pick<KeepalivedConfig, 'virtualServers'>): void {
    const pools = new Map<string, Pool>();
    this.#members = new Map();
    this.#checks = new Map();
    for (const virtualServer of virtualServers) {
      const id = poolId(virtualServer);
      const pool = new Pool(virtualServer);
      const old = this.#pools.get(id);
      if (old !== undefined) pool.inherit(old);
      pools.set(id, pool);
      for (const server of virtualServer.realServers) this.#addChecks(id, pool, server);
    }
    const before = this.#pools;
    this.#pools = pools;
    this.#parts.engine.set([...this.#checks.values()].flat());
    for (const [id, pool] of before) this.#dismiss(pool, pools.get(id));
    for (const pool of pools.values()) this.#settle(pool);
    this.#refresh();
    this.#parts.applier.fileChanged();
  }

  /** A result of the engine. */
  heard(view: CheckView, change: 'up' | 'down' | null): void {
    const { check, last, state } = view;
    const member = this.#members.get(check.id);
    if (member === undefined || last === null) return;
    const { log } = this.#parts;
    const fields = {
      ...{ virtualServer: member.pool.virtualServer.name, server: serverId(member.server), check: check.spec.kind },
      ...{ reason: last.reason, ms: Math.round(last.tookMs * 10) / 10, retries: state.retries || undefined },
    };
    if (change !== null) log.event(change === 'up' ? 'keepalived.check_up' : 'keepalived.check_down', fields);
    else if (!last.ok && check.spec.logAllFailures) log.event('keepalived.check_failure', fields);
    else if (log.enabled('debug')) log.event('keepalived.check_result', { ...fields, ok: last.ok });
    if (!this.#settle(member.pool)) return;
    this.#refresh();
    this.#parts.applier.nudge();
  }

  /** With omega, what keepalived runs for servers and quorums that go because it stops. */
  farewell(timeoutMs: number): void {
    for (const pool of this.pools) {
      const { omega, name, realServers, quorumDown } = pool.virtualServer;
      if (!omega) continue;
      for (const server of realServers)
        if (pool.health(server).alive) this.#parts.notifier.notify(name, server.notifyDown, timeoutMs);
      this.#parts.notifier.notify(name, quorumDown, timeoutMs);
    }
  }

  #addChecks(id: string, pool: Pool, server: RealServer): void {
    const checks: Check[] = [];
    for (const spec of server.checks) {
      let ordinal = 0;
      while (this.#members.has(checkId(id, server, spec, ordinal))) ordinal++;
      const check = { id: checkId(id, server, spec, ordinal), spec };
      checks.push(check);
      this.#members.set(check.id, { pool, server });
    }
    this.#checks.set(server, checks);
  }

  /** @returns whether anything of it has changed */
  #settle(pool: Pool): boolean {
    const events = pool.settle((server) => this.#healthOf(server));
    for (const event of events) this.#tell(pool, event);
    return events.length > 0;
  }

  #refresh(): void {
    this.#desired = new Map(
      this.pools.flatMap((pool) => pool.desired()).map((service) => [serviceText(service.service), service]),
    );
  }

  /** What a reload has taken out goes down, as far as scripts are concerned. */
  #dismiss(before: Pool, after: Pool | undefined): void {
    const { name, realServers, quorumDown } = before.virtualServer;
    const stay = new Set(after?.virtualServer.realServers.map(serverId));
    for (const server of realServers)
      if (before.health(server).alive && !stay.has(serverId(server)))
        this.#parts.notifier.notify(name, server.notifyDown);
    if (after === undefined && before.quorumUp) this.#parts.notifier.notify(name, quorumDown);
  }

  /** Alive when every check is up; the weight is what the last script asked for. */
  #healthOf(server: RealServer): ServerHealth {
    let [alive, weight] = [true, server.weight];
    for (const { id, spec } of this.checksOf(server)) {
      const view = this.#parts.engine.view(id);
      alive &&= (view?.state ?? initialCheckState(spec)).up;
      if (view?.last?.ok === true && view.last.weight !== undefined) weight = view.last.weight;
    }
    return { alive, weight };
  }

  #tell(pool: Pool, event: PoolEvent): void {
    const { log, notifier } = this.#parts;
    const { name, quorumUp, quorumDown } = pool.virtualServer;
    switch (event.kind) {
      case 'server_up':
      case 'server_down':
        log.event(`keepalived.${event.kind}`, { virtualServer: name, server: serverId(event.server) });
        notifier.notify(name, event.kind === 'server_up' ? event.server.notifyUp : event.server.notifyDown);
        break;
      case 'weight':
        log.event('keepalived.weight', {
          ...{ virtualServer: name, server: serverId(event.server), from: event.from, to: event.to },
        });
        break;
      case 'quorum_gained':
      case 'quorum_lost':
        log.event(`keepalived.${event.kind}`, {
          ...{ virtualServer: name, weight: event.weight, needed: event.needed },
          sorryServer: pool.sorry || undefined,
        });
        notifier.notify(name, event.kind === 'quorum_gained' ? quorumUp : quorumDown);
        break;
    }
  }
}
