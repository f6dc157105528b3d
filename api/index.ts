// The public door of the control API: schema, errors, client, paths, and how a file of theirs is replaced. Nothing here knows the dataplane.
export { inBatches, longestBatch, longestRequestBytes } from './batches.js';
export { DataplaneClient, RequestChannel } from './client.js';
export { type DataplaneApi, DataplaneLink, isUnanswered } from './dataplane-link.js';
export { DpvsError, type ErrorCode, ExitCode, errorTable, isErrorCode } from './errors.js';
export { canonicalIp } from './ip-text.js';
export {
  bridgeEndpoint,
  bridgeEventEndpoint,
  controlEndpoint,
  eventEndpoint,
  keepalivedEndpoint,
  nodeName,
  runDirectory,
  stateDirectory,
} from './paths.js';
export { replaceFile, replaceFileSync } from './replace-file.js';
export * from './schema.js';
export { endText, matchText, matchWord, serviceText } from './service-text.js';
