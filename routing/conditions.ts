// Whether a VIP can be served and announced here: every condition by name, with what is wrong when it does not hold. A pure function,
// the same for the command that announces and for the bridge that watches.
import type { ErrorCode, LinkInfo } from '../api/index.js';
import type { KernelLink } from '../kni/index.js';
import type { OspfNeighbour } from './frr-output.js';

export interface DataplaneView {
  readonly reachable: boolean;
  /** Milliseconds that it has been asked in vain; 0 while reachable. */
  readonly silentMs: number;
  /** Milliseconds that it has said of itself that it does not serve; 0 while it serves. */
  readonly notServingMs: number;
  readonly problems: readonly string[];
  /** Addresses that have a service. */
  readonly vips: ReadonlySet<string>;
  readonly links: readonly Pick<LinkInfo, 'name' | 'up' | 'kni'>[];
}

export interface OspfView {
  /** Why ospfd cannot be asked; null when it answers. */
  readonly trouble: string | null;
  readonly neighbours: readonly OspfNeighbour[];
}

export interface NodeView {
  readonly dataplane: DataplaneView;
  /** Kernel links by name. */
  readonly kernel: ReadonlyMap<string, Pick<KernelLink, 'up' | 'carrier'>>;
  /** IPv4 addresses that are on a kernel interface, as `interface address`. */
  readonly carried: ReadonlySet<string>;
  readonly ospf: OspfView;
}

export interface Wanted {
  readonly vip: string;
  readonly device: string;
  /** Announce without a Full neighbour. */
  readonly force: boolean;
}

export type ConditionName = 'dataplane' | 'service' | 'serving' | 'port' | 'kni' | 'ospfd' | 'neighbour';

export interface Condition {
  readonly name: ConditionName;
  /** Needed for staying announced, too; the others only for beginning. A lost neighbour is nobody's gain to withdraw from. */
  readonly toServe: boolean;
  /** null: it holds. */
  readonly failure: { readonly code: ErrorCode; readonly detail: string } | null;
  /** What was seen, when it holds. */
  readonly detail: string;
}

/** How long an announced VIP stays announced while the dataplane is silent or says it does not serve. */
export const graceMs = 3_000;

type Finding = { readonly failure: Condition['failure']; readonly detail: string };
const holds = (detail: string): Finding => ({ failure: null, detail });
const fails = (code: ErrorCode, detail: string): Finding => ({ failure: { code, detail }, detail: '' });

export const kniOf = (view: DataplaneView, device: string): string | null =>
  view.links.find(({ name }) => name === device)?.kni ?? null;

/**
 * In the order in which they are worth telling: the first that fails is what the user has to see to.
 * @param held it is, or may be, announced already: not withdrawn at the first silence
 */
export function assess(view: NodeView, wanted: Wanted, held: boolean): Condition[] {
  const grace = held ? graceMs : 0;
  const kni = kniOf(view.dataplane, wanted.device);
  const condition = (name: ConditionName, toServe: boolean, finding: Finding): Condition => ({
    name,
    toServe,
    ...finding,
  });
  return [
    condition('dataplane', true, dataplane(view.dataplane, grace)),
    condition('service', true, service(view.dataplane, wanted.vip)),
    condition('serving', true, serving(view.dataplane, grace)),
    condition('port', true, port(view.dataplane, wanted.device)),
    condition('kni', true, kernelInterface(view, kni)),
    condition(
      'ospfd',
      false,
      view.ospf.trouble === null ? holds('answers') : fails('routing_daemon', view.ospf.trouble),
    ),
    condition('neighbour', false, neighbour(view, kni, wanted, held)),
  ];
}

export const firstFailure = (conditions: readonly Condition[], toServe?: boolean): Condition | null =>
  conditions.find(
    (condition) => condition.failure !== null && (toServe === undefined || condition.toServe === toServe),
  ) ?? null;

function dataplane({ reachable, silentMs }: DataplaneView, grace: number): Finding {
  if (reachable || silentMs < grace) return holds('answers');
  return fails('unreachable', `no answer for ${(silentMs / 1000).toFixed(1)} s`);
}

function service({ vips }: DataplaneView, vip: string): Finding {
  return vips.has(vip) ? holds(`on ${vip}`) : fails('no_service', `no service on ${vip}`);
}

function serving({ notServingMs, problems }: DataplaneView, grace: number): Finding {
  if (notServingMs <= grace) return holds('new connections are scheduled');
  return fails('not_serving', problems.join('; ') || 'it does not say why');
}

function port({ links }: DataplaneView, device: string): Finding {
  const link = links.find(({ name }) => name === device);
  if (link === undefined) return fails('no_device', device);
  if (link.kni === null)
    return fails('no_device', `${device} has no kernel-visible interface: kni is off in dpvs.conf`);
  return link.up ? holds(`${device} is up`) : fails('not_serving', `${device} has no link`);
}

function kernelInterface({ kernel }: NodeView, kni: string | null): Finding {
  if (kni === null) return fails('kni_down', 'the port has none');
  const link = kernel.get(kni);
  if (link === undefined) return fails('kni_down', `no ${kni} in this network namespace`);
  if (!link.up) return fails('kni_down', kni);
  return link.carrier ? holds(`${kni} is up`) : fails('kni_down', `${kni} has no carrier`);
}

function neighbour(view: NodeView, kni: string | null, { vip, force }: Wanted, held: boolean): Finding {
  const { trouble, neighbours } = view.ospf;
  if (force) return holds('not asked for: --force');
  // An ospfd that was started anew gets the VIP before its adjacency is Full. Later, it would first flush the LSA of its predecessor,
  // which the switch still holds, and be kept from originating it again for some 10 s.
  if (held && view.carried.has(`${kni} ${vip}`)) return holds('not waited for: the VIP is on the interface already');
  if (trouble !== null) return fails('no_adjacency', 'ospfd cannot be asked');
  const here = neighbours.filter((candidate) => candidate.interface === kni);
  const full = here.find((candidate) => candidate.full);
  if (full !== undefined) return holds(`${full.routerId} at ${full.address} is ${full.state}`);
  const seen = here.map(({ routerId, state }) => `${routerId} is ${state}`).join(', ');
  return fails('no_adjacency', `on ${kni ?? 'no interface'}: ${seen || 'no neighbour at all'}`);
}
