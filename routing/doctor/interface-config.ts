// What `show running-config` of ospfd says of one interface: authentication, cost, passive, and its area's authentication.

export type ConfiguredAuthentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'plain'; readonly key: string | null }
  | { readonly kind: 'md5'; readonly keys: ReadonlyMap<number, string> };

export interface InterfaceConfig {
  readonly authentication: ConfiguredAuthentication;
  /** null: derived from the interface's speed. */
  readonly cost: number | null;
  readonly passive: boolean;
  readonly mtuIgnore: boolean;
}

/** @param area the interface's, dotted */
export function parseInterfaceConfig(text: string, name: string, area: string): InterfaceConfig {
  const lines = linesByContext(text);
  const own = lines.get(`interface ${name}`) ?? [];
  const router = lines.get('router ospf') ?? [];
  const has = (line: string): boolean => own.includes(line);
  const after = (start: string): string[] =>
    own.flatMap((line) => (line.startsWith(start) ? [line.slice(start.length)] : []));
  const cost = after('ip ospf cost ')[0];
  const passiveByDefault = router.includes('passive-interface default');
  return {
    authentication: authentication(),
    cost: cost === undefined ? null : Number(cost.split(' ')[0]),
    passive:
      has('ip ospf passive') ||
      router.includes(`passive-interface ${name}`) ||
      (passiveByDefault && !has('no ip ospf passive') && !router.includes(`no passive-interface ${name}`)),
    mtuIgnore: has('ip ospf mtu-ignore'),
  };

  function authentication(): ConfiguredAuthentication {
    switch (kindOfAuthentication()) {
      case 'none':
        return { kind: 'none' };
      case 'plain':
        return { kind: 'plain', key: after('ip ospf authentication-key ')[0] ?? null };
      case 'md5':
        return { kind: 'md5', keys: new Map(after('ip ospf message-digest-key ').map(digestKey)) };
    }
  }

  function kindOfAuthentication(): ConfiguredAuthentication['kind'] {
    if (has('ip ospf authentication message-digest')) return 'md5';
    if (has('ip ospf authentication null')) return 'none';
    if (has('ip ospf authentication')) return 'plain';
    if (router.includes(`area ${area} authentication message-digest`)) return 'md5';
    return router.includes(`area ${area} authentication`) ? 'plain' : 'none';
  }
}

/** `1 md5 KEY` */
function digestKey(text: string): [number, string] {
  const [id, , key = ''] = text.split(' ');
  return [Number(id), key];
}

/** Indented lines of a running configuration, by the line above them that is not. */
export function linesByContext(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith(' ')) lines.push(line.trim());
    else {
      lines = found.get(line.trim()) ?? [];
      found.set(line.trim(), lines);
    }
  }
  return found;
}
