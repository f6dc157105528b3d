// What an import collects while it reads, before a model is made of it.
import type { Authentication, Authentication6, OspfNetworkType } from '../model.js';
import type { SourceLine } from './lines.js';

export interface FoundInterface {
  readonly name: string;
  /** Somebody says something of OSPF there. */
  ospf: boolean;
  passive: boolean;
  networkType?: OspfNetworkType;
  hello?: number;
  dead?: number;
  cost?: number;
  authenticationOn?: 'plain' | 'md5';
  authentication?: Authentication;
  authentication6?: Authentication6;
  bfd?: boolean;
  /** By `ip address`. */
  readonly addresses: string[];
  /** OSPFv3's values, which in the model are OSPFv2's. */
  readonly six: { readonly what: string; readonly value: string; readonly line: SourceLine }[];
  readonly passiveVips: string[];
  /** `ip ospf area`, instead of a `network` statement. */
  area?: string;
}

export interface FoundNetwork {
  readonly line: SourceLine;
  readonly prefix: string;
  readonly area: string;
}

export interface FoundMapEntry {
  readonly name: string;
  readonly permit: boolean;
  readonly header: SourceLine;
  readonly lines: SourceLine[];
}

export interface FoundRedistribution {
  readonly line: SourceLine;
  readonly map?: string;
  readonly metric?: number;
  readonly type?: number;
}

export class Found {
  hostname?: string;
  password?: string;
  enablePassword?: string;
  logDirectory: string | null = null;
  readonly interfaces = new Map<string, FoundInterface>();
  readonly networks: FoundNetwork[] = [];
  readonly lists = new Map<string, SourceLine[]>();
  readonly maps: FoundMapEntry[] = [];
  readonly redistributions: Partial<Record<'ospf' | 'ospf6' | 'bgp', FoundRedistribution>> = {};
  routerId?: string;
  routerId6?: string;
  referenceBandwidth?: number;
  areaType?: { readonly area: string; readonly type: 'stub' | 'totally-stubby'; readonly line: SourceLine };
  areaAuthentication?: { readonly area: string; readonly kind: 'plain' | 'md5'; readonly line: SourceLine };
  readonly passive6: string[] = [];
  gracefulRestart?: number;
  opaque?: SourceLine;
  bfd: { transmit?: number; receive?: number; multiplier?: number } = {};
  bfdFile = false;
  ospf?: SourceLine;
  ospf6?: SourceLine;
  bgp?: { readonly localAs: number; readonly line: SourceLine };
  readonly peers = new Map<
    string,
    { remoteAs?: number; password?: string; timers?: [number, number]; bfd?: boolean }
  >();
  maxMetric?: SourceLine;
  /** Signs of a dialect. */
  frr = 0;
  quagga = 0;
  readonly kept: SourceLine[] = [];

  interface(name: string): FoundInterface {
    const known = this.interfaces.get(name);
    if (known !== undefined) return known;
    const made: FoundInterface = { name, ospf: false, passive: false, addresses: [], six: [], passiveVips: [] };
    this.interfaces.set(name, made);
    return made;
  }

  peer(address: string): { remoteAs?: number; password?: string; timers?: [number, number]; bfd?: boolean } {
    const known = this.peers.get(address) ?? {};
    this.peers.set(address, known);
    return known;
  }
}
