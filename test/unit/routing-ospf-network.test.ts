// The `network VIP/32` form: which lines are the bridge's, where the administrator's own networks cover the VIPs.
import t from 'tap';

import { OspfNetwork } from '../../routing/drivers/ospf-network.js';
import { Ospfd } from '../../routing/ospfd.js';
import { Steps } from '../../routing/steps.js';
import type { Vtysh } from '../../routing/vtysh.js';
import { withdrawVips } from '../../routing/withdraw.js';
import { announceVips } from '../support/announce.js';
import { ModelNode, targetOn } from '../support/routing-node.js';

const kni = 'dpdk1.kni';
const vip = '123.1.2.3';

/** An ospfd that is its running configuration. */
class Config {
  constructor(
    readonly networks: string[],
    readonly kniLines: string[] = [],
  ) {}

  get text(): string {
    const router = ['router ospf', ...this.networks.map((prefix) => ` network ${prefix} area 0.0.0.0`)];
    return `${[`interface ${kni}`, ...this.kniLines.map((line) => ` ${line}`), 'exit', ...router, 'exit'].join('\n')}\n`;
  }

  driver(): OspfNetwork {
    const vtysh = {
      run: async () => this.text,
      json: async () => ({ interfaces: { [kni]: { ospfEnabled: true, networkType: 'BROADCAST', area: '0.0.0.0' } } }),
      configure: async (_daemon: string, lines: readonly string[]) => {
        for (const line of lines) this.#say(line);
      },
    };
    return new OspfNetwork(new Ospfd(vtysh as unknown as Vtysh));
  }

  #say(line: string): void {
    const no = line.startsWith('no ');
    const plain = line.replace(/^no /, '');
    const list = plain.startsWith('network ') ? this.networks : plain.startsWith('ip ospf ') ? this.kniLines : null;
    const word = plain.startsWith('network ') ? plain.split(' ')[1] : plain;
    if (list === null) return;
    if (!no) list.push(word);
    else list.splice(list.indexOf(word), 1);
  }
}

async function thereAndBack(config: Config, before: (node: ModelNode) => void = () => {}) {
  const driver = config.driver();
  const originated = new Map([[vip, 'live' as const]]);
  // What ospfd makes of its configuration is another test's matter.
  driver.originated = async () => originated;
  const node = new ModelNode();
  before(node);
  const tools = { ...node.tools(), driver: () => driver };
  const target = { ...targetOn(vip), owned: { route: false, policy: false } };
  await announceVips(tools, new Steps(), [target], () => {});
  const between = config.text;
  originated.clear();
  const { policy } = target.owned;
  await withdrawVips(tools, new Steps(), [target], true, () => {});
  return { between, policy, node };
}

t.test('a VIP of its own: network and passive line come and go', async (t) => {
  const config = new Config(['172.10.0.0/30']);
  const before = config.text;
  const { between, policy } = await thereAndBack(config);
  t.match(between, /network 123\.1\.2\.3\/32/);
  t.match(between, /ip ospf passive 123\.1\.2\.3/);
  t.ok(policy);
  t.equal(config.text, before);
});

t.test("a wider network of the administrator's: the passive line is ours, and goes", async (t) => {
  const config = new Config(['172.10.0.0/30', '123.1.0.0/16']);
  const before = config.text;
  const { between, policy, node } = await thereAndBack(config, ({ addresses }) => addresses.add(`${kni} ${vip}`));
  t.notMatch(between, /network 123\.1\.2\.3/);
  t.match(between, /ip ospf passive 123\.1\.2\.3/);
  t.ok(policy);
  t.equal(config.text, before, 'as it was');
  const dels = node.changes.filter((call) => call.startsWith('address.del'));
  t.equal(dels.length, 1, 'an address that was announced before does not come anew, it goes once');
});

t.test("the VIP's own line by the administrator stays as it is, whatever is passive", async (t) => {
  for (const lines of [[], [`ip ospf passive ${vip}`]]) {
    const config = new Config([`${vip}/32`], [...lines]);
    const before = config.text;
    const { between, policy } = await thereAndBack(config);
    t.equal(between, before);
    t.notOk(policy);
    t.equal(config.text, before);
  }
});
