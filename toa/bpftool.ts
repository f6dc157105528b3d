// bpftool's JSON: what of it is relied upon, and the few commands TOA uses.
import { z } from 'zod';
import { runCommand } from './command.js';
import { type ErrorCode, ToaError } from './errors.js';

const attachedProgram = z.object({ id: z.number(), attach_type: z.string(), name: z.string().default('') });
const cgroupPrograms = z.array(attachedProgram);
const cgroupTree = z.array(z.object({ cgroup: z.string(), programs: cgroupPrograms }));
const program = z.object({
  id: z.number(),
  name: z.string().default(''),
  tag: z.string(),
  map_ids: z.array(z.number()).default([]),
});
const map = z.object({ id: z.number(), name: z.string().default('') });
const hexBytes = z.array(z.string().regex(/^0x[0-9a-f]{2}$/)).transform((texts) => Uint8Array.from(texts, Number));
const mapKeys = z.array(z.object({ key: hexBytes }));
const counterDump = z
  .array(
    z.object({
      formatted: z.object({ values: z.array(z.object({ value: z.record(z.string(), z.number()) })) }),
    }),
  )
  .length(1);

export type AttachedProgram = z.infer<typeof attachedProgram>;
export type CgroupPrograms = z.infer<typeof cgroupTree>[number];
export type Program = z.infer<typeof program>;
export type MapInfo = z.infer<typeof map>;

function parse<Schema extends z.ZodType>(schema: Schema, text: string, whenEmpty?: unknown): z.infer<Schema> {
  let json: unknown;
  try {
    json = text.trim() === '' && whenEmpty !== undefined ? whenEmpty : JSON.parse(text);
  } catch {
    throw new ToaError('bpftool_output', text.slice(0, 200));
  }
  const result = schema.safeParse(json);
  if (!result.success) throw new ToaError('bpftool_output', `${z.prettifyError(result.error)}: ${text.slice(0, 200)}`);
  return result.data;
}

// A cgroup or a tree without programs prints nothing at all, not an empty list.
export const parseCgroup = (text: string) => parse(cgroupPrograms, text, []);
export const parseTree = (text: string) => parse(cgroupTree, text, []);
export const parseProgram = (text: string) => parse(program, text);
export const parseMap = (text: string) => parse(map, text);
export const parseKeys = (text: string) => parse(mapKeys, text, []).map((entry) => entry.key);

/** Sums a one-entry per-CPU array of counters; their names come with the map, from the BTF of the C struct. */
export function parseCounters(text: string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { value } of parse(counterDump, text)[0].formatted.values) {
    for (const [name, count] of Object.entries(value)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

/** The message of bpftool's own {"error": …}, else the last lines it printed (the verifier's come last). */
export function failureText(stdout: string, stderr: string): string {
  const said = /^\{"error":"(.*)"/m.exec(stdout);
  const lines = `${said ? said[1] : stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-12).join('\n');
}

export function bpftool(args: readonly string[], failure: ErrorCode = 'bpftool_failed'): string {
  const done = runCommand('bpftool', ['--json', ...args]);
  if (done.status === undefined) throw new ToaError('no_bpftool');
  // Some versions say {"error": …} and exit 0.
  if (done.status !== 0 || done.stdout.startsWith('{"error"')) {
    throw new ToaError(failure, `bpftool ${args.slice(0, 2).join(' ')}: ${failureText(done.stdout, done.stderr)}`);
  }
  return done.stdout;
}

export const bytesAsArguments = (bytes: Uint8Array): string[] => [
  'hex',
  ...[...bytes].map((byte) => byte.toString(16).padStart(2, '0')),
];
