// What a check says of a server, and the frame of those that open a socket.
export interface CheckResult {
  readonly ok: boolean;
  /** In a few words, with what was seen: `connected`, `refused`, `status 503, not 200-299`. */
  readonly reason: string;
  /** The weight that a script asks for (misc_dynamic); absent: as configured. */
  readonly weight?: number;
}

export const good = (reason: string): CheckResult => ({ ok: true, reason });
export const bad = (reason: string): CheckResult => ({ ok: false, reason });

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EHOSTUNREACH: 'host unreachable: nobody answers ARP, or no route',
  ENETUNREACH: 'no route from this host: has the kernel an address on the kni?',
  EADDRNOTAVAIL: 'bindto is no address of this host',
  EADDRINUSE: 'bind_port is in use',
  EMFILE: 'too many open files',
};

/** A socket's error in words; its code where there are none. */
export const socketReason = ({ code, message }: NodeJS.ErrnoException): string =>
  words[code ?? ''] ?? (message || (code ?? 'failed'));

/** Runs `start` until it calls `done`, until the time is over by the monotonic clock, or until the check is given up. */
export function withTimeout(
  timeoutMs: number,
  signal: AbortSignal,
  start: (done: (result: CheckResult) => void) => { destroy(): void },
): Promise<CheckResult> {
  return new Promise((resolve) => {
    let finished = false;
    let running: { destroy(): void } | undefined;
    const done = (result: CheckResult): void => {
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
      running?.destroy();
      resolve(result);
    };
    const abandon = (): void => done(bad('given up'));
    const timer = setTimeout(() => done(bad(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      running = start(done);
      if (finished) running.destroy();
    } catch (error) {
      done(bad(socketReason(error as NodeJS.ErrnoException)));
    }
  });
}
