// Lines of ospf6d, bfdd and bgpd.
import { isIPv4 } from 'node:net';
import { algorithms6 } from '../model.js';
import { advertise6Line, bfdProfile } from '../names.js';
import { dialect, named, number, type Rule } from './rule.js';

const onInterface = /^interface \S+$/;
const ospf6 = /^router ospf6$/;
const bgp = /^router bgp \d+$/;
const bgp4 = /^router bgp \d+ \/ address-family ipv4 unicast$/;
const profile = new RegExp(`^bfd / profile ${bfdProfile}$`);

export const otherRules: readonly Rule[] = [
  [onInterface, /^ipv6 ospf6 area (\S+)$/, dialect('frr')],
  [onInterface, new RegExp(`^${advertise6Line}$`), dialect('frr')],
  [
    onInterface,
    /^ipv6 ospf6 (network|hello-interval|dead-interval|cost) (\S+)$/,
    (f, [, what, value], line) => {
      f.interface(named(line)).six.push({ what, value, line });
      return true;
    },
  ],
  [onInterface, /^ipv6 ospf6 bfd$/, dialect('frr')],
  [onInterface, /^ipv6 ospf6 passive$/, (f, _, line) => f.passive6.push(named(line)) > 0],
  [
    onInterface,
    /^ipv6 ospf6 authentication key-id (\d+) hash-algo (\S+) key (\S+)$/,
    dialect('frr', (f, [, id, name, key], line) => {
      const algorithm = algorithms6.find((each) => each === name);
      if (algorithm === undefined) return false;
      f.interface(named(line)).authentication6 = { keyId: number(id), algorithm, key };
      return true;
    }),
  ],
  [
    ospf6,
    /^(ospf6 )?router-id (\S+)$/,
    (f, [, frr, id]) => {
      f[frr === undefined ? 'quagga' : 'frr']++;
      f.routerId6 = id;
      return true;
    },
  ],
  [ospf6, /^(log-adjacency-changes|auto-cost reference-bandwidth \d+)$/, () => true],
  [ospf6, /^interface \S+ area \S+$/, dialect('quagga')],

  [
    profile,
    /^(detect-multiplier|receive-interval|transmit-interval) (\d+)$/,
    (f, [, what, n]) => {
      f.bfd[what === 'detect-multiplier' ? 'multiplier' : what === 'receive-interval' ? 'receive' : 'transmit'] =
        number(n);
      return true;
    },
  ],
  [/^bfd$/, new RegExp(`^profile ${bfdProfile}$`), () => true],

  [
    bgp,
    /^bgp router-id (\S+)$/,
    (f, [, id]) => {
      f.routerId = id;
      return true;
    },
  ],
  [bgp, /^no bgp ebgp-requires-policy$/, dialect('frr')],
  [
    bgp,
    /^bgp graceful-restart restart-time (\d+)$/,
    (f, [, n]) => {
      f.gracefulRestart = number(n);
      return true;
    },
  ],
  [bgp, /^bgp graceful-restart( preserve-fw-state)?$/, (f) => f.gracefulRestart !== undefined],
  [bgp, /^address-family ipv4 unicast$/, () => true],
  [
    bgp,
    /^neighbor (\S+) remote-as (\d+)$/,
    (f, [, address, as]) => {
      if (!isIPv4(address)) return false;
      f.peer(address).remoteAs = number(as);
      return true;
    },
  ],
  [
    bgp,
    /^neighbor (\S+) password (\S+)$/,
    (f, [, address, word]) => {
      if (!isIPv4(address)) return false;
      f.peer(address).password = word;
      return true;
    },
  ],
  [
    bgp,
    /^neighbor (\S+) timers (\d+) (\d+)$/,
    (f, [, address, keep, hold]) => {
      if (!isIPv4(address)) return false;
      f.peer(address).timers = [number(keep), number(hold)];
      return true;
    },
  ],
  [bgp, /^neighbor (\S+) timers connect 1$/, (_, [, address]) => isIPv4(address)],
  [
    bgp,
    new RegExp(`^neighbor (\\S+) bfd( profile ${bfdProfile})?$`),
    (f, [, address]) => {
      if (!isIPv4(address)) return false;
      f.peer(address).bfd = true;
      return true;
    },
  ],
  [
    bgp4,
    /^redistribute connected(?: metric (\d+))?(?: route-map (\S+))?$/,
    (f, [, metric, map], line) => {
      f.redistributions.bgp = {
        line,
        ...(map === undefined ? {} : { map }),
        ...(metric === undefined ? {} : { metric: number(metric) }),
      };
      return true;
    },
  ],
];
