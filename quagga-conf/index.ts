// The public door of quagga-conf/: a typed model of a node's routing → the text of zebra.conf and ospfd.conf, for Quagga and for FRR.
// Not here: where the values come from (routing/render-request.ts) and talking to running daemons (routing/).
export {
  type AnnounceForm,
  type Authentication,
  checkModel,
  defaultLogDirectory,
  type Flavor,
  interfaceDefaults,
  isPrefix,
  ModelError,
  modelDefaults,
  type OspfInterface,
  type OspfNetworkType,
  type RoutingModel,
} from './model.js';
export {
  announceRouteMap,
  generatedMark,
  permitLine,
  prefixListSentinel,
  redistributeLine,
  routeMapLines,
  vipPrefixList,
} from './names.js';
export { type ConfigFiles, renderConfig } from './render.js';
