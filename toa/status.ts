// What is attached where, and the counters, all asked from the kernel.
import { attachedBelow, hooks, readCounters, readTrust } from './programs.js';

/** In the order they are shown; names are those of `struct counters` in toa.bpf.c. */
export const counterMeanings = {
  connections: 'connections accepted from the network',
  options: 'TOA options taken',
  late: 'of them from a segment after the handshake',
  missing: 'handshakes that ended without one',
  malformed: 'malformed options or option lists',
  untrusted: 'options from a peer outside the trust list',
  stored: 'sockets given a client address',
  closed: 'of them closed again',
  no_memory: 'addresses lost for lack of memory',
  shown: 'accept() and getpeername() answered with the client',
  inexpressible: 'IPv6 clients not shown on an IPv4 socket',
} as const;

export type CounterName = keyof typeof counterMeanings;

export interface AttachmentStatus {
  readonly cgroup: string;
  /** False when one of the programs is missing: somebody else detached it. */
  readonly complete: boolean;
  readonly programs: readonly { readonly name: string; readonly id: number }[];
  readonly trust: readonly string[];
  /** Open sockets whose client address is known. */
  readonly sockets: number;
  readonly counters: Readonly<Record<CounterName, number>>;
}

const counterNames = Object.keys(counterMeanings) as CounterName[];

export function status(root: string): AttachmentStatus[] {
  return attachedBelow(root).map(({ cgroup, programs }) => {
    const known = programs.has('dpvs_toa_ops');
    const raw = known ? readCounters(programs) : {};
    const counters = Object.fromEntries(counterNames.map((name) => [name, raw[name] ?? 0])) as Record<
      CounterName,
      number
    >;
    return {
      cgroup,
      complete: hooks.every(({ name }) => programs.has(name)),
      programs: [...programs.values()].map(({ name, id }) => ({ name, id })),
      trust: known ? readTrust(programs) : [],
      sockets: counters.stored - counters.closed,
      counters,
    };
  });
}

export function statusText(attachments: readonly AttachmentStatus[]): string {
  if (attachments.length === 0) return 'not attached to any cgroup';
  return attachments
    .map(({ cgroup, complete, programs, trust, sockets, counters }) =>
      [
        `cgroup ${cgroup}${complete ? '' : '   INCOMPLETE: run dpvs-toa attach again'}`,
        `  programs: ${programs.map(({ name, id }) => `${name} (id ${id})`).join(', ')}`,
        `  trust: ${trust.length === 0 ? 'nobody' : trust.join(', ')}`,
        `  ${String(sockets).padStart(10)}  sockets open whose client is known`,
        ...counterNames.map((name) => `  ${String(counters[name]).padStart(10)}  ${name}: ${counterMeanings[name]}`),
      ].join('\n'),
    )
    .join('\n');
}
