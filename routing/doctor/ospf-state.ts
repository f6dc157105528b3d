// What FRR's ospfd says of its interfaces and of its own router-LSAs, beyond what the bridge needs.
type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const object = (value: unknown): Json => (isObject(value) ? value : {});
const string = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Into a stub or an NSSA go no type-5 LSAs. */
export type AreaKind = 'normal' | 'stub' | 'nssa';

export interface OspfInterface {
  readonly area: string;
  readonly areaKind: AreaKind;
  readonly pointToPoint: boolean;
  /** `DR`, `Backup`, `DROther`, `Point-To-Point`, `Waiting`, … */
  readonly state: string;
  readonly mtu: number;
  readonly cost: number;
  /** What the cost is derived from when none is configured. */
  readonly bandwidthMbit: number;
  /** Seconds. */
  readonly hello: number;
  readonly dead: number;
}

/** Of `show ip ospf interface json`; null when OSPF is not enabled on it. */
export function parseOspfInterface(json: unknown, name: string): OspfInterface | null {
  const entry = object(object(json).interfaces)[name];
  if (!isObject(entry) || entry.ospfEnabled !== true) return null;
  const [area = '', ...kind] = string(entry.area).split(' ');
  return {
    area,
    // `0.0.0.1 [Stub]`, `0.0.0.1 [NSSA]`
    areaKind: (['stub', 'nssa'] as const).find((each) => kind.join(' ').toLowerCase().includes(each)) ?? 'normal',
    pointToPoint: string(entry.networkType) === 'POINTOPOINT',
    state: string(entry.state),
    mtu: number(entry.mtuBytes),
    cost: number(entry.cost),
    bandwidthMbit: number(entry.bandwidthMbit),
    hello: number(entry.timerMsecs) / 1_000,
    dead: number(entry.timerDeadSecs),
  };
}

export interface RouterLsa {
  readonly area: string;
  /** Bytes, with its header of 20. */
  readonly length: number;
  readonly links: number;
  readonly stubs: number;
}

/** Of `show ip ospf database router self-originate json`. */
export function parseRouterLsas(json: unknown): RouterLsa[] {
  return Object.entries(object(object(json)['Router Link States'])).flatMap(([area, lsas]) =>
    Object.values(object(lsas)).map((item) => {
      const lsa = object(item);
      const links = Object.values(object(lsa.routerLinks)).map(object);
      return {
        area: area.split(' ')[0] ?? '',
        length: number(lsa.length),
        links: links.length,
        stubs: links.filter(({ linkType }) => linkType === 'Stub Network').length,
      };
    }),
  );
}

/** Bit O of the options (RFC 5250 section 3). */
const opaqueBit = 0x40;

/** Router ids of `show ip ospf neighbor detail json` that are Full and take no opaque LSAs, a grace-LSA among them. */
export const parseWithoutOpaque = (json: unknown): string[] =>
  Object.entries(object(object(json).neighbors)).flatMap(([routerId, list]) =>
    (Array.isArray(list) ? list : [])
      .map(object)
      .filter(({ nbrState }) => string(nbrState).startsWith('Full'))
      .flatMap(({ optionsCounter }) =>
        typeof optionsCounter === 'number' && (optionsCounter & opaqueBit) === 0 ? [routerId] : [],
      ),
  );

/** Of `show ip ospf json`. */
export const parseRouterId = (json: unknown): string => string(object(json).routerId);
