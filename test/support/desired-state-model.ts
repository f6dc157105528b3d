// A naive model of the desired state for the fuzz test: flat lists, searched from end to end; says which requests are refused.
import { serviceText } from '../../api/index.js';
import type { MutatingRequest } from '../../dataplane/control/index.js';

type Fact = {
  readonly what: 'address' | 'route' | 'neigh' | 'service' | 'server' | 'laddr';
  readonly [word: string]: unknown;
};

const name = serviceText;
const bits = (address: string) =>
  address
    .split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('');
/** `10.0.1.77/24` → the first 24 binary digits: two prefixes are the same network when these are the same text. */
const network = (prefix: string) => {
  const [address = '', length = ''] = prefix.split('/');
  return `${bits(address).slice(0, Number(length))}/${length}`;
};
const multicast = (address: string) => bits(address).startsWith('1110');

export class DesiredStateModel {
  facts: Fact[] = [];

  constructor(readonly devices: readonly string[]) {}

  #find(what: Fact['what'], words: Record<string, unknown>): Fact[] {
    return this.facts.filter(
      (fact) =>
        fact.what === what &&
        Object.entries(words).every(([word, value]) => value === undefined || fact[word] === value),
    );
  }

  #remove(facts: readonly Fact[]): null {
    this.facts = this.facts.filter((fact) => !facts.includes(fact));
    return null;
  }

  #add(fact: Fact): null {
    this.facts.push(fact);
    return null;
  }

  #isDirect(address: string): boolean {
    return this.#find('server', { address, forwarding: 'Route' }).length > 0;
  }

  #isWan(address: string): boolean {
    return this.#find('server', { address, forwarding: 'SNAT' }).length > 0;
  }

  #routesOf(fact: Fact): string[] {
    const length = fact.what === 'laddr' ? 32 : fact.length;
    return [`${fact.address}/32`, `${fact.address}/${length}`].map(network);
  }

  /** The code of the refusal, or null and the facts are changed. Lifetimes are given in seconds from `now`. */
  apply({ method, params: p }: MutatingRequest, now: number): string | null {
    const device = 'device' in p ? p.device : 'name' in p ? p.name : undefined;
    const noDevice = device !== undefined && !this.devices.includes(device);
    const service = 'service' in p ? name(p.service) : '';
    const noService = service !== '' && this.#find('service', { service }).length === 0;
    if (method !== 'service.add' && noService) return 'no_service';
    if (noDevice) return 'no_device';
    switch (method) {
      case 'addr.add':
      case 'addr.set': {
        const at = { address: p.address, device };
        const own = this.#find('address', at)[0];
        const bound = this.#find('laddr', at);
        if (method === 'addr.set' && own === undefined && bound.length === 0) return 'not_exist';
        if (multicast(p.address)) return 'invalid_parameter';
        if (method === 'addr.add' && this.#isDirect(p.address)) return 'invalid_parameter';
        if (method === 'addr.add' && own !== undefined) return 'already_exist';
        const ends = typeof p.validLifetime === 'number' ? now + p.validLifetime * 1000 : null;
        if (this.#find('laddr', { address: p.address }).some((l) => l.device !== device || ends !== null))
          return 'invalid_parameter';
        const sapool = p.sapool ?? false;
        if (this.#isWan(p.address) && (ends !== null || (own?.sapool === true && !sapool))) return 'invalid_parameter';
        const length = p.prefixLength ?? own?.length ?? 32;
        this.#remove(own === undefined ? [] : [own]);
        return this.#add({ what: 'address', ...at, length, ends, sapool });
      }
      case 'addr.del': {
        const own = this.#find('address', { address: p.address, device });
        const bound = this.#find('laddr', { address: p.address, device });
        const length = own[0]?.length ?? (bound.length > 0 ? 32 : undefined);
        if (length === undefined || (p.prefixLength ?? length) !== length) return 'not_exist';
        if (bound.length > 0) return 'laddr_in_use';
        return own[0]?.sapool === true && this.#isWan(p.address) ? 'wan_in_use' : this.#remove(own);
      }
      case 'addr.flush': {
        if (this.#find('laddr', { device }).length > 0) return 'laddr_in_use';
        const there = this.#find('address', { device });
        const used = there.some((fact) => fact.sapool === true && this.#isWan(String(fact.address)));
        return used ? 'wan_in_use' : this.#remove(there);
      }
      case 'route.add': {
        const scope = p.scope ?? (p.gateway === undefined ? 'link' : 'global');
        const [target, length] = p.destination.split('/');
        if (scope.endsWith('host') && length !== '32') return 'invalid_parameter';
        if ((scope === 'global') !== (p.gateway !== undefined)) return 'invalid_parameter';
        if (length === '32' && p.gateway === target) return 'invalid_parameter';
        const metric = p.metric ?? 0;
        const to = network(p.destination);
        const brought = [...this.#find('address', { device }), ...this.#find('laddr', { device })];
        if (metric === 0 && brought.some((fact) => this.#routesOf(fact).includes(to))) return 'already_exist';
        if (this.#find('route', { to, device, metric }).length > 0) return 'already_exist';
        return this.#add({ what: 'route', to, device, metric, gateway: p.gateway ?? null, scope });
      }
      case 'route.del': {
        const to = network(p.destination);
        const { gateway, scope, metric } = p;
        const found = this.#find('route', { to, device, gateway, scope, metric });
        if (found.length > 0) return this.#remove([found.sort((a, b) => Number(a.metric) - Number(b.metric))[0]!]);
        // Hidden behind an explicit route that does not match, a derived one cannot be meant.
        if (this.#find('route', { to, device, metric: 0 }).length > 0) return 'not_exist';
        const kinds = [...this.#find('address', { device }), ...this.#find('laddr', { device })]
          .filter((fact) => this.#routesOf(fact).includes(to))
          .map(() => (to.endsWith('/32') ? 'host' : 'link'));
        const plain = gateway === undefined && (metric ?? 0) === 0;
        return plain && kinds.some((kind) => (scope ?? kind) === kind) ? 'busy' : 'not_exist';
      }
      case 'route.flush':
        return this.#remove(this.#find('route', { device }));
      case 'neigh.add':
        if (multicast(p.address) || p.mac.startsWith('01')) return 'invalid_parameter';
        if (this.#find('neigh', { address: p.address, device }).length > 0) return 'already_exist';
        return this.#add({ what: 'neigh', address: p.address, device });
      case 'neigh.del': {
        const found = this.#find('neigh', { address: p.address, device });
        return found.length === 0 ? 'not_exist' : this.#remove(found);
      }
      case 'link.set':
        return p.promisc === undefined && p.up === undefined ? 'invalid_parameter' : null;
      case 'timeout.set':
        return null;
      case 'service.add':
        if (p.service.protocol !== 'match' && p.service.port === 0) return 'invalid_parameter';
        return noService ? this.#add({ what: 'service', service }) : 'service_exists';
      case 'service.edit':
        return null;
      case 'service.del':
        return this.#remove(this.facts.filter((fact) => fact.service === service));
      case 'service.flush':
        return this.#remove(this.facts.filter((fact) => fact.service !== undefined));
      case 'server.add':
      case 'server.edit':
      case 'server.del': {
        const found = this.#find('server', { service, server: `${p.server.address} ${p.server.port}` });
        if (method === 'server.del') return found.length === 0 ? 'no_server' : this.#remove(found);
        if (method === 'server.edit' && found.length === 0) return 'no_server';
        const { forwarding } = p;
        if (p.service.protocol === 'match') {
          const pooled = this.#find('address', { address: p.server.address, sapool: true });
          if (forwarding !== 'SNAT' || p.server.port !== 0 || pooled.length === 0) return 'invalid_parameter';
          if (pooled.some(({ ends }) => ends !== null)) return 'invalid_parameter';
        } else if (p.server.port === 0 || forwarding === 'SNAT') return 'invalid_parameter';
        else if (forwarding !== 'FullNat' && forwarding !== 'Route') return 'not_support';
        else if (forwarding === 'Route') {
          const here = (what: 'address' | 'laddr') => this.#find(what, { address: p.server.address }).length > 0;
          if (p.server.port !== p.service.port || p.server.address === p.service.address) return 'invalid_parameter';
          if (here('address') || here('laddr')) return 'invalid_parameter';
        }
        if (method === 'server.add' && found.length > 0) return 'server_exists';
        this.#remove(found);
        return this.#add({
          ...{ what: 'server', service, server: `${p.server.address} ${p.server.port}` },
          ...{ forwarding, address: p.server.address },
        });
      }
      case 'laddr.add': {
        if (multicast(p.address) || this.#isDirect(p.address)) return 'invalid_parameter';
        if (this.#find('laddr', { service, address: p.address }).length > 0) return 'laddr_exists';
        const there = [
          ...this.#find('address', { address: p.address }),
          ...this.#find('laddr', { address: p.address }),
        ];
        if (there.some((fact) => fact.device !== device || (fact.ends ?? null) !== null)) return 'invalid_parameter';
        return this.#add({ what: 'laddr', service, address: p.address, device });
      }
      case 'laddr.del': {
        const found = this.#find('laddr', { service, address: p.address });
        if (found.length === 0) return 'no_laddr';
        return found[0]?.device === device ? this.#remove(found) : 'invalid_parameter';
      }
    }
  }

  /** What addr.show and route.show would list, as sorted `address/length device` and `network device metric`. */
  listing(): { addresses: string[]; routes: string[] } {
    const brought = this.facts.filter(({ what }) => what === 'address' || what === 'laddr');
    const lengthOf = (fact: Fact) =>
      this.#find('address', { address: fact.address, device: fact.device })[0]?.length ?? 32;
    const addresses = brought.map((fact) => `${fact.address}/${lengthOf(fact)} ${fact.device}`);
    const derived = brought.flatMap((fact) => this.#routesOf(fact).map((to) => `${to} ${fact.device} 0`));
    const explicit = this.#find('route', {}).map(({ to, device, metric }) => `${to} ${device} ${metric}`);
    return { addresses: [...new Set(addresses)].sort(), routes: [...new Set([...explicit, ...derived])].sort() };
  }

  /** The same for what the code under test says. */
  static listing(
    addresses: readonly { address: string; prefixLength: number; device: string }[],
    routes: readonly { destination: string; device: string; metric: number }[],
  ): { addresses: string[]; routes: string[] } {
    return {
      addresses: addresses.map((a) => `${a.address}/${a.prefixLength} ${a.device}`).sort(),
      routes: routes.map((r) => `${network(r.destination)} ${r.device} ${r.metric}`).sort(),
    };
  }

  expire(now: number): void {
    this.#remove(this.#find('address', {}).filter((fact) => typeof fact.ends === 'number' && fact.ends <= now));
  }
}
