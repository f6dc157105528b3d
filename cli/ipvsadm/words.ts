// The options of one line after the legality check, read as what they mean.
import { endpointOf, integer, quote, type ServiceKey, UsageError, type VipKey } from '../common/index.js';
import type { NamedOption } from './legality.js';
import { parseMatch } from './match.js';
import type { OptionKey } from './options.js';

export class Words {
  constructor(readonly options: readonly NamedOption[]) {}

  has(key: OptionKey): boolean {
    return this.options.some((option) => option.key === key);
  }

  value(key: OptionKey): string | undefined {
    return this.options.find((option) => option.key === key)?.values[0];
  }

  values(key: OptionKey): string[] {
    return this.options.filter((option) => option.key === key).map(({ values }) => values[0]);
  }

  number(key: OptionKey, mistake: string, min: number, max: number): number | undefined {
    const word = this.value(key);
    return word === undefined ? undefined : numberOr(word, mistake, min, max);
  }

  service(): ServiceKey | undefined {
    const match = this.value('match');
    return match === undefined ? this.vipService() : { protocol: 'match', match: parseMatch(match) };
  }

  /** Of what only services of virtual IPs have. */
  vipService(): VipKey | undefined {
    if (this.has('match')) throw new UsageError('a match service has no local addresses');
    for (const protocol of ['tcp', 'udp'] as const) {
      const word = this.value(`${protocol}-service`);
      if (word === undefined) continue;
      const given = endpointOf(word, protocol, 'illegal virtual server address[:port] specified');
      return { protocol, address: given.address, port: given.port ?? 0 };
    }
    return undefined;
  }
}

export function numberOr(word: string, mistake: string, min: number, max: number): number {
  try {
    return integer(word, 'number', min, max);
  } catch {
    throw new UsageError(mistake, `${quote(word)} is not within ${min}-${max}`);
  }
}
