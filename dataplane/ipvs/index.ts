// The public door of the ipvs tables: services, real servers, schedulers, LIP ports. Pure data structures: no I/O, no clock.
export { type DestState, DestTable } from './dest-table.js';
export { type Laddr, type LaddrPick, LaddrSet } from './laddr-set.js';
export { type EndRange, type Flight, type Match, MatchTable } from './match-table.js';
export { seededRandom } from './prng.js';
export { Protocol } from './protocol.js';
export {
  rsBucket,
  SAPOOL_BUCKETS,
  SAPOOL_FIRST_PORT,
  SAPOOL_PORTS,
  SaPool,
  type SaPoolCounters,
} from './sapool.js';
export { SaPoolTable } from './sapool-table.js';
export * from './schedulers/index.js';
export type { Service, ServiceOptions } from './service.js';
export { type AdoptedServer, type Forwarding, type ServerOptions, ServiceTable } from './service-table.js';
