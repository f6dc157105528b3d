// dpvs-route's help pages: one for the program, one for each command.
import { type HelpPage, renderHelp } from '../common/index.js';
import { byCommand, type CommandName, common } from './options.js';

const lines = (...parts: string[]): string => parts.join('\n');
const exitCodes = 'Exit codes: 0 done, 1 refused, 2 usage, 3 bridge or dataplane unreachable.';

const program: HelpPage = {
  usage: lines('dpvs-route COMMAND [OPTIONS]', '', 'Announces the VIPs of a node by OSPF or BGP, and takes them back.'),
  commands: [
    ['announce VIP…', 'address on the kni, route in the dataplane, LSA or BGP route: each verified'],
    ['withdraw VIP…', 'the reverse, the routing daemon first'],
    ['drain VIP…', 'other nodes take over first; withdrawn when its flows have ended, or at the deadline'],
    ['undrain VIP…', 'back as before the drain'],
    ['graceful-restart', 'asks the neighbours to keep the routes while ospfd is restarted'],
    ['status', 'the VIPs with their states and reasons, the neighbours'],
    ['show [VIP…]', 'each with its policy, conditions, announcers in the area and history'],
    ['watch', 'the same, live'],
    ['config', "the routing daemons' files for this node"],
    ['doctor', 'what is wrong, what was seen of it, what to do'],
    ['run', 'the bridge itself; SIGTERM withdraws everything, then ends it'],
  ],
  options: common,
  examples: [
    ['dpvs-route config --flavor frr --out /etc/frr', ''],
    ['dpvs-route announce 123.1.2.3', ''],
    ['dpvs-route announce --help', 'the page of a command'],
  ],
  epilogue: exitCodes,
};

