// Whether a VIP's ports can carry it: a link, a kernel interface, a neighbour there. Of several, one that can is enough.
import { type Finding, fails, holds } from './finding.js';
import type { DataplaneView, NodeView, RoutingView } from './view.js';

export interface PortSight {
  readonly device: string;
  readonly kni: string | null;
  readonly link: Finding;
  readonly kernel: Finding;
  readonly neighbour: Finding;
}

export const kniOf = (view: DataplaneView, device: string): string | null =>
  view.links.find(({ name }) => name === device)?.kni ?? null;

/** @param force a neighbour is not asked for */
export function sightOf(view: NodeView, device: string, routing: RoutingView | null, force: boolean): PortSight {
  const kni = kniOf(view.dataplane, device);
  return {
    device,
    kni,
    link: link(view.dataplane, device),
    kernel: kernelInterface(view, kni),
    neighbour: force ? holds('not asked for: --force') : neighbour(routing, kni),
  };
}

/** A VIP can be set up there, whether or not somebody hears of it. */
export const isUsable = ({ link, kernel }: PortSight): boolean => link.failure === null && kernel.failure === null;

/** Each of the three for all ports together, asked of those that have what comes before it. */
export function together(sights: readonly PortSight[]): Pick<PortSight, 'link' | 'kernel' | 'neighbour'> {
  const linked = someOf(sights, ({ link }) => link.failure === null);
  return {
    link: anyOf(sights.map(({ link }) => link)),
    kernel: anyOf(linked.map(({ kernel }) => kernel)),
    neighbour: anyOf(someOf(linked, isUsable).map(({ neighbour }) => neighbour)),
  };
}

/** All of them where it is true of none. */
function someOf<T>(all: readonly T[], which: (one: T) => boolean): readonly T[] {
  const some = all.filter(which);
  return some.length > 0 ? some : all;
}

function anyOf(findings: readonly Finding[]): Finding {
  const each = (details: readonly string[]): string => [...new Set(details)].join(', ');
  const good = findings.filter(({ failure }) => failure === null);
  if (good.length > 0) return holds(each(good.map(({ detail }) => detail)));
  const failures = findings.flatMap(({ failure }) => failure ?? []);
  return fails(failures[0].code, each(failures.map(({ detail }) => detail)));
}

function link({ links }: DataplaneView, device: string): Finding {
  const found = links.find(({ name }) => name === device);
  if (found === undefined) return fails('no_device', device);
  if (found.kni === null)
    return fails('no_device', `${device} has no kernel-visible interface: kni is off in dpvs.conf`);
  return found.up ? holds(`${device} is up`) : fails('not_serving', `${device} has no link`);
}

function kernelInterface({ kernel }: NodeView, kni: string | null): Finding {
  if (kni === null) return fails('kni_down', 'the port has none');
  const link = kernel.get(kni);
  if (link === undefined) return fails('kni_down', `no ${kni} in this network namespace`);
  if (!link.up) return fails('kni_down', kni);
  return link.carrier ? holds(`${kni} is up`) : fails('kni_down', `${kni} has no carrier`);
}

function neighbour(routing: RoutingView | null, kni: string | null): Finding {
  if (routing === null || routing.trouble !== null) return fails('no_adjacency', 'the routing daemon cannot be asked');
  const here = routing.neighbours.filter((candidate) => candidate.interface === kni);
  const full = here.find((candidate) => candidate.full);
  if (full !== undefined) return holds(`${full.routerId} at ${full.address} is ${full.state}`);
  const seen = here.map(({ routerId, state }) => `${routerId} is ${state}`).join(', ');
  return fails('no_adjacency', `on ${kni ?? 'no interface'}: ${seen || 'no neighbour at all'}`);
}
