// The client: curl for single requests, and a steady stream of requests to measure an outage with.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LabError } from './errors.js';
import { inNamespace, must, run } from './exec.js';
import { client as plan, vip, vport } from './plan.js';
import type { Sample } from './request-stream.js';
import type { RunState } from './run-state.js';
import { type UdpReply, udpProgram } from './udp.js';

export interface Reply {
  readonly status: number;
  /** The body as it came: `Your ip:port : 10.0.0.48:37177`. */
  readonly body: string;
  readonly server: string;
  /** The client's address and port as the server saw them. */
  readonly seenAddress: string;
  readonly seenPort: number;
  /** The port that curl really used. */
  readonly localPort: number;
}

/** A stream of requests that runs in the client's namespace until it is stopped. */
export interface RequestStream {
  readonly samples: readonly Sample[];
  /** Ends it; returns everything it saw. */
  stop(): Promise<readonly Sample[]>;
}

export class Client {
  readonly namespace: string;

  constructor(readonly state: RunState) {
    this.namespace = state.namespace(plan.name);
  }

  /** One request with a source port of its own. @throws {LabError} with curl's words when there is no answer. */
  async curl(url = `http://${vip}:${vport}/`, timeoutMs = 5000): Promise<Reply> {
    const report = '\n%{http_code} %{local_port} %header{x-server}';
    const outcome = await run(
      ['curl', '-sS', '--noproxy', '*', '--max-time', String(timeoutMs / 1000), '-w', report, url],
      { namespace: this.namespace, timeoutMs: timeoutMs + 2000 },
    );
    if (outcome.code !== 0) throw new LabError(`curl ${url}: ${outcome.stderr.trim() || `exit ${outcome.code}`}`);
    const cut = outcome.stdout.lastIndexOf('\n');
    const body = outcome.stdout.slice(0, cut).trimEnd();
    const [status = '', localPort = '', server = ''] = outcome.stdout.slice(cut + 1).split(' ');
    const seen = /^Your ip:port : (\S+):(\d+)$/.exec(body);
    return {
      status: Number(status),
      body,
      server,
      seenAddress: seen?.[1] ?? '',
      seenPort: Number(seen?.[2] ?? 0),
      localPort: Number(localPort),
    };
  }

  /** `count` datagrams to the VIP, one after the other, each from a port of its own. */
  async udp(port: number, count: number, address: string = vip): Promise<UdpReply[]> {
    const argv = [process.execPath, udpProgram, 'ask', address, String(port), String(count)];
    return JSON.parse(await must(argv, { namespace: this.namespace, timeoutMs: 10_000 + count * 2000 })) as UdpReply[];
  }

  /** A new connection every `everyMs`, each given up after `timeoutMs`. Started when the first request has ended. */
  stream(everyMs = 20, timeoutMs = 1000, url?: string): Promise<RequestStream> {
    return this.#stream('new', everyMs, timeoutMs, url);
  }

  /** Requests one after the other on a single established connection. */
  keptConnection(everyMs = 10, timeoutMs = 5000, url?: string): Promise<RequestStream> {
    return this.#stream('kept', everyMs, timeoutMs, url);
  }

  /** Segments this client's kernel has sent again since its namespace exists: a lost packet shows here. */
  async retransmissions(): Promise<number> {
    const { stdout } = await run(['cat', '/proc/self/net/snmp'], { namespace: this.namespace });
    const [names = [], values = []] = stdout
      .split('\n')
      .filter((line) => line.startsWith('Tcp: '))
      .map((line) => line.split(' '));
    return Number(values[names.indexOf('RetransSegs')]);
  }

  async #stream(
    mode: 'new' | 'kept',
    everyMs: number,
    timeoutMs: number,
    url = `http://${vip}:${vport}/`,
  ): Promise<RequestStream> {
    const script = fileURLToPath(new URL('./request-stream.js', import.meta.url));
    const argv = [process.execPath, script, url, String(everyMs), String(timeoutMs), mode];
    const [program, ...args] = inNamespace(this.namespace, argv);
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const samples: Sample[] = [];
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const first = new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => reject(new LabError('the request stream ended before its first request')));
      createInterface({ input: child.stdout }).on('line', (line) => {
        samples.push(JSON.parse(line) as Sample);
        resolve();
      });
    });
    await first;
    return {
      samples,
      stop: async () => {
        child.stdin.end();
        await ended;
        return samples;
      },
    };
  }
}
