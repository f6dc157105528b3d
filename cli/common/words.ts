// Reads iproute2-like words ("10.0.0.1/24 dev dpdk0 scope link") by a table: which keywords there are and which field each fills.

import { UsageError } from './usage.js';
import { quote } from './values.js';

type FieldReader<F, K extends keyof F> =
  /** keyword VALUE */
  | { readonly field: K; readonly read: (word: string) => NonNullable<F[K]> }
  /** a bare keyword that is the value */
  | { readonly field: K; readonly means: NonNullable<F[K]> };

export type Keyword<F> = { [K in keyof F]-?: FieldReader<F, K> }[keyof F];

/** F: the fields a command's words can fill. */
export interface Grammar<F> {
  readonly keywords: Readonly<Record<string, Keyword<F>>>;
  /** What a word that is no keyword fills; the first such word only. */
  readonly bare?: { readonly name: string } & {
    [K in keyof F]-?: { readonly field: K; readonly read: (word: string) => NonNullable<F[K]> };
  }[keyof F];
  /** Fields that must be filled, with the words that the message asks for. */
  readonly required?: readonly { readonly field: keyof F; readonly word: string }[];
}

/** @throws {UsageError} a word that fits nowhere, a missing value, a field given twice, a required one missing */
export function readWords<F>(grammar: Grammar<F>, words: readonly string[]): Partial<F> {
  const fields: Partial<F> = {};
  const fill = <K extends keyof F>(field: K, value: F[K], word: string): void => {
    if (Object.hasOwn(fields, field)) throw new UsageError(`${quote(word)}: ${String(field)} is already given`);
    fields[field] = value;
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    const keyword = Object.hasOwn(grammar.keywords, word) ? grammar.keywords[word] : undefined;
    if (keyword === undefined) {
      const { bare } = grammar;
      if (bare === undefined || Object.hasOwn(fields, bare.field))
        throw new UsageError(`too many arguments: ${quote(word)}`);
      fill(bare.field, bare.read(word), word);
    } else if ('means' in keyword) fill(keyword.field, keyword.means, word);
    else {
      if (at + 1 >= words.length) throw new UsageError(`missing value for ${quote(word)}`);
      fill(keyword.field, keyword.read(words[++at]), word);
    }
  }
  for (const { field, word } of grammar.required ?? [])
    if (!Object.hasOwn(fields, field)) throw new UsageError(`missing ${word}`);
  return fields;
}
