// UDP_CHECK: a datagram that no ICMP error comes back for, or that is replied to where a reply is asked for.
import { createSocket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import type { UdpCheck } from '../model.js';
import { bad, type CheckResult, good, socketReason, withTimeout } from './result.js';

/** Something must be sent to provoke an error; keepalived sends bytes without a meaning as well. */
const nothing = Buffer.alloc(16);

export async function checkUdp(check: UdpCheck, signal: AbortSignal): Promise<CheckResult> {
  const { target, payload, reply, connectTimeoutMs } = check;
  let silent = true;
  const result = await withTimeout(connectTimeoutMs, signal, (done) => {
    const socket = createSocket(isIPv4(target.address) ? 'udp4' : 'udp6');
    const failed = (error: NodeJS.ErrnoException): void => {
      silent = false;
      done(bad(socketReason(error)));
    };
    socket.on('error', failed);
    socket.on('message', (message) => {
      silent = false;
      done(judge(message, reply));
    });
    // Connected, so that the kernel tells when the port is unreachable.
    socket.on('connect', () =>
      socket.send(payload === null ? nothing : Buffer.from(payload), (error) => error && failed(error)),
    );
    socket.bind({ port: target.bindPort ?? 0, address: target.bindAddress ?? undefined }, () =>
      socket.connect(target.port, target.address),
    );
    return {
      destroy: () => {
        socket.removeAllListeners();
        socket.on('error', () => {});
        socket.close();
      },
    };
  });
  // Silence is what most UDP services answer: good, as keepalived has it, unless a reply is asked for.
  return !result.ok && silent && reply === null && !signal.aborted ? good('no error came back') : result;
}

function judge(message: Buffer, reply: UdpCheck['reply']): CheckResult {
  if (reply === null) return good('answered');
  const { begins, minLength, maxLength } = reply;
  if (message.length < minLength || message.length > maxLength)
    return bad(`the reply has ${message.length} bytes, not ${minLength} to ${maxLength}`);
  const wanted = Buffer.from(begins);
  const length = Math.min(wanted.length, message.length);
  return message.subarray(0, length).equals(wanted.subarray(0, length)) ? good('replied') : bad('another reply');
}
