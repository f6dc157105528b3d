// The grammar of dpvs.conf: every section and key there is. Parser, types, manual and samples are held to this table.
import type { Section } from '../schema.js';
import { block } from '../schema.js';
import { dataplaneDefs, globalDefs } from './global.js';
import { ipvsDefs } from './ipvs.js';
import { netifDefs } from './netif.js';
import { ctrlDefs, ipsetDefs, ipv4Defs, ipv6Defs, neighDefs, saPool, timerDefs } from './stack.js';
import { workerDefs } from './worker.js';

export const grammar = block({
  note: 'The whole file.',
  blocks: {
    global_defs: globalDefs,
    dataplane_defs: dataplaneDefs,
    netif_defs: netifDefs,
    worker_defs: workerDefs,
    timer_defs: timerDefs,
    neigh_defs: neighDefs,
    ipset_defs: ipsetDefs,
    ipv4_defs: ipv4Defs,
    ipv6_defs: ipv6Defs,
    ctrl_defs: ctrlDefs,
    ipvs_defs: ipvsDefs,
    sa_pool: saPool,
  },
});

export type Grammar = typeof grammar;
export type ParsedFile = Section<Grammar>;
