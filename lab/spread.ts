// Forty clients' worth of requests: who answered, through whom, and whether the server saw the client itself.
import type { Reply } from './client.js';
import type { Lab } from './lab.js';
import { client } from './plan.js';

export interface Spread {
  readonly replies: readonly Reply[];
  /** Real server → answers. */
  readonly byServer: ReadonlyMap<string, number>;
  /** Node → connections its dataplane counted meanwhile. */
  readonly byNode: ReadonlyMap<string, number>;
  /** Every server saw the client's own address, and the very port curl had. */
  readonly trueClient: boolean;
}

async function connectionCounts(lab: Lab, names: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const name of names) {
    const services = await lab.node(name).services();
    counts.set(
      name,
      services.reduce((sum, { stats }) => sum + stats.conns, 0),
    );
  }
  return counts;
}

/** `count` requests one after the other, each on a connection, and so a source port, of its own. */
export async function spread(
  lab: Lab,
  count: number,
  nodes: readonly string[],
  each: (reply: Reply) => void = () => {},
): Promise<Spread> {
  const before = await connectionCounts(lab, nodes);
  const replies: Reply[] = [];
  for (let i = 0; i < count; i++) {
    const reply = await lab.client.curl();
    replies.push(reply);
    each(reply);
  }
  const after = await connectionCounts(lab, nodes);
  const byServer = new Map<string, number>();
  for (const { server } of replies) byServer.set(server, (byServer.get(server) ?? 0) + 1);
  return {
    replies,
    byServer,
    byNode: new Map(nodes.map((name) => [name, (after.get(name) ?? 0) - (before.get(name) ?? 0)])),
    trueClient: replies.every((reply) => reply.seenAddress === client.address && reply.seenPort === reply.localPort),
  };
}

export const countsText = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
