// The public door of the kernel mirror: what the kernel has on the kni interfaces, as routes of the dataplane. Runtime state: it is in
// no journal and no dump, because the kernel is asked again at each start.
export { KernelMirror, type KernelMirrorOptions } from './kernel-mirror.js';
export { type MirroredPort, mirroredAddress, mirroredRoutes } from './translate.js';
