// Whether a broadcast link waits for the election of its Designated Router: then there is no adjacency yet, and nothing to mend.
import { type Check, finding, onOspfPorts } from '../check.js';
import { describeWaiting, linkOf } from './designated-router.js';

export const waiting: Check = {
  id: 'waiting',
  title: 'no election of a Designated Router is waited for',
  protocol: 'ospf',
  decide: (facts) =>
    onOspfPorts(facts, (port) =>
      describeWaiting(linkOf(facts, port)).map((words) => finding('waiting', 'info', words)),
    ),
};
