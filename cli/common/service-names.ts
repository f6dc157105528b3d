// Names of ports from /etc/services, read at the first use. Numbers work without the file.
import { readFileSync } from 'node:fs';

type Protocol = 'tcp' | 'udp';

export interface ServiceNames {
  readonly byName: ReadonlyMap<string, number>;
  readonly byPort: ReadonlyMap<string, string>;
}

/** Keys are `name/protocol` and `port/protocol`; the first line that names a port wins, aliases lead to it. */
export function readServiceNames(text: string): ServiceNames {
  const byName = new Map<string, number>();
  const byPort = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [name, portAndProtocol, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const match = /^(\d{1,5})\/(tcp|udp)$/.exec(portAndProtocol ?? '');
    if (match === null) continue;
    const [, port, protocol] = match;
    if (!byPort.has(`${port}/${protocol}`)) byPort.set(`${port}/${protocol}`, name);
    for (const each of [name, ...aliases])
      if (!byName.has(`${each}/${protocol}`)) byName.set(`${each}/${protocol}`, Number(port));
  }
  return { byName, byPort };
}

let known: ServiceNames | undefined;

function serviceNames(): ServiceNames {
  if (known === undefined) {
    let text = '';
    try {
      text = readFileSync('/etc/services', 'utf8');
    } catch {
      // A minimal system has no such file; then only numbers are understood and shown.
    }
    known = readServiceNames(text);
  }
  return known;
}

/** The port a word means, null if none. */
export function portNumber(word: string, protocol: Protocol): number | null {
  if (/^\d+$/.test(word)) return word.length <= 5 && Number(word) <= 65535 ? Number(word) : null;
  return serviceNames().byName.get(`${word}/${protocol}`) ?? null;
}

/** The name of a port, or its number as text. */
export function portName(port: number, protocol: Protocol): string {
  return serviceNames().byPort.get(`${port}/${protocol}`) ?? String(port);
}
