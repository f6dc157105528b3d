// RFC 2328 D.4: a packet of another authentication type, key id or key is dropped. Keys are compared and never shown.
import { type Check, finding, type OspfPort, onHellos, speaker } from '../check.js';
import type { HeardHello } from '../facts.js';
import type { ConfiguredAuthentication } from '../interface-config.js';
import { isSignedBy, type PacketAuthentication } from '../ospf-packet.js';

const words = { none: 'no authentication', plain: 'a plain key', md5: 'MD5' } as const;
const orders = {
  none: 'no ip ospf authentication',
  plain: 'ip ospf authentication, ip ospf authentication-key KEY',
  md5: 'ip ospf authentication message-digest, ip ospf message-digest-key ID md5 KEY',
} as const;

export const authentication: Check = {
  id: 'auth-mismatch',
  title: 'authentication agrees',
  protocol: 'ospf',
  decide: (facts) =>
    onHellos(facts, (port, heard) => {
      if (port.config === null) return null;
      const ours = port.config.authentication;
      const theirs = heard.packet.authentication;
      return theirs.kind === ours.kind ? otherKey(port, heard, ours, theirs) : otherKind(port, heard, ours, theirs);
    }),
};

function otherKind(port: OspfPort, heard: HeardHello, ours: ConfiguredAuthentication, theirs: PacketAuthentication) {
  const said = theirs.kind === 'unknown' ? `type ${theirs.type}` : words[theirs.kind];
  return finding('auth-mismatch', 'error', {
    title: `authentication on ${port.kni} differs from the neighbour's`,
    evidence: `${speaker(heard)} sends ${said}, ${port.kni} has ${words[ours.kind]}`,
    advice:
      theirs.kind === 'unknown'
        ? 'OSPFv2 knows 0 (none), 1 (plain) and 2 (MD5)'
        : `interface ${port.kni}: ${orders[theirs.kind]}`,
  });
}

function otherKey(port: OspfPort, heard: HeardHello, ours: ConfiguredAuthentication, theirs: PacketAuthentication) {
  const differs = (evidence: string) =>
    finding('auth-key-mismatch', 'error', {
      title: `the key on ${port.kni} differs from the neighbour's`,
      evidence: `${speaker(heard)} ${evidence}`,
      advice: `interface ${port.kni}: the switch's key`,
    });
  if (ours.kind === 'plain' && theirs.kind === 'plain')
    // At most 8 bytes are sent.
    return (ours.key ?? '').slice(0, 8) === theirs.key ? null : differs('sends another plain key');
  if (ours.kind === 'md5' && theirs.kind === 'md5') {
    const key = ours.keys.get(theirs.keyId);
    if (key === undefined)
      return differs(`signs with key ${theirs.keyId}; configured here: ${[...ours.keys.keys()].join(', ') || 'none'}`);
    return isSignedBy(theirs, key) ? null : differs(`signs with another key ${theirs.keyId}`);
  }
  return null;
}
