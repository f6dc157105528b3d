// Whether a VIP can be served and announced here: every condition by name, with what is wrong when it does not hold. A pure function,
// the same for the command that announces and for the bridge that watches.
import { familyOf } from './address.js';
import { type Finding, fails, holds } from './finding.js';
import type { Policy } from './policy.js';
import { isCarried, type Port } from './port.js';
import { sightOf, together } from './port-conditions.js';
import { backends, ports } from './service-conditions.js';
import type { DataplaneView, NodeView, RoutingView, ServiceHealth } from './view.js';

export interface Wanted {
  readonly vip: string;
  /** One of them is enough. */
  readonly ports: readonly Pick<Port, 'device' | 'kni'>[];
  /** Announce without a Full neighbour. */
  readonly force: boolean;
  readonly policy: Policy;
  /** Milliseconds that it is kept back for flapping. */
  readonly suppressedMs: number;
}

export type ConditionName =
  | 'dataplane'
  | 'service'
  | 'servers'
  | 'local ports'
  | 'serving'
  | 'port'
  | 'kni'
  | 'daemon'
  | 'zebra'
  | 'neighbour'
  | 'damping';

export interface Condition {
  readonly name: ConditionName;
  /**
   * `serve`: needed for staying announced, too. `health`: the same, but held back by floor and limit. `begin`: needed for beginning
   * only. `hear`: without it what is set up is not announced to anybody; nothing is gained by taking it back.
   */
  readonly kind: 'serve' | 'health' | 'begin' | 'hear';
  /** null: it holds. */
  readonly failure: Finding['failure'];
  /** What was seen, when it holds. */
  readonly detail: string;
}

/** How long an announced VIP stays announced while the dataplane is silent or says it does not serve. */
export const graceMs = 3_000;

/** What has to do with the ports; the rest can be said before they are known. */
export const ofThePorts: readonly ConditionName[] = ['port', 'kni', 'neighbour'];

/**
 * In the order in which they are worth telling: the first that fails is what the user has to see to.
 * @param held it is, or may be, announced already: not withdrawn at the first silence
 */
export function assess(view: NodeView, wanted: Wanted, held: boolean): Condition[] {
  const { dataplane } = view;
  const grace = held ? graceMs : 0;
  const services = dataplane.vips.get(wanted.vip) ?? [];
  const routing = view.routing[familyOf(wanted.vip)];
  // A daemon that was started anew gets the VIP before its adjacency is Full. Later, it would first flush the LSA of its predecessor,
  // which the switch still holds, and be kept from originating it again for some 10 s.
  const setUp = held && isCarried(view.carried, wanted);
  const { link, kernel, neighbour } = together(
    wanted.ports.map(({ device }) => sightOf(view, device, routing, wanted.force)),
  );
  const condition = (name: ConditionName, kind: Condition['kind'], finding: Finding): Condition => ({
    name,
    kind,
    ...finding,
  });
  return [
    condition('dataplane', 'serve', answers(dataplane, grace)),
    condition('service', 'serve', service(services, wanted.vip)),
    condition('servers', 'health', backends(services, wanted.policy, held)),
    condition('local ports', 'health', ports(services, wanted.policy, held)),
    condition('serving', 'serve', serving(dataplane, wanted, grace)),
    condition('port', 'serve', link),
    condition('kni', 'serve', kernel),
    condition('daemon', 'begin', daemon(routing, wanted.vip)),
    condition('zebra', 'begin', zebra(view.zebra[familyOf(wanted.vip)])),
    condition('neighbour', setUp ? 'hear' : 'begin', neighbour),
    condition('damping', 'begin', damping(wanted.suppressedMs, held)),
  ];
}

export const firstFailure = (
  conditions: readonly Condition[],
  ...kinds: readonly Condition['kind'][]
): Condition | null =>
  conditions.find(({ failure, kind }) => failure !== null && (kinds.length === 0 || kinds.includes(kind))) ?? null;

function answers({ reachable, silentMs }: DataplaneView, grace: number): Finding {
  if (reachable || silentMs < grace) return holds('answers');
  return fails('unreachable', `no answer for ${(silentMs / 1000).toFixed(1)} s`);
}

function service(services: readonly ServiceHealth[], vip: string): Finding {
  if (services.length === 0) return fails('no_service', `no service on ${vip}`);
  return holds(services.map(({ protocol, port }) => `${protocol} ${port}`).join(', '));
}

/** A port without a link is a problem of the node; of a VIP with several ports it is not, if it is one of those. */
function serving({ problems, stopping }: DataplaneView, { ports }: Wanted, grace: number): Finding {
  if (stopping) return fails('not_serving', 'dpvs is stopping');
  const isOwn = (port: string | null): boolean => ports.length > 1 && ports.some(({ device }) => device === port);
  const counting = problems.filter(({ port }) => !isOwn(port));
  if (counting.every(({ ms }) => ms <= grace)) return holds('new connections are scheduled');
  const texts = counting.map(({ text }) => text).filter(Boolean);
  return fails('not_serving', texts.join('; ') || 'it does not say why');
}

function daemon(routing: RoutingView | null, vip: string): Finding {
  if (routing === null) return fails('routing_daemon', `this bridge announces no ${familyOf(vip)} address`);
  return routing.trouble === null ? holds(`${routing.daemon} answers`) : fails('routing_daemon', routing.trouble);
}

export const zebra = (trouble: string | null): Finding =>
  trouble === null ? holds('addresses reach the routing daemon') : fails('routing_daemon', trouble);

function damping(suppressedMs: number, held: boolean): Finding {
  if (held || suppressedMs <= 0) return holds('it does not flap');
  return fails('damped', `for another ${Math.ceil(suppressedMs / 1000)} s`);
}
