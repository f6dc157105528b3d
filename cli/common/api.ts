// What a command line needs of the control API before it talks to a node. The API's door also loads the schema library and ZeroMQ
// (80 ms), which a usage error, a help text or an unreachable node must not wait for: hence the direct imports, here and only here.
export { inBatches } from '../../api/batches.js';
export { DpvsError, type ErrorCode, ExitCode, errorTable, isErrorCode } from '../../api/errors.js';
export type {
  AddressInfo,
  AddressSpec,
  ChangeRequest,
  ConnectionInfo,
  Counter,
  CpuInfo,
  DestCheck,
  Endpoint,
  GroupsInfo,
  LaddrInfo,
  LinkInfo,
  MatchRange,
  Method,
  NeighbourInfo,
  NodeStatus,
  Params,
  Result,
  RouteInfo,
  RouteSpec,
  Scope,
  ServerInfo,
  ServerKey,
  ServerSpec,
  ServiceInfo,
  ServiceKey,
  ServiceMatch,
  ServiceSpec,
  TrafficRates,
  TrafficStats,
  VipKey,
} from '../../api/index.js';
export { controlEndpoint, nodeName } from '../../api/paths.js';
export { matchText, matchWord } from '../../api/service-text.js';

import type { Method, Params, Result } from '../../api/index.js';

/** One request, its parameters bound to its method. */
export type Call = { [M in Method]: { readonly method: M; readonly params: Params<M> } }[Method];

/** A node that answers requests; the client of the API is one, a table in a test is another. */
export interface NodeApi {
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
}
