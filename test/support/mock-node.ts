// A mock of a node's control socket: a ZeroMQ ROUTER that answers from a table and forwards no packet. For tests of clients only.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Router } from 'zeromq';
import { DpvsError, type Method, methods, requestFrame } from '../../api/index.js';

export interface MockNode {
  /** For DPVS_RUN_DIR. */
  readonly runDirectory: string;
  readonly socketPath: string;
  /** What was asked so far. */
  readonly requests: { readonly method: string; readonly params: unknown }[];
  close(): void;
}

/** `answer` returns a result, throws a DpvsError to refuse, or returns undefined to stay silent. */
export async function startMockNode(
  answer: (method: Method, params: unknown) => unknown,
  name = 'dpvs',
): Promise<MockNode> {
  const runDirectory = mkdtempSync(join(tmpdir(), 'dpvs-mock-'));
  chmodSync(runDirectory, 0o700);
  const socketPath = join(runDirectory, `${name}.sock`);
  const router = new Router({ linger: 0 });
  await router.bind(`ipc://${socketPath}`);
  const requests: { method: string; params: unknown }[] = [];

  const respond = (text: string): object | null => {
    const { id, method, params } = requestFrame.parse(JSON.parse(text));
    requests.push({ method, params });
    try {
      methods[method as Method].params.parse(params);
      const result = answer(method as Method, params);
      return result === undefined ? null : { id, ok: true, result };
    } catch (error) {
      const known = error instanceof DpvsError ? error : new DpvsError('invalid_parameter', String(error));
      return { id, ok: false, error: { code: known.code, detail: known.detail, field: known.field } };
    }
  };

  void (async () => {
    for await (const [identity, frame] of router) {
      const response = respond(String(frame));
      if (response !== null) await router.send([identity, JSON.stringify(response)]);
    }
  })();

  return {
    runDirectory,
    socketPath,
    requests,
    close() {
      router.close();
      rmSync(runDirectory, { recursive: true, force: true });
    },
  };
}
