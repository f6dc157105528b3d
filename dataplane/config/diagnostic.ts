// What is wrong in a configuration file, where, and how it is shown: file:line:column, the line, a caret, what is allowed.

/** A stretch of one line. Line and column count from 1. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly at: Span;
  readonly message: string;
  /** What may stand there; empty when the message says it all. */
  readonly allowed: string;
}

/** Collects everything that is wrong instead of stopping at the first. */
export class Report {
  readonly errors: Diagnostic[] = [];
  readonly warnings: Diagnostic[] = [];

  error(at: Span, message: string, allowed = ''): void {
    this.errors.push({ severity: 'error', at, message, allowed });
  }

  warn(at: Span, message: string, allowed = ''): void {
    this.warnings.push({ severity: 'warning', at, message, allowed });
  }
}

/**
 * ```text
 * /etc/dpvs.conf:12:22: error: mtu 9500 is out of range
 *   12 |     mtu 9500
 *      |         ^^^^
 *   allowed: 68 to 9000
 * ```
 */
export function renderDiagnostic({ severity, at, message, allowed }: Diagnostic, text: string, file: string): string {
  const source = text.split('\n')[at.line - 1]?.replace(/\r$/, '') ?? '';
  const gutter = String(at.line).length;
  // Tabs stay tabs under tabs, so that the caret stands under its word whatever the terminal's tab width.
  const indent = source.slice(0, at.column - 1).replace(/[^\t]/g, ' ');
  const lines = [
    `${file}:${at.line}:${at.column}: ${severity}: ${message}`,
    `  ${at.line} | ${source}`,
    `  ${' '.repeat(gutter)} | ${indent}${'^'.repeat(Math.max(1, at.length))}`,
  ];
  if (allowed !== '') lines.push(`  allowed: ${allowed}`);
  return lines.join('\n');
}
