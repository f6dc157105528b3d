// What the bridge sees of its node: dataplane, kernel and routing daemons, as of their last look.
import type { LinkInfo } from '../api/index.js';
import type { KernelLink } from '../kni/index.js';
import type { AddressFamily } from './address.js';
import type { Neighbour } from './frr-output.js';

/** What the dataplane says of one service of a VIP. */
export interface ServiceHealth {
  readonly protocol: string;
  readonly port: number;
  readonly servers: number;
  /** Weight above 0, not inhibited, not overloaded. */
  readonly healthy: number;
  /** Of its local addresses together; null: it needs none, or the dataplane does not say. */
  readonly ports: { readonly free: number; readonly used: number } | null;
  /** New connections a second. */
  readonly newPerSecond: number;
  readonly flows: number;
}

export interface NodeProblem {
  /** What it says; empty: nothing. */
  readonly text: string;
  /** That has no link; null: the whole node has the problem. */
  readonly port: string | null;
  /** How long there has been one of this kind, milliseconds. */
  readonly ms: number;
}

export interface DataplaneView {
  readonly reachable: boolean;
  /** Milliseconds that it has been asked in vain; 0 while reachable. */
  readonly silentMs: number;
  /** Why it says of itself that it does not serve, or is not heard to; none while it serves. */
  readonly problems: readonly NodeProblem[];
  /** It is about to end: what is announced has to be withdrawn while it still forwards. */
  readonly stopping: boolean;
  /** Services by their VIP. */
  readonly vips: ReadonlyMap<string, readonly ServiceHealth[]>;
  readonly links: readonly Pick<LinkInfo, 'name' | 'up' | 'kni'>[];
}

/** A routing daemon, as of the last look. */
export interface RoutingView {
  readonly protocol: string;
  readonly daemon: string;
  /** Why it cannot be asked; null when it answers. */
  readonly trouble: string | null;
  readonly neighbours: readonly Neighbour[];
}

export interface NodeView {
  readonly dataplane: DataplaneView;
  /** Kernel links by name. */
  readonly kernel: ReadonlyMap<string, Pick<KernelLink, 'up' | 'carrier'>>;
  /** Addresses that are on a kernel interface, as `interface address`. */
  readonly carried: ReadonlySet<string>;
  /** By family; null: this bridge announces none of it. */
  readonly routing: Readonly<Record<AddressFamily, RoutingView | null>>;
  /** Why what comes and goes on an interface does not reach the family's daemon through zebra; null: it does, or nobody announces it. */
  readonly zebra: Readonly<Record<AddressFamily, string | null>>;
}
