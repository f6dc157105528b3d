// Lines that any of the daemons may have: names, logs, prefix-lists, route-maps, the openings of contexts.
import { dialect, number, type Rule } from './rule.js';

const onTop = /^$/;

export const commonRules: readonly Rule[] = [
  [
    onTop,
    /^hostname (\S+)$/,
    (f, [, word]) => {
      f.hostname = word;
      return true;
    },
  ],
  [
    onTop,
    /^password (\S+)$/,
    (f, [, word]) => {
      f.password = word;
      return true;
    },
  ],
  [
    onTop,
    /^enable password (\S+)$/,
    (f, [, word]) => {
      f.enablePassword = word;
      return true;
    },
  ],
  [
    onTop,
    /^log file (\/\S*)\/(zebra|ospfd?|ospf6d|bfdd|bgpd)\.log$/,
    (f, [, directory]) => {
      f.logDirectory = directory;
      return true;
    },
  ],
  [onTop, /^service password-encryption$/, () => true],
  [onTop, /^line vty$/, () => true],
  [onTop, /^frr (version|defaults traditional)/, dialect('frr')],
  [onTop, /^service integrated-vtysh-config$/, dialect('frr')],
  [onTop, /^interface (\S+)$/, (f, [, name]) => f.interface(name).name === name],
  [
    onTop,
    /^router ospf$/,
    (f, _, line) => {
      f.ospf = line;
      return true;
    },
  ],
  [
    onTop,
    /^router ospf6$/,
    (f, _, line) => {
      f.ospf6 = line;
      return true;
    },
  ],
  [
    onTop,
    /^router bgp (\d+)$/,
    (f, [, as], line) => {
      f.bgp = { localAs: number(as), line };
      return true;
    },
  ],
  [
    onTop,
    /^bfd$/,
    dialect('frr', (f) => {
      f.bfdFile = true;
      return true;
    }),
  ],
  [
    onTop,
    /^(?:ip|ipv6) prefix-list (\S+) /,
    (f, [, name], line) => {
      f.lists.set(name, [...(f.lists.get(name) ?? []), line]);
      return true;
    },
  ],
  [
    onTop,
    /^route-map (\S+) (permit|deny) (\d+)$/,
    (f, [, name, action], line) => {
      f.maps.push({ name, permit: action === 'permit', header: line, lines: [] });
      return true;
    },
  ],
  [
    /^route-map /,
    /./,
    (f, _, line) => {
      const map = f.maps.at(-1);
      map?.lines.push(line);
      return map !== undefined;
    },
  ],
];
