// What one request may hold, and a long list of changes cut into batches that fit. Knows no schema, so that command lines start fast.

/** Beyond, a request is refused. */
export const longestRequestBytes = 1 << 20;
/** One journal record and one turn of the slow path: bounds how long both take. */
export const longestBatch = 4096;
/** For the frame around the entries: its id and the method's name. */
const frameBytes = 256;

/** In order. Each piece is carried out whole or refused whole; a list that fits one batch is one. */
export function inBatches<R extends { readonly method: string; readonly params: unknown }>(
  requests: readonly R[],
): R[][] {
  const batches: R[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const request of requests) {
    const { method, params } = request;
    const size = Buffer.byteLength(JSON.stringify({ method, params })) + 1;
    const last = batches.at(-1);
    if (last === undefined || last.length === longestBatch || bytes + size > longestRequestBytes - frameBytes) {
      batches.push([request]);
      bytes = size;
    } else {
      last.push(request);
      bytes += size;
    }
  }
  return batches;
}
