// The public door of the control thread: bring-up, API handlers, mutations, status. cli/dpvs.ts starts it.
export { nativeConfig, type RunningPort } from './bring-up.js';
export { bufferRoom, largestMtu } from './buffer-room.js';
export { ConditionLog } from './condition-log.js';
export { BRIDGE_LEASE_MS, Farewell } from './farewell.js';
export { createHandlers, type HandlerParts, type Handlers } from './handlers.js';
export { KniMemory, type KniMemoryOptions } from './kni-memory.js';
export { bridgeAddresses } from './kni-memory-file.js';
export { mtuOf } from './links.js';
export { type JournalSink, Mutations } from './mutations.js';
export { DataplaneNode, type NodeOptions } from './node.js';
export { removePidFile, writePidFile } from './pid-file.js';
export type { SlowPathClient } from './slow-path-client.js';
export { slowPathOptions } from './slow-path-options.js';
export { Traffic } from './traffic.js';
