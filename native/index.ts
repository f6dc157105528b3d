// The public door of the native layer: library calls, layouts, shared memory, counters. Policy lives in dataplane/.
export { Counters, type CounterValue, type DestTotals, type LcoreStats } from './counters.js';
export { layout, type Reason, reasonNumber, reasons, word } from './layout.js';
export { libraryPath, loadLibrary, type NativeFunctions } from './library.js';
export { memory, type Usage, usage } from './memory.js';
export { type NativePort, portInfo, portOwn } from './port-info.js';
export { createContext, type EalOptions, type NativeConfig, startEal, startOver } from './start.js';
