// TCP_CHECK: a connection that is accepted.
import { connect } from 'node:net';
import type { TcpCheck } from '../model.js';
import { bad, type CheckResult, good, socketReason, withTimeout } from './result.js';

export function checkTcp({ target, connectTimeoutMs }: TcpCheck, signal: AbortSignal): Promise<CheckResult> {
  return withTimeout(connectTimeoutMs, signal, (done) => {
    const socket = connect({
      host: target.address,
      port: target.port,
      localAddress: target.bindAddress ?? undefined,
      localPort: target.bindPort ?? undefined,
    });
    socket.on('connect', () => done(good('connected')));
    socket.on('error', (error) => done(bad(socketReason(error))));
    return socket;
  });
}
