// The public door: keepalived.conf in DPVS's dialect → services, checks, VRRP by the stock keepalived. Not here: the command line
// (cli/dpvs-keepalived/), what a service is (dataplane/), announcing VIPs (routing/).

export { type Diagnostic, placeText, renderDiagnostic } from './diagnostic.js';
export { difference } from './difference.js';
export { planChanges } from './dry-run.js';
export { Keeper } from './keeper.js';
export type { KeepalivedConfig } from './model.js';
export { OwnedServices, ownedPath } from './owned-services.js';
export { loadKeepalived, type ParseResult, parseKeepalived } from './read-config.js';
export { type RunOptions, runKeepalived } from './run.js';
export type { CheckStatus, KeepalivedStatus, VirtualServerStatus } from './status-schema.js';
