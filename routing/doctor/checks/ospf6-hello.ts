// What makes OSPFv3 drop the packets of a neighbour (RFC 5340 sections 4.2.2 and 4.2.2.1, RFC 7166 section 2.1), and two routers with one id.
import { type Check, finding, type Ospf6Port, onHellos6, speaker } from '../check.js';
import type { Facts, HeardHello6 } from '../facts.js';
import type { Finding } from '../finding.js';
import { areaKindOf } from './area.js';
import { link6Of, namingOf } from './designated-router.js';

const words = { normal: 'no stub', stub: 'a stub', nssa: 'an NSSA' } as const;

export const ospf6Hello: Check = {
  id: 'ospf6-hello-mismatch',
  title: 'OSPFv3 hellos agree',
  protocol: 'ospf6',
  decide: (facts) => onHellos6(facts, (port, heard) => differences(facts, port, heard)),
};

function differences(facts: Facts, port: Ospf6Port, heard: HeardHello6): Finding[] {
  const { kni, ospf6 } = port;
  const { packet, hello } = heard;
  const who = speaker(heard);
  const here = `interface ${kni}:`;
  if (packet.routerId === facts.ospf6?.routerId)
    return [
      finding('ospf6-duplicate-router-id', 'error', {
        title: 'another router has the OSPFv3 router id of this one',
        evidence: `hello of ${who}, which is not an address of this node`,
        advice: 'router ospf6: ospf6 router-id, unique in the area; then restart ospf6d',
      }),
    ];
  if (packet.area !== ospf6.area)
    return [
      finding('ospf6-area-mismatch', 'error', {
        title: `OSPFv3 area of ${kni} differs from the neighbour's`,
        evidence: `${who} is in area ${packet.area}, ${kni} in ${ospf6.area}`,
        advice: `${here} ipv6 ospf6 area ${packet.area}`,
      }),
    ];
  if (packet.instance !== ospf6.instance)
    return [
      finding('ospf6-instance-mismatch', 'error', {
        title: `OSPFv3 instance of ${kni} differs from the neighbour's`,
        evidence: `${who} is of instance ${packet.instance}, ${kni} of ${ospf6.instance}`,
        advice: `${here} ipv6 ospf6 instance-id ${packet.instance}`,
      }),
    ];
  const found: Finding[] = [];
  if (hello.helloInterval !== ospf6.hello)
    found.push(
      finding('ospf6-hello-mismatch', 'error', {
        title: `OSPFv3 hello interval on ${kni} differs from the neighbour's`,
        evidence: `${who} says ${hello.helloInterval} s, ${kni} has ${ospf6.hello} s`,
        advice: `${here} ipv6 ospf6 hello-interval ${hello.helloInterval}`,
      }),
    );
  if (hello.deadInterval !== ospf6.dead)
    found.push(
      finding('ospf6-dead-mismatch', 'error', {
        title: `OSPFv3 dead interval on ${kni} differs from the neighbour's`,
        evidence: `${who} says ${hello.deadInterval} s, ${kni} has ${ospf6.dead} s`,
        advice: `${here} ipv6 ospf6 dead-interval ${hello.deadInterval}`,
      }),
    );
  const kind = areaKindOf(hello);
  if (kind !== ospf6.areaKind)
    found.push(
      finding('ospf6-area-type-mismatch', 'error', {
        title: `area ${ospf6.area} is ${words[kind]} to the OSPFv3 neighbour and ${words[ospf6.areaKind]} here`,
        evidence: `${who} sends the E bit ${hello.external ? 'set' : 'clear'}, the N bit ${hello.nssa ? 'set' : 'clear'}`,
        advice: `router ospf6: ${kind === 'normal' ? `no area ${ospf6.area} ${ospf6.areaKind}` : `area ${ospf6.area} ${kind}`}. A stub or an NSSA takes no VIP`,
      }),
    );
  if (hello.authenticated !== ospf6.authenticated)
    found.push(
      finding('ospf6-auth-mismatch', 'error', {
        title: `OSPFv3 authentication on ${kni} differs from the neighbour's`,
        evidence: `${who} ${hello.authenticated ? 'sends' : 'sends no'} authentication trailer, ${kni} ${ospf6.authenticated ? 'does' : 'does not'}`,
        advice: `${here} ${hello.authenticated ? 'ipv6 ospf6 authentication …, with the key of the switch' : 'no ipv6 ospf6 authentication'}`,
      }),
    );
  // The adjacency may be Full; no route comes of it.
  const naming = namingOf(heard, link6Of(facts, port));
  if (ospf6.pointToPoint && naming === 'somebody')
    found.push(
      finding('ospf6-network-type-mismatch', 'error', {
        title: `OSPFv3 network type of ${kni} differs from the neighbour's`,
        evidence: `${kni} is point-to-point; ${who} names ${hello.designated} the DR`,
        advice: `${here} ipv6 ospf6 network broadcast`,
      }),
    );
  if (!ospf6.pointToPoint && naming === 'never')
    found.push(
      finding('ospf6-network-type-mismatch', 'error', {
        title: `OSPFv3 network type of ${kni} differs from the neighbour's`,
        evidence: `${kni} is broadcast; ${who} hears this node and names no DR`,
        advice: `${here} ipv6 ospf6 network point-to-point`,
      }),
    );
  return found;
}
