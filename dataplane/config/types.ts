// The typed configuration of a dataplane: what dpvs.conf says after parsing, defaults and cross-checks.

/** Where a port comes from: a DPDK virtual device, a PCI function, or the N-th port the EAL found. */
export type Hardware =
  | { readonly kind: 'vdev' /** e.g. `net_af_xdp0,iface=wan0` */; readonly spec: string }
  | { readonly kind: 'pci' /** e.g. `0000:06:00.0` */; readonly address: string }
  | { readonly kind: 'index'; readonly index: number };

/** Header fields a NIC may hash on to choose a receive queue; `all` stands for whatever it can. */
export type RssField = 'all' | 'ip' | 'tcp' | 'udp' | 'sctp' | 'ether' | 'port' | 'tunnel';

export interface PortConfig {
  /** `dpdk0`, the name in every command and log line. */
  readonly name: string;
  readonly hardware: Hardware;
  /** Name of the kernel-visible interface, `<port>.kni` unless configured; at most 15 bytes. */
  readonly kniName: string;
  readonly mtu: number;
  readonly promisc: boolean;
  readonly allmulticast: boolean;
  readonly rx: {
    /** Receive queues to set up: those that workers poll, contiguous from 0. */
    readonly queues: number;
    readonly descriptors: number;
    readonly rss: readonly RssField[];
  };
  readonly tx: { readonly queues: number; readonly descriptors: number; readonly mbufFastFree: boolean };
}

/** The queues of one port that one worker owns. */
export interface WorkerQueues {
  readonly port: string;
  readonly rx: readonly number[];
  readonly tx: readonly number[];
}

/** An lcore. Exactly one is the master, which runs the control thread and polls nothing. */
export interface WorkerConfig {
  readonly name: string;
  readonly role: 'master' | 'slave';
  readonly cpu: number;
  readonly queues: readonly WorkerQueues[];
}

/** Seconds, by the reference's TCP states. */
export interface TcpTimeouts {
  readonly none: number;
  readonly established: number;
  readonly synSent: number;
  readonly synRecv: number;
  readonly finWait: number;
  readonly timeWait: number;
  readonly close: number;
  readonly closeWait: number;
  readonly lastAck: number;
  readonly listen: number;
  readonly synack: number;
}

/** Seconds. */
export interface UdpTimeouts {
  readonly oneway: number;
  readonly normal: number;
}

export type ConfigLogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug';

export interface DataplaneConfig {
  /** The node's name when neither `--name` nor DPVS_NAME gives one; null when not configured. */
  readonly name: string | null;
  readonly log: {
    readonly level: ConfigLogLevel;
    /** null: standard error. */
    readonly file: string | null;
  };
  readonly memory: {
    /** `auto`: hugepages when enough are reserved. */
    readonly huge: 'on' | 'off' | 'auto';
    /** Memory of the EAL in MB; null: as much as the pools need. */
    readonly megabytes: number | null;
  };
  readonly polling: {
    readonly mode: 'adaptive' | 'spin';
    /** Longest sleep of an idle lcore in adaptive mode, microseconds. */
    readonly idleSleepUs: number;
  };
  readonly pools: {
    /** mbufs in the pool, 2^n - 1. */
    readonly packets: number;
    /** mbufs cached by each lcore. */
    readonly packetCache: number;
    /** Most connections. */
    readonly connections: number;
    /** Most flow entries; a connection takes two. */
    readonly flows: number;
  };
  /** Seconds a node that is told to stop waits until its VIPs are withdrawn. */
  readonly stopLinger: number;
  readonly kni: {
    readonly enabled: boolean;
    readonly driver: 'tap' | 'virtio_user';
    /** What was given to a kni is put back when it is made again. */
    readonly keep: boolean;
    /** The kernel's routes through a kni are routes of the dataplane too. */
    readonly mirrorRoutes: boolean;
  };
  readonly ports: readonly PortConfig[];
  readonly workers: readonly WorkerConfig[];
  readonly neighbour: {
    /** Packets that wait for one unresolved neighbour. */
    readonly unresolvedQueue: number;
    /** Seconds in REACHABLE. */
    readonly reachable: number;
  };
  readonly ipv4: { readonly forwarding: boolean; readonly defaultTtl: number };
  readonly conn: {
    /** Seconds a connection lives after its first packet. */
    readonly initTimeout: number;
    /** Decrement the TTL of forwarded service traffic. */
    readonly decrementTtl: boolean;
    readonly tcp: TcpTimeouts;
    readonly udp: UdpTimeouts;
    /** Drop TCP to a VIP's port without a service instead of passing it on. */
    readonly tcpDefenceDrop: boolean;
    /** Drop UDP to a VIP that has only TCP services. */
    readonly udpDefenceDrop: boolean;
  };
  readonly saPool: {
    /** The reference's pools an address; the shown number of free ports is 64511 times it. */
    readonly hashSize: number;
  };
}
