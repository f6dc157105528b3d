// Every event a node logs: its stable name, its level and what it means. Scripts and alerts match on the name.
import type { LogLevel } from './levels.js';

interface EventCard {
  readonly level: LogLevel;
  /** One sentence; the log line's text unless the caller says more. */
  readonly description: string;
}

const card = (level: LogLevel, description: string): EventCard => ({ level, description });

/** By group; the stable name is `group.event`. */
const groups = {
  node: {
    starting: card('info', 'the process starts'),
    started: card('info', 'the node is up and answers requests'),
    stopping: card('info', 'the node stops on request'),
    released: card('info', 'the VIPs of a node that stops are withdrawn'),
    not_released: card('warn', 'the node stops although nobody said that its VIPs are withdrawn'),
    stopped: card('info', 'the node has stopped'),
    failed: card('fatal', 'the node cannot go on'),
    serving: card('info', 'new connections are scheduled again'),
    not_serving: card('warn', 'new connections are not scheduled'),
  },
  config: {
    loaded: card('info', 'the configuration file was read'),
    warning: card('warn', 'the configuration file holds something that has no effect'),
  },
  eal: {
    started: card('info', 'the DPDK environment is initialised'),
    hugepages: card('info', 'which memory DPDK runs on'),
    failed: card('fatal', 'the DPDK environment could not be initialised'),
    message: card('debug', 'a line from DPDK'),
  },
  port: {
    created: card('info', 'a port was set up'),
    up: card('info', 'a port has link'),
    down: card('warn', 'a port lost its link'),
    limited: card('warn', 'a port cannot do what was configured and runs with less'),
    multicast_all: card('info', 'a port cannot filter the multicast groups it is to receive, and receives all'),
    multicast_refused: card(
      'warn',
      "a port can receive neither given multicast groups nor all of them: OSPF's hellos may not arrive",
    ),
    failed: card('error', 'a port could not be set up'),
  },
  lcore: {
    started: card('info', 'an lcore polls its queues'),
    stalled: card('error', 'an lcore has not gone round for too long'),
  },
  kni: {
    created: card('info', 'a kernel-visible interface was created'),
    removed: card('info', 'a kernel-visible interface was removed'),
    followed: card('info', 'somebody changed MAC or MTU of a kernel-visible interface, and the port has the same now'),
    corrected: card('warn', "somebody changed MAC or MTU of a kernel-visible interface; they are the port's again"),
    carrier: card('info', "the port's carrier was mirrored to its kernel-visible interface"),
    multicast: card('debug', 'the kernel joined or left multicast groups'),
    mirrored: card(
      'debug',
      "the kernel's addresses and routes on the kni interfaces changed and the slow path follows",
    ),
    mirror_full: card('warn', 'the kernel has more routes on the kni interfaces than are mirrored'),
    mirror_failed: card('error', "the slow path refused a route of the kernel's"),
    restored: card('info', 'addresses and routes that a kernel-visible interface had before were put back'),
    restore_failed: card('warn', 'an address or route that a kernel-visible interface had before was not taken again'),
    memory_full: card('warn', 'a kernel-visible interface has more addresses or routes than are kept'),
    memory_failed: card('error', 'what is kept of the kernel-visible interfaces cannot be read or written'),
    not_understood: card('warn', 'a message of the kernel cannot be read and is left out, as are others like it'),
    resync: card('warn', 'kernel notifications were lost and everything was read again'),
    failed: card('error', 'an operation on a kernel-visible interface failed'),
  },
  slowpath: {
    started: card('info', 'the slow path runs'),
    stopped: card('info', 'the slow path was stopped on request'),
    crashed: card('error', 'the slow path died and is started again; established connections go on'),
    recovered: card('info', 'the slow path is back with the whole desired state'),
    stalled: card('error', 'the slow path has not answered for too long'),
    change_failed: card('error', 'the slow path refused a change that the desired state accepted'),
  },
  flow: {
    table_full: card('warn', 'no room for a flow entry'),
    evicted: card('warn', 'flow entries were removed to make room'),
  },
  conn: {
    pool_full: card('warn', 'no room for a connection: new ones are dropped'),
    no_server: card('warn', 'a service has no eligible real server'),
    no_laddr: card('warn', 'a service has no local address'),
    no_port: card('warn', 'the local addresses of a service have no free port'),
  },
  server: {
    inhibited: card('warn', 'a real server does not take connections and gets none for a while'),
    released: card('info', 'an inhibited real server gets connections again'),
  },
  upcall: {
    dropped: card('warn', 'upcalls were dropped because a ring was full or over its rate'),
  },
  neighbour: {
    conflict: card('warn', 'another host answers for an address of this node'),
    changed: card('info', 'a neighbour has another MAC address'),
    unresolved: card('warn', 'a neighbour does not answer'),
    table_full: card('warn', 'no room for a neighbour'),
  },
  state: {
    changed: card('info', 'a request changed the desired state'),
    replayed: card('info', 'the desired state was restored'),
    replay_refused: card('error', 'a request of the journal is not valid any more and was left out'),
    expired: card('info', 'an address reached the end of its valid lifetime'),
  },
  journal: {
    opened: card('info', 'the journal was read'),
    torn: card(
      'warn',
      'the last line of the journal was incomplete and was dropped: its change was never acknowledged',
    ),
    compacted: card('info', 'the journal was rewritten to what is live'),
    kept: card('warn', 'the journal as it was is kept, because something in it was left out'),
    failed: card('error', 'the journal could not be written: the change was refused'),
  },
  api: {
    listening: card('info', 'the control API listens'),
    request: card('debug', 'a request was answered'),
    refused: card('info', 'a request was refused'),
    malformed: card('warn', 'a frame that is no request was dropped'),
    overloaded: card('warn', 'requests were refused because too many were in flight'),
    defect: card('error', 'a request failed by a bug'),
    event_dropped: card('warn', 'events were not published'),
  },
  vip: {
    configured: card('info', 'a VIP is wanted, and not announced yet'),
    ready: card('info', 'a VIP can be announced'),
    announced: card('info', 'a VIP is announced'),
    draining: card('info', 'a VIP is announced worse than by other nodes, until its flows have ended'),
    withdrawn: card('info', 'a VIP is withdrawn'),
    kept: card(
      'warn',
      'a VIP stays announced although its real servers or ports, or the end of a drain, say that it should go',
    ),
    announce_failed: card('error', 'a VIP could not be announced'),
    drain_failed: card('error', 'a VIP that drains could not be made worse than on other nodes'),
    withdraw_failed: card('error', 'a VIP could not be withdrawn completely'),
    stale: card('warn', 'a VIP that is not served any more was still announced; it is taken back'),
    mended: card('info', 'an announced VIP is set up on a port that has come, or come back'),
    mend_failed: card(
      'warn',
      'an announced VIP could not be set up on one of its ports; it stays announced by the others',
    ),
    drifted: card('warn', 'something else changed what the bridge set up; it is put right'),
  },
  routing: {
    neighbour_full: card('info', 'an adjacency of a routing daemon is Full, or Established'),
    neighbour_lost: card('warn', 'an adjacency of a routing daemon is not Full any more'),
    daemon_down: card('warn', 'a routing daemon does not answer'),
    zebra_trouble: card('warn', 'what comes and goes on an interface does not reach a routing daemon through zebra'),
    zebra_retold: card(
      'info',
      'a routing daemon and a zebra that was started anew were made to tell each other everything again',
    ),
    graceful_restart_prepared: card('info', 'the neighbours keep the routes while the routing daemon is restarted'),
    graceful_restart_done: card('info', 'the routing daemon is back, its routes were kept'),
    graceful_restart_expired: card(
      'warn',
      'the routing daemon was not restarted, or not back, within the grace period',
    ),
  },
  bridge: {
    started: card('info', 'the routing bridge runs'),
    stopped: card('info', 'the routing bridge has stopped; clean: its VIPs are withdrawn, and proved to be'),
    mirrored: card('info', 'a kernel address or route was mirrored to the dataplane'),
    journal_failed: card(
      'error',
      'what the bridge is to announce cannot be written down: new wishes are refused, all else goes on',
    ),
    journal_written: card('info', 'what the bridge is to announce is written down again'),
    dataplane_lost: card('error', 'the dataplane does not answer the routing bridge'),
  },
  keepalived: {
    started: card('info', 'dpvs-keepalived runs'),
    stopping: card('info', 'dpvs-keepalived stops on request'),
    stopped: card('info', 'dpvs-keepalived has stopped'),
    reloaded: card('info', 'keepalived.conf was read again'),
    reload_failed: card('error', 'keepalived.conf has errors: what was read before goes on'),
    file: card('warn', 'keepalived.conf has something that is not served'),
    applied: card('info', 'services, servers or local addresses were changed in the dataplane'),
    refused: card('error', 'the dataplane refuses what the file asks for: this service is left out, all others go on'),
    apply_failed: card('warn', 'a change could not be made in the dataplane and is tried again'),
    dataplane_lost: card('error', 'the dataplane does not answer'),
    dataplane_found: card('info', 'the dataplane answers; what the file says is set up'),
    server_up: card('info', 'all checks of a real server succeed: it gets connections'),
    server_down: card('warn', 'a check of a real server fails: it gets no connections'),
    weight: card('info', 'a check has set the weight of a real server'),
    quorum_gained: card('info', 'a virtual server has its quorum'),
    quorum_lost: card('warn', 'a virtual server has lost its quorum'),
    check_up: card('info', 'a check succeeds'),
    check_down: card('warn', 'a check fails'),
    check_result: card('debug', 'what a check has seen'),
    check_failure: card('info', 'what a check that is to log all failures has seen'),
    script: card('info', 'a script of keepalived.conf has run'),
    script_failed: card('warn', 'a script of keepalived.conf failed'),
    owned_failed: card('warn', 'which services are its own cannot be written down; all else goes on'),
    vrrp_started: card('info', 'the stock keepalived runs for VRRP'),
    vrrp_said: card('info', 'a line of the stock keepalived'),
    vrrp_ended: card('error', 'the stock keepalived ended and is started again'),
  },
  log: {
    level: card('info', 'the log level was changed'),
  },
} as const satisfies Record<string, Record<string, EventCard>>;

type Groups = typeof groups;
export type EventGroup = keyof Groups;
/** `port.up`, `journal.torn`, … */
export type EventName = { [G in EventGroup]: `${G}.${keyof Groups[G] & string}` }[EventGroup];

export const eventGroups: Readonly<Record<EventGroup, Readonly<Record<string, EventCard>>>> = groups;

/** name → level and description. */
export const eventTable = Object.fromEntries(
  Object.entries(groups).flatMap(([group, events]) =>
    Object.entries(events).map(([event, value]) => [`${group}.${event}`, value]),
  ),
) as Readonly<Record<EventName, EventCard>>;
