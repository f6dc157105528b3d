// The journal → the desired state at start: replayed with the times of its lines, then compacted to what is live.
import { DpvsError } from '../../api/index.js';
import type { Log } from '../../log/index.js';
import type { DesiredState } from './desired-state.js';
import type { Journal, JournalEntry } from './journal.js';

/**
 * A request that is not valid any more (its device is not configured now) is logged and left out, and the file as it was is
 * kept beside the journal: starting once with the wrong dpvs.conf must not cost the configuration.
 */
export async function replay(
  journal: Journal,
  requests: readonly JournalEntry[],
  desired: DesiredState,
  log: Log,
  now = Date.now(),
): Promise<{ accepted: number; refused: number }> {
  let accepted = 0;
  for (const { request, at } of requests) {
    try {
      desired.apply(request.method, request.params, at);
      accepted++;
    } catch (error) {
      if (!(error instanceof DpvsError)) throw error;
      log.event('state.replay_refused', { request, code: error.code, detail: error.detail });
      journal.keepBefore();
    }
  }
  expire(desired, now);
  const refused = requests.length - accepted;
  if (requests.length > 0) log.event('state.replayed', { accepted, refused });
  await journal.compact(desired.dump(now), now);
  return { accepted, refused };
}

/** What expired while the process ran is in the journal as addr.del; this is what expired since. */
function expire(desired: DesiredState, now: number): void {
  for (const { method, params } of desired.expired(now)) desired.apply(method, params, now);
}
