// What is wrong in a keepalived.conf, where, and how it is shown: file:line:column, the line, a caret, what to do.

/** A stretch of one line of one file. Line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** The whole line. */
  readonly source: string;
}

export interface Diagnostic {
  /** error: the file is not used; warning: it is, without what the warning names. */
  readonly severity: 'error' | 'warning';
  readonly at: Place;
  readonly message: string;
  /** What may stand there, or what to do instead; empty when the message says it all. */
  readonly hint: string;
}

/** Nobody reads more; a file that is not a keepalived.conf at all has one in each line. */
const mostDiagnostics = 1000;

/** Collects everything that is wrong instead of stopping at the first. */
export class Report {
  readonly all: Diagnostic[] = [];

  error(at: Place, message: string, hint = ''): void {
    this.#add({ severity: 'error', at, message, hint });
  }

  warn(at: Place, message: string, hint = ''): void {
    this.#add({ severity: 'warning', at, message, hint });
  }

  #add(diagnostic: Diagnostic): void {
    // An error is never lost to warnings: it decides.
    if (this.all.length < mostDiagnostics || (diagnostic.severity === 'error' && this.errors.length === 0))
      this.all.push(diagnostic);
  }

  get errors(): Diagnostic[] {
    return this.all.filter(({ severity }) => severity === 'error');
  }

  get warnings(): Diagnostic[] {
    return this.all.filter(({ severity }) => severity === 'warning');
  }
}

/**
 * ```text
 * /etc/keepalived/keepalived.conf:12:22: error: unknown word inhibit_on_falure in real_server
 *   12 |     inhibit_on_falure
 *      |     ^^^^^^^^^^^^^^^^^
 *   did you mean inhibit_on_failure?
 * ```
 */
export function renderDiagnostic({ severity, at, message, hint }: Diagnostic): string {
  const gutter = String(at.line).length;
  // Tabs stay tabs under tabs, so that the caret stands under its word whatever the terminal's tab width.
  const indent = at.source.slice(0, at.column - 1).replace(/[^\t]/g, ' ');
  const lines = [
    `${placeText(at)}:${at.column}: ${severity}: ${message}`,
    `  ${at.line} | ${at.source}`,
    `  ${' '.repeat(gutter)} | ${indent}${'^'.repeat(Math.max(1, at.length))}`,
  ];
  if (hint !== '') lines.push(`  ${hint}`);
  return lines.join('\n');
}

/** `keepalived.conf:12`, as log lines name it. */
export const placeText = ({ file, line }: Pick<Place, 'file' | 'line'>): string => `${file}:${line}`;
