// One line about a frame in tcpdump's manner, for failure messages.
import { type Dissection, dissect } from './dissect.js';
import { describeTcpOption } from './tcp-options.js';

export const describe = (bytes: Uint8Array): string => describeDissection(dissect(bytes));

export function describeDissection(d: Dissection): string {
  const l2 = d.eth === undefined ? '' : `${d.eth.src} > ${d.eth.dst} `;
  const tags = d.vlans.map((tag) => `vlan ${tag.id} `).join('');
  const wrong = d.problems.length === 0 ? '' : ` !! ${d.problems.join('; ')}`;
  return `${l2}${tags}${describeL3(d)}${wrong}`;
}

function describeL3(d: Dissection): string {
  if (d.arp !== undefined) {
    const { op, senderIp, senderMac, targetIp } = d.arp;
    if (op === 'request') return `ARP who-has ${targetIp} tell ${senderIp}`;
    return op === 'reply' ? `ARP ${senderIp} is-at ${senderMac}` : `ARP op ${op} ${senderIp} ${targetIp}`;
  }
  if (d.ip4 !== undefined) {
    const { src, dst, ttl, id, df, mf, fragmentOffset, options } = d.ip4;
    const marks = [
      `ttl ${ttl}`,
      `id ${id}`,
      ...(df ? ['DF'] : []),
      ...(mf ? ['MF'] : []),
      ...(fragmentOffset > 0 ? [`offset ${fragmentOffset}`] : []),
      ...(options.length > 0 ? [`${options.length} option bytes`] : []),
    ];
    return `IP ${describeL4(d, src, dst, d.ip4.protocol)} (${marks.join(', ')})`;
  }
  if (d.ip6 !== undefined) {
    return `IP6 ${describeL4(d, d.ip6.src, d.ip6.dst, d.ip6.protocol)} (hlim ${d.ip6.hopLimit})`;
  }
  const type = d.eth === undefined ? '' : `ethertype 0x${d.eth.type.toString(16).padStart(4, '0')}, `;
  return `${type}${d.payload.length} bytes`;
}

function describeL4(d: Dissection, src: string, dst: string, protocol: number): string {
  const length = `length ${d.payload.length}`;
  if (d.tcp !== undefined) {
    const { sport, dport, flags, seq, ack, window, options } = d.tcp;
    const list = options.length === 0 ? '' : `, options [${options.map(describeTcpOption).join(',')}]`;
    const acked = flags.includes('A') ? `, ack ${ack}` : '';
    return `${src}.${sport} > ${dst}.${dport}: Flags [${flags}], seq ${seq}${acked}, win ${window}${list}, ${length}`;
  }
  if (d.udp !== undefined) return `${src}.${d.udp.sport} > ${dst}.${d.udp.dport}: UDP, ${length}`;
  const message = d.icmp ?? d.icmp6;
  if (message !== undefined) {
    const quoted = d.quoted === undefined ? '' : ` about <${describeDissection(d.quoted)}>`;
    const { type, code, id, seq } = message;
    return `${src} > ${dst}: ICMP type ${type} code ${code} id ${id} seq ${seq}${quoted}, ${length}`;
  }
  return `${src} > ${dst}: protocol ${protocol}, ${length}`;
}
