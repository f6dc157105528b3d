// Help pages, laid out by yargs from the same option tables that the scanner reads. Loaded only when a page is asked for.
import type { OptionSpec } from './getopt.js';

export interface HelpPage {
  readonly usage: string;
  readonly commands?: readonly (readonly [name: string, what: string])[];
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly epilogue?: string;
}

export async function renderHelp(program: string, page: HelpPage, width: number): Promise<string> {
  const { default: yargs } = await import('yargs');
  let shell = yargs([]).scriptName(program).locale('en').help(false).version(false).wrap(Math.min(width, 110));
  shell = shell.usage(page.usage);
  for (const [name, what] of page.commands ?? []) shell = shell.command(name, what);
  for (const spec of page.options ?? []) {
    const [first, ...others] = [...(spec.long ?? []), ...(spec.short ?? '')];
    const value = spec.value === undefined ? '' : spec.optional ? `[${spec.value}]: ` : `${spec.value}: `;
    shell = shell.option(first, { alias: others, describe: value + spec.help });
  }
  for (const [command, what] of page.examples) shell = shell.example(command, what);
  if (page.epilogue !== undefined) shell = shell.epilogue(page.epilogue);
  // yargs takes a digit for a long name.
  return `${(await shell.getHelp()).replaceAll(/--(\d)( +)/g, '-$1 $2')}\n`;
}
