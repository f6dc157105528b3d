// `dpvs-route config --import PATH…`, `--from-running`: what a hand-written configuration says, and the generator's equivalent of it.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import type { ImportedConfig, SourceFile } from '../../quagga-conf/index.js';
import { DpvsError, ExitCode, type Terminal } from '../common/index.js';
import { writeFiles } from './config-files.js';
import { frrNamespace } from './config-options.js';
import type { Options } from './parse.js';

const known = ['zebra', 'ospfd', 'ospf6d', 'bgpd', 'bfdd'] as const;
const inDirectory = [...known, 'frr', 'staticd'].map((name) => `${name}.conf`);

export async function importFiles(options: Options, terminal: Terminal): Promise<ExitCode> {
  const [conf, { Rtnetlink }] = await Promise.all([import('../../quagga-conf/index.js'), import('../../kni/index.js')]);
  const files = options.has('fromRunning')
    ? await running(options)
    : options.all('import').flatMap((path) => read(path, conf.longestFile));
  const kernel = new Rtnetlink();
  const addresses = (await kernel.addresses())
    .filter(({ family }) => family === 'inet')
    .map(({ device, address, prefixLength }) => ({ device, address: `${address}/${prefixLength}` }));
  kernel.close();
  const flavor = options.oneOf('flavor', ['frr', 'quagga']);
  const refused = (error: unknown): never => {
    if (error instanceof conf.ModelError) throw new DpvsError('invalid_parameter', error.message, error.field);
    throw error;
  };
  const imported = attempt(
    () => conf.importConfig(files, { addresses, hostname: hostname(), ...(flavor === undefined ? {} : { flavor }) }),
    refused,
  );
  const directory = options.last('out');
  let written: string[] | undefined;
  if (directory !== undefined) {
    const texts = attempt(() => conf.writeImported(conf.writableModel(imported.model), imported.kept), refused);
    const writing = { directory, mark: conf.generatedMark, force: options.has('force'), secret: true };
    written = writeFiles(texts, writing);
  }
  const shown = imported.kept.map((line) => ({ where: conf.placeOf(line), line: conf.shownLine(line) }));
  if (options.has('json'))
    terminal.write(
      `${JSON.stringify(
        {
          model: withoutKeys(imported.model),
          vips: imported.vips,
          kept: shown,
          findings: imported.findings,
          ...(written === undefined ? {} : { written }),
        },
        null,
        2,
      )}\n`,
    );
  else terminal.write(report(imported, shown, written));
  return ExitCode.done;
}

function attempt<T>(work: () => T, refused: (error: unknown) => never): T {
  try {
    return work();
  } catch (error) {
    return refused(error);
  }
}

function read(path: string, longest: number): SourceFile[] {
  try {
    if (statSync(path).isDirectory()) {
      const names = readdirSync(path).filter((name) => inDirectory.includes(name));
      if (names.length === 0) throw new DpvsError('not_exist', `${path}: none of ${inDirectory.join(', ')}`, 'import');
      return names.sort().flatMap((name) => read(join(path, name), longest));
    }
    if (statSync(path).size > longest)
      throw new DpvsError('invalid_parameter', `${path}: larger than ${longest} bytes`, 'import');
    return [{ name: basename(path), text: readFileSync(path, 'utf8') }];
  } catch (error) {
    if (error instanceof DpvsError) throw error;
    throw new DpvsError('invalid_parameter', (error as Error).message, 'import');
  }
}

async function running(options: Options): Promise<SourceFile[]> {
  const { Vtysh, VtyshError } = await import('../../routing/vtysh.js');
  const vtysh = new Vtysh({ namespace: frrNamespace(options) });
  const files: SourceFile[] = [];
  for (const daemon of known)
    try {
      files.push({ name: `${daemon}.conf`, text: await vtysh.run(daemon, ['show running-config']) });
    } catch (error) {
      // Not every node runs all of them.
      if (!(error instanceof VtyshError)) throw error;
      if (error.kind === 'absent') throw new DpvsError('routing_daemon', error.message);
    }
  if (files.length === 0) throw new DpvsError('routing_daemon', `none of ${known.join(', ')} answers`);
  return files;
}

/** Keys and passwords are never shown. */
const withoutKeys = (model: ImportedConfig['model']): unknown =>
  JSON.parse(JSON.stringify(model, (key, value) => (/^(key|password|enablePassword)$/.test(key) ? '…' : value)));

function report(
  { model, vips, findings }: ImportedConfig,
  kept: readonly { where: string; line: string }[],
  written: readonly string[] | undefined,
): string {
  const lines = ['understood'];
  const say = (text: string): void => void lines.push(`  ${text}`);
  const { flavor, form, routerId, area, areaType, authenticationScope, bgp, ospf6, passive } = model;
  say(`${flavor}, ${bgp === undefined ? `${form} form` : `BGP, AS ${bgp.localAs}`}, router id ${routerId || 'none'}`);
  if (bgp === undefined) say(`area ${area}${areaType === 'normal' ? '' : `, ${areaType}`}`);
  for (const { address, remoteAs, password } of bgp?.peers ?? [])
    say(`neighbor ${address}, AS ${remoteAs}${password === undefined ? '' : ', TCP MD5'}`);
  for (const { name, network, networkType, hello, dead, cost, bfd, authentication } of model.interfaces) {
    const key =
      authentication === undefined
        ? ''
        : authentication.kind === 'plain'
          ? ', plain key'
          : `, md5 key ${authentication.keyId}`;
    const link =
      bgp === undefined
        ? ` ${networkType}, cost ${cost}, hello ${hello}, dead ${dead}`
        : `, keepalive ${hello}, hold ${dead}`;
    say(
      `${name} ${network}${link}${bfd === true ? ', BFD' : ''}${key}${key !== '' && authenticationScope === 'area' ? ' of the area' : ''}`,
    );
  }
  for (const { name, network } of passive) say(`${name} ${network} passive`);
  for (const { address, by, where } of vips) say(`VIP ${address} by ${by} (${where})`);
  for (const address of ospf6?.vips ?? []) say(`VIP ${address} by OSPFv3`);
  if (kept.length > 0) lines.push('kept as it is');
  for (const { where, line } of kept) say(`${where}: ${line}`);
  if (findings.length > 0) lines.push('to look at');
  for (const { severity, where, what, remedy } of findings)
    say(`${severity}: ${where === null ? '' : `${where}: `}${what}. ${remedy}`);
  if (written !== undefined) lines.push('written', ...written.map((path) => `  ${path}`));
  if (model.vips.length > 0)
    lines.push('to hand the VIPs to the bridge', ...model.vips.map((vip) => `  dpvs-route announce ${vip}`));
  return `${lines.join('\n')}\n`;
}
