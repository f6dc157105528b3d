// The one table of errors: code, what the user reads, and what to do about it. The code is stable; scripts may match on it.

/** Why the process exits (design.md, section 5). */
export const ExitCode = { done: 0, refused: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

interface ErrorCard {
  /** The reference's wording where it has one, so that scripts which grep for it go on working. */
  readonly message: string;
  /** What the user can do; empty when the message says it all. */
  readonly suggestion: string;
  readonly exit: ExitCode;
}

const { refused, usage, unreachable } = ExitCode;

export const errorTable = {
  invalid_parameter: { message: 'invalid parameter', suggestion: '', exit: refused },
  already_exist: { message: 'already exist', suggestion: '', exit: refused },
  not_exist: { message: 'not exist', suggestion: '', exit: refused },
  not_support: { message: 'not support', suggestion: '', exit: refused },
  no_device: {
    message: 'no such device',
    suggestion: 'dpip link show lists the ports of this node',
    exit: refused,
  },
  no_route: { message: 'no route', suggestion: 'dpip route show', exit: refused },
  no_room: {
    message: 'no room',
    suggestion: 'a table is full: see the limits in docs/architecture.md',
    exit: refused,
  },
  busy: { message: 'resource busy', suggestion: '', exit: refused },
  no_service: { message: 'Service not defined', suggestion: 'ipvsadm -ln lists the services', exit: refused },
  service_exists: { message: 'Service already exists', suggestion: 'ipvsadm -E edits it', exit: refused },
  no_server: { message: 'No such destination', suggestion: 'ipvsadm -ln lists them', exit: refused },
  server_exists: { message: 'Destination already exists', suggestion: 'ipvsadm -e edits it', exit: refused },
  laddr_exists: { message: 'Local address already exists', suggestion: '', exit: refused },
  no_laddr: { message: 'No such Local address', suggestion: 'ipvsadm -G lists them', exit: refused },
  laddr_in_use: {
    message: 'resource busy',
    suggestion: 'the address is a local address of a service: ipvsadm --del-laddr first',
    exit: refused,
  },
  wan_in_use: {
    message: 'resource busy',
    suggestion: 'the address is what a match service rewrites to: ipvsadm -d -H MATCH -r ADDRESS:0 first',
    exit: refused,
  },
  slow_path_down: {
    message: 'the slow path is restarting',
    suggestion: 'established connections go on; try again in a second',
    exit: refused,
  },
  usage: { message: 'usage', suggestion: '', exit: usage },
  config: { message: 'configuration error', suggestion: '', exit: usage },
  unreachable: {
    message: 'dataplane unreachable',
    suggestion: 'Are you sure that dpvs is running?',
    exit: unreachable,
  },
  permission: {
    message: 'Permission denied (you must be root)',
    suggestion: '',
    exit: unreachable,
  },
  timeout: {
    message: 'the dataplane did not answer in time',
    suggestion: 'see its log; dpvs may be starting',
    exit: unreachable,
  },
  kni_down: {
    message: 'the kernel-visible interface is not up',
    suggestion: 'ip link show; then ip link set dev <port>.kni up',
    exit: refused,
  },
  no_adjacency: {
    message: 'no neighbour is Full or Established',
    suggestion:
      'OSPF: timers, area, MTU and authentication must match, dpvs-route doctor compares them; BGP: vtysh -c "show bgp summary"; --force announces anyway',
    exit: refused,
  },
  routing_daemon: {
    message: 'the routing daemon refused or does not answer',
    suggestion: 'are zebra and the routing daemon running, and is --frr-namespace theirs?',
    exit: refused,
  },
  no_quorum: {
    message: 'too few healthy real servers',
    suggestion: 'ipvsadm -ln shows them; --quorum says how many there have to be',
    exit: refused,
  },
  no_ports: {
    message: 'no local port is free',
    suggestion: 'ipvsadm -G shows their use; ipvsadm --add-laddr adds one',
    exit: refused,
  },
  damped: {
    message: 'kept back because it flaps',
    suggestion: 'dpvs-route show VIP tells why it went; announcing it again by hand ends the wait',
    exit: refused,
  },
  drained: {
    message: 'drained',
    suggestion: 'dpvs-route undrain brings it back',
    exit: refused,
  },
  kept: {
    message: 'kept announced although it should go',
    suggestion: 'dpvs-route show VIP has its policy; dpvs-route withdraw takes it back all the same',
    exit: refused,
  },
  sole_announcer: {
    message: 'no other node announces it',
    suggestion: 'a drain would leave nobody to serve it: announce it on another node first, or say --force',
    exit: refused,
  },
  not_serving: {
    message: 'the node does not serve',
    suggestion: 'dpip status says why',
    exit: refused,
  },
  not_verified: {
    message: 'not verified',
    suggestion: 'dpvs-route show VIP says how it is now and how it came here; the log of dpvs-route has the steps',
    exit: refused,
  },
  bridge_unreachable: {
    message: 'routing bridge unreachable',
    suggestion: 'is it running? dpvs-route run starts it',
    exit: unreachable,
  },
  keepalived_unreachable: {
    message: 'dpvs-keepalived unreachable',
    suggestion: 'is it running? dpvs-keepalived -f /etc/keepalived/keepalived.conf starts it',
    exit: unreachable,
  },
  journal: { message: 'the journal cannot be used', suggestion: '', exit: refused },
  internal: { message: 'internal error', suggestion: 'this is a bug: see the log of dpvs', exit: refused },
} as const satisfies Record<string, ErrorCard>;

export type ErrorCode = keyof typeof errorTable;

/** A mistake of the user or a state of the system that the caller can act on. Never carries a stack to the terminal. */
export class DpvsError extends Error {
  constructor(
    readonly code: ErrorCode,
    /** What exactly: the field and its value, or the missing thing. Appended to the table's message. */
    readonly detail = '',
    /** The field of the request that is wrong, as a path ("service.port"); empty if none. */
    readonly field = '',
  ) {
    super(detail === '' ? errorTable[code].message : `${errorTable[code].message}: ${detail}`);
    this.name = 'DpvsError';
  }

  get suggestion(): string {
    return errorTable[this.code].suggestion;
  }

  get exitCode(): ExitCode {
    return errorTable[this.code].exit;
  }
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}
