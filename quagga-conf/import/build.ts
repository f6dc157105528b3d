// What was read → the generator's model, its VIPs and where they stand, and what stays as it is.
import { checkModel, ModelError } from '../check.js';
import { bfdDefaults, type Flavor, modelDefaults, type RoutingModel } from '../model.js';
import { link6PrefixList } from '../names.js';
import { bgpInterfaces, type KnownAddress, ospfInterfaces } from './build-links.js';
import { type Finding, findingsOf, placeOf } from './findings.js';
import type { SourceLine } from './lines.js';
import { type Policy, readPolicy } from './policy.js';
import type { Found, FoundNetwork } from './state.js';

export interface BuildOptions {
  /** Over what the files look like. */
  readonly flavor?: Flavor;
  /** Of the kernel; those in zebra.conf are known anyway. */
  readonly addresses?: readonly KnownAddress[];
  readonly hostname?: string;
}

export interface FoundVip {
  readonly address: string;
  readonly by: 'network' | 'redistribute';
  readonly where: string;
}

export interface Built {
  readonly model: RoutingModel;
  readonly vips: readonly FoundVip[];
  readonly kept: readonly SourceLine[];
  readonly findings: readonly Finding[];
}

/** @throws {ModelError} what is missing or cannot be written again */
export function build(found: Found, options: BuildOptions = {}): Built {
  if (found.ospf === undefined && found.bgp === undefined)
    throw new ModelError('import', 'neither `router ospf` nor `router bgp` is there');
  const kept = [...found.kept];
  const findings: Finding[] = [];
  const flavor = options.flavor ?? (found.quagga > 0 && found.frr === 0 ? 'quagga' : 'frr');
  const bgp = found.ospf === undefined ? found.bgp : undefined;
  if (found.ospf !== undefined && found.bgp !== undefined)
    throw new ModelError(
      'import',
      'both `router ospf` and `router bgp`: which one announces the VIPs? Give the files of one',
    );
  const networks = splitNetworks(found);
  const policy = policyOf(found, bgp === undefined ? 'ospf' : 'bgp', 'ip', kept, findings);
  const policy6 = policyOf(found, 'ospf6', 'ipv6', kept, findings);
  const form =
    bgp === undefined && policy === undefined && (networks.vips.length > 0 || found.redistributions.ospf === undefined)
      ? 'network'
      : 'redistribute';
  const vips: FoundVip[] = [
    ...networks.vips.map(
      ({ prefix, line }): FoundVip => ({ address: prefix.slice(0, -3), by: 'network', where: placeOf(line) }),
    ),
    ...(policy?.vips ?? []).map(
      ({ address, line }): FoundVip => ({ address, by: 'redistribute', where: placeOf(line) }),
    ),
  ];
  const read = [policy?.map, policy6?.map];
  for (const { name, header, lines } of found.maps) if (!read.includes(name)) kept.push(header, ...lines);
  const { interfaces, passive, area, rest } =
    bgp === undefined
      ? ospfInterfaces(found, networks.links, options.addresses)
      : bgpInterfaces(found, options.addresses);
  kept.push(...rest);
  const routerId = found.routerId ?? found.routerId6 ?? interfaces[0]?.addressHint ?? '';
  const links = interfaces.map(({ addressHint: _, ...each }) => each);
  const model: RoutingModel = {
    flavor,
    form,
    hostname: found.hostname ?? options.hostname ?? 'node',
    ...(found.password === undefined ? {} : { password: found.password }),
    ...(found.enablePassword === undefined ? {} : { enablePassword: found.enablePassword }),
    logDirectory: found.logDirectory,
    routerId,
    area,
    areaType: found.areaType?.type ?? 'normal',
    authenticationScope: found.areaAuthentication === undefined ? 'interface' : 'area',
    interfaces: links,
    vips: [...new Set(vips.map(({ address }) => address))],
    ...(policy === undefined || policy.ranges.length === 0 ? {} : { vipRanges: policy.ranges }),
    referenceBandwidth: found.referenceBandwidth ?? (bgp === undefined ? 100 : modelDefaults.referenceBandwidth),
    externalMetric: (bgp === undefined ? policy?.metric : undefined) ?? policy6?.metric ?? modelDefaults.externalMetric,
    passive,
    bfdTimers: {
      transmit: found.bfd.transmit ?? bfdDefaults.transmit,
      receive: found.bfd.receive ?? bfdDefaults.receive,
      multiplier: found.bfd.multiplier ?? bfdDefaults.multiplier,
    },
    ...(found.ospf6 === undefined ? {} : { ospf6: ospf6Of(found, policy6, interfaces[0]?.name) }),
    ...(bgp === undefined ? {} : { bgp: bgpOf(found, bgp.localAs) }),
    ...(found.gracefulRestart === undefined ? {} : { gracefulRestart: found.gracefulRestart }),
  };
  if (policy !== undefined && bgp === undefined && policy.type !== 1)
    findings.push({
      severity: 'risk',
      where: placeOf(found.redistributions.ospf?.line ?? policy.vips[0].line),
      what: 'the VIPs are type-2 externals; the generator announces type 1, which any router prefers to any type 2',
      remedy: 'change all nodes of a VIP together',
    });
  findings.push(...findingsOf(found, model));
  return { model, vips, kept: inOrder(kept), findings };
}

