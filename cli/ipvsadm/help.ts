// ipvsadm's help page.
import { renderHelp } from '../common/index.js';
import { commandTable, optionTable } from './options.js';

const usage = [
  'ipvsadm -A|-E SERVICE [-s SCHED] [--conn-timeout SEC] [--dest-check CONF]',
  'ipvsadm -D SERVICE',
  'ipvsadm -a|-e SERVICE -r HOST[:PORT] [-b|-g|-i|-m|-J] [-w WEIGHT] [-x N] [-y N]',
  'ipvsadm -d SERVICE -r HOST[:PORT]',
  'ipvsadm -P|-Q -z LADDR -t|-u HOST:PORT -F IFNAME',
  'ipvsadm -G [-t|-u HOST:PORT]',
  'ipvsadm -L|-l [SERVICE | -c | --timeout] [-n] [--stats|--rate|--thresholds] [--exact]',
  'ipvsadm -Z [SERVICE]',
  'ipvsadm --set TCP TCPFIN UDP',
  'ipvsadm -C | -S | -R',
  'SERVICE: -t|-u HOST:PORT, or -H MATCH for SNAT',
].join('\n');

const epilogue = [
  'HOST is an IP address ([2001:db8::1]:80 of IPv6), PORT a number or a name of /etc/services. --save writes services, servers and local addresses;',
  '--restore: the node takes all lines or none (up to 4096 commands; of more, 4096 at a time).',
  'Exit codes: 0 done, 1 refused, 2 usage, 3 dataplane unreachable.',
  'Of match services the last added that matches takes a packet; their servers are WAN addresses of this node with a sapool, and need -J.',
  'SCTP, ICMP and fwmark services, persistence, SYN proxy, black- and whitelists, QUIC and proxy protocol are not built yet.',
].join('\n');

export function ipvsadmHelp(width: number): Promise<string> {
  return renderHelp(
    'ipvsadm',
    {
      usage,
      // One table for the page: yargs knows no commands that are options.
      options: [...commandTable, ...optionTable],
      examples: [
        ['ipvsadm -A -t 10.0.0.100:80 -s rr', 'a service'],
        ['ipvsadm -a -t 10.0.0.100:80 -r 192.168.100.2 -b', 'a real server, by FullNAT'],
        [
          'ipvsadm --add-laddr -z 192.168.100.200 -t 10.0.0.100:80 -F dpdk0',
          'FullNAT needs at least one local address',
        ],
        [
          'ipvsadm -a -t 10.0.0.100:80 -r 192.168.100.2 -g',
          'by direct routing: the server has the VIP on lo and answers by itself',
        ],
        ['ipvsadm -ln', 'what there is'],
        ['ipvsadm -ln --stats', 'what it carried'],
        ['ipvsadm -lnc', 'its connections'],
        ['ipvsadm -e -t 10.0.0.100:80 -r 192.168.100.2 -b -w 0', 'drain a real server'],
        [
          'ipvsadm -A -H proto=tcp,src-range=192.168.100.0-192.168.100.254,oif=dpdk1 -s rr',
          'SNAT: what of the LAN goes out',
        ],
        [
          'ipvsadm -a -H proto=tcp,src-range=192.168.100.0-192.168.100.254,oif=dpdk1 -r 123.1.2.3:0 -J',
          'and the WAN address it gets',
        ],
        ['ipvsadm -A -t [2001:db8::100]:80 -s rr', 'IPv6: servers and local addresses of the same family'],
        ['ipvsadm -S > services; ipvsadm -R < services', ''],
      ],
      epilogue,
    },
    width,
  );
}
