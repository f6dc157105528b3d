// The sections a file can have: who reads each, which are the stock keepalived's, and which are not served.
import { type NotServed, refuse, warn } from './block.js';

const tunnels = refuse('tunnels are not built', 'take the section out');
const lists = refuse('address lists are not built', 'a filter on the switch, or take it out where it is used');

/** VRRP and what belongs to it: given to the stock keepalived as it stands. */
export const vrrpSections: ReadonlySet<string> = new Set([
  ...['vrrp_instance', 'vrrp_sync_group', 'vrrp_script', 'vrrp_track_file', 'vrrp_track_process', 'track_group'],
  ...['static_ipaddress', 'static_routes', 'static_rules', 'garp_group', 'linkbeat_interfaces', 'bfd_instance'],
]);

export const notServedSections: Readonly<Record<string, NotServed>> = {
  tunnel_group: tunnels,
  deny_address_group: lists,
  allow_address_group: lists,
  SSL: refuse('no client certificate is sent by SSL_GET', 'MISC_CHECK { misc_path "curl --cert … https://…" }'),
};

export const ownSections = ['global_defs', 'local_address_group', 'virtual_server_group', 'virtual_server'] as const;

export const allSections: ReadonlySet<string> = new Set([
  ...ownSections,
  ...vrrpSections,
  ...Object.keys(notServedSections),
]);

const mail = warn('no mail is sent for checks', 'the log has every change of state');
const scheduling = warn('priorities and affinities are not set', 'CPUAffinity=, Nice= in the unit of systemd');
const snmp = warn('there is no SNMP', 'dpvs-keepalived status --json');
const fifo = warn('there is no FIFO', 'dpvs-keepalived status --json, or notify_up, notify_down');

/** Keys of global_defs that are about checks and services. All others are for VRRP, or unknown. */
export const globalNotServed: Readonly<Record<string, NotServed>> = {
  notification_email: mail,
  notification_email_from: mail,
  smtp_server: mail,
  smtp_connect_timeout: mail,
  smtp_helo_name: mail,
  smtp_alert: mail,
  smtp_alert_checker: mail,
  no_checker_emails: mail,
  no_email_faults: mail,
  lvs_flush: warn('services that are not in this file stay', 'ipvsadm -C before the start'),
  lvs_flush_onstop: warn('services of this file are removed on SIGTERM, others stay'),
  lvs_timeouts: warn('timeouts are not set from here', 'ipvsadm --set TCP TCPFIN UDP, kept by the journal'),
  lvs_sync_daemon: refuse('connections are not synchronised between nodes', 'take the line out'),
  lvs_notify_fifo: fifo,
  lvs_notify_fifo_script: fifo,
  notify_fifo: fifo,
  notify_fifo_script: fifo,
  checker_priority: scheduling,
  checker_no_swap: scheduling,
  checker_rt_priority: scheduling,
  checker_rlimit_rtime: scheduling,
  checker_cpu_affinity: scheduling,
  enable_snmp_checker: snmp,
  enable_snmp_keepalived: snmp,
  enable_snmp_rfc: snmp,
  enable_traps: snmp,
  snmp_socket: snmp,
  rs_init_notifies: warn('notify_up does not run at the start for servers that are taken for good'),
  checker_log_all_failures: warn(
    'every failure is logged at level debug',
    'log_all_failures in a check, or --log-level debug',
  ),
  net_namespace: refuse('the namespace is not changed', 'ip netns exec NAME dpvs-keepalived …'),
  namespace_with_ipsets: refuse('the namespace is not changed', 'ip netns exec NAME dpvs-keepalived …'),
  instance: warn('--name and DPVS_NAME tell nodes apart'),
  use_pid_dir: warn('-p FILE is where the process id is written'),
  child_wait_time: warn('there are no children to wait for'),
  random_seed: warn('checks start at times of their own'),
  process_names: warn('processes keep their names'),
  process_name: warn('processes keep their names'),
  lvs_process_name: warn('processes keep their names'),
  umask: warn('files of this program are readable by root only'),
  dbus_service_name: warn('there is no D-Bus'),
  enable_dbus: warn('there is no D-Bus'),
};

/** Taken without a word: they only name, or are about VRRP. */
export const globalForVrrp: ReadonlySet<string> = new Set([
  ...['router_id', 'default_interface', 'dynamic_interfaces', 'linkbeat_use_polling', 'log_unknown_vrids', 'nftables'],
  ...['nftables_counters', 'nftables_ifindex', 'nftables_priority', 'smtp_alert_vrrp', 'enable_snmp_vrrp'],
  ...['enable_snmp_rfcv2', 'enable_snmp_rfcv3', 'process_monitor_rcv_bufs', 'process_monitor_rcv_bufs_force'],
]);

/** vrrp_garp_master_delay and its many siblings. */
export const isGlobalForVrrp = (key: string): boolean =>
  globalForVrrp.has(key) || /^vrrp_[a-z0-9_]+$/.test(key) || /^bfd_[a-z0-9_]+$/.test(key) || /^lvs_netlink_/.test(key);
