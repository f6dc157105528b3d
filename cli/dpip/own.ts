// dpip's own objects beside the reference's: the node's status, its counters, its slow path, its log.
import { type Params, quote, UsageError } from '../common/index.js';
import { type Action, type CommandTable, change, show } from './action.js';

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

function none(words: readonly string[], action: Action): Action {
  if (words.length > 0) throw new UsageError(`too many arguments: ${quote(words[0])}`);
  return action;
}

/** Verbs that stand where an object stands: `dpip status`. */
export const verbs: Readonly<Record<string, (words: readonly string[]) => Action>> = {
  status: (words) => none(words, show({ view: 'status' })),
  counters: (words) => none(words, show({ view: 'counters' })),
  save: (words) => none(words, show({ view: 'dump' })),
  log: (words) => {
    const [level, ...rest] = words;
    if (level === undefined) throw new UsageError(`missing LEVEL (${levels.join(', ')})`);
    const known = levels.find((each) => each === level);
    if (known === undefined) throw new UsageError(`invalid level ${quote(level)} (${levels.join(', ')})`);
    const params: Params<'log.level'> = { level: known };
    return none(rest, change({ method: 'log.level', params }));
  },
};

export const slowPathCommands: CommandTable = {
  restart: (words) => none(words, { do: 'restart' }),
};
