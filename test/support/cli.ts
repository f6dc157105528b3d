// Runs a program of cli/ in this process: a terminal that remembers what was written, a node that answers from a table.
import { type Method, methods, type Params, type Result } from '../../api/index.js';
import { type Context, type OpenNode, type Program, plain, runProgram } from '../../cli/common/index.js';

export type Answers = { readonly [M in Method]?: (params: Params<M>) => Result<M> };

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly calls: readonly { readonly method: Method; readonly params: unknown }[];
}

/** Methods without an answer in the table succeed with an empty result. Parameters that the schema refuses fail the call loudly. */
export async function runCli(
  prefix: string,
  program: Program,
  argv: readonly string[],
  answers: Answers = {},
  input = '',
): Promise<Ran> {
  let out = '';
  let err = '';
  const calls: { method: Method; params: unknown }[] = [];
  const node: OpenNode = {
    async call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
      // What travels is JSON: fields that are undefined do not.
      const wire: unknown = JSON.parse(JSON.stringify(params));
      methods[method].params.parse(wire);
      calls.push({ method, params: wire });
      const answer = answers[method] as ((params: Params<M>) => Result<M>) | undefined;
      return answer === undefined ? ({} as Result<M>) : answer(params);
    },
    close() {},
  };
  const context: Context = {
    terminal: {
      write: (text) => {
        out += text;
      },
      writeError: (text) => {
        err += text;
      },
      readInput: async () => input,
      paint: plain,
      paintError: plain,
      width: 100,
    },
    open: async () => node,
  };
  const code = await runProgram(prefix, program, argv, context);
  return { code, out, err, calls };
}
