// An imported configuration as files again: the generator's, and behind it what was not the generator's, word for word.
import type { RoutingModel } from '../model.js';
import { renderConfig } from '../render.js';
import type { SourceLine } from './lines.js';

/** Stands before what was kept. */
export const keptMark = '! kept as it was, not generated:';

/** @returns name → text. @throws {ModelError} */
export function writeImported(model: RoutingModel, kept: readonly SourceLine[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [name, text] of Object.entries(renderConfig(model))) files[name] = String(text);
  const byFile = new Map<string, SourceLine[]>();
  for (const line of kept) {
    const file = `${daemonOf(line, model)}.conf`;
    byFile.set(file, [...(byFile.get(file) ?? []), line]);
  }
  for (const [name, lines] of byFile) {
    const body = files[name]?.replace(/!\nline vty\n$/, '!\n') ?? '';
    files[name] = `${body}${keptMark}\n${verbatim(lines)}${body === '' ? '' : '!\nline vty\n'}`;
  }
  return files;
}

function verbatim(lines: readonly SourceLine[]): string {
  const text: string[] = [];
  let open: readonly string[] = [];
  for (const { path, text: line, opens } of lines) {
    const deeper = path.length > open.length && open.every((each, i) => each === path[i]);
    if (path.join('\n') !== open.join('\n'))
      for (const [i, each] of path.entries()) if (!deeper || i >= open.length) text.push(`${' '.repeat(i)}${each}`);
    text.push(`${' '.repeat(path.length)}${line}`);
    open = opens ? [...path, line] : path;
  }
  return `${text.join('\n')}\n`;
}

/** In an integrated frr.conf the words say whose a line is. */
function daemonOf({ file, path, text }: SourceLine, model: RoutingModel): string {
  const own = /^(?:.*\/)?([a-z0-9]+d|zebra)\.conf$/.exec(file)?.[1];
  const context = path[0] ?? text;
  if (/^ip(v6)? route /.test(text) && model.flavor === 'frr') return 'staticd';
  if (own !== undefined) return own;
  if (/^router ospf6\b/.test(context) || /^ipv6 ospf6 /.test(text)) return 'ospf6d';
  if (/^router ospf\b/.test(context) || /^ip ospf /.test(text)) return 'ospfd';
  if (/^router bgp\b/.test(context)) return 'bgpd';
  if (/^bfd\b/.test(context)) return 'bfdd';
  const other = /^router (rip|ripng|isis|eigrp|babel)\b/.exec(context)?.[1];
  if (other !== undefined) return `${other}d`;
  if (/^(route-map|ip prefix-list|access-list)/.test(context)) return model.bgp === undefined ? 'ospfd' : 'bgpd';
  if (/^ipv6 (prefix-list|access-list)/.test(context)) return model.bgp === undefined ? 'ospf6d' : 'bgpd';
  return 'zebra';
}
