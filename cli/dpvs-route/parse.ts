// dpvs-route's words → a command and its options.
import { type Given, type OptionSpec, quote, scanOptions, UsageError } from '../common/index.js';
import { byCommand, type CommandName, common, type OptionKey } from './options.js';

export class Options {
  readonly #given: readonly Given<OptionKey>[];

  constructor(given: readonly Given<OptionKey>[]) {
    this.#given = given;
  }

  has(key: OptionKey): boolean {
    return this.#given.some((option) => option.key === key);
  }

  /** The last one given counts. */
  last(key: OptionKey): string | undefined {
    return this.all(key).at(-1);
  }

  all(key: OptionKey): string[] {
    return this.#given.filter((option) => option.key === key).flatMap(({ values }) => values);
  }

  /** @throws {UsageError} */
  oneOf<T extends string>(key: OptionKey, words: readonly T[]): T | undefined {
    const given = this.#given.findLast((option) => option.key === key);
    if (given === undefined) return undefined;
    const word = words.find((candidate) => candidate === given.values[0]);
    if (word === undefined)
      throw new UsageError(`invalid value ${quote(given.values[0])} of ${given.spelled}`, words.join(' or '));
    return word;
  }
}

export interface Line {
  /** null: only options, as of `dpvs-route --help`. */
  readonly command: CommandName | null;
  readonly words: readonly string[];
  readonly options: Options;
}

const commands = Object.keys(byCommand) as CommandName[];

/** @throws {UsageError} */
export function parseLine(argv: readonly string[]): Line {
  // Options may stand before the command; which there are depends on it. So it is looked for first, among all options there are.
  const every: OptionSpec<OptionKey>[] = [
    ...new Map([...common, ...Object.values(byCommand).flat()].map((spec) => [spec.key, spec])).values(),
  ];
  const { words } = scanOptions(every, argv);
  const [word] = words;
  if (word === undefined || word === 'help') {
    const about = word === 'help' ? words[1] : undefined;
    if (about !== undefined) return { ...parseLine([about, '--help']) };
    const { options } = scanOptions(word === undefined ? [...common] : every, word === undefined ? argv : ['--help']);
    return { command: null, words: [], options: new Options(options) };
  }
  const command = commands.find((name) => name === word);
  if (command === undefined)
    throw new UsageError(`unknown command ${quote(word)}`, `${commands.join(', ')}; dpvs-route --help`);
  const scan = scanOptions([...byCommand[command], ...common], argv);
  return { command, words: scan.words.slice(1), options: new Options(scan.options) };
}
