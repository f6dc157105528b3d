// The protocols that services forward.

export const Protocol = { icmp: 1, tcp: 6, udp: 17 } as const;
/** IP protocol number. ICMP: of match services only. */
export type Protocol = (typeof Protocol)[keyof typeof Protocol];
