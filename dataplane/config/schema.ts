// The shape of the grammar table: keys and blocks as data, from which the parser, the types and the manual come.
import type { Word } from './tokenizer.js';
import type { ValueType } from './value-types.js';

export interface KeySpec<T> {
  readonly type: ValueType<T>;
  readonly default: T;
  /** init: read at start only; run: also when the file is read again. */
  readonly when: 'init' | 'run';
  /** One or two sentences for the manual. */
  readonly note: string;
  /** Not given: the key does what it says. `not built`: only the default works; `no meaning`: there is nothing it could do here. */
  readonly ignored?: 'not built' | 'no meaning' | 'obsolete';
  /** The key may stand several times; its words add up. */
  readonly repeats?: true;
}

export interface BlockSpec {
  readonly note: string;
  readonly keys: Readonly<Record<string, KeySpec<unknown>>>;
  readonly blocks: Readonly<Record<string, BlockSpec>>;
  /** What the block's second word names; such a block may stand several times. null: no second word, one block. */
  readonly named: string | null;
  /** Why the whole block has no effect. */
  readonly ignored?: 'not built' | 'no meaning' | 'obsolete';
}

type Given = Pick<BlockSpec, 'note' | 'ignored'> & Partial<Pick<BlockSpec, 'keys' | 'blocks'>>;
type Filled<G extends Given, N extends string | null> = {
  readonly note: string;
  readonly named: N;
  readonly keys: G extends { readonly keys: infer K } ? K : Record<never, never>;
  readonly blocks: G extends { readonly blocks: infer B } ? B : Record<never, never>;
  readonly ignored?: BlockSpec['ignored'];
};

export function block<const G extends Given>(given: G): Filled<G, null> {
  return { keys: {}, blocks: {}, ...given, named: null } as unknown as Filled<G, null>;
}

/** `named` says what the second word names. */
export function namedBlock<const N extends string, const G extends Given>(named: N, given: G): Filled<G, N> {
  return { keys: {}, blocks: {}, ...given, named } as unknown as Filled<G, N>;
}

/** A key that is read at start only. */
export function init<T>(type: ValueType<T>, preset: T, note: string, ignored?: KeySpec<T>['ignored']): KeySpec<T> {
  return { type, default: preset, when: 'init', note, ...(ignored === undefined ? {} : { ignored }) };
}

/** A key that may change while the node runs. */
export function run<T>(type: ValueType<T>, preset: T, note: string, ignored?: KeySpec<T>['ignored']): KeySpec<T> {
  return { ...init(type, preset, note, ignored), when: 'run' };
}

/** A key's value with the word it came from; `at` is null for a default. */
export interface Setting<T> {
  readonly value: T;
  readonly at: Word | null;
}

/** A parsed block: every key of its spec has a value, every unnamed block is there. */
export interface Section<S extends BlockSpec> {
  /** The key word of the block; null when it is not in the file. */
  readonly at: Word | null;
  /** The second word of a named block. */
  readonly name: Word | null;
  readonly keys: { readonly [K in keyof S['keys']]: S['keys'][K] extends KeySpec<infer T> ? Setting<T> : never };
  readonly blocks: {
    readonly [B in keyof S['blocks']]: S['blocks'][B] extends infer C extends BlockSpec
      ? C['named'] extends string
        ? readonly Section<C>[]
        : Section<C>
      : never;
  };
}
