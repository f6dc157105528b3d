// The device blocks of netif_defs → ports: names, hardware, kernel-visible interfaces.
import { deviceName } from '../../api/index.js';
import type { Report, Span } from './diagnostic.js';
import type { Grammar } from './grammar/index.js';
import type { Section } from './schema.js';
import type { Hardware, PortConfig } from './types.js';

export type DeviceSection = Section<Grammar['blocks']['netif_defs']['blocks']['device']>;

/** Queue counts are 0: they follow from the workers. */
export function buildPorts(devices: readonly DeviceSection[], report: Report): PortConfig[] {
  const ports: PortConfig[] = [];
  const claim = claims(report);
  for (const device of devices) {
    if (device.name === null) continue;
    const { keys, blocks } = device;
    const name = device.name.text;
    if (!deviceName.safeParse(name).success)
      report.error(device.name, `a port cannot be called ${JSON.stringify(name)}`, 'dpdk0, dpdk1, …');
    const hardware = hardwareOf(device, report);
    if (hardware === null) continue;
    claim(hardwareKey(hardware), keys.hardware.at ?? device.name, 'hardware');
    const kniName = keys.kni_name.value ?? `${name}.kni`;
    const kniAt = keys.kni_name.at ?? device.name;
    if (kniName.length > 15)
      report.error(kniAt, `${kniName} is too long for a kernel interface`, '15 characters: give a kni_name');
    claim(`interface ${kniName}`, kniAt, 'kernel interface');
    const { rx, tx } = blocks;
    ports.push({
      name,
      hardware,
      kniName,
      mtu: keys.mtu.value,
      promisc: keys.promisc_mode.value,
      allmulticast: keys.allmulticast.value,
      rx: { queues: 0, descriptors: rx.keys.descriptor_number.value, rss: rx.keys.rss.value },
      tx: { queues: 0, descriptors: tx.keys.descriptor_number.value, mbufFastFree: tx.keys.mbuf_fast_free.value },
    });
  }
  return ports;
}

function hardwareOf({ name, keys }: DeviceSection, report: Report): Hardware | null {
  const text = keys.hardware.value;
  if (text === null) {
    const index = /^dpdk(\d{1,3})$/.exec(name?.text ?? '')?.[1];
    if (index !== undefined) return { kind: 'index', index: Number(index) };
    report.error(name!, `${name?.text} needs hardware; only dpdkN stands for the N-th DPDK port by itself`);
    return null;
  }
  const pci = /^([0-9a-f]{4}:)?([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$/i.exec(text);
  if (pci === null) return { kind: 'vdev', spec: text };
  return { kind: 'pci', address: `${pci[1] ?? '0000:'}${pci[2]}`.toLowerCase() };
}

/** The EAL knows a virtual device by the word before the first comma. */
function hardwareKey(hardware: Hardware): string {
  switch (hardware.kind) {
    case 'index':
      return `the DPDK port ${hardware.index}`;
    case 'pci':
      return hardware.address;
    case 'vdev':
      return hardware.spec.split(',')[0]!;
  }
}

/** Reports the second one that wants the same thing. */
function claims(report: Report): (key: string, at: Span, what: string) => void {
  const taken = new Map<string, Span>();
  return (key, at, what) => {
    const before = taken.get(key);
    if (before === undefined) taken.set(key, at);
    else report.error(at, `this ${what} is already used in line ${before.line}`);
  };
}
