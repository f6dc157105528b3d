// Packet buffers and the largest MTU that fits them: what a port is started with fits, and what is beyond says where it ends.
import t from 'tap';
import { bufferRoom, largestMtu } from '../../dataplane/node/index.js';

const port = (mtu: number, spec = 'net_af_packet0,iface=eth0') =>
  ({ name: 'dpdk0', mtu, hardware: { kind: 'vdev', spec } }) as const;
const xdp = (mtu: number) => port(mtu, 'net_af_xdp0,iface=eth0');
const any = { driver: 'net_any', maxMtu: 65_535 };
/** Ethernet, a VLAN tag, and the kernel's share of an AF_XDP buffer. */
const needed = ({ mtu, hardware }: ReturnType<typeof port>): number =>
  mtu + 18 + (hardware.spec.includes('af_xdp') ? 256 : 0);

t.test('every port that dpvs.conf can have fits, and can have its MTU again', async (t) => {
  for (let mtu = 68; mtu <= 9000; mtu += 4)
    for (const ports of [[port(mtu)], [xdp(mtu)], [xdp(mtu), port(1500)], [port(mtu), xdp(1500)]]) {
      const room = bufferRoom(ports);
      const fits = ports.every((each) => needed(each) <= room && largestMtu(ports, each, any).mtu >= each.mtu);
      const most = ports.every((each) => needed({ ...each, mtu: largestMtu(ports, each, any).mtu }) <= room);
      if (!fits || !most || room % 64 !== 0) t.fail(`mtu ${mtu}: ${room} bytes`);
    }
  t.equal(bufferRoom([port(1500), xdp(1500)]), 2048, 'no larger than what most NICs want');
});

t.test('what sets the limit', async (t) => {
  const ports = [port(1500), xdp(3000)];
  const cases = [
    [any, undefined, /dpvs\.conf, and start dpvs/],
    [{ driver: 'net_af_packet', maxMtu: 1500 }, any, /^its driver net_af_packet/],
    [any, { driver: 'net_tap', maxMtu: 1504 }, /of its kni, net_tap/],
  ] as const;
  for (const [driver, kni, why] of cases) {
    const limit = largestMtu(ports, ports[0], driver, kni);
    t.match(limit.why, why);
    if (kni !== undefined) t.equal(limit.mtu, Math.min(driver.maxMtu, kni.maxMtu));
  }
  t.equal(largestMtu([port(9000)], port(9000), any).mtu, 9000);
});
