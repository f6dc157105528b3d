// Runs dpvs-route in this process: a terminal that remembers, a bridge that answers from a table, one answer a call.
import { type Colour, type Context, DpvsError, plain, runProgram } from '../../cli/common/index.js';
import type { OpenBridge } from '../../cli/dpvs-route/connection.js';
import { dpvsRoute } from '../../cli/dpvs-route/index.js';
import { bridgeMethods } from '../../routing/schema.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly asked: readonly (readonly [method: string, params: unknown])[];
  readonly closed: number;
}

export interface Setting {
  /** In turn; the last one again and again. None: there is no bridge. */
  readonly answers?: readonly (object | DpvsError)[];
  readonly input?: string;
  readonly paint?: (colour: Colour, text: string) => string;
}

/** Parameters and answers that the schema refuses fail the call loudly. */
export async function runDpvsRoute(argv: readonly string[], setting: Setting = {}): Promise<Ran> {
  const { answers, input = '', paint = plain } = setting;
  let [out, err, closed] = ['', '', 0];
  const asked: [string, unknown][] = [];
  const context: Context = {
    terminal: {
      write: (text) => {
        out += text;
      },
      writeError: (text) => {
        err += text;
      },
      readInput: async () => input,
      paint,
      paintError: plain,
      width: 110,
    },
    open: () => Promise.reject(new Error('dpvs-route never asks the dataplane itself')),
  };
  const bridge: OpenBridge = {
    call: async (method, params) => {
      const wire: unknown = JSON.parse(JSON.stringify(params));
      bridgeMethods[method].params.parse(wire);
      const answer = answers?.[Math.min(asked.length, answers.length - 1)];
      asked.push([method, wire]);
      if (answer instanceof DpvsError) throw answer;
      return bridgeMethods[method].result.parse(answer) as never;
    },
    close: () => {
      closed++;
    },
  };
  const open = async (name: string | undefined): Promise<OpenBridge> => {
    if (answers === undefined) throw new DpvsError('bridge_unreachable', `no socket of ${name}`);
    return bridge;
  };
  const code = await runProgram('dpvs-route: ', (words, ctx) => dpvsRoute(words, ctx, open), argv, context);
  return { code, out, err, asked, closed };
}

export const words = (line: string): string[] => line.split(' ').filter(Boolean);
