// Grammar of worker_defs: which CPU polls which queues.
import { block, init, namedBlock } from '../schema.js';
import { flag, integer, integerList, words } from '../value-types.js';

const queues = integerList({ min: 0, max: 15 });

const port = namedBlock('DEV', {
  note: "The port's queues that are this worker's. Queue numbers of a port begin at 0, without gaps, each with one worker.",
  keys: {
    rx_queue_ids: init<readonly number[]>(queues, [], 'Receive queues it polls.'),
    tx_queue_ids: init<readonly number[]>(
      queues,
      [],
      'Transmit queues it sends on. Every worker needs one on every port.',
    ),
    isol_rx_cpu_ids: init<readonly number[]>(
      integerList({ min: 0, max: 1023 }),
      [],
      'CPUs that only receive for this worker.',
      'not built',
    ),
    isol_rxq_ring_sz: init(
      integer({ min: 1024, max: 2 ** 31 }),
      1_048_576,
      'Ring between such a CPU and the worker.',
      'not built',
    ),
  },
});

const worker = namedBlock('NAME', {
  note: 'An lcore. Exactly one is the master. Without any: a master on CPU 0 and one worker on CPU 1 with queue 0 of every port.',
  keys: {
    type: init(
      words(['master', 'slave', 'kni']),
      'slave',
      'master: the control thread; slave: forwards packets; kni: not built, the kernel-visible interfaces need no CPU of their own.',
    ),
    cpu_id: init<number | null>(integer({ min: 0, max: 1023 }), null, 'The CPU it runs on. Must be given.'),
    icmp_redirect_core: init(flag, false, 'ICMP errors find their connection on any worker.', 'no meaning'),
  },
  blocks: { port },
});

export const workerDefs = block({ note: 'Which CPU polls which queues.', blocks: { worker } });
