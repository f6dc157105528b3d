// The bridge's state as its API tells it.
import type { BridgeParts } from './core.js';
import type { BridgeStatus, VipStatus } from './schema.js';
import type { Vip } from './vip-book.js';

export interface BridgeIdentity {
  readonly name: string;
  readonly startedAt: string;
  readonly frrNamespace: string | null;
}

export function statusOf(parts: BridgeParts, { name, startedAt, frrNamespace }: BridgeIdentity): BridgeStatus {
  const { reachable, problems } = parts.dataplane.view();
  const { trouble, neighbours } = parts.ospf.view;
  return {
    name,
    pid: process.pid,
    startedAt,
    form: parts.announcer.form,
    frrNamespace,
    dataplane: { reachable, serving: parts.dataplane.serving, problems: [...problems] },
    ospf: { trouble, neighbours: [...neighbours] },
    vips: parts.book.all.map(vipStatus),
  };
}

const seconds = (ms: number): number => Math.max(0, Math.round(ms / 100) / 10);

function vipStatus({ entry, state }: Vip): VipStatus {
  const now = performance.now();
  return {
    vip: entry.vip,
    device: entry.device,
    force: entry.force,
    state: state.kind,
    forSeconds: seconds(now - state.since),
    reason: state.kind === 'announced' ? null : state.reason,
    retrySeconds: state.kind === 'ready' ? seconds(state.retryAt - now) : null,
  };
}
