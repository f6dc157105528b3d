// `dpvs-route config`: options → a request → the routing daemons' files: printed, written, checked, applied. Works without the bridge.
import type { ConfigDaemon } from '../../quagga-conf/index.js';
import { ExitCode, type Terminal, UsageError } from '../common/index.js';
import { apply } from './config-apply.js';
import { writeFiles } from './config-files.js';
import { importFiles } from './config-import.js';
import { renderRequest } from './config-options.js';
import type { OptionKey } from './options.js';
import type { Options } from './parse.js';

export interface ConfigFile {
  readonly name: string;
  readonly text: string;
  /** Who reads it. */
  readonly daemon: ConfigDaemon;
}

export async function config(options: Options, terminal: Terminal): Promise<ExitCode> {
  if (options.has('import') || options.has('fromRunning')) return importFiles(options, terminal);
  const request = renderRequest(options);
  const [{ renderRequested }, { Rtnetlink }, { configDaemons, generatedMark }] = await Promise.all([
    import('../../routing/render-request.js'),
    import('../../kni/index.js'),
    import('../../quagga-conf/index.js'),
  ]);
  const kernel = new Rtnetlink();
  const rendered = renderRequested(request, await kernel.addresses());
  kernel.close();
  const hint = rendered['switch.conf'];
  const files = hint === undefined ? rendered : { 'switch.conf': hint };
  const list = Object.entries(files).map(
    ([name, text]): ConfigFile => ({
      name,
      text: String(text),
      daemon: configDaemons.find((each) => name === `${each}.conf`) ?? (request.bgp === undefined ? 'ospfd' : 'bgpd'),
    }),
  );
  const json = options.has('json');
  const directory = options.last('out');
  if (options.has('check') && !(await check(list, request.flavor, options, terminal))) return ExitCode.refused;
  const secret = ['password', 'enablePassword', 'auth', 'auth6', 'peerPassword'].some((key) =>
    options.has(key as OptionKey),
  );
  const writing = { directory: directory ?? '', mark: generatedMark, force: options.has('force'), secret };
  if (options.has('apply')) {
    if (directory === undefined)
      throw new UsageError(
        '--apply without --out',
        "--out DIR is where the daemons' files are: what stands there is ours",
      );
    if (hint !== undefined || request.flavor === 'quagga')
      throw new UsageError('--apply is for the FRR of this node', 'for others: the files');
    await apply(list, writing, options, terminal);
  } else if (directory !== undefined) {
    const written = writeFiles(files, writing);
    terminal.write(json ? `${JSON.stringify({ written })}\n` : written.map((path) => `${path}\n`).join(''));
  } else if (json && !options.has('check')) terminal.write(`${JSON.stringify(files, null, 2)}\n`);
  else if (!options.has('check')) terminal.write(Object.values(files).join('\n'));
  return ExitCode.done;
}

/** @returns whether every parser that is installed takes its file */
async function check(
  files: readonly ConfigFile[],
  flavor: 'quagga' | 'frr',
  options: Options,
  terminal: Terminal,
): Promise<boolean> {
  const { checkConfig } = await import('../../routing/check-config.js');
  const verdicts = await Promise.all(
    files.map(async ({ name, text, daemon }) => ({ file: name, ...(await checkConfig(daemon, text, flavor)) })),
  );
  if (options.has('json')) terminal.write(`${JSON.stringify(verdicts, null, 2)}\n`);
  else
    for (const { file, daemon, program, complaints } of verdicts) {
      const verdict = complaints.length > 0 ? complaints.join('; ') : program === null ? `no ${daemon} here` : 'ok';
      terminal.write(`${file}: ${verdict}${program === null ? '' : ` (${program})`}\n`);
    }
  return verdicts.every(({ complaints }) => complaints.length === 0);
}
