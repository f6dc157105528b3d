// `dpvs-route config`: options → a request → the routing daemons' files, printed or written. Works without the bridge.
import { chownSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DpvsError, type Terminal } from '../common/index.js';
import { renderRequest } from './config-options.js';
import type { OptionKey } from './options.js';
import type { Options } from './parse.js';

export async function config(options: Options, terminal: Terminal): Promise<void> {
  const request = renderRequest(options);
  const [{ renderRequested }, { Rtnetlink }, { generatedMark }] = await Promise.all([
    import('../../routing/render-request.js'),
    import('../../kni/index.js'),
    import('../../quagga-conf/index.js'),
  ]);
  const kernel = new Rtnetlink();
  const rendered = renderRequested(request, await kernel.addresses());
  kernel.close();
  const hint = rendered['switch.conf'];
  const files = hint === undefined ? rendered : { 'switch.conf': hint };
  const directory = options.last('out');
  if (directory !== undefined) {
    const secret = ['password', 'enablePassword', 'auth'].some((key) => options.has(key as OptionKey));
    const written = writeFiles(directory, files, { mark: generatedMark, force: options.has('force'), secret });
    terminal.write(
      options.has('json') ? `${JSON.stringify({ written })}\n` : written.map((path) => `${path}\n`).join(''),
    );
  } else if (options.has('json')) terminal.write(`${JSON.stringify(files, null, 2)}\n`);
  else terminal.write(Object.values(files).join('\n'));
}

interface WriteOptions {
  /** A file without it is somebody's own. */
  readonly mark: string;
  readonly force: boolean;
  /** Passwords or keys are in the text. */
  readonly secret: boolean;
}

/** All or, when one of them is somebody's own, none. */
function writeFiles(directory: string, files: object, { mark, force, secret }: WriteOptions): string[] {
  const entries = Object.entries(files).map(([name, text]) => ({ path: join(directory, name), text: String(text) }));
  try {
    mkdirSync(directory, { recursive: true });
    for (const { path } of entries)
      if (!force && !(readOrNull(path)?.includes(mark) ?? true))
        throw new DpvsError('already_exist', `${path} was not generated: --force overwrites it`, 'out');
    for (const { path, text } of entries) {
      writeFileSync(`${path}.new`, text, { mode: secret ? 0o640 : 0o644 });
      // The daemons read their files as the user they run as, to whom their directory belongs.
      const { uid, gid } = statSync(directory);
      if (process.getuid?.() === 0) chownSync(`${path}.new`, uid, gid);
      renameSync(`${path}.new`, path);
    }
  } catch (error) {
    if (error instanceof DpvsError) throw error;
    throw new DpvsError('invalid_parameter', (error as Error).message, 'out');
  }
  return entries.map(({ path }) => path);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
