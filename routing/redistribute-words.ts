// The words of `redistribute connected` through our route-map, which are the same in ospfd and ospf6d but for the family.
import {
  announce6RouteMap,
  announceRouteMap,
  drain6PermitLine,
  drain6PrefixList,
  drainList6Sentinel,
  drainListSentinel,
  drainPermitLine,
  drainPrefixList,
  permit6Line,
  permitLine,
  prefixList6Sentinel,
  prefixListSentinel,
  vip6PrefixList,
  vipPrefixList,
} from '../quagga-conf/index.js';

export interface RedistributeWords {
  readonly daemon: 'ospfd' | 'ospf6d';
  readonly protocol: 'ospf' | 'ospf6';
  readonly router: 'router ospf' | 'router ospf6';
  readonly ip: 'ip' | 'ipv6';
  readonly vipList: string;
  readonly vipListSentinel: string;
  readonly permit: (vip: string) => string;
  readonly drainList: string;
  readonly drainListSentinel: string;
  readonly drain: (vip: string) => string;
  readonly routeMap: string;
}

export const ospfWords: RedistributeWords = {
  daemon: 'ospfd',
  protocol: 'ospf',
  router: 'router ospf',
  ip: 'ip',
  vipList: vipPrefixList,
  vipListSentinel: prefixListSentinel,
  permit: permitLine,
  drainList: drainPrefixList,
  drainListSentinel,
  drain: drainPermitLine,
  routeMap: announceRouteMap,
};

export const ospf6Words: RedistributeWords = {
  daemon: 'ospf6d',
  protocol: 'ospf6',
  router: 'router ospf6',
  ip: 'ipv6',
  vipList: vip6PrefixList,
  vipListSentinel: prefixList6Sentinel,
  permit: permit6Line,
  drainList: drain6PrefixList,
  drainListSentinel: drainList6Sentinel,
  drain: drain6PermitLine,
  routeMap: announce6RouteMap,
};
