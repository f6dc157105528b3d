// --restore: argument lines → requests. All lines are read before the first is sent, so that a typing error changes nothing.
import { type Call, type ChangeRequest, DpvsError, inBatches, type NodeApi, UsageError } from '../common/index.js';
import { parseLine } from './parse.js';

export interface NumberedCall {
  readonly line: number;
  readonly call: Call;
}

/** Words between blanks; quotes keep blanks. Blank lines and lines that start with `#` say nothing. */
export function splitLine(line: string): string[] {
  if (line.trimStart().startsWith('#')) return [];
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"']|["'])+/g) ?? [];
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
}

/** @throws {DpvsError} `usage` or `not_support` with the number of the line */
export function readScript(text: string): NumberedCall[] {
  return text.split('\n').flatMap((line, at) => {
    const words = splitLine(line);
    // A shell script of ipvsadm calls can be read as it is.
    if (/^(.*\/)?ipvsadm$/.test(words[0] ?? '')) words.shift();
    if (words.length === 0) return [];
    try {
      const { action } = parseLine(words);
      if (action.do !== 'change') throw new UsageError('only commands that change something can be restored');
      return [{ line: at + 1, call: action.call }];
    } catch (error) {
      throw atLine(at + 1, error);
    }
  });
}

interface NumberedChange extends NumberedCall {
  readonly call: ChangeRequest;
}

/**
 * In batches: a script of usual length is one, so that what the node refuses leaves it as it was, and a thousand services are
 * one write of its journal. What changes counters only (--zero) is a request of its own.
 * @throws {DpvsError} with the line in front
 */
export async function runScript(calls: readonly NumberedCall[], node: NodeApi): Promise<void> {
  let changes: NumberedChange[] = [];
  const flush = async (): Promise<void> => {
    const batches = inBatches(changes.map(({ line, call }) => ({ ...call, line })));
    changes = [];
    for (const batch of batches) await runBatch(batch, node);
  };
  for (const { line, call } of calls) {
    if (call.method !== 'service.zero') {
      changes.push({ line, call: call as ChangeRequest });
      continue;
    }
    await flush();
    await node.call(call.method, call.params).catch((error: unknown) => Promise.reject(atLine(line, error)));
  }
  await flush();
}

async function runBatch(batch: readonly (ChangeRequest & { readonly line: number })[], node: NodeApi): Promise<void> {
  const requests = batch.map(({ method, params }) => ({ method, params }) as ChangeRequest);
  try {
    await node.call('batch', { requests });
  } catch (error) {
    // `requests.17.params.weight`, `requests.17 (server.add): …`: the entry's number says nothing to who reads lines.
    const entry = error instanceof DpvsError ? /^requests\.(\d+)(?:\.params)?\.?/.exec(error.field) : null;
    const line = batch[Number(entry?.[1] ?? Number.NaN)]?.line;
    if (!(error instanceof DpvsError) || entry === null || line === undefined) throw error;
    const detail = error.detail.replace(/^requests\.\d+(?:\.params\.| \([a-z.]+\): )/, '');
    throw atLine(line, new DpvsError(error.code, detail, error.field.slice(entry[0].length)));
  }
}

/** The same error with its line in front; what is no DpvsError stays as it is. */
export function atLine(line: number, error: unknown): unknown {
  if (error instanceof UsageError) return new UsageError(`line ${line}: ${error.message}`, error.hint);
  if (error instanceof DpvsError) {
    const located = new DpvsError(error.code, error.detail, error.field);
    located.message = `line ${line}: ${error.message}`;
    return located;
  }
  return error;
}
