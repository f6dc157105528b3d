// A program for the client's namespace: an HTTP request every few milliseconds, one JSON line each, until its standard
// input ends. Every request on a connection of its own, or all one after the other on a single one ("kept").
// node dist/lab/request-stream.js URL EVERY_MS TIMEOUT_MS new|kept
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';

export interface Sample {
  /** When the request was sent: Unix time in milliseconds. */
  readonly at: number;
  readonly ms: number;
  readonly ok: boolean;
  /** The real server that answered, or what went wrong. */
  readonly by: string;
  /** The client's port; 0 if there was no connection. */
  readonly port: number;
}

function ask(url: string, timeoutMs: number, agent: Agent | false): Promise<Sample> {
  const at = Date.now();
  const start = performance.now();
  return new Promise((resolve) => {
    let port = 0;
    const done = (ok: boolean, by: string) => {
      clearTimeout(timer);
      resolve({ at, ms: Math.round(performance.now() - start), ok, by, port });
    };
    // agent: false gives every request a connection, and so a source port, of its own.
    const headers = { connection: agent === false ? 'close' : 'keep-alive' };
    const outgoing = request(url, { agent, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => done(answer.statusCode === 200, String(answer.headers['x-server'] ?? '?')));
      answer.once('error', (error) => done(false, error.message));
    });
    outgoing.once('socket', (socket) => {
      const note = () => {
        port = socket.localPort ?? 0;
      };
      if (socket.connecting) socket.once('connect', note);
      else note();
    });
    const timer = setTimeout(() => {
      done(false, 'timeout');
      outgoing.destroy();
    }, timeoutMs);
    outgoing.once('error', (error) => done(false, (error as NodeJS.ErrnoException).code ?? error.message));
    outgoing.end();
  });
}

async function main(url: string, everyMs: number, timeoutMs: number, kept: boolean): Promise<void> {
  const agent = kept ? new Agent({ keepAlive: true, maxSockets: 1 }) : false;
  const open = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const one = ask(url, timeoutMs, agent).then((sample) => {
      process.stdout.write(`${JSON.stringify(sample)}\n`);
      open.delete(one);
    });
    open.add(one);
  }, everyMs);
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('close', resolve));
  clearInterval(timer);
  await Promise.all(open);
  if (agent !== false) agent.destroy();
}

const [, self, url, everyMs, timeoutMs, mode] = process.argv;
if (self === fileURLToPath(import.meta.url) && url !== undefined)
  await main(url, Number(everyMs), Number(timeoutMs), mode === 'kept');