const pages: Readonly<Record<CommandName, HelpPage>> = {
  announce: {
    usage: lines(
      'dpvs-route announce VIP… [--dev PORT[,PORT…]] [--wait SEC] [--quorum N] [--floor N] [--dry-run]',
      '',
      'Refused unless a service exists on the VIP with enough healthy real servers and free local ports, the port and its kni are up',
      'and a neighbour there is Full (BGP: Established).',
      'All of it is done and verified, or nothing of it stays. From then on the bridge keeps it so: it withdraws the VIP when the',
      'node cannot serve it, and announces it again when it can, also after a restart.',
      'Of several ports, as towards two switches, one that is up and has a neighbour is enough: status says which do. A port that comes back',
      'is used again by itself. Again with other ports: a VIP that keeps one of them is not missed by anybody meanwhile.',
    ),
    options: byCommand.announce,
    examples: [
      ['dpvs-route announce 123.1.2.3 --dev dpdk1', ''],
      ['dpvs-route announce 123.1.2.3 --dev dpdk1,dpdk2', 'through both, towards two switches'],
      ['dpvs-route announce 123.1.2.3 --quorum 2 --hysteresis 1 --floor 1', 'again, to change its policy'],
      ['dpvs-route announce --file vips.txt --dry-run', ''],
    ],
    epilogue: exitCodes,
  },
  withdraw: {
    usage: lines(
      'dpvs-route withdraw VIP… | --all [--dry-run]',
      '',
      'At once, and for good. `drain` lets other nodes take over first.',
    ),
    options: byCommand.withdraw,
    examples: [['dpvs-route withdraw 123.1.2.3', '']],
    epilogue: exitCodes,
  },
  drain: {
    usage: lines(
      'dpvs-route drain VIP… | --all [--deadline SEC|never] [--wait [SEC]] [--force] [--dry-run]',
      '',
      'Announces the VIP worse than other nodes do, proves in the area that it has left the best set and that the neighbours know, watches',
      'its flows end, and withdraws it, at the deadline with whatever flows are left. It stays so, also after a restart, until `undrain`. A switch that rehashes moves flows that are',
      'under way to other nodes at once, which do not know them: --dry-run shows how many there are. Without --force it is refused where too few',
      'others are left who do not drain it, too, and nothing is withdrawn while there are too few.',
    ),
    options: byCommand.drain,
    examples: [
      ['dpvs-route drain --all --dry-run', 'how many flows are here, and who would take over'],
      ['dpvs-route drain --all --deadline 300 --wait', 'before maintenance'],
    ],
    epilogue: `${exitCodes} With --wait also 1 when a VIP was brought back meanwhile, or has not been withdrawn after SEC.`,
  },
  undrain: {
    usage: lines(
      'dpvs-route undrain VIP… | --all [--dry-run]',
      '',
      'As good as other nodes again; a VIP that the drain has withdrawn is announced as soon as its conditions hold, and what it waits for is told.',
    ),
    options: byCommand.undrain,
    examples: [['dpvs-route undrain --all', 'after maintenance']],
    epilogue: exitCodes,
  },
  'graceful-restart': {
    usage: lines(
      'dpvs-route graceful-restart [--wait SEC] [--dry-run]',
      '',
      'Before ospfd is restarted on purpose: waits until nothing has changed for 10 s and everything is acknowledged, says',
      '`graceful-restart prepare ip ospf` to ospfd, and proves that the neighbours know. Then restart ospfd, and only ospfd, within the grace',
      'period; the switch keeps the VIPs meanwhile. There is no way back: an ospfd that is stopped after the grace period is missed only by',
      'the dead interval. Needs `dpvs-route config --graceful-restart SEC` here and the lines of `--for switch` there.',
    ),
    options: byCommand['graceful-restart'],
    examples: [['dpvs-route graceful-restart && kill $(cat /var/run/frr/ospfd.pid)', 'where watchfrr starts it again']],
    epilogue: exitCodes,
  },
  show: {
    usage: 'dpvs-route show [VIP…]',
    options: byCommand.show,
    examples: [['dpvs-route show 123.1.2.3', '']],
    epilogue: exitCodes,
  },
  watch: {
    usage: lines(
      'dpvs-route watch [--interval SEC] [--count N] [--json]',
      '',
      'ANNOUNCERS 2 of 3 *: two of three are preferred, this node is one of them. What does not fit on the terminal is counted, VIPs that',
      'are not announced are shown first. A bridge that is restarted is waited for; exit code 3 when the last of --count had no answer.',
    ),
    options: byCommand.watch,
    examples: [['dpvs-route watch -i 0.5', '']],
    epilogue: exitCodes,
  },
  status: {
    usage: lines(
      'dpvs-route status',
      '',
      'States: configured (something is missing), ready (about to be announced, or retrying), announced, draining, withdrawn.',
    ),
    options: byCommand.status,
    examples: [['dpvs-route status --json', '']],
    epilogue: exitCodes,
  },
  config: {
    usage: lines(
      'dpvs-route config [--flavor frr|quagga] [--form redistribute|network] [--out DIR] [OPTIONS]',
      'dpvs-route config --for switch [OPTIONS]',
      'dpvs-route config --apply --out DIR [--dry-run] [--force] [OPTIONS]',
      'dpvs-route config --import DIR|FILE [--import …] | --from-running [--out DIR] [--json]',
      '',
      'zebra.conf and ospfd.conf, or bgpd.conf with --protocol bgp; bfdd.conf with --bfd; ospf6d.conf with --ospf6 or --vip6, by which',
      'the bridge announces IPv6 VIPs when it is `dpvs-route run --ospf6`.',
      'What is not given is taken from the kernel in this network namespace. Needs no bridge.',
      '--import reads files written by hand (Quagga, FRR, also an integrated frr.conf). Keys are never shown.',
    ),
    options: byCommand.config,
    examples: [
      ['dpvs-route config --interface dpdk1.kni --network 172.10.0.0/30 --router-id 192.168.100.200', ''],
      [
        'dpvs-route config --flavor quagga --form network --vip 123.1.2.3 --hello 10 --dead 40',
        "as in DPVS's tutorial",
      ],
      ['dpvs-route config --interface dpdk1.kni,dpdk2.kni --out /etc/frr', 'towards two switches'],
      ['dpvs-route config --protocol bgp --as 65001 --peer-as 65100', ''],
      ['dpvs-route config --import /etc/quagga --out /tmp/conf', ''],
      ['dpvs-route config --bfd --for switch --switch-interface eth7', "the switch's side of the same link"],
    ],
    epilogue: 'FRR reads the files when /etc/frr/vtysh.conf says "no service integrated-vtysh-config".',
  },
  doctor: {
    usage: lines(
      'dpvs-route doctor [--dev PORT] [--listen SEC] [--json]',
      '',
      'Looks at dataplane, kernel, zebra and what announces the VIPs (ospfd, ospf6d, bgpd), listens for OSPF on the kni (tcpdump), and says',
      'what is wrong, what was seen of it and what to do. In the network namespace of the kni. Needs root, but no bridge. Changes nothing.',
    ),
    options: byCommand.doctor,
    examples: [['dpvs-route doctor --dev dpdk1 --listen 20', '']],
    epilogue: 'Exit codes: 0 no error was found (warnings may be), 1 errors were found, 2 usage.',
  },
  run: {
    usage: lines(
      'dpvs-route run [OPTIONS]',
      '',
      'In the network namespace of the kni and of zebra and ospfd (ospf6d, bgpd). Needs root. SIGTERM withdraws the VIPs, then ends it;',
      'SIGHUP reopens the log file.',
    ),
    options: byCommand.run,
    examples: [
      ['dpvs-route run --frr-namespace node1', ''],
      ['dpvs-route run --ospf6', 'IPv4 VIPs by OSPF, IPv6 VIPs by OSPFv3'],
      ['dpvs-route run --protocol bgp', 'bgpd.conf has `router bgp` and the switch as a neighbour'],
    ],
    epilogue: 'The VIPs to announce are kept in DPVS_STATE_DIR (/var/lib/dpvs), file NODE.route.json.',
  },
};

export function helpPage(command: CommandName | null, width: number): Promise<string> {
  const page = command === null ? program : pages[command];
  return renderHelp(
    'dpvs-route',
    { ...page, options: [...(command === null ? [] : (page.options ?? [])), ...common] },
    width,
  );
}
