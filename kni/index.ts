// The public door of kni/: kernel-visible interfaces. Here: rtnetlink (links, addresses, routes, carrier) and the manager that keeps
// `<port>.kni` equal to its port. Not here: making the TAP (native/, through DPDK), and what is announced on it (routing/).
export type { Family } from './address-bytes.js';
export type { OnUnreadable, Unreadable } from './attributes.js';
export { isKernelError, KernelError } from './kernel-error.js';
export type { KernelAddress, KernelLink } from './kernel-objects.js';
export type { KernelNextHop, KernelRoute } from './kernel-routes.js';
export { type KniAddressEvent, type KniEvents, KniManager, type KniOwn, type KniPort } from './kni-manager.js';
export type { KernelGroup } from './multicast-groups.js';
export { type LinkChange, type RouteChange, Rtnetlink } from './rtnetlink.js';
export { tellOnce } from './unreadable-log.js';
export type { KernelEvent, KernelWatch, WatchOptions } from './watch.js';
