// The checks, each in a file: they open a socket or start a command, and say what they saw. When and how often is the engine's.
import type { CheckSpec } from '../model.js';
import { checkHttp } from './http.js';
import { checkMisc } from './misc.js';
import type { CheckResult } from './result.js';
import { checkTcp } from './tcp.js';
import { checkUdp } from './udp.js';

export type { CheckResult } from './result.js';
export type RunCheck = (spec: CheckSpec, signal: AbortSignal) => Promise<CheckResult>;

/** Never rejects. */
export function runCheck(spec: CheckSpec, signal: AbortSignal): Promise<CheckResult> {
  switch (spec.kind) {
    case 'TCP_CHECK':
      return checkTcp(spec, signal);
    case 'HTTP_GET':
    case 'SSL_GET':
      return checkHttp(spec, signal);
    case 'UDP_CHECK':
      return checkUdp(spec, signal);
    case 'MISC_CHECK':
      return checkMisc(spec, signal);
  }
}
