// dpvs-route's words → a command and its options.
import { type Given, quote, scanOptions, UsageError } from '../common/index.js';
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
  const command = commandOf(argv);
  if (command !== null) {
    const scan = scanOptions([...byCommand[command], ...common], argv);
    return { command, words: scan.words.slice(1), options: new Options(scan.options) };
  }
  const { words, options } = scanOptions(common, argv.slice(0, argv.findIndex(isWord) + 1 || argv.length));
  const [word] = words;
  if (word === undefined) return { command: null, words: [], options: new Options(options) };
  if (word !== 'help')
    throw new UsageError(`unknown command ${quote(word)}`, `${commands.join(', ')}; dpvs-route --help`);
  const about = argv[argv.indexOf(word) + 1];
  return parseLine(about === undefined ? ['--help'] : [about, '--help']);
}

const isWord = (arg: string): boolean => !arg.startsWith('-');

/**
 * Options may stand before the command, and which there are, and which of them take a value, depends on it. So a word of the line is the
 * command when it is the first one that is neither an option nor a value, read by the options of that very command.
 */
function commandOf(argv: readonly string[]): CommandName | null {
  for (const name of commands.filter((each) => argv.includes(each)))
    try {
      const before = scanOptions([...byCommand[name], ...common], argv.slice(0, argv.indexOf(name) + 1));
      if (before.words.length === 1) return name;
    } catch {
      // An option of another command, before this word.
    }
  return null;
}
