// A TCP client made by hand, a process of its own in the client's namespace: the TCP options of its segments are what the
// test wants, wrong ones too, and its address is none of the kernel's, which therefore sends no RST in between.
// Usage: node hand-made-client.js JSON; prints the answer as JSON, then holds the connection until its input ends.
import { readSync } from 'node:fs';
import { type Dissection, dissect, packet, seqAdd, type TcpSpec } from '../../support/packet/index.js';
import { PacketSocket } from './packet-socket.js';

export interface ClientPlan {
  readonly interface: string;
  readonly mac: string;
  readonly serverMac: string;
  readonly address: string;
  readonly port: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  /** Option bytes of the ACK that ends the handshake, and of the segment with the request; multiples of four. */
  readonly ackOptions: readonly number[];
  readonly requestOptions: readonly number[];
  readonly request: string;
  /** The server speaks first: the request waits for that. */
  readonly awaitGreeting: boolean;
  /** A regular expression: the answer is complete when it matches. */
  readonly answerEnd: string;
}

class HandMadeClient {
  readonly #socket: PacketSocket;
  #seq = 1_000_000;
  #ack = 0;
  received = '';

  constructor(readonly plan: ClientPlan) {
    this.#socket = new PacketSocket(plan.interface, 5);
  }

  /** The options travel as the head of the payload, under a data offset that reaches over them: so they may be any bytes. */
  send(tcp: Partial<TcpSpec>, options: readonly number[], text = ''): void {
    const { plan } = this;
    const link = packet().eth({ src: plan.mac, dst: plan.serverMac });
    const route = { src: plan.address, dst: plan.serverAddress };
    const ip = plan.address.includes(':') ? link.ip6(route) : link.ip4(route);
    const segment = ip.tcp({
      sport: plan.port,
      dport: plan.serverPort,
      seq: this.#seq,
      ack: this.#ack,
      dataOffset: 5 + options.length / 4,
      ...tcp,
    });
    this.#socket.send(segment.payload(Uint8Array.of(...options, ...Buffer.from(text))).build());
    this.#seq = seqAdd(this.#seq, text.length + (/[SF]/.test(tcp.flags ?? '') ? 1 : 0));
  }

  next(): Dissection & Required<Pick<Dissection, 'tcp'>> {
    for (;;) {
      const { tcp, ...rest } = dissect(this.#socket.receive());
      if (tcp?.sport !== this.plan.serverPort || tcp.dport !== this.plan.port) continue;
      if (tcp.flags.includes('R')) throw new Error('the server reset the connection');
      return { ...rest, tcp };
    }
  }

  connect(): void {
    this.send({ flags: 'S' }, [2, 4, 0x05, 0xac]);
    let answer = this.next();
    while (answer.tcp.flags !== 'SA') answer = this.next();
    this.#ack = seqAdd(answer.tcp.seq, 1);
    this.send({ flags: 'A' }, this.plan.ackOptions);
  }

  readUntil(complete: RegExp): void {
    while (!complete.test(this.received)) {
      const { tcp, payload } = this.next();
      if (payload.length === 0 || tcp.seq !== this.#ack) continue;
      this.received += Buffer.from(payload).toString();
      this.#ack = seqAdd(this.#ack, payload.length);
      this.send({ flags: 'A' }, []);
    }
  }

  close(): void {
    this.send({ flags: 'FA' }, []);
    let answer = this.next();
    while (!answer.tcp.flags.includes('F')) answer = this.next();
    this.#ack = seqAdd(answer.tcp.seq, answer.payload.length + 1);
    this.send({ flags: 'A' }, []);
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const plan = JSON.parse(process.argv[2]) as ClientPlan;
  const client = new HandMadeClient(plan);
  client.connect();
  if (plan.awaitGreeting) client.readUntil(/\n$/);
  client.send({ flags: 'PA' }, plan.requestOptions, plan.request);
  client.readUntil(new RegExp(plan.answerEnd));
  console.log(JSON.stringify(client.received));
  while (readSync(0, Buffer.alloc(64)) > 0);
  client.close();
}
