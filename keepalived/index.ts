// The public door: keepalived.conf in DPVS's dialect. Not here: what a service is (dataplane/), announcing VIPs (routing/).
export { type Diagnostic, placeText, renderDiagnostic } from './diagnostic.js';
export type { KeepalivedConfig } from './model.js';
export { loadKeepalived, type ParseResult, parseKeepalived } from './read-config.js';
