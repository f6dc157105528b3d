// How many of the VIPs' flows would still be there at a drain's deadline.
import type { DataplaneApi, Result } from '../api/index.js';
import { isDpvsError } from './refusal.js';

type Summary = Result<'conn.summary'>;

/**
 * Flows that last beyond so many seconds even if no packet comes for them any more; those with packets last longer. The class in which
 * the deadline falls is counted whole: rather too many than too few.
 */
export function lastingBeyond(expires: Summary['expires'], seconds: number): number {
  return expires.reduce((sum, { below, flows }) => (below === null || below > seconds ? sum + flows : sum), 0);
}

/** A million flows take the dataplane some sixty turns between its other work. */
const answerMs = 30_000;

/** null: unknown. @param deadlineSeconds null: no flow is ever cut */
export async function cutByDeadline(
  dataplane: DataplaneApi,
  vips: readonly string[],
  deadlineSeconds: number | null,
): Promise<number | null> {
  if (deadlineSeconds === null || vips.length === 0) return 0;
  try {
    const { expires } = await dataplane.call('conn.summary', { addresses: [...vips] }, answerMs);
    return lastingBeyond(expires, deadlineSeconds);
  } catch (error) {
    // The drain itself does not depend on it.
    if (isDpvsError(error)) return null;
    throw error;
  }
}
