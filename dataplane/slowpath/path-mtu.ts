// The MTU of a way: the route's, where it has one of its own, but never above the port's.
import type { Route } from '../inet/index.js';

export function pathMtu(route: Pick<Route, 'mtu'>, port: { readonly mtu: number }): number {
  return route.mtu > 0 && route.mtu < port.mtu ? route.mtu : port.mtu;
}
