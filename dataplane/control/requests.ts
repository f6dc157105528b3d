// Mutating requests: the ones that are in the journal and in a dump.
import { type ChangeMethod, type ChangeRequest, changeMethods, DpvsError, type Params } from '../../api/index.js';

/** Every elementary change of the schema; `batch` is several of them and no request of its own here. */
export type MutatingMethod = ChangeMethod;
export type RequestParams<M extends MutatingMethod> = Params<M>;
/** A union with one member a method, so that a switch on `method` narrows `params`. */
export type MutatingRequest = ChangeRequest;

export function isMutating(method: string): method is MutatingMethod {
  return Object.hasOwn(changeMethods, method);
}

/** From the journal or from a file: text whose shape nobody has checked yet. @throws {DpvsError} invalid_parameter */
export function parseRequest(method: string, params: unknown): MutatingRequest {
  if (!isMutating(method)) throw new DpvsError('invalid_parameter', `no such change: ${method}`, 'method');
  const parsed = changeMethods[method].params.safeParse(params);
  if (parsed.success) return { method, params: parsed.data } as MutatingRequest;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new DpvsError('invalid_parameter', `${field}: ${issue?.message ?? 'malformed'}`, field);
}
