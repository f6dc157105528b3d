// The `network VIP/32` form: which lines are the bridge's, where the administrator's own networks cover the VIPs.
import t from 'tap';

import { applyOnEach } from '../../routing/drivers/driver.js';
import { OspfNetwork } from '../../routing/drivers/ospf-network.js';
import { Ospfd } from '../../routing/ospfd.js';
import { Steps } from '../../routing/steps.js';
import type { Vtysh } from '../../routing/vtysh.js';
import { withdrawVips } from '../../routing/withdraw.js';
import { announceVips } from '../support/announce.js';
import { ModelNode, targetOn } from '../support/routing-node.js';

const kni = 'dpdk1.kni';
const other = 'dpdk0.kni';
const vip = '123.1.2.3';

/** An ospfd that is its running configuration. */
class Config {
  /** Of `other`. */
  readonly otherLines: string[] = [];
  #interface = kni;

  constructor(
    readonly networks: string[],
    readonly kniLines: string[] = [],
  ) {}

  get text(): string {
    const router = ['router ospf', ...this.networks.map((prefix) => ` network ${prefix} area 0.0.0.0`)];
    const interfaces = [
      ...[`interface ${kni}`, ...this.kniLines.map((line) => ` ${line}`), 'exit'],
      ...(this.otherLines.length === 0
        ? []
        : [`interface ${other}`, ...this.otherLines.map((line) => ` ${line}`), 'exit']),
    ];
    return `${[...interfaces, ...router, 'exit'].join('\n')}\n`;
  }

  driver(): OspfNetwork {
    const vtysh = {
      run: async () => this.text,
      json: async () => {
        const state = { ospfEnabled: true, networkType: 'BROADCAST', area: '0.0.0.0' };
        return { interfaces: { [kni]: state, [other]: state } };
      },
      configure: async (_daemon: string, lines: readonly string[]) => {
        for (const line of lines) this.#say(line);
      },
    };
    return new OspfNetwork(new Ospfd(vtysh as unknown as Vtysh));
  }

  #say(line: string): void {
    const no = line.startsWith('no ');
    const plain = line.replace(/^no /, '');
    if (plain.startsWith('interface ')) this.#interface = plain.split(' ')[1];
    const lines = this.#interface === kni ? this.kniLines : this.otherLines;
    const list = plain.startsWith('network ') ? this.networks : plain.startsWith('ip ospf ') ? lines : null;
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
  const target = { ...targetOn(vip), owned: { routes: [], policy: false } };
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

t.test(
  'on two interfaces: one network, a passive line each; which interface it leaves takes its own line along',
  async (t) => {
    const config = new Config(['172.10.0.0/30']);
    const before = config.text;
    const driver = config.driver();
    // As it becomes ours with the first of them.
    const ours: string[] = [];
    const permit = (each: string) => driver.permission([vip], each, ours).finally(() => ours.push(vip));
    const first = await applyOnEach(driver, [kni, other], permit);
    t.same(config.networks, ['172.10.0.0/30', `${vip}/32`]);
    t.same([config.kniLines, config.otherLines], [[`ip ospf passive ${vip}`], [`ip ospf passive ${vip}`]]);
    t.same([first.vips, first.allowedBefore], [[vip], []], 'the second interface found the network of the first');
    await applyOnEach(driver, [kni, other], (each) => driver.worsening([vip], each));
    t.equal(config.otherLines.length, 2);
    await driver.apply(await driver.departure([vip], other));
    t.same(config.otherLines, []);
    t.equal(config.kniLines.length, 2);
    t.same(config.networks, ['172.10.0.0/30', `${vip}/32`]);
    const again = await applyOnEach(driver, [kni, other], permit);
    t.same([again.vips, again.allowedBefore], [[vip], [vip]], 'its address on the first need not come anew');
    await applyOnEach(driver, [kni, other], (each) => driver.prohibition([vip], each));
    t.equal(config.text, before);
  },
);
