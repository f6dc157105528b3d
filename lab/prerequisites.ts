// What the lab needs of the machine, checked before anything is built, each with what to do about it.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CannotRun } from './errors.js';
import { run } from './exec.js';

export interface Missing {
  readonly what: string;
  readonly suggestion: string;
}

function onPath(name: string): boolean {
  const directories = `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);
  return directories.some((directory) => existsSync(join(directory, name)));
}

const programs: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  ss: 'iproute2',
  ethtool: 'ethtool',
  nsenter: 'util-linux',
  sysctl: 'procps',
  nginx: 'nginx-light',
  curl: 'curl',
  vtysh: 'frr',
};

export async function missing(): Promise<Missing[]> {
  if (process.platform !== 'linux')
    return [{ what: `this is ${process.platform}; the lab is made of Linux namespaces`, suggestion: '' }];
  const found: Missing[] = [];
  if (process.getuid?.() !== 0)
    return [{ what: 'not root: namespaces, DPDK ports and TAPs need it', suggestion: 'run it as root (sudo -E)' }];
  for (const [name, apt] of Object.entries(programs))
    if (!onPath(name)) found.push({ what: `no ${name}`, suggestion: `apt-get install ${apt}` });
  for (const daemon of ['zebra', 'ospfd'])
    if (!existsSync(`/usr/lib/frr/${daemon}`))
      found.push({ what: `no /usr/lib/frr/${daemon}`, suggestion: 'apt-get install frr' });
  if (!existsSync('/dev/net/tun'))
    found.push({
      what: 'no /dev/net/tun, so that no kni can be made',
      suggestion: 'modprobe tun, or give the container --device /dev/net/tun',
    });
  if (found.length > 0) return found;
  const probe = await run([
    'unshare',
    '--net',
    'ip',
    'link',
    'add',
    'probe0',
    'type',
    'veth',
    'peer',
    'name',
    'probe1',
  ]);
  if (probe.code !== 0)
    found.push({
      what: `no network namespaces or veth here: ${probe.stderr.trim()}`,
      suggestion: 'the lab needs CAP_NET_ADMIN and CAP_SYS_ADMIN (a container needs --privileged)',
    });
  return found;
}

/** @throws {CannotRun} with everything that is missing here, and what to do about each */
export async function mustBeAbleToRun(): Promise<void> {
  const lacks = await missing();
  if (lacks.length === 0) return;
  const lines = lacks.map(({ what, suggestion }) => `  ${what}${suggestion === '' ? '' : `\n    ${suggestion}`}`);
  throw new CannotRun(`the lab cannot run here:\n${lines.join('\n')}`);
}
