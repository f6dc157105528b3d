// keepalived.conf → KeepalivedConfig: the doors parseKeepalived and loadKeepalived.
import { DpvsError } from '../api/index.js';
import { own, reportNotServed } from './block.js';
import { type Diagnostic, Report, renderDiagnostic } from './diagnostic.js';
import { diskReader, type FileReader, readTokens } from './files.js';
import type { KeepalivedConfig, LocalAddress, Script, VirtualServer } from './model.js';
import { nearest } from './nearest.js';
import { readUser } from './read-checks.js';
import { readVirtualServer } from './read-virtual-server.js';
import {
  allSections,
  globalForVrrp,
  globalNotServed,
  isGlobalForVrrp,
  notServedSections,
  vrrpSections,
} from './sections.js';
import { type Entry, readTree } from './tree.js';
import { addressRange, flag, noBody, port, shown } from './values.js';
import { judgeInstance } from './vrrp-config.js';

export interface ParseResult {
  /** null when there are errors. */
  readonly config: KeepalivedConfig | null;
  /** In the order they were found; of one file in the order of its lines. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Reports everything that is wrong in the file and in what it includes. @throws {DpvsError} config: it cannot be read */
export function parseKeepalived(path: string, reader: FileReader = diskReader): ParseResult {
  const report = new Report();
  const sections = readTree(readTokens(path, report, reader), allSections, report);
  const config = new ConfigReader(report).read(sections);
  const diagnostics = report.all.toSorted(({ at: a }, { at: b }) =>
    a.file === b.file ? a.line - b.line || a.column - b.column : 0,
  );
  return { config: report.errors.length === 0 ? config : null, diagnostics };
}

/** @throws {DpvsError} config: the file cannot be read, or everything that is wrong in it with carets */
export function loadKeepalived(path: string): { config: KeepalivedConfig; warnings: readonly Diagnostic[] } {
  const { config, diagnostics } = parseKeepalived(path);
  if (config !== null) return { config, warnings: diagnostics };
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const count = errors.length === 1 ? 'one error' : `${errors.length} errors`;
  throw new DpvsError('config', `${count} in ${path}\n${errors.map(renderDiagnostic).join('\n')}`);
}

class ConfigReader {
  readonly #localAddresses = new Map<string, LocalAddress[]>();
  readonly #virtualServers = new Map<string, { address: string; port: number }[]>();
  #scriptUser: Pick<Script, 'user' | 'group'> = { user: null, group: null };

  constructor(readonly report: Report) {}

  read(sections: readonly Entry[]): KeepalivedConfig {
    const of = (name: string): Entry[] => sections.filter(({ words }) => words[0].text === name);
    for (const entry of sections) this.#judgeSection(entry);
    // Groups may stand behind the virtual servers that name them.
    for (const entry of of('global_defs')) this.#readGlobals(entry);
    for (const entry of of('local_address_group')) this.#readLocalAddresses(entry);
    for (const entry of of('virtual_server_group')) this.#readGroup(entry);
    const groups = {
      localAddresses: this.#localAddresses,
      virtualServers: this.#virtualServers,
      scriptUser: this.#scriptUser,
    };
    const virtualServers = of('virtual_server').flatMap((entry) => {
      const virtualServer = readVirtualServer(entry, groups, this.report);
      return virtualServer === undefined ? [] : [virtualServer];
    });
    this.#mustNotShareServices(virtualServers);
    const vrrp = sections.filter(({ words }) => vrrpSections.has(words[0].text));
    return { virtualServers, vrrp, globalDefs: of('global_defs') };
  }

  #judgeSection(section: Entry): void {
    const {
      words: [keyword, ...rest],
      body,
    } = section;
    const name = keyword.text;
    const notServed = own(notServedSections, name);
    if (notServed !== undefined) return reportNotServed(keyword, notServed, this.report);
    if (/^[$@~]/.test(name) && !keyword.quoted)
      return this.report.error(keyword, 'definitions and conditions are not read', 'write it out');
    if (!allSections.has(name)) {
      const guess = nearest(name, [...allSections]);
      const what = body === null ? 'word' : 'section';
      return this.report.error(
        keyword,
        `unknown ${what} ${shown(keyword)}`,
        guess === null ? '' : `did you mean ${guess}?`,
      );
    }
    if (body === null) return this.report.error(keyword, `${name} is a section: a { is missing`);
    if (name === 'vrrp_instance') judgeInstance(section, this.report);
    const tooMany = name === 'global_defs' ? rest[0] : undefined;
    if (tooMany !== undefined) this.report.error(tooMany, 'a word too many', 'global_defs {');
  }

