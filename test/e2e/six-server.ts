// A real server of IPv6 for the e2e tests, as a program: `six-server.js NAME PORT` serves HTTP on TCP and echoes on UDP, and says whom
// it saw; `/large` is a few megabytes whose SHA-256 is at `/large.sha256`.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { argv } from 'node:process';

const [name = '', port = ''] = argv.slice(2);
const large = Buffer.alloc(4 << 20);
for (let i = 0; i < large.length; i += 4) large.writeUInt32BE(Math.imul(i, 0x9e3779b1) >>> 0, i);
const answers: Readonly<Record<string, string | Buffer>> = {
  '/large': large,
  '/large.sha256': createHash('sha256').update(large).digest('hex'),
};

createServer((request, response) => {
  const { remoteAddress } = request.socket;
  response.end(answers[request.url ?? ''] ?? JSON.stringify({ name, remoteAddress }));
}).listen(Number(port), '::');

const udp = createSocket({ type: 'udp6', ipv6Only: true });
udp.on('message', (data, source) => udp.send(`${name} ${data}`, source.port, source.address));
udp.bind(Number(port), '::');
