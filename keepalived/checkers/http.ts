// HTTP_GET and SSL_GET: one URL after another; status code, and the MD5 of the body where a digest is given.
import { createHash } from 'node:crypto';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIPv6 } from 'node:net';
import type { HttpCheck, UrlCheck } from '../model.js';
import { bad, type CheckResult, good, socketReason, withTimeout } from './result.js';

/** Of a body whose digest is asked for; a larger one is no page for a health check. */
const mostBodyBytes = 16 << 20;

/** Good when every URL is. The first that is not is the reason. */
export async function checkHttp(check: HttpCheck, signal: AbortSignal): Promise<CheckResult> {
  let result = bad('no url');
  for (const url of check.urls) {
    // keepalived gives each step of a request the whole time; here the request has it.
    result = await withTimeout(check.connectTimeoutMs, signal, (done) => get(check, url, done));
    if (!result.ok) return check.urls.length > 1 ? bad(`${url.path}: ${result.reason}`) : result;
  }
  return result;
}

function get(check: HttpCheck, url: UrlCheck, done: (result: CheckResult) => void): ClientRequest {
  const { target } = check;
  const literal = isIPv6(target.address) ? `[${target.address}]` : target.address;
  const options = {
    host: target.address,
    port: target.port,
    path: url.path,
    localAddress: target.bindAddress ?? undefined,
    localPort: target.bindPort ?? undefined,
    agent: false as const,
    headers: {
      host: url.virtualHost ?? `${literal}:${target.port}`,
      'user-agent': 'dpvs-keepalived',
      accept: '*/*',
      connection: 'close',
    },
  };
  const answered = (response: IncomingMessage): void => judge(response, url, done);
  // As keepalived: whether a server is there, not who it is. A certificate of a real server names the VIP.
  const tls = { rejectUnauthorized: false, servername: check.sni && url.virtualHost !== null ? url.virtualHost : '' };
  const request =
    check.kind === 'HTTP_GET' ? httpRequest(options, answered) : httpsRequest({ ...options, ...tls }, answered);
  request.on('error', (error) => done(bad(socketReason(error))));
  request.end();
  return request;
}

function judge(response: IncomingMessage, url: UrlCheck, done: (result: CheckResult) => void): void {
  const status = response.statusCode ?? 0;
  if (!url.statusCodes.some(([from, to]) => status >= from && status <= to)) {
    const wanted = url.statusCodes.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(' ');
    return done(bad(`status ${status}, not ${wanted}`));
  }
  if (url.digest === null) return done(good(`status ${status}`));
  const hash = createHash('md5');
  let bytes = 0;
  response.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > mostBodyBytes) done(bad(`the body has more than ${mostBodyBytes >> 20} MB`));
    else hash.update(piece);
  });
  response.on('error', (error) => done(bad(socketReason(error))));
  response.on('end', () => {
    const digest = hash.digest('hex');
    done(digest === url.digest ? good(`status ${status}, digest matches`) : bad(`the digest is ${digest}`));
  });
}
