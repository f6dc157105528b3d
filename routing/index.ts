// The public door of routing/: the bridge between the dataplane's VIPs and the routing daemons. Here: the VIP's state machine, announce
// and withdraw with their proofs, FRR through vtysh, the journal, the bridge's API. Not here: kernel interfaces (kni/), the text of
// zebra.conf and ospfd.conf (quagga-conf/), the command line (cli/dpvs-route).
export { BridgeClient } from './client.js';
export type { Announcement, Driver } from './drivers/driver.js';
export { mostVips } from './limits.js';
export { defaultPolicy, type Policy, type PolicyChange } from './policy.js';
export { type RenderRequest, renderRequested } from './render-request.js';
export { type RunOptions, runBridge } from './run.js';
export {
  type BridgeMethod,
  type BridgeParams,
  type BridgeResult,
  type BridgeStatus,
  bridgeMethods,
  type Flows,
  type Report,
  type RoutingStatus,
  type Step,
  type VipDetail,
  type VipStatus,
} from './schema.js';
