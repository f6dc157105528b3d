// A program for the client's namespace: a new HTTP connection every few milliseconds, one JSON line a request, until its
// standard input ends. node dist/lab/request-stream.js URL EVERY_MS TIMEOUT_MS
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';

export interface Sample {
  /** When the request was sent: Unix time in milliseconds. */
  readonly at: number;
  readonly ms: number;
  readonly ok: boolean;
  /** The real server that answered, or what went wrong. */
  readonly by: string;
}

function ask(url: string, timeoutMs: number): Promise<Sample> {
  const at = Date.now();
  const start = performance.now();
  return new Promise((resolve) => {
    const done = (ok: boolean, by: string) => {
      clearTimeout(timer);
      resolve({ at, ms: Math.round(performance.now() - start), ok, by });
    };
    // agent: false gives every request a connection, and so a source port, of its own.
    const outgoing = request(url, { agent: false, headers: { connection: 'close' } }, (answer) => {
      answer.resume();
      answer.once('end', () => done(answer.statusCode === 200, String(answer.headers['x-server'] ?? '?')));
      answer.once('error', (error) => done(false, error.message));
    });
    const timer = setTimeout(() => {
      done(false, 'timeout');
      outgoing.destroy();
    }, timeoutMs);
    outgoing.once('error', (error) => done(false, (error as NodeJS.ErrnoException).code ?? error.message));
    outgoing.end();
  });
}

async function main(url: string, everyMs: number, timeoutMs: number): Promise<void> {
  const open = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const one = ask(url, timeoutMs).then((sample) => {
      process.stdout.write(`${JSON.stringify(sample)}\n`);
      open.delete(one);
    });
    open.add(one);
  }, everyMs);
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('close', resolve));
  clearInterval(timer);
  await Promise.all(open);
}

const [, self, url, everyMs, timeoutMs] = process.argv;
if (self === fileURLToPath(import.meta.url) && url !== undefined) await main(url, Number(everyMs), Number(timeoutMs));
