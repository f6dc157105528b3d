// The public door of the configuration: dpvs.conf in, a typed DataplaneConfig or located errors out.
export type { Diagnostic, Span } from './diagnostic.js';
export { renderDiagnostic } from './diagnostic.js';
export { grammar } from './grammar/index.js';
export { defaultConfig, loadConfig, type ParseResult, parseConfig } from './load.js';
export { configManual } from './manual.js';
export type { BlockSpec, KeySpec } from './schema.js';
export type * from './types.js';
