// What in a hand-written configuration does not do what its author expects of it, and what to do.
import type { RoutingModel } from '../model.js';
import { type SourceLine, withoutSecret } from './lines.js';
import type { Found } from './state.js';

export interface Finding {
  /** `broken`: it does not work; `risk`: it does until something fails; `note`: worth knowing. */
  readonly severity: 'broken' | 'risk' | 'note';
  readonly what: string;
  readonly remedy: string;
  /** `ospfd.conf:12`; null: it is about what is missing. */
  readonly where: string | null;
}

export const placeOf = ({ file, number }: SourceLine): string => `${file}:${number}`;
const at = (line: SourceLine | undefined): string | null => (line === undefined ? null : placeOf(line));

/** After so many seconds without a hello a dead node still gets traffic. */
const longDead = 10;

export function findingsOf(found: Found, model: RoutingModel): Finding[] {
  const list: Finding[] = [];
  const say = (severity: Finding['severity'], where: string | null, what: string, remedy: string): void =>
    void list.push({ severity, where, what, remedy });
  if (model.bgp === undefined) ospfFindings(found, model, say);
  for (const each of model.interfaces) {
    if (each.dead > longDead && each.bfd !== true)
      say(
        'risk',
        null,
        `${each.name}: a node that dies goes on getting traffic for ${each.dead} s`,
        'hello 1 and dead 4 at both ends, or BFD (--bfd)',
      );
    else if (each.bfd !== true && model.flavor === 'frr')
      say('note', null, `${each.name}: no BFD`, '--bfd, if the switch speaks it: a node is missed after 0.9 s');
  }
  if (model.flavor === 'frr' && model.gracefulRestart === undefined)
    say(
      'note',
      null,
      'no graceful restart: an update of FRR withdraws the VIPs',
      '--graceful-restart 60, and the switch as helper',
    );
  return list;
}

function ospfFindings(
  found: Found,
  model: RoutingModel,
  say: (severity: Finding['severity'], where: string | null, what: string, remedy: string) => void,
): void {
  const pointToPoint = model.interfaces.some(({ networkType }) => networkType === 'point-to-point');
  const vipLine = found.networks.find(({ prefix }) => prefix.endsWith('/32'))?.line;
  if (model.form === 'network' && pointToPoint && vipLine !== undefined)
    say(
      model.flavor === 'frr' ? 'broken' : 'risk',
      at(vipLine),
      `"${vipLine.text}" announces nothing on a point-to-point link with FRR, though the neighbour is Full`,
      'the redistribute form: --out writes it',
    );
  if (found.maxMetric !== undefined)
    say(
      'broken',
      at(found.maxMetric),
      `"${found.maxMetric.text}" does not drain: it leaves the cost of VIPs as it is`,
      'dpvs-route drain, or a higher cost of the interface',
    );
  if (found.redistributions.ospf !== undefined && model.areaType !== 'normal')
    say(
      'broken',
      at(found.redistributions.ospf.line),
      'a stub area takes no type-5 LSA: nothing redistributed is announced',
      'the network form, or a normal area',
    );
  if (found.redistributions.ospf?.map === undefined && found.redistributions.ospf !== undefined)
    say(
      'risk',
      at(found.redistributions.ospf.line),
      `"${found.redistributions.ospf.line.text}" announces every connected network of the node`,
      'a route-map; the generator has one',
    );
  if (found.routerId === undefined)
    say('risk', null, 'no router-id: ospfd takes the highest address, which may be a VIP', '--router-id');
  for (const each of found.interfaces.values()) {
    if (!each.ospf) continue;
    const area = found.areaAuthentication?.kind;
    if (each.authentication !== undefined && each.authenticationOn === undefined && area === undefined)
      say(
        'broken',
        null,
        `${each.name}: there is a key, but authentication is not switched on`,
        'ip ospf authentication, or of the area',
      );
    if (each.cost === undefined)
      say(
        'note',
        null,
        `${each.name}: no cost, and a kni's speed is not the port's`,
        'ip ospf cost, the same on all nodes',
      );
    if (each.passive)
      say('broken', null, `${each.name}: passive, so there is no neighbour`, 'not passive towards the switch');
  }
  const bare = model.interfaces[0];
  if (
    model.form === 'network' &&
    model.vips.some((vip) => found.interfaces.get(bare.name)?.passiveVips.includes(vip) !== true)
  )
    say('note', at(vipLine), 'ospfd sends hellos from each VIP', 'the VIP passive: --out writes it');
}

/** A line as it may be shown. */
export const shown = (line: SourceLine): string => [...line.path, withoutSecret(line.text)].join(' / ');
