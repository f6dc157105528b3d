// The ports that a VIP is served through: one, or several towards different switches. Its address is on the kni of each, so that the
// routing daemon has the VIP as long as one of them is there.
//
// A daemon announces a VIP once, whatever the number of interfaces that carry it: when one of them goes, or comes back, the LSA stays as
// it is (FRR 8.4.4, measured: ospfd in both forms, ospf6d, bgpd), and the links alone decide who reaches the node by which.

export interface Port {
  readonly device: string;
  readonly kni: string;
}

/** As `--dev` takes it and every listing shows it: `dpdk1`, `dpdk1,dpdk2`. */
export const portsText = (ports: readonly Pick<Port, 'device'>[]): string =>
  ports.map(({ device }) => device).join(',');

const isAmong = (ports: readonly Pick<Port, 'device'>[], { device }: Pick<Port, 'device'>): boolean =>
  ports.some((each) => each.device === device);

export const portsBeside = (ports: readonly Port[], others: readonly Pick<Port, 'device'>[]): Port[] =>
  ports.filter((port) => !isAmong(others, port));

/** Those of the first and then the rest of the others. */
export const allPorts = (ports: readonly Port[], others: readonly Port[]): Port[] => [
  ...ports,
  ...portsBeside(others, ports),
];

/** Whether one of them has the VIP. @param carried `interface address`, as of `NodeView` */
export const isCarried = (
  carried: ReadonlySet<string>,
  { vip, ports }: { readonly vip: string; readonly ports: readonly Pick<Port, 'kni'>[] },
): boolean => ports.some(({ kni }) => carried.has(`${kni} ${vip}`));
