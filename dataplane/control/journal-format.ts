// The journal's lines: one JSON object each, numbered, closed by a checksum over everything before it.
import { crc32 } from 'node:zlib';

/** An accepted request as it stands in the journal; not checked against the API's schema yet. */
export interface JournalRecord {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly method: string;
  readonly params: unknown;
}

/** Several requests that hold together or not at all. */
const BATCH = 'batch';

export function recordOf(requests: readonly { method: string; params: unknown }[], at: number): JournalRecord {
  const [first] = requests;
  return requests.length === 1 && first !== undefined
    ? { at, method: first.method, params: first.params }
    : { at, method: BATCH, params: { requests } };
}

/** The requests of a record, unchecked as they are. A batch whose inside is not one stays as it is, for the caller to refuse. */
export function requestsOf(record: JournalRecord): JournalRecord[] {
  const { at, method, params } = record;
  if (method !== BATCH || typeof params !== 'object' || params === null) return [record];
  const { requests } = params as { requests?: unknown };
  if (!Array.isArray(requests)) return [record];
  return requests.map((entry: Partial<JournalRecord> | null) => ({
    at,
    method: String(entry?.method),
    params: entry?.params,
  }));
}

const header = { journal: 'dpvs', version: 1 };

export type JournalContents =
  | {
      readonly kind: 'good';
      readonly records: readonly JournalRecord[];
      /** Bytes up to the end of the last good line. */
      readonly length: number;
      /** The end of the file was never completely written: a change that was not acknowledged. */
      readonly torn: boolean;
    }
  | { readonly kind: 'damaged'; readonly line: number; readonly why: string };

export const headerLine = (): string => seal(header);

/** `number` counts lines after the header, from 1. */
export function recordLine(number: number, { at, method, params }: JournalRecord): string {
  return seal({ n: number, at, method, params });
}

function seal(value: object): string {
  const text = JSON.stringify(value).slice(0, -1);
  return `${text},"crc":"${checksum(text)}"}\n`;
}

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/**
 * What a crash leaves is at the very end: a line without its newline, or a last line with blocks that were allocated and never
 * written (zeros). Anything else that does not check is damage, and nobody may guess what it said.
 */
export function readJournal(file: Buffer): JournalContents {
  const records: JournalRecord[] = [];
  let start = 0;
  for (let line = 1; start < file.length; line++) {
    const end = file.indexOf(0x0a, start);
    const last = end === -1 || end === file.length - 1;
    const bytes = file.subarray(start, end === -1 ? file.length : end);
    if (last && (end === -1 || bytes.includes(0))) return { kind: 'good', records, length: start, torn: true };
    const value = open(bytes.toString());
    if (value === null) return { kind: 'damaged', line, why: 'its checksum does not match' };
    if (line === 1) {
      if (value.journal !== header.journal) return { kind: 'damaged', line, why: 'it is not the header of a journal' };
      if (value.version !== header.version)
        return {
          kind: 'damaged',
          line,
          why: `it has version ${value.version}; this program reads version ${header.version}`,
        };
    } else {
      const { n, at, method, params } = value;
      if (n !== line - 1)
        return { kind: 'damaged', line, why: `it has number ${n} instead of ${line - 1}: lines are missing` };
      if (typeof at !== 'number' || typeof method !== 'string')
        return { kind: 'damaged', line, why: 'it is no request' };
      records.push({ at, method, params });
    }
    start = end + 1;
  }
  return { kind: 'good', records, length: start, torn: false };
}

function open(line: string): Record<string, unknown> | null {
  const match = /^(\{.*),"crc":"([0-9a-f]{8})"\}$/s.exec(line);
  const [, text, crc] = match ?? [];
  if (text === undefined || checksum(text) !== crc) return null;
  return JSON.parse(`${text}}`) as Record<string, unknown>;
}
