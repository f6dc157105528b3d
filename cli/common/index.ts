// What every program of cli/ shares. Not here: anything one program alone knows.
export * from './api.js';
export { left, right, row } from './columns.js';
export { type Given, type OptionSpec, type Scan, scanOptions } from './getopt.js';
export { type HelpPage, renderHelp } from './help.js';
export { checkedName, type OpenNode, openNode } from './node.js';
export { type Context, main, type Program, report, runProgram } from './run.js';
export { portName, portNumber, readServiceNames } from './service-names.js';
export { type Colour, plain, processTerminal, type Terminal } from './terminal.js';
export { notSupported, UsageError } from './usage.js';
export * from './values.js';
export { packageVersion } from './version.js';
export { type Grammar, type Keyword, readWords } from './words.js';
