// The same of OSPFv3: RFC 5340 leaves the election as it is in RFC 2328.
import { type Check, finding, onOspf6Ports } from '../check.js';
import { describeWaiting, link6Of } from './designated-router.js';

export const ospf6Waiting: Check = {
  id: 'ospf6-waiting',
  title: 'no election of an OSPFv3 Designated Router is waited for',
  protocol: 'ospf6',
  decide: (facts) =>
    onOspf6Ports(facts, (port) =>
      describeWaiting(link6Of(facts, port)).map((words) => finding('ospf6-waiting', 'info', words)),
    ),
};
