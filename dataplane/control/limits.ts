// A bound on everything the API can make the node remember. Generous: they stop runaway scripts, not operators.
export const limits = {
  /** Addresses a node can carry: VIPs and local addresses together. */
  addresses: 65_536,
  routes: 65_536,
  neighbours: 4_096,
  services: 65_536,
  /** Looked at one by one for each new connection that no other service takes. */
  matches: 1_024,
  /** Schedulers walk a service's servers. */
  serversPerService: 4_096,
  /** Of all services; fewer than the native counters' 65536 slots, of which removed servers keep theirs while connections last. */
  servers: 60_000,
  laddrsPerService: 4_096,
} as const;