function policyOf(
  found: Found,
  protocol: 'ospf' | 'ospf6' | 'bgp',
  family: 'ip' | 'ipv6',
  kept: SourceLine[],
  findings: Finding[],
): Policy | undefined {
  const redistribution = found.redistributions[protocol];
  const policy = redistribution === undefined ? undefined : readPolicy(found, redistribution, family);
  const read = typeof policy === 'object' ? policy : undefined;
  if (redistribution !== undefined && typeof policy === 'string') {
    kept.push(redistribution.line);
    findings.push({
      severity: 'note',
      where: placeOf(redistribution.line),
      what: `"${redistribution.line.text}" is kept: ${policy}`,
      remedy: 'give its VIPs to dpvs-route announce, then take the line out',
    });
  }
  for (const [name, lines] of found.lists) {
    if (!lines[0].text.startsWith(`${family} `)) continue;
    // Which addresses ospf6d may tell as its own: the generator writes it anew.
    if (name === link6PrefixList) continue;
    if (read?.lists.includes(name) !== true) kept.push(...lines);
    // A VIP that was draining goes on draining.
    else if (name !== read.lists[0]) kept.push(...lines.filter(({ text }) => / permit /.test(text)));
  }
  return read;
}

function splitNetworks(found: Found): { vips: FoundNetwork[]; links: FoundNetwork[] } {
  const isVip = ({ prefix }: FoundNetwork): boolean => prefix.endsWith('/32') && prefix !== `${found.routerId}/32`;
  return { vips: found.networks.filter(isVip), links: found.networks.filter((each) => !isVip(each)) };
}

function bgpOf(found: Found, localAs: number): NonNullable<RoutingModel['bgp']> {
  return {
    localAs,
    peers: [...found.peers].map(([address, { remoteAs = 0, password }]) => ({
      address,
      remoteAs,
      ...(password === undefined ? {} : { password }),
    })),
  };
}

function ospf6Of(
  found: Found,
  policy: Policy | undefined,
  name: string | undefined,
): NonNullable<RoutingModel['ospf6']> {
  const authentication = name === undefined ? undefined : found.interfaces.get(name)?.authentication6;
  return {
    vips: policy?.vips.map(({ address }) => address) ?? [],
    ...(authentication === undefined ? {} : { authentication }),
  };
}

/** As they stood. */
const inOrder = (lines: readonly SourceLine[]): SourceLine[] =>
  [...new Set(lines)].sort((a, b) => (a.file === b.file ? a.number - b.number : a.file < b.file ? -1 : 1));

/** A model that the generator takes: the redistribute form where the network form would announce nothing. */
export function writable(model: RoutingModel): RoutingModel {
  const pointToPoint = model.interfaces.some(({ networkType }) => networkType === 'point-to-point');
  const form = model.form === 'network' && model.flavor === 'frr' && pointToPoint ? 'redistribute' : model.form;
  const better = { ...model, form } as const;
  checkModel(better);
  return better;
}
