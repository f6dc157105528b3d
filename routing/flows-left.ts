// How many of a VIP's flows would still be there at a drain's deadline.
import type { Result } from '../api/index.js';
import { isDpvsError } from './refusal.js';
import type { DataplaneApi } from './tools.js';

type Summary = Result<'conn.summary'>;

/** Looking costs the dataplane a sweep of its table a VIP. */
const mostSwept = 16;

/**
 * Flows that last beyond so many seconds even if no packet comes for them any more; those with packets last longer. The class in which
 * the deadline falls is counted whole: rather too many than too few.
 */
export function lastingBeyond(expires: Summary['expires'], seconds: number): number {
  return expires.reduce((sum, { below, flows }) => (below === null || below > seconds ? sum + flows : sum), 0);
}

/** null: unknown, or too many VIPs to ask. @param deadlineSeconds null: no flow is ever cut */
export async function cutByDeadline(
  dataplane: DataplaneApi,
  vips: readonly string[],
  deadlineSeconds: number | null,
): Promise<number | null> {
  if (deadlineSeconds === null) return 0;
  if (vips.length > mostSwept) return null;
  try {
    const each = await Promise.all(vips.map((address) => dataplane.call('conn.summary', { address })));
    return each.reduce((sum, { expires }) => sum + lastingBeyond(expires, deadlineSeconds), 0);
  } catch (error) {
    // The drain itself does not depend on it.
    if (isDpvsError(error)) return null;
    throw error;
  }
}
