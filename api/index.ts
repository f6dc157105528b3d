// The public door of the control API: schema, errors, client, paths. Nothing here knows the dataplane.
export { inBatches, longestBatch, longestRequestBytes } from './batches.js';
export { DataplaneClient, RequestChannel } from './client.js';
export { DpvsError, type ErrorCode, ExitCode, errorTable, isErrorCode } from './errors.js';
export {
  bridgeEndpoint,
  bridgeEventEndpoint,
  controlEndpoint,
  eventEndpoint,
  nodeName,
  runDirectory,
  stateDirectory,
} from './paths.js';
export * from './schema.js';
