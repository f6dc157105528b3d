// `dpvs-route config --apply`: the difference to what runs, over vtysh, and what is said about it.
import type { ApplyReport } from '../../routing/apply-config.js';
import type { Terminal } from '../common/index.js';
import type { ConfigFile } from './config.js';
import { previousFiles, stageFiles, type WriteOptions } from './config-files.js';
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
  // Before a daemon is changed it is sure that its file can be.
  const staged = dryRun ? null : stageFiles(byName, writing);
  let report: ApplyReport;
  try {
    report = await applyConfig(new Vtysh({ namespace }), requests, {
      force: writing.force,
      dryRun,
      progress: (text) => terminal.writeError(`${text}\n`),
    });
    staged?.commit();
  } catch (error) {
    staged?.discard();
    throw error;
  }
  terminal.write(options.has('json') ? `${JSON.stringify(report, null, 2)}\n` : reportText(report, dryRun));
}

function reportText({ applied, lost, watchedSeconds }: ApplyReport, dryRun: boolean): string {
  const lines: string[] = [];
  for (const { daemon, commands, kept, disruptive } of applied) {
    lines.push(`${daemon}: ${commands.length === 0 ? 'nothing to do' : dryRun ? 'would be told' : 'told'}`);
    lines.push(...commands.map((line) => `  ${line}`));
    for (const { running, wanted } of kept)
      lines.push(`  kept, as it is not ours: ${running}${wanted === null ? '' : ` (wanted: ${wanted})`}`);
    for (const line of disruptive) lines.push(`  takes the adjacency down: ${line}`);
  }
  if (watchedSeconds > 0) lines.push(`the neighbours were watched for ${watchedSeconds} s`);
  if (lost.length > 0) lines.push(`no longer Full or Established: ${lost.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
