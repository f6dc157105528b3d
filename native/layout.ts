// Field offsets, record sizes, limits and reasons, as the library itself reports them: the C headers are their only source.
import { loadLibrary } from './library.js';

export interface Reason {
  readonly kind: 'drop' | 'punt' | 'event';
  readonly name: string;
  readonly description: string;
}

const values = new Map<string, number>();
const reasonList: Reason[] = [];

function read(): void {
  if (values.size > 0) return;
  const library = loadLibrary();
  for (const line of (library.dp_layout() as string).trim().split('\n')) {
    const [name, value] = line.split(' ');
    values.set(name, Number(value));
  }
  for (const line of (library.dp_reasons() as string).trim().split('\n')) {
    const [kind, name, description] = line.split('\t');
    reasonList.push({ kind: kind as Reason['kind'], name, description });
  }
}

/** Byte offset of "record.field", size of "record.size", or a limit such as "DP_OP_BATCH". */
export function layout(name: string): number {
  read();
  const value = values.get(name);
  if (value === undefined) throw new Error(`native layout has no ${name}`);
  return value;
}

/** Byte offset as an index of 32-bit words. */
export function word(name: string): number {
  const at = layout(name);
  if (at % 4 !== 0) throw new Error(`native layout: ${name} is not a 32-bit word`);
  return at >> 2;
}

export function reasons(kind: Reason['kind']): readonly Reason[] {
  read();
  return reasonList.filter((r) => r.kind === kind);
}

/** A reason's number, which is its position in its kind's table. */
export function reasonNumber(kind: Reason['kind'], name: string): number {
  const index = reasons(kind).findIndex((r) => r.name === name);
  if (index < 0) throw new Error(`no ${kind} reason ${name}`);
  return index;
}
