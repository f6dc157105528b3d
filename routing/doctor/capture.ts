// Listens for OSPFv2 and OSPFv3 on a kernel interface: tcpdump as a child process, its pcap on a pipe.
import { spawn } from 'node:child_process';
import { type OspfPacket, parseOspf } from './ospf-packet.js';
import { type Ospf6Packet, parseOspf6 } from './ospf6-packet.js';
import { ospfPackets } from './pcap.js';

export interface Heard<Packet> {
  readonly source: string;
  readonly destination: string;
  /** Sent by this node. */
  readonly own: boolean;
  readonly packet: Packet;
}

export type HeardPacket = Heard<OspfPacket>;
export type HeardPacket6 = Heard<Ospf6Packet>;

export type Wire =
  | {
      readonly listened: true;
      readonly seconds: number;
      readonly packets: readonly HeardPacket[];
      readonly packets6: readonly HeardPacket6[];
    }
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
  const all = ospfPackets(outcome);
  const heard = <Packet>(version: 4 | 6, parse: (payload: Buffer) => Packet | null): Heard<Packet>[] =>
    all.flatMap(({ source, destination, payload, ...each }) => {
      const packet = each.version === version ? parse(payload) : null;
      return packet === null ? [] : [{ source, destination, own: ownAddresses.has(source), packet }];
    });
  return { listened: true, seconds, packets: heard(4, parseOspf), packets6: heard(6, parseOspf6) };
}

/** @returns the pcap, or why there is none */
function capture(program: string, kni: string, seconds: number): Promise<Buffer | string> {
  // -p: promiscuous mode would show what the interface would not take by itself.
  const options = ['-i', kni, '-n', '-p', '-U', '--immediate-mode', '-c', String(mostPackets), '-w', '-'];
  const child = spawn(program, [...options, 'ip proto 89 or ip6 proto 89'], { stdio: ['ignore', 'pipe', 'pipe'] });
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
