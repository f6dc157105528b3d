// Whether the BGP sessions are Established and, where not, why: what bgpd says of the last reset, what the kernel knows of the way to the
// peer, and which segments TCP dropped meanwhile.

import { blockOf } from '../../bgp-output.js';
import type { BgpSession } from '../bgp-state.js';
import { type Check, finding } from '../check.js';
import type { BgpFacts, Facts } from '../facts.js';
import { type Finding, skip } from '../finding.js';
import type { TcpDrops } from '../kernel-files.js';
import { wayTo } from '../way.js';

type Reason = readonly [id: string, title: string, evidence: string, advice: string];

export const bgpSession: Check = {
  id: 'bgp-not-established',
  title: 'the BGP sessions are Established',
  protocol: 'bgp',
  needs: ['daemons', 'kernel'],
  decide: (facts) => {
    const { bgp } = facts;
    if (bgp === null) return skip('bgpd does not answer');
    if (bgp.sessions.length === 0) return skip('bgpd has no neighbour');
    const severity = bgp.sessions.some(({ established }) => established) ? 'warn' : 'error';
    return bgp.sessions
      .filter(({ established }) => !established)
      .flatMap((session): Finding[] => {
        const found = finding('bgp-not-established', severity, {
          title: `the BGP session with ${session.key} is not Established`,
          evidence: evidence(session, bgp),
          advice: `the findings below say why, if it shows here; else: is bgpd up on the switch, has it activated this node in an address family, is TCP 179 let through, does ttl-security there meet ebgp-multihop here (or neither)?`,
        });
        const reasons = reasonsOf(facts, bgp, session).map(([id, title, seen, advice]) =>
          finding(id, severity, { title, evidence: seen, advice }),
        );
        return [found, ...reasons];
      });
  },
};

function evidence({ state, lastReset }: BgpSession, { drops }: BgpFacts): string {
  const parts = [`it is ${state}`];
  if (lastReset !== null) {
    const notification = lastReset.reason === '' ? '' : `, ${lastReset.reason}`;
    parts.push(`last reset: ${lastReset.dueTo}${notification}`);
  }
  const ever = signatures(drops.ever);
  if (ever !== '') parts.push(`since the kernel's start TCP dropped ${ever}`);
  return parts.join('; ');
}

/** One reason hides the next: without a way there is no TCP, without TCP no OPEN. */
function reasonsOf(facts: Facts, bgp: BgpFacts, session: BgpSession): Reason[] {
  if (session.shutdown)
    return [
      [
        'bgp-shutdown',
        `the BGP session with ${session.key} is shut down here`,
        'show bgp neighbors: administratively shut down',
        `router bgp ${bgp.asn}: no neighbor ${session.key} shutdown`,
      ],
    ];
  return [unreachable(facts, session) ?? dropped(bgp, session) ?? refused(bgp, session)].filter(
    (each) => each !== null,
  );
}

function unreachable(facts: Facts, { key, external, maxHops }: BgpSession): Reason | null {
  const way = wayTo(facts.kernel, key);
  if (way === 'none' || way === 'default')
    return [
      'bgp-no-route',
      `there is no route to the BGP peer ${key}`,
      way === 'none'
        ? 'ip route has none, and it is on no link'
        : 'only the default route leads there, which bgpd does not take',
      way === 'none'
        ? 'an address of the inter-connection network on the kni, or a route to the peer'
        : 'a route to the peer itself, or `ip nht resolve-via-default` in zebra',
    ];
  if (way === 'route' && external && maxHops === 1)
    return [
      'bgp-not-on-link',
      `the BGP peer ${key} is not on a link of this node`,
      'a route leads there; eBGP wants the peer on the link (TTL 1)',
      `neighbor ${key} ebgp-multihop N on both sides, or the peer's address on the link`,
    ];
  return null;
}

/** The counters are the kernel's, of all connections: a session that does not come up is the likeliest to raise them. */
function dropped({ drops: { meanwhile } }: BgpFacts, { key, password }: BgpSession): Reason | null {
  const said = signatures(meanwhile);
  if (said !== '')
    return [
      'bgp-password-mismatch',
      `TCP drops the segments of the BGP peer ${key}: the passwords differ`,
      `while this looked: ${said}; ${password ? 'a password is configured here' : 'no password is configured here'}`,
      meanwhile.md5Unexpected > 0 && !password
        ? `neighbor ${key} password WORD, the switch's`
        : meanwhile.md5Missing > 0
          ? `no neighbor ${key} password, or the same one on the switch`
          : `neighbor ${key} password WORD, the same on both sides`,
    ];
  if (meanwhile.ttl > 0)
    return [
      'bgp-ttl-mismatch',
      `TCP drops the segments of the BGP peer ${key}: their TTL is too low`,
      `while this looked: ${meanwhile.ttl} below the TTL that ttl-security asks for`,
      `neighbor … ttl-security hops N on both sides or on none; it does not go with ebgp-multihop`,
    ];
  return null;
}

function signatures({ md5Missing, md5Unexpected, md5Wrong }: TcpDrops): string {
  const parts: string[] = [];
  if (md5Missing > 0) parts.push(`${md5Missing} segments without a signature`);
  if (md5Unexpected > 0) parts.push(`${md5Unexpected} with a signature that is not expected`);
  if (md5Wrong > 0) parts.push(`${md5Wrong} with a wrong signature`);
  return parts.join(', ');
}

/** By code and subcode of the last NOTIFICATION (RFC 4271 section 4.5, RFC 4486). */
function refused(bgp: BgpFacts, { key, localAs, remoteAs, families, lastReset }: BgpSession): Reason | null {
  if (lastReset === null || lastReset.code === null) return null;
  const { by, reason } = lastReset;
  const seen = `the last NOTIFICATION, ${by === 'peer' ? 'of' : 'to'} ${key}: ${reason}`;
  const here = families.map(blockOf).join(', ') || 'none';
  switch (lastReset.code) {
    case '0202':
      return by === 'peer'
        ? [
            'bgp-as-mismatch',
            `${key} expects another AS than ${localAs}`,
            seen,
            `router bgp N with the AS that the switch's remote-as has, or remote-as ${localAs} there`,
          ]
        : [
            'bgp-as-mismatch',
            `${key} is of another AS than ${remoteAs}`,
            seen,
            `neighbor ${key} remote-as N with the switch's AS, or remote-as external`,
          ];
    case '0203':
      return [
        'bgp-duplicate-router-id',
        `${key} and this node have one BGP router id`,
        seen,
        `router bgp ${bgp.asn}: bgp router-id, unique`,
      ];
    case '0206':
      return [
        'bgp-hold-time',
        `the hold time is refused`,
        seen,
        `neighbor ${key} timers KEEPALIVE HOLD, as on the switch`,
      ];
    case '0207':
      // RFC 5492 section 5. bgpd sends it for want of a common family, and with strict-capability-match for any other.
      return [
        'bgp-capability',
        `the capabilities of ${key} and this node do not go together`,
        `${seen}; address families that are activated here: ${here}`,
        'activate the same address families on both sides; no strict-capability-match',
      ];
    case '0602':
      return ['bgp-shutdown', `${key} has shut the session down`, seen, 'no neighbor … shutdown on the switch'];
    case '0603':
    case '0605':
      return [
        'bgp-not-known-there',
        `${key} does not know this node`,
        seen,
        `neighbor of this node's address on the switch`,
      ];
    default:
      return null;
  }
}
