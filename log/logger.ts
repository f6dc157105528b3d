// The logger of a process: pino behind an interface that only takes events of the table.
import { createRequire } from 'node:module';
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import type pinoPretty from 'pino-pretty';
import { type EventName, eventTable } from './events.js';
import type { LogLevel } from './levels.js';

/** Values of a log line beside its event. An `Error` under `error` is written with its stack: for bugs, not for user mistakes. */
export type LogFields = Readonly<Record<string, unknown>> & { readonly error?: unknown };

export interface Log {
  /** One line, at the level of the event's card. `text` says it better than the card, for people; the name is for machines. */
  event(name: EventName, fields?: LogFields, text?: string): void;
  /** Whether an event of this level would be written: for fields that cost something to collect. */
  enabled(level: LogLevel): boolean;
  /** The same log with fields that every line carries. Shares the level. */
  with(fields: LogFields): Log;
  level: LogLevel;
  /** Opens the file anew, after logrotate moved it away. */
  reopen(): void;
  /** Writes what is buffered; before the process exits. */
  flush(): void;
}

export interface LogOptions {
  readonly level?: LogLevel;
  /** A file to append to; standard error when absent or null. */
  readonly file?: string | null;
  /** On every line; the node's name, so that several nodes' logs can be told apart. */
  readonly name?: string;
  /** Coloured lines for people; by default when standard error is a terminal. */
  readonly pretty?: boolean;
  /** Instead of a file: for tests. */
  readonly stream?: DestinationStream;
}

interface Sink {
  readonly root: Logger;
  reopen(): void;
  flush(): void;
}

export function createLog(options: LogOptions = {}): Log {
  const sink = openSink(options);
  return new PinoLog(sink, sink.root);
}

/** Nothing is written anywhere; for tests of parts that want a log. */
export function silentLog(): Log {
  return createLog({ stream: { write: () => {} } });
}

/** Lines that a disk does not take wait in memory up to this; what comes then is dropped. */
const mostUnwrittenBytes = 1 << 20;

function openSink(options: LogOptions): Sink {
  const { level = 'info', file = null, name } = options;
  const base = name === undefined ? {} : { node: name };
  const settings = {
    level,
    base,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.err },
  };
  if (options.stream !== undefined) return { root: pino(settings, options.stream), reopen() {}, flush() {} };
  if (options.pretty ?? (file === null && process.stderr.isTTY === true)) {
    // Thirty files that only a terminal needs.
    const pretty = createRequire(import.meta.url)('pino-pretty') as typeof pinoPretty;
    const stream = pretty({
      destination: file ?? 2,
      append: true,
      sync: true,
      colorize: file === null,
      translateTime: 'SYS:HH:MM:ss.l',
      messageFormat: '{event} {msg}',
      ignore: 'event',
    });
    return { root: pino(settings, stream), reopen() {}, flush() {} };
  }
  // Synchronous: lines are rare (nothing per packet), and the last line before a crash is the one that matters.
  const target = destination({
    ...{ dest: file ?? 2, append: true, mkdir: true, sync: true, mode: 0o640 },
    maxLength: mostUnwrittenBytes,
  });
  // A full disk must end nothing that logs on its way, least of all a withdrawal: lines are kept until there is room, the first of them.
  target.on('error', () => {});
  // Nothing is left to flush but what the disk does not take; sonic-boom's flushSync would try that for ever.
  // Standard error is nobody's to move away; sonic-boom would throw, and a SIGHUP end the process.
  return { root: pino(settings, target), reopen: () => (file === null ? undefined : target.reopen()), flush() {} };
}

class PinoLog implements Log {
  readonly #sink: Sink;
  readonly #pino: Logger;
  readonly #fields: LogFields;

  constructor(sink: Sink, root: Logger, fields: LogFields = {}) {
    this.#sink = sink;
    this.#pino = root;
    this.#fields = fields;
  }

  event(name: EventName, fields: LogFields = {}, text?: string): void {
    const { level, description } = eventTable[name];
    this.#pino[level]({ event: name, ...this.#fields, ...fields }, text ?? description);
  }

  enabled(level: LogLevel): boolean {
    return this.#pino.isLevelEnabled(level);
  }

  // Not pino's child(): a child keeps its own level, and changing the level at run time must reach every part.
  with(fields: LogFields): Log {
    return new PinoLog(this.#sink, this.#pino, { ...this.#fields, ...fields });
  }

  get level(): LogLevel {
    return this.#pino.level as LogLevel;
  }

  set level(level: LogLevel) {
    this.#pino.level = level;
  }

  reopen(): void {
    this.#sink.reopen();
  }

  flush(): void {
    this.#sink.flush();
  }
}
