// What each forwarding mode wants of a real server. A mode that is not built is refused rather than turned into another one: the
// servers would be set up for what was asked.
import { DpvsError, type ServerSpec } from '../../api/index.js';
import type { BuiltForwarding } from './changes.js';
import { invalid } from './judge.js';

/** Without a word for it the reference means DR (Route). @throws {DpvsError} what the mode forbids, or that it is not built */
export function forwardingOf({ server, forwarding = 'Route' }: ServerSpec): BuiltForwarding {
  if (server.port === 0) throw invalid('server.port', 'a real server needs one');
  switch (forwarding) {
    case 'FullNat':
      return forwarding;
    default:
      throw new DpvsError('not_support', `forwarding ${forwarding} is not built yet, use -b (FullNat)`, 'forwarding');
  }
}
