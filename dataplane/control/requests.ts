// Mutating requests: the ones that are in the journal and in a dump.
import { DpvsError, type Method, methods, type Params } from '../../api/index.js';

/** Every method marked `mutates` in the schema. */
export type MutatingMethod = {
  [M in Method]: (typeof methods)[M]['mutates'] extends true ? M : never;
}[Method];

export type RequestParams<M extends MutatingMethod> = Params<M>;

/** A union with one member a method, so that a switch on `method` narrows `params`. */
export type MutatingRequest = {
  [M in MutatingMethod]: { readonly method: M; readonly params: RequestParams<M> };
}[MutatingMethod];

export function isMutating(method: string): method is MutatingMethod {
  return Object.hasOwn(methods, method) && methods[method as Method].mutates;
}

/** From the journal or from a file: text whose shape nobody has checked yet. @throws {DpvsError} invalid_parameter */
export function parseRequest(method: string, params: unknown): MutatingRequest {
  if (!isMutating(method)) throw new DpvsError('invalid_parameter', `no such change: ${method}`, 'method');
  const parsed = methods[method].params.safeParse(params);
  if (parsed.success) return { method, params: parsed.data } as MutatingRequest;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new DpvsError('invalid_parameter', `${field}: ${issue?.message ?? 'malformed'}`, field);
}
