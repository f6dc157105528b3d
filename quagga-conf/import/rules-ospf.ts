// Lines of ospfd: its interfaces and its router.
import { bfdProfile } from '../names.js';
import { dialect, link, named, number, type Rule } from './rule.js';

const onInterface = /^interface \S+$/;
const ospf = /^router ospf$/;

export const ospfRules: readonly Rule[] = [
  [onInterface, /^description WAN, towards the L3 switch$/, () => true],
  [
    onInterface,
    /^ip address (\d\S+\/\d+)$/,
    (f, [, address], line) => {
      f.interface(named(line)).addresses.push(address);
      return false;
    },
  ],
  [
    onInterface,
    /^ip ospf network (broadcast|point-to-point)$/,
    (f, [, type], line) => {
      link(f, line).networkType = type === 'broadcast' ? 'broadcast' : 'point-to-point';
      return true;
    },
  ],
  [
    onInterface,
    /^ip ospf hello-interval (\d+)$/,
    (f, [, n], line) => {
      link(f, line).hello = number(n);
      return true;
    },
  ],
  [
    onInterface,
    /^ip ospf dead-interval (\d+)$/,
    (f, [, n], line) => {
      link(f, line).dead = number(n);
      return true;
    },
  ],
  [
    onInterface,
    /^ip ospf cost (\d+)$/,
    (f, [, n], line) => {
      link(f, line).cost = number(n);
      return true;
    },
  ],
  [
    onInterface,
    /^ip ospf authentication$/,
    (f, _, line) => {
      link(f, line).authenticationOn = 'plain';
      return true;
    },
  ],
  [
    onInterface,
    /^ip ospf authentication message-digest$/,
    (f, _, line) => {
      link(f, line).authenticationOn = 'md5';
      return true;
    },
  ],
  [
    onInterface,
    /^ip ospf authentication-key (\S+)$/,
    (f, [, key], line) => {
      link(f, line).authentication = { kind: 'plain', key };
      return true;
    },
  ],
  [
    onInterface,
    /^ip ospf message-digest-key (\d+) md5 (\S+)$/,
    (f, [, id, key], line) => {
      const each = link(f, line);
      // A second key is one to change over to: the generator has one.
      if (each.authentication?.kind === 'md5') return false;
      each.authentication = { kind: 'md5', keyId: number(id), key };
      return true;
    },
  ],
  [
    onInterface,
    /^ip ospf bfd$/,
    dialect('frr', (f, _, line) => {
      link(f, line).bfd = true;
      return true;
    }),
  ],
  [onInterface, new RegExp(`^ip(v6)? ospf6? bfd profile ${bfdProfile}$`), dialect('frr')],
  [
    onInterface,
    /^ip ospf passive$/,
    dialect('frr', (f, _, line) => {
      f.interface(named(line)).passive = true;
      return true;
    }),
  ],
  [
    onInterface,
    /^ip ospf passive (\d\S+)$/,
    dialect('frr', (f, [, vip], line) => link(f, line).passiveVips.push(vip) > 0),
  ],
  [
    onInterface,
    /^ip ospf area (\S+)$/,
    dialect('frr', (f, [, area], line) => {
      link(f, line).area = area;
      return true;
    }),
  ],

  [
    ospf,
    /^(?:ospf )?router-id (\S+)$/,
    (f, [, id]) => {
      f.routerId = id;
      return true;
    },
  ],
  [ospf, /^log-adjacency-changes$/, () => true],
  [
    ospf,
    /^auto-cost reference-bandwidth (\d+)$/,
    (f, [, n]) => {
      f.referenceBandwidth = number(n);
      return true;
    },
  ],
  [
    ospf,
    /^network (\d[\d.]*\/\d+) area (\S+)$/,
    (f, [, prefix, area], line) => {
      f.networks.push({ line, prefix, area });
      return true;
    },
  ],
  [
    ospf,
    /^area (\S+) stub( no-summary)?$/,
    (f, [, area, no], line) => {
      f.areaType = { area, type: no === undefined ? 'stub' : 'totally-stubby', line };
      return true;
    },
  ],
  [
    ospf,
    /^area (\S+) authentication( message-digest)?$/,
    (f, [, area, digest], line) => {
      f.areaAuthentication = { area, kind: digest === undefined ? 'plain' : 'md5', line };
      return true;
    },
  ],
  [
    ospf,
    /^passive-interface ([^\s\d]\S*)$/,
    (f, [, name]) => {
      if (name === 'default') return false;
      f.interface(name).passive = true;
      return true;
    },
  ],
  [
    ospf,
    /^passive-interface (\S+) (\d\S+)$/,
    dialect('quagga', (f, [, name, vip]) => {
      f.interface(name).passiveVips.push(vip);
      return true;
    }),
  ],
  [
    ospf,
    /^capability opaque$/,
    (f, _, line) => {
      f.opaque = line;
      return true;
    },
  ],
  [
    ospf,
    /^max-metric router-lsa/,
    (f, _, line) => {
      f.maxMetric = line;
      return false;
    },
  ],
  [
    /^router ospf6?$/,
    /^graceful-restart grace-period (\d+)$/,
    dialect('frr', (f, [, n]) => {
      f.gracefulRestart = number(n);
      return true;
    }),
  ],
  [
    /^router ospf6?$/,
    /^redistribute connected(?: metric (\d+))?(?: metric-type (\d))?(?: route-map (\S+))?$/,
    (f, [, metric, type, map], line) => {
      f.redistributions[line.path[0] === 'router ospf' ? 'ospf' : 'ospf6'] = {
        line,
        ...(map === undefined ? {} : { map }),
        ...(metric === undefined ? {} : { metric: number(metric) }),
        ...(type === undefined ? {} : { type: number(type) }),
      };
      return true;
    },
  ],
];
