// Listens for OSPF on a kernel interface: tcpdump as a child process, its pcap on a pipe.
import { spawn } from 'node:child_process';
import { type OspfPacket, parseOspf } from './ospf-packet.js';
import { ospfPackets } from './pcap.js';

export interface HeardPacket {
  readonly source: string;
  readonly destination: string;
  /** Sent by this node. */
  readonly own: boolean;
  readonly packet: OspfPacket;
}

export type Wire =
  | { readonly listened: true; readonly seconds: number; readonly packets: readonly HeardPacket[] }
  | { readonly listened: false; readonly why: string };

/** A link with thousands of routers is nothing we have to store. */
const mostPackets = 5_000;
const startMs = 5_000;

export interface CaptureOptions {
  readonly seconds: number;
  readonly ownAddresses: ReadonlySet<string>;
  /** The program; for tests. */
  readonly program?: string;
}

/** Never throws: what cannot be listened to is said in the result. */
export async function listen(
  kni: string,
  { seconds, ownAddresses, program = 'tcpdump' }: CaptureOptions,
): Promise<Wire> {
  const outcome = await capture(program, kni, seconds);
  if (typeof outcome === 'string') return { listened: false, why: outcome };
  const packets = ospfPackets(outcome).flatMap(({ source, destination, payload }): HeardPacket[] => {
    const packet = parseOspf(payload);
    return packet === null ? [] : [{ source, destination, own: ownAddresses.has(source), packet }];
  });
  return { listened: true, seconds, packets };
}

/** @returns the pcap, or why there is none */
function capture(program: string, kni: string, seconds: number): Promise<Buffer | string> {
  // -p: promiscuous mode would show what the interface would not take by itself.
  const options = ['-i', kni, '-n', '-p', '-U', '--immediate-mode', '-c', String(mostPackets), '-w', '-'];
  const child = spawn(program, [...options, 'ip proto 89'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  let said = '';
  return new Promise((resolve) => {
    // SIGKILL, should it not end: it has nothing to lose but a record that is cut off.
    const end = (): void => {
      child.kill('SIGINT');
      timers.push(setTimeout(() => child.kill('SIGKILL'), 1_000));
    };
    const timers = [setTimeout(end, startMs + seconds * 1_000)];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      // The time runs from when it really listens.
      if (!said.includes('listening on') && `${said}${text}`.includes('listening on'))
        timers.push(setTimeout(end, seconds * 1_000));
      said += text;
    });
    const finish = (result: Buffer | string): void => {
      for (const timer of timers) clearTimeout(timer);
      resolve(result);
    };
    child.on('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'ENOENT' ? `there is no ${program} here` : `${program}: ${error.message}`),
    );
    child.on('close', () => {
      if (said.includes('listening on')) finish(Buffer.concat(chunks));
      else finish(said.trim().split('\n').at(-1) || `${program} ended without a word`);
    });
  });
}
