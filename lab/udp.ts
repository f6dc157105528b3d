// UDP at both ends, as a program: `udp.js serve NAME PORT [ADDRESS]` answers each datagram with its name, the datagram and whom it
// came from (bound to the address: behind direct routing answers must come from the VIP, not from the server's own address); `udp.js ask ADDRESS PORT COUNT` sends COUNT datagrams, each from a socket of its own, and prints the answers.
import { createSocket, type Socket } from 'node:dgram';
import { fileURLToPath } from 'node:url';

export interface UdpReply {
  readonly localPort: number;
  /** The server's name; empty when no answer came. */
  readonly server: string;
  readonly echo: string;
  /** The address and port the answer came from: has to be the one that was asked. */
  readonly from: string;
}

export const udpProgram = fileURLToPath(import.meta.url);

const socketFor = (address: string): Socket => createSocket(address.includes(':') ? 'udp6' : 'udp4');

function serve(name: string, port: number, bindTo: string): void {
  const socket = socketFor(bindTo);
  socket.on('message', (data, { address, port: source }) => {
    socket.send(`${name} ${address}:${source} ${data}`, source, address);
  });
  socket.bind(port, bindTo);
}

function ask(address: string, port: number, text: string): Promise<UdpReply> {
  return new Promise((resolve) => {
    const socket = socketFor(address);
    const done = (reply: Omit<UdpReply, 'localPort'>) => {
      clearTimeout(timer);
      const { port: localPort } = socket.address();
      socket.close();
      resolve({ localPort, ...reply });
    };
    const timer = setTimeout(() => done({ server: '', echo: '', from: '' }), 2000);
    socket.once('error', (error) => done({ server: '', echo: error.message, from: '' }));
    socket.once('message', (data, source) => {
      const [server = '', , echo = ''] = String(data).split(' ');
      done({ server, echo, from: `${source.address}:${source.port}` });
    });
    socket.send(text, port, address);
  });
}

const [, self, role, first, second, third] = process.argv;
if (self === udpProgram && first !== undefined) {
  if (role === 'serve') serve(first, Number(second), third ?? '0.0.0.0');
  else {
    const replies: UdpReply[] = [];
    for (let i = 0; i < Number(third); i++) replies.push(await ask(first, Number(second), `datagram-${i}`));
    process.stdout.write(JSON.stringify(replies));
  }
}
