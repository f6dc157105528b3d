// The public door of the log: one structured line an event, each event from one table. Nothing is logged per packet.
export { type EventGroup, type EventName, eventGroups, eventTable } from './events.js';
export { type LogLevel, logLevels } from './levels.js';
export { createLog, type Log, type LogFields, type LogOptions, silentLog } from './logger.js';
export { RepeatedCondition, type RepeatedConditionOptions } from './repeated-condition.js';
