// What an operator asks of a VIP before and while it is announced.
import { z } from 'zod';
import { DpvsError } from '../api/index.js';

/** No cluster has more announcers of one VIP than a switch has ECMP next hops. */
const mostAnnouncers = 64;

export const policy = z.strictObject({
  /** Healthy real servers that a service needs. */
  quorum: z.int().min(1).max(65535),
  /** It comes up at `quorum + hysteresis` and goes down below `quorum - hysteresis`, as keepalived has it. */
  hysteresis: z.int().min(0).max(65535),
  /** Of a VIP with several services: whether any of them suffices, or all have to be there. */
  services: z.enum(['any', 'all']),
  /**
   * For want of real servers or ports this node does not withdraw the VIP when fewer than so many other nodes would go on announcing
   * it: a broken health check must not take a VIP off the network. 0: it always withdraws.
   */
  floor: z.int().min(0).max(mostAnnouncers),
});
export type Policy = z.infer<typeof policy>;
export const policyChange = policy.partial();
export type PolicyChange = z.infer<typeof policyChange>;

export const defaultPolicy: Policy = { quorum: 1, hysteresis: 0, services: 'any', floor: 0 };

/** @throws {DpvsError} invalid_parameter */
export function changedPolicy(before: Policy, change: PolicyChange): Policy {
  const after = { ...before, ...change };
  if (after.hysteresis >= after.quorum)
    throw new DpvsError(
      'invalid_parameter',
      `hysteresis ${after.hysteresis} must be below quorum ${after.quorum}`,
      'policy.hysteresis',
    );
  return after;
}
