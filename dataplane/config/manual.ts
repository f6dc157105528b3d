// The manual of dpvs.conf, written from the grammar table.
import { grammar } from './grammar/index.js';
import type { BlockSpec, KeySpec } from './schema.js';

const introduction = `# dpvs.conf

<!-- Written by scripts/config-manual.ts from dataplane/config/grammar/: change that, build, and run \`node dist/scripts/config-manual.js\`. -->

The file \`dpvs\` starts with, \`/etc/dpvs.conf\` unless \`-c FILE\` says otherwise. The syntax is the reference's:

- a block is a name (some with a second word) and \`{\` … \`}\`; inside are keys, one a line, and further blocks;
- \`#\` and \`!\` begin a comment to the end of the line; \`<…>\` is a comment within a line, so \`<init>\` before a value is allowed and says nothing;
- a word with blanks or comment characters stands in double quotes.

An unknown key is a warning. A wrong type, a value out of range, or a block that is not closed is an error; all errors of a file
are shown at once, each with its line and a caret, and the process does not start. (The reference takes the default instead.)

*init* keys are read at start; *run* keys may also change when the file is read again. Addresses, routes, services and local
addresses are not in this file: they are set by \`dpip\` and \`ipvsadm\`, and kept in the journal.

`;

const ignoredText: Readonly<Record<NonNullable<BlockSpec['ignored']>, string>> = {
  'not built': 'Not built yet; ignored with a warning when it is not the default.',
  'no meaning': 'Accepted from files of the reference; no meaning here.',
  obsolete: 'Accepted from old files and ignored with a warning.',
};

export function configManual(): string {
  return introduction + sections(grammar, [], 2).join('\n');
}

function sections(spec: BlockSpec, path: readonly string[], depth: number): string[] {
  return Object.entries(spec.blocks).flatMap(([name, block]) => {
    const here = [...path, block.named === null ? name : `${name} ${block.named}`];
    const heading = `${'#'.repeat(Math.min(depth, 4))} ${here.join(' / ')}\n`;
    const note = [block.note, ...(block.ignored === 'obsolete' ? [ignoredText.obsolete] : [])].join(' ');
    return [heading, `${note}\n`, ...table(block), ...sections(block, here, depth + 1)];
  });
}

function table({ keys }: BlockSpec): string[] {
  const rows = Object.entries(keys).map(([name, key]) => row(name, key));
  if (rows.length === 0) return [];
  return [['| Key | Default | Allowed | Read | Meaning |', '|---|---|---|---|---|', ...rows, ''].join('\n')];
}

function row(name: string, { type, default: preset, when, note, ignored }: KeySpec<unknown>): string {
  const shown = preset === null ? '' : type.show(preset);
  const cells = [
    `\`${`${name} ${type.usage}`.trim()}\``,
    shown === '' ? '' : `\`${shown}\``,
    type.allowed,
    when,
    ignored === undefined ? note : `${note} ${ignoredText[ignored]}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
