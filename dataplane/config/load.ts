// dpvs.conf → DataplaneConfig: the doors parseConfig, loadConfig and defaultConfig.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { DpvsError } from '../../api/index.js';
import { buildConfig } from './build.js';
import { type Diagnostic, Report, renderDiagnostic } from './diagnostic.js';
import { grammar } from './grammar/index.js';
import { parseSections } from './parser.js';
import { tokenize } from './tokenizer.js';
import type { DataplaneConfig } from './types.js';

export interface ParseResult {
  /** null when there are errors. */
  readonly config: DataplaneConfig | null;
  readonly warnings: readonly Diagnostic[];
  readonly errors: readonly Diagnostic[];
  /** The diagnostic with its source line and a caret. */
  render(diagnostic: Diagnostic): string;
}

/** Reports everything that is wrong in the text, not only the first thing. `file` is what messages call it. */
export function parseConfig(text: string, file: string, { cpus = availableParallelism() } = {}): ParseResult {
  const report = new Report();
  const root = parseSections(grammar, tokenize(text, report), report);
  const config = buildConfig(root, report, cpus);
  const devices = root.blocks.netif_defs.blocks.device;
  if (devices.length === 0 && report.errors.length === 0)
    report.error({ line: 1, column: 1, length: 1 }, 'no port is configured', 'netif_defs { device dpdk0 { … } }');
  const inOrder = (a: Diagnostic, b: Diagnostic) => a.at.line - b.at.line || a.at.column - b.at.column;
  return {
    config: report.errors.length === 0 ? config : null,
    warnings: report.warnings.sort(inOrder),
    errors: report.errors.sort(inOrder),
    render: (diagnostic) => renderDiagnostic(diagnostic, text, file),
  };
}

/** @throws {DpvsError} config: the file cannot be read, or everything that is wrong in it with carets */
export function loadConfig(path: string): {
  config: DataplaneConfig;
  warnings: readonly Diagnostic[];
  rendered: readonly string[];
} {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new DpvsError('config', `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const { config, warnings, errors, render } = parseConfig(text, path);
  if (config === null) {
    const count = errors.length === 1 ? 'one error' : `${errors.length} errors`;
    throw new DpvsError('config', `${count} in ${path}\n${errors.map(render).join('\n')}`);
  }
  return { config, warnings, rendered: warnings.map(render) };
}

/** Every default, no ports and no workers: what tests and tools start from. */
export function defaultConfig(): DataplaneConfig {
  const report = new Report();
  const config = buildConfig(parseSections(grammar, [], report), report, 2);
  return { ...config, workers: [] };
}
