// The public door of quagga-conf/: a typed model of a node's routing → the text of its daemons' files, for Quagga and for FRR.
// Not here: where the values come from (routing/render-request.ts) and talking to running daemons (routing/).
export { checkModel, dottedArea, isPrefix, ModelError } from './check.js';
export { type ConfigDifference, configDifference, type DifferenceInput } from './difference.js';
export {
  type AnnounceForm,
  type AreaType,
  type Authentication,
  type BfdTimers,
  bfdDefaults,
  defaultLogDirectory,
  type Flavor,
  interfaceDefaults,
  modelDefaults,
  type OspfInterface,
  type OspfNetworkType,
  type PassiveInterface,
  type RoutingModel,
} from './model.js';
export {
  announceRouteMap,
  drainListSentinel,
  drainMetric,
  drainPermitLine,
  drainPrefixList,
  drainRouteMapLines,
  generatedMark,
  permitLine,
  prefixListSentinel,
  redistributeLine,
  routeMapLines,
  vipPrefixList,
} from './names.js';
export { type ConfigDaemon, type ConfigFiles, configDaemons, renderConfig } from './render.js';