  #readGlobals({ body }: Entry): void {
    for (const entry of body ?? []) {
      const [keyword] = entry.words;
      const name = keyword.text;
      const notServed = own(globalNotServed, name);
      if (notServed !== undefined) reportNotServed(keyword, notServed, this.report);
      else if (name === 'script_user') this.#scriptUser = readUser(entry, this.report) ?? this.#scriptUser;
      else if (name === 'enable_script_security') {
        if (flag(entry, this.report) === true)
          this.report.warn(keyword, 'scripts run whoever may write to them', 'script_user USER');
      } else if (!isGlobalForVrrp(name)) {
        const guess = nearest(name, [...Object.keys(globalNotServed), ...globalForVrrp, 'script_user']);
        this.report.error(
          keyword,
          `unknown word ${shown(keyword)} in global_defs`,
          guess === null ? '' : `did you mean ${guess}?`,
        );
      }
    }
  }

  #nameOf({ words: [keyword, name, extra] }: Entry, names: ReadonlyMap<string, unknown>): string | undefined {
    if (name === undefined) this.report.error(keyword, `${keyword.text} needs a name`);
    else if (extra !== undefined) this.report.error(extra, 'a word too many', `${keyword.text} NAME {`);
    else if (names.has(name.text)) this.report.error(name, `${keyword.text} ${shown(name)} is already there`);
    else return name.text;
    return undefined;
  }

  #readLocalAddresses(entry: Entry): void {
    const name = this.#nameOf(entry, this.#localAddresses);
    const addresses: LocalAddress[] = [];
    for (const line of entry.body ?? []) {
      const [range, device, extra] = line.words;
      noBody(line, this.report);
      if (device === undefined) this.report.error(range, 'the port is missing behind it', `${range.text} dpdk0`);
      else if (extra !== undefined) this.report.error(extra, 'a word too many', 'ADDRESS PORT');
      else if (!/^[A-Za-z][A-Za-z0-9_.-]{0,30}$/.test(device.text))
        this.report.error(device, `${shown(device)} is not the name of a port`);
      else if (/\.kni$/.test(device.text))
        this.report.error(
          device,
          'a local address is on the port, not on its kernel interface',
          device.text.slice(0, -4),
        );
      else
        for (const address of addressRange(range, this.report) ?? []) {
          if (addresses.some((other) => other.address === address))
            this.report.error(range, `${address} is there twice`);
          addresses.push({ address, device: device.text });
        }
    }
    if (addresses.length === 0 && this.report.errors.length === 0)
      this.report.error(entry.words[0], 'it has no address', 'ADDRESS PORT');
    if (name !== undefined) this.#localAddresses.set(name, addresses);
  }

  #readGroup(entry: Entry): void {
    const name = this.#nameOf(entry, this.#virtualServers);
    const vips: { address: string; port: number }[] = [];
    for (const line of entry.body ?? []) {
      const [range, portWord, extra] = line.words;
      noBody(line, this.report);
      if (range.text === 'fwmark')
        this.report.error(range, 'services by fwmark do not exist: no packet carries a mark in the dataplane');
      else if (portWord === undefined)
        this.report.error(
          range,
          'a service without a port is for persistence, which is not built',
          `${range.text} PORT`,
        );
      else if (extra !== undefined) this.report.error(extra, 'a word too many', 'ADDRESS PORT');
      else {
        const number = port(portWord, this.report);
        const addresses = addressRange(range, this.report) ?? [];
        if (number === 0)
          this.report.error(portWord, 'a service without a port is for persistence, which is not built');
        else if (number !== undefined) vips.push(...addresses.map((address) => ({ address, port: number })));
      }
    }
    if (new Set(vips.map(({ address }) => address.includes(':'))).size > 1)
      this.report.error(entry.words[0], 'a group has addresses of one family');
    if (vips.length === 0 && this.report.errors.length === 0)
      this.report.error(entry.words[0], 'it has no address', 'ADDRESS PORT');
    if (name !== undefined) this.#virtualServers.set(name, vips);
  }

  #mustNotShareServices(virtualServers: readonly VirtualServer[]): void {
    const seen = new Map<string, VirtualServer>();
    for (const virtualServer of virtualServers)
      for (const { protocol, address, port: number } of virtualServer.services) {
        const key = `${protocol} ${address} ${number}`;
        const before = seen.get(key);
        if (before !== undefined)
          this.report.error(virtualServer.at, `the service ${key} is already there in line ${before.at.line}`);
        seen.set(key, virtualServer);
      }
  }
}
