// What `show zebra client` says of the routing daemons that zebra serves. FRR 8.4 has no JSON for it.

export interface ZebraClient {
  /** How long it has been connected, seconds; a day and more counts as a day. */
  readonly seconds: number;
  /** Routes that it has given to zebra over this connection, of any family. */
  readonly routes: number;
  /** Routes that it was told because it redistributes them, over this connection; 0: it has not asked for any. */
  readonly redistributed: number;
}

const secondsADay = 86_400;

/** By zebra's name for the daemon: `ospf`, `ospf6`, `bgp`. */
export function parseZebraClients(text: string): ReadonlyMap<string, ZebraClient> {
  const found = new Map<string, ZebraClient>();
  for (const section of text.split(/^Client: /m).slice(1)) {
    const name = section.split(/\s/, 1)[0];
    const [, hours, minutes, seconds] = /^Connect Time: (\d+):(\d+):(\d+)/m.exec(section) ?? [];
    const connected =
      seconds === undefined ? secondsADay : Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
    // A daemon has several connections, the others for labels and the like: the oldest is the one of its routes.
    const before = found.get(name);
    const client = {
      seconds: Math.max(connected, before?.seconds ?? 0),
      routes: added(section, 'IPv4') + added(section, 'IPv6') + (before?.routes ?? 0),
      redistributed: added(section, 'Redist:v4') + added(section, 'Redist:v6') + (before?.redistributed ?? 0),
    };
    found.set(name, client);
  }
  return found;
}

/** `Redist:v4   7           0           0`: added, updated, removed. */
function added(section: string, row: string): number {
  const line = section.split('\n').find((each) => each.startsWith(`${row} `));
  return Number(line?.split(/\s+/)[1] ?? 0);
}
