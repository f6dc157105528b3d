// MISC_CHECK: a command whose exit code tells; 0 is good, and with misc_dynamic 2 to 255 set the weight to 0 to 253.
import type { MiscCheck } from '../model.js';
import { runScript } from '../script.js';
import { bad, type CheckResult, good } from './result.js';

export async function checkMisc(check: MiscCheck, signal: AbortSignal): Promise<CheckResult> {
  const { code, signal: by, timedOut, said } = await runScript(check.script, check.timeoutMs, signal);
  const last = said === '' ? '' : `: ${said.split('\n').at(-1)}`;
  if (timedOut) return bad(`not done within ${check.timeoutMs / 1000} s`);
  if (code === 0) return good('exit code 0');
  if (check.dynamic && code !== null && code >= 2)
    return { ok: true, reason: `exit code ${code}, weight ${code - 2}`, weight: code - 2 };
  if (code !== null) return bad(`exit code ${code}${last}`);
  return bad(by === null ? `not started${last}` : `ended by ${by}`);
}
