// Tables and durations as dpvs-route prints them.

/** Left-aligned columns two blanks apart; the last is as long as it is. */
export function table(rows: readonly (readonly string[])[], indent: string): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) => `${indent}${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]))).join('  ')}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

export const milliseconds = (ms: number): string => (ms === 0 ? '' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`);

export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}m`;
  return `${Math.floor(whole / 86_400)}d${String(Math.floor((whole % 86_400) / 3600)).padStart(2, '0')}h`;
}

export const host = (vip: string): string => `${vip}/${vip.includes(':') ? 128 : 32}`;
