// Scans options in the manner of getopt_long: combined short options, values attached or apart, flags anywhere, `--` ends them.
import { UsageError } from './usage.js';

/** One option as data; the help text is made from the same table. */
export interface OptionSpec<K extends string = string> {
  readonly key: K;
  /** Letters that may be combined behind one dash. */
  readonly short?: string;
  /** Without the dashes; the first is the one that help and messages show. */
  readonly long?: readonly string[];
  /** The value's name in help; absent for a flag. */
  readonly value?: string;
  /** The value may be left out: only a next word that is no option is taken. */
  readonly optional?: boolean;
  /** Of an optional value: what the next word has to look like to be it. */
  readonly looks?: RegExp;
  /** How many words it takes when more than one. */
  readonly count?: number;
  readonly help: string;
}

export interface Given<K extends string> {
  readonly key: K;
  readonly values: readonly string[];
  /** As the user wrote it, for messages. */
  readonly spelled: string;
}

export interface Scan<K extends string> {
  readonly options: readonly Given<K>[];
  readonly words: readonly string[];
}

function findLong<K extends string>(specs: readonly OptionSpec<K>[], name: string): OptionSpec<K> {
  const exact = specs.find((spec) => spec.long?.includes(name));
  if (exact !== undefined) return exact;
  const near = name === '' ? [] : specs.filter((spec) => spec.long?.some((long) => long.startsWith(name)));
  if (near.length === 1) return near[0];
  if (near.length > 1) {
    const all = near.flatMap((spec) => spec.long?.filter((long) => long.startsWith(name)) ?? []);
    throw new UsageError(`option '--${name}' is ambiguous: --${all.join(', --')}`);
  }
  throw new UsageError(`unknown option '--${name}'`);
}

/** A lone dash is a word; so is nothing else that starts with one. */
const looksLikeOption = (word: string): boolean => word.startsWith('-') && word !== '-';

/**
 * Splits `argv` into options and the words between them. Order is kept within each.
 * @throws {UsageError} an unknown or ambiguous option, a missing or superfluous value
 */
export function scanOptions<K extends string>(specs: readonly OptionSpec<K>[], argv: readonly string[]): Scan<K> {
  const options: Given<K>[] = [];
  const words: string[] = [];
  const rest = [...argv];

  const take = (spec: OptionSpec<K>, spelled: string, attached?: string): void => {
    if (spec.value === undefined) {
      if (attached !== undefined) throw new UsageError(`option '${spelled}' takes no value`);
      options.push({ key: spec.key, values: [], spelled });
      return;
    }
    const values = attached === undefined ? [] : [attached];
    const wanted = spec.count ?? 1;
    const isValue = (next: string): boolean => !looksLikeOption(next) && (spec.looks?.test(next) ?? true);
    while (values.length < wanted && rest.length > 0 && isValue(rest[0])) values.push(rest.shift()!);
    if (values.length < wanted && spec.optional !== true)
      throw new UsageError(`option '${spelled}' needs ${wanted > 1 ? `${wanted} values` : 'a value'}: ${spec.value}`);
    options.push({ key: spec.key, values, spelled });
  };

  while (rest.length > 0) {
    const word = rest.shift()!;
    if (word === '--') {
      words.push(...rest);
      break;
    }
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      const spec = findLong(specs, name);
      const spelled = spec.long?.includes(name) ? `--${name}` : `--${spec.long?.[0] ?? name}`;
      take(spec, spelled, equals < 0 ? undefined : word.slice(equals + 1));
    } else if (looksLikeOption(word)) {
      scanShort(specs, word, take);
    } else words.push(word);
  }
  return { options, words };
}

function scanShort<K extends string>(
  specs: readonly OptionSpec<K>[],
  word: string,
  take: (spec: OptionSpec<K>, spelled: string, attached?: string) => void,
): void {
  for (let at = 1; at < word.length; at++) {
    const letter = word[at];
    const spec = specs.find((candidate) => candidate.short?.includes(letter));
    if (spec === undefined)
      throw new UsageError(`unknown option '-${letter}'${word.length > 2 ? ` in '${word}'` : ''}`);
    const tail = word.slice(at + 1);
    if (spec.value === undefined || tail === '') take(spec, `-${letter}`);
    else {
      // popt also reads `-w=5`.
      take(spec, `-${letter}`, tail.startsWith('=') ? tail.slice(1) : tail);
      return;
    }
  }
}
