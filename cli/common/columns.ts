// Fixed-width columns in printf's sense: padded, never cut, so that a long name shifts a row instead of lying.

/** `%-Ns` */
export const left = (value: string | number, width: number): string => String(value).padEnd(width);
/** `%Ns` */
export const right = (value: string | number, width: number): string => String(value).padStart(width);

/** Equal left-aligned columns behind an indent, as the statistics of the reference are laid out. */
export function row(cells: readonly (string | number)[], width: number, indent = 4): string {
  return ' '.repeat(indent) + cells.map((cell) => left(cell, width)).join('');
}
