// The door of quagga-conf/import/: hand-written files of the routing daemons → the generator's model, and what it cannot say.
// Not here: reading files and running daemons (routing/import-config.ts).
import { type BuildOptions, type Built, build, writable } from './build.js';
import type { SourceFile } from './lines.js';
import { readSources } from './read.js';

export type { BuildOptions, Built, FoundVip } from './build.js';
export type { KnownAddress } from './build-links.js';
export { type Finding, placeOf, shown } from './findings.js';
export { longestFile, type SourceFile, type SourceLine, sourceLines, withoutSecret } from './lines.js';
export { keptMark, writeImported } from './write.js';
export { writable };

/** @throws {ModelError} what is missing */
export const importConfig = (files: readonly SourceFile[], options: BuildOptions = {}): Built =>
  build(readSources(files), options);
