// A scene for `dpvs-route doctor`: sound to begin with, broken by one change at a time.
import { existsSync } from 'node:fs';
import { eventually, type Frr, must } from '../../../lab/index.js';
import type { DoctorReport, Finding } from '../../../routing/doctor/index.js';
import { lacking as lackingFor } from './probe.js';
import type { Protocol } from './protocols.js';
import { kni, nodeAddress, Scene, type SceneOptions } from './scene.js';

const daemonOf = { ospf: 'ospfd', ospf6: 'ospf6d', bgp: 'bgpd' } as const;

/** @param protocol that is spoken besides OSPF */
export async function lacking(protocol: Protocol = 'ospf'): Promise<string | false> {
  const missing = !existsSync(`/usr/lib/frr/${daemonOf[protocol]}`);
  return missing ? `needs FRR's ${daemonOf[protocol]}` : lackingFor('tcpdump');
}

/** What makes the node's daemon forget its neighbours. */
const forget = {
  ospf: 'clear ip ospf neighbor',
  ospf6: `clear ipv6 ospf6 interface ${kni}`,
  bgp: 'clear bgp *',
} as const;

type FrrDaemon = Parameters<Frr['kill']>[0];

export interface Diagnosis {
  readonly code: number;
  readonly report: DoctorReport;
  /** Ids of the findings, sorted; the bridge's, which runs in few scenes, left out. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly remarks: readonly string[];
  evidence(id: string): string;
}

export class DoctorScene {
  private constructor(readonly scene: Scene) {}

  /** @param test takes the scene down at its end */
  static async up(options: SceneOptions, test?: { teardown(end: () => Promise<void>): void }): Promise<DoctorScene> {
    const scene = await Scene.up(options);
    test?.teardown(() => scene.down());
    scene.dataplane.routes.push(kniHost(nodeAddress));
    return new DoctorScene(scene);
  }

  /** Listens for a second where the wire is not what matters. */
  async diagnose(...args: string[]): Promise<Diagnosis> {
    const words = ['doctor', '--json', '--dev', 'dpdk1', '--frr-namespace', this.scene.nodeFrr.pathspace];
    const { code, stdout, stderr } = await this.scene.cli(...words, ...(args.length > 0 ? args : ['--listen', '1']));
    if (stdout === '') throw new Error(`doctor ended with ${code}: ${stderr}`);
    const report = JSON.parse(stdout) as DoctorReport;
    const findings = report.checks.flatMap((check) => check.findings);
    const ids = (severity: Finding['severity']): string[] => [
      ...new Set(
        findings.filter((each) => each.severity === severity && each.id !== 'bridge-down').map(({ id }) => id),
      ),
    ];
    return {
      code,
      report,
      errors: ids('error').sort(),
      warnings: ids('warn').sort(),
      remarks: ids('info').sort(),
      evidence: (id) =>
        findings
          .filter((each) => each.id === id)
          .map((each) => each.evidence)
          .join('\n'),
    };
  }

  /** Lines of configuration, to a daemon of the node. */
  onNode(daemon: FrrDaemon, ...lines: string[]): Promise<void> {
    return configure(this.scene.nodeFrr, this.scene.node, daemon, lines);
  }

  /** Lines of configuration, to the switch's routing daemon. */
  onSwitch(...lines: string[]): Promise<void> {
    return configure(this.scene.switchFrr, this.scene.switch, this.daemon, lines);
  }

  /** The node forgets its neighbour, which does not come back: the dead interval need not be waited for. */
  async apart(): Promise<void> {
    await this.scene.nodeFrr.show(this.daemon, forget[this.scene.protocol]);
    await this.neighbourBecomes(/^$/);
  }

  /** The node's kernel takes no OSPF to this address of it any more, but answers ARP and ND. @returns mends it */
  async refuseOspf(address: string): Promise<() => Promise<string>> {
    const rule = (...words: string[]) => this.scene.ip(address.includes(':') ? '-6' : '-4', 'rule', ...words);
    const refusal = ['pref', '5', 'iif', kni, 'to', address, 'ipproto', '89', 'blackhole'];
    // The rule for the kernel's own addresses comes first otherwise.
    await rule('add', 'pref', '10', 'lookup', 'local');
    await rule('del', 'pref', '0');
    await rule('add', ...refusal);
    return () => rule('del', ...refusal);
  }

  /** Adjacencies begin anew, with what has been configured since. */
  async clearSwitch(): Promise<void> {
    await this.scene.switchFrr.show('ospfd', 'clear ip ospf process');
  }

  async restart(frr: Frr): Promise<void> {
    await frr.kill('ospfd');
    await frr.startDaemon('ospfd');
  }

  get daemon(): (typeof daemonOf)[Protocol] {
    return daemonOf[this.scene.protocol];
  }

  /** The node's neighbour, as its daemon shows it, becomes what is wanted. */
  async neighbourBecomes(wanted: RegExp, timeoutMs = 15_000): Promise<void> {
    await eventually(
      `the neighbour becomes ${wanted}`,
      async () => (await this.#states()).join(),
      (seen) => wanted.test(seen),
      { timeoutMs },
    );
  }

  async #states(): Promise<string[]> {
    const { nodeFrr, protocol } = this.scene;
    if (protocol === 'ospf') return (await nodeFrr.neighbours()).map(({ state }) => state);
    const [show, field] =
      protocol === 'bgp' ? ['show bgp neighbors', 'bgpState'] : ['show ipv6 ospf6 neighbor detail', 'neighborState'];
    const seen = (await nodeFrr.json(this.daemon, show)) as Record<string, Record<string, string>>;
    return Object.values(seen).flatMap((each) => each[field] ?? []);
  }
}

export const kniHost = (address: string) => ({
  ...({ destination: `${address}/32`, device: 'dpdk1', scope: 'kni_host', proto: 'auto' } as const),
  ...{ gateway: '0.0.0.0', source: '0.0.0.0', mtu: 1500, tos: 0, metric: 0, onlink: false },
});

async function configure(frr: Frr, namespace: string, daemon: FrrDaemon, lines: readonly string[]): Promise<void> {
  const commands = ['configure terminal', ...lines].flatMap((line) => ['-c', line]);
  await must(['vtysh', '-N', frr.pathspace, '-d', daemon, ...commands], { namespace });
}
