// The log levels, most severe first. The same words in the API (log.level), on the command line and in the lines.
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof logLevels)[number];
