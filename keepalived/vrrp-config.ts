// The sections of VRRP → a file for the stock keepalived: DPVS's own words taken out, ports turned into their kernel interfaces.
// The VIP goes on `<port>.kni`: whoever is master answers ARP for it, and the dataplane serves it wherever its packets arrive.
import type { Report } from './diagnostic.js';
import type { KeepalivedConfig } from './model.js';
import type { Word } from './tokenizer.js';
import type { Entry } from './tree.js';

/** `dpdk0` → `dpdk0.kni`; other interfaces as they are. */
type KernelInterface = (device: string) => string;

/** Ports are what the file says are ports, and what has the name of one. */
function kernelInterfaces({ vrrp, virtualServers }: KeepalivedConfig): KernelInterface {
  const ports = new Set([
    ...virtualServers.flatMap(({ localAddresses }) => localAddresses ?? []).map(({ device }) => device),
    ...vrrp
      .flatMap(({ body }) => body ?? [])
      .flatMap(({ words }) => (words[0].text === 'dpdk_interface' ? [words[1]?.text] : [])),
  ]);
  return (device) => (ports.has(device) || /^(dpdk|bond)\d+(\.\d+)?$/.test(device) ? `${device}.kni` : device);
}

/** Keys of global_defs that only concern checks, and those that would make a second program of it. */
const notForVrrp = (key: string): boolean =>
  /^(lvs_|checker_)|_checker$/.test(key) ||
  ['net_namespace', 'namespace_with_ipsets', 'instance', 'use_pid_dir', 'child_wait_time', 'rs_init_notifies'].includes(
    key,
  );

export function renderVrrp(config: KeepalivedConfig): string {
  const { vrrp, globalDefs } = config;
  const kernelInterface = kernelInterfaces(config);
  const globals = globalDefs.flatMap(({ body }) => body ?? []).filter(({ words }) => !notForVrrp(words[0].text));
  const lines = ['! For the stock keepalived, written by dpvs-keepalived: changes here are lost'];
  if (globals.length > 0) lines.push('global_defs {', ...globals.flatMap((entry) => render(entry, 1)), '}');
  for (const section of vrrp)
    lines.push(
      ...render(
        section.words[0].text === 'vrrp_instance' ? instanceOf(section, kernelInterface) : section,
        0,
        kernelInterface,
      ),
    );
  return `${lines.join('\n')}\n`;
}

/** `dpdk_interface` goes; VIPs that name no interface get it where it is not the one that VRRP itself is spoken on. */
function instanceOf(section: Entry, kernelInterface: KernelInterface): Entry {
  const body = section.body ?? [];
  const value = (key: string): string | undefined => body.find(({ words }) => words[0].text === key)?.words[1]?.text;
  const port = value('dpdk_interface');
  const [spoken, carries] = [value('interface'), port === undefined ? undefined : kernelInterface(port)];
  return {
    ...section,
    body: body
      .filter(({ words }) => words[0].text !== 'dpdk_interface')
      .map((entry) =>
        carries !== undefined && carries !== spoken && /^virtual_ipaddress/.test(entry.words[0].text)
          ? { ...entry, body: (entry.body ?? []).map((vip) => onInterface(vip, carries)) }
          : entry,
      ),
  };
}

function onInterface(vip: Entry, name: string): Entry {
  if (vip.words.some(({ text }) => text === 'dev')) return vip;
  const [first] = vip.words;
  return { ...vip, words: [...vip.words, { ...first, text: 'dev' }, { ...first, text: name }] };
}

function render(
  { words, body }: Entry,
  depth: number,
  kernelInterface: KernelInterface = (device) => device,
): string[] {
  const indent = '    '.repeat(depth);
  const line = words
    .map((word, at) => (words[at - 1]?.text === 'dev' ? kernelInterface(word.text) : spelled(word)))
    .join(' ');
  if (body === null) return [`${indent}${line}`];
  return [`${indent}${line} {`, ...body.flatMap((entry) => render(entry, depth + 1, kernelInterface)), `${indent}}`];
}

/** A word cannot hold both kinds of quotes. */
const spelled = ({ text, quoted }: Word): string => {
  if (!quoted && text !== '') return text;
  return text.includes('"') ? `'${text}'` : `"${text}"`;
};

/** `interface dpdk0` where the kernel only has dpdk0.kni. */
export function judgeInstance({ body }: Entry, report: Report): void {
  const wordOf = (key: string): Word | undefined => body?.find(({ words }) => words[0].text === key)?.words[1];
  const [spoken, port] = [wordOf('interface'), wordOf('dpdk_interface')];
  if (spoken === undefined || spoken.text !== port?.text) return;
  report.error(spoken, `VRRP is spoken by the kernel, which has no ${spoken.text}`, `interface ${port.text}.kni`);
}
