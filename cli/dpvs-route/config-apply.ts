// `dpvs-route config --apply`: the difference to what runs, over vtysh, and what is said about it.
import type { ApplyReport } from '../../routing/apply-config.js';
import type { Terminal } from '../common/index.js';
import type { ConfigFile } from './config.js';
import { previousFiles, type WriteOptions, writeFiles } from './config-files.js';
import { frrNamespace } from './config-options.js';
import type { Options } from './parse.js';

export async function apply(
  files: readonly ConfigFile[],
  writing: WriteOptions,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const byName = Object.fromEntries(files.map(({ name, text }) => [name, text]));
  const previous = previousFiles(byName, writing);
  const namespace = frrNamespace(options);
  const [{ applyConfig }, { Vtysh }] = await Promise.all([
    import('../../routing/apply-config.js'),
    import('../../routing/vtysh.js'),
  ]);
  const requests = files.map(({ name, text, daemon }) => ({
    daemon,
    wanted: text,
    previous: previous.get(name) ?? null,
  }));
  const dryRun = options.has('dryRun');
  const report = await applyConfig(new Vtysh({ namespace }), requests, { force: writing.force, dryRun });
  if (!dryRun) writeFiles(byName, writing);
  terminal.write(options.has('json') ? `${JSON.stringify(report, null, 2)}\n` : reportText(report, dryRun));
}

function reportText({ applied, lost }: ApplyReport, dryRun: boolean): string {
  const lines: string[] = [];
  for (const { daemon, commands, kept, disruptive } of applied) {
    lines.push(`${daemon}: ${commands.length === 0 ? 'nothing to do' : dryRun ? 'would be told' : 'told'}`);
    lines.push(...commands.map((line) => `  ${line}`));
    for (const { running, wanted } of kept)
      lines.push(`  kept, as it is not ours: ${running}${wanted === null ? '' : ` (wanted: ${wanted})`}`);
    for (const line of disruptive) lines.push(`  takes the adjacency down: ${line}`);
  }
  if (lost.length > 0) lines.push(`no longer Full: ${lost.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
