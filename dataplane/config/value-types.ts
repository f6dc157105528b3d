// The kinds of values a key can have: how each is written, what is allowed, and how words become a typed value.
import type { Report } from './diagnostic.js';
import type { Word } from './tokenizer.js';

export interface ValueType<T> {
  /** How the value is written after the key, for the manual; empty for a flag. */
  readonly usage: string;
  /** What is allowed, for error messages and the manual. */
  readonly allowed: string;
  /** How the value is shown in the manual and a sample; empty when it is nothing to show. */
  show(value: T): string;
  /** undefined after reporting what is wrong. `key` is where to point when the value is missing. */
  parse(key: Word, words: readonly Word[], report: Report): T | undefined;
}

/** Wraps a parser of exactly one word with the messages for none and for too many. */
function oneWord<T>(
  type: Omit<ValueType<T>, 'parse'>,
  parse: (word: Word, key: Word, report: Report) => T | undefined,
): ValueType<T> {
  return {
    ...type,
    parse(key, words, report) {
      const [word, extra] = words;
      if (word === undefined) {
        report.error(key, `${key.text} needs a value`, type.allowed);
        return undefined;
      }
      if (extra !== undefined) {
        report.error(extra, `${key.text} has one value; a further key goes on a line of its own`, type.allowed);
        return undefined;
      }
      return parse(word, key, report);
    },
  };
}

interface IntegerOptions {
  readonly min: number;
  readonly max: number;
  /** Shown in the manual. */
  readonly unit?: string;
  /** The reference rounds these too; we round up, to be at least what was asked for, and say so. */
  readonly round?: 'power of two' | 'power of two less one';
}

export function integer({ min, max, unit = '', round }: IntegerOptions): ValueType<number> {
  const rounding = round === undefined ? '' : `, a ${round}`;
  const allowed = `${min} to ${max}${unit === '' ? '' : ` ${unit}`}${rounding}`;
  return oneWord({ usage: 'N', allowed, show: String }, (word, key, report) => {
    const value = /^\d{1,15}$/.test(word.text) ? Number(word.text) : Number.NaN;
    if (Number.isNaN(value)) {
      report.error(word, `${key.text} wants a whole number, not ${JSON.stringify(word.text)}`, allowed);
      return undefined;
    }
    if (value < min || value > max) {
      report.error(word, `${key.text} ${value} is out of range`, allowed);
      return undefined;
    }
    const rounded = round === undefined ? value : roundUp(value, round, max);
    if (rounded !== value) report.warn(word, `${key.text} must be a ${round}: ${rounded} is used`);
    return rounded;
  });
}

/** To the next one, or the last one below `max`. */
function roundUp(value: number, round: 'power of two' | 'power of two less one', max: number): number {
  const less = round === 'power of two' ? 0 : 1;
  let power = 1;
  while (power - less < value && power * 2 - less <= max) power *= 2;
  return power - less;
}

/** `on` or `off`. */
export const onOff: ValueType<boolean> = oneWord(
  { usage: 'on|off', allowed: 'on or off', show: (value) => (value ? 'on' : 'off') },
  (word, key, report) => {
    if (word.text === 'on' || word.text === 'off') return word.text === 'on';
    report.error(word, `${key.text} wants on or off, not ${JSON.stringify(word.text)}`, 'on or off');
    return undefined;
  },
);

/** A key whose presence says yes. `on` and `off` after it are understood too. */
export const flag: ValueType<boolean> = {
  usage: '',
  allowed: 'the key alone',
  show: (value) => (value ? 'given' : 'not given'),
  parse: (key, words, report) => (words.length === 0 ? true : onOff.parse(key, words, report)),
};

/** One of some words, in any case. The value is `meaning[word]`. */
export function choice<T extends string | number | null>(meaning: Readonly<Record<string, T>>): ValueType<T> {
  const names = Object.keys(meaning);
  const allowed = names.join(', ');
  const show = (value: T) => names.findLast((name) => meaning[name] === value) ?? '';
  return oneWord({ usage: 'WORD', allowed, show }, (word, key, report) => {
    const name = names.find((candidate) => candidate.toLowerCase() === word.text.toLowerCase());
    if (name !== undefined) return meaning[name];
    report.error(word, `${key.text} cannot be ${JSON.stringify(word.text)}`, allowed);
    return undefined;
  });
}

export const words = <const W extends readonly string[]>(list: W): ValueType<W[number]> =>
  choice(Object.fromEntries(list.map((word) => [word, word]))) as ValueType<W[number]>;

interface TextOptions {
  readonly usage: string;
  readonly allowed: string;
  readonly pattern: RegExp;
}

/** One word of a certain form; null stands for "not given". */
export function text({ usage, allowed, pattern }: TextOptions): ValueType<string | null> {
  return oneWord({ usage, allowed, show: (value) => value ?? '' }, (word, key, report) => {
    if (pattern.test(word.text)) return word.text;
    report.error(word, `${key.text} cannot be ${JSON.stringify(word.text)}`, allowed);
    return undefined;
  });
}

/** Whole numbers, each once. */
export function integerList({ min, max }: { min: number; max: number }): ValueType<readonly number[]> {
  const allowed = `numbers ${min} to ${max}, separated by spaces`;
  return {
    usage: 'N ...',
    allowed,
    show: (value) => value.join(' '),
    parse(key, words, report) {
      if (words.length === 0) report.error(key, `${key.text} needs at least one number`, allowed);
      const values: number[] = [];
      for (const word of words) {
        const value = /^\d{1,9}$/.test(word.text) ? Number(word.text) : Number.NaN;
        if (!(value >= min && value <= max))
          report.error(word, `${key.text} cannot have ${JSON.stringify(word.text)}`, allowed);
        else if (values.includes(value)) report.error(word, `${key.text} has ${value} twice`, allowed);
        else values.push(value);
      }
      return values.length === words.length && words.length > 0 ? values : undefined;
    },
  };
}

/** Some of the words, joined by `|`. */
export function wordSet<const W extends readonly string[]>(list: W): ValueType<readonly W[number][]> {
  const allowed = `${list.join(', ')}; several joined by |`;
  const known = (word: string): word is W[number] => list.includes(word);
  return oneWord({ usage: 'WORD[|WORD...]', allowed, show: (value) => value.join('|') }, (word, key, report) => {
    const chosen = word.text.split('|');
    const wrong = chosen.find((one) => !known(one));
    if (wrong === undefined) return [...new Set(chosen.filter(known))];
    report.error(word, `${key.text} cannot be ${JSON.stringify(wrong)}`, allowed);
    return undefined;
  });
}

/** Any words; for keys that are accepted and ignored. */
export const anything: ValueType<readonly string[]> = {
  usage: '...',
  allowed: '',
  show: (value) => value.join(' '),
  parse: (_key, words) => words.map((word) => word.text),
};
