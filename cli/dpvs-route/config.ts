// `dpvs-route config`: options → a request → zebra.conf and ospfd.conf, printed or written. Works without the bridge.
import { chownSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RenderRequest } from '../../routing/index.js';
import { address, addressWithLength, DpvsError, integer, quote, type Terminal, UsageError } from '../common/index.js';
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
  const files = renderRequested(request, await kernel.addresses());
  kernel.close();
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

function renderRequest(options: Options): RenderRequest {
  const number = (
    key: Parameters<Options['last']>[0],
    what: string,
    least: number,
    most: number,
  ): number | undefined => {
    const word = options.last(key);
    return word === undefined ? undefined : integer(word, what, least, most);
  };
  const ip = (word: string | undefined, what: string): string | undefined =>
    word === undefined ? undefined : address(word, what);
  const network = options.last('network');
  const prefix = network === undefined ? undefined : addressWithLength(network, 'network');
  const logDirectory = options.last('logDirectory');
  const vips = options.all('vip').map((word) => address(word.replace(/\/32$/, ''), 'VIP'));
  return withoutUndefined({
    flavor: options.oneOf('flavor', ['frr', 'quagga']) ?? 'frr',
    form: options.oneOf('form', ['redistribute', 'network']),
    hostname: options.last('hostname'),
    password: options.last('password'),
    enablePassword: options.last('enablePassword'),
    logDirectory: logDirectory === 'none' ? null : logDirectory,
    routerId: ip(options.last('routerId'), 'router id'),
    area: options.last('area'),
    interface: options.last('interface'),
    network: prefix === undefined ? undefined : `${prefix.address}/${prefix.prefixLength}`,
    networkType: options.oneOf('ospfNetwork', ['broadcast', 'point-to-point']),
    hello: number('hello', 'hello interval', 1, 65535),
    dead: number('dead', 'dead interval', 1, 65535),
    cost: number('cost', 'cost', 1, 65535),
    authentication: authentication(options.last('auth')),
    bfd: options.has('bfd') ? true : undefined,
    vips: vips.length > 0 ? vips : undefined,
    referenceBandwidth: number('referenceBandwidth', 'reference bandwidth', 1, 4294967),
    externalMetric: number('metric', 'metric', 0, 16777214),
  });
}

function authentication(word: string | undefined): RenderRequest['authentication'] {
  if (word === undefined) return undefined;
  const [kind, ...rest] = word.split(':');
  if (kind === 'plain' && rest.length > 0) return { kind, key: rest.join(':') };
  if (kind === 'md5' && rest.length > 1)
    return { kind, keyId: integer(rest[0], 'key id', 1, 255), key: rest.slice(1).join(':') };
  // Not quoted: it may hold a key.
  throw new UsageError('invalid --auth', `plain:KEY or md5:ID:KEY${kind === '' ? '' : `, not ${quote(`${kind}…`)}`}`);
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
