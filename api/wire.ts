// Reads one response frame by hand. The schema library would cost every command line 80 ms of start-up for this one shape.
import type { ResponseFrame } from './schema.js';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The frame as `responseFrame` of the schema describes it; null for anything else. */
export function readResponse(text: string): ResponseFrame | null {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(frame) || typeof frame.id !== 'number') return null;
  const { id } = frame;
  if (frame.ok === true) return { id, ok: true, result: frame.result };
  if (frame.ok !== false || !isRecord(frame.error)) return null;
  const { code, detail, field } = frame.error;
  if (typeof code !== 'string' || typeof detail !== 'string' || typeof field !== 'string') return null;
  return { id, ok: false, error: { code, detail, field } };
}
