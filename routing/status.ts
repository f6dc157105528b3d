// The bridge's state as its API tells it.
import { familyOf } from './address.js';
import type { Condition } from './conditions.js';
import type { BridgeCore } from './core.js';
import { drainLeftMs } from './drain-deadline.js';
import { flowsOf } from './drain-watch.js';
import { fails, holds } from './finding.js';
import { type Port, portsText } from './port.js';
import { sightOf } from './port-conditions.js';
import type { BridgeStatus, RoutingStatus, VipDetail, VipStatus } from './schema.js';
import { findStrays } from './strays.js';
import type { NodeView } from './view.js';
import type { Vip } from './vip-book.js';
import { isHeld, isUp, reasonOf } from './vip-state.js';

export interface BridgeIdentity {
  readonly name: string;
  readonly startedAt: string;
  readonly frrNamespace: string | null;
}

export async function statusOf(core: BridgeCore, identity: BridgeIdentity): Promise<BridgeStatus> {
  const { name, startedAt, frrNamespace } = identity;
  const view = await core.view();
  const { dataplane, book } = core.parts;
  const { reachable, problems } = view.dataplane;
  return {
    name,
    pid: process.pid,
    startedAt,
    frrNamespace,
    journal: { trouble: book.journalTrouble },
    dataplane: { reachable, serving: dataplane.serving, problems: problems.map(({ text }) => text).filter(Boolean) },
    routing: core.speakers.map((speaker) => routingOf(core, speaker)),
    vips: book.all.map((vip) => vipStatus(core, view, vip)),
    strays: (await findStrays(core)).map(({ vip, ports }) => ({ vip, device: portsText(ports) })),
  };
}

/** @param vips those that are asked for */
export async function detailsOf(core: BridgeCore, vips: readonly Vip[]): Promise<VipDetail[]> {
  const view = await core.view();
  const families = [...new Set(vips.map(({ entry }) => familyOf(entry.vip)))];
  const announcers = new Map(
    await Promise.all(families.map(async (family) => [family, await core.announcers(family)] as const)),
  );
  return vips.map((vip) => {
    const address = vip.entry.vip;
    const known = announcers.get(familyOf(address)) ?? null;
    return {
      ...vipStatus(core, view, vip),
      conditions: core.conditions(view, vip).map(conditionOf),
      announcers: known === null ? null : [...(known.get(address) ?? [])],
      history: [...vip.history],
    };
  });
}

function routingOf(core: BridgeCore, { driver, watch }: BridgeCore['speakers'][number]): RoutingStatus {
  const { protocol, form, family, daemon } = driver;
  const { trouble, neighbours } = watch.view;
  const plain = neighbours.map(({ routerId, address, interface: kni, state, full }) => ({
    routerId,
    address,
    interface: kni,
    state,
    full,
  }));
  const gracefulRestart = driver.restart === undefined ? null : core.graceful.status;
  const zebra = core.graceful.active ? null : core.parts.zebra.trouble(daemon);
  return { protocol, form, family, daemon, trouble, zebra, neighbours: plain, gracefulRestart };
}

const conditionOf = ({ name, failure, detail }: Condition): VipDetail['conditions'][number] => ({
  name,
  holds: failure === null,
  code: failure?.code ?? '',
  detail: failure?.detail ?? detail,
});

const seconds = (ms: number): number => Math.max(0, Math.round(ms / 100) / 10);

function vipStatus(core: BridgeCore, node: NodeView, vip: Vip): VipStatus {
  const { entry, state, kept, took } = vip;
  const now = performance.now();
  const { vip: address, ports, force, policy } = entry;
  const leftMs = state.kind === 'draining' ? drainLeftMs(vip) : null;
  const view = core.parts.dataplane.view();
  return {
    vip: address,
    device: portsText(ports),
    ports: ports.map((port) => portStatus(node, vip, port)),
    force,
    policy: { ...policy },
    state: state.kind,
    held: isHeld(state),
    forSeconds: seconds(now - state.since),
    reason: reasonOf(state) ?? throughZebra(core, node, vip),
    kept,
    stage: state.kind === 'draining' ? state.stage : null,
    deadlineSeconds: leftMs === null ? null : seconds(leftMs),
    retrySeconds: state.kind === 'ready' ? seconds(state.retryAt - now) : null,
    flows: view.reachable ? flowsOf(view.vips.get(address)) : null,
    took: { ...took },
  };
}

/** An announced VIP stays so; but it could not be withdrawn by its address, and zebra's routes may be gone. */
function throughZebra({ graceful }: BridgeCore, { zebra }: NodeView, { entry, state }: Vip): VipStatus['reason'] {
  const trouble = zebra[familyOf(entry.vip)];
  return trouble === null || !isUp(state) || graceful.active
    ? null
    : { at: 'zebra', code: 'routing_daemon', detail: trouble };
}

/** Of a VIP that is set up also whether it is there: on a port that has just come back it may not be yet. */
function portStatus(node: NodeView, { entry, state }: Vip, { device, kni }: Port): VipStatus['ports'][number] {
  const { vip, force } = entry;
  const { link, kernel, neighbour } = sightOf(node, device, node.routing[familyOf(vip)], force);
  const missing = isUp(state) && !node.carried.has(`${kni} ${vip}`);
  const address = missing ? fails('not_verified', `${vip} is not on ${kni}`) : holds('');
  const findings = Object.entries({ port: link, kni: kernel, neighbour, 'kernel address': address });
  const [reason = null] = findings.flatMap(([at, { failure }]) => (failure === null ? [] : [{ at, ...failure }]));
  return { device, carries: reason === null, reason };
}
