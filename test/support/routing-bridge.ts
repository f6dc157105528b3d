// A routing bridge over a model node: everything real but the node itself, without polling the dataplane's socket.
import { join } from 'node:path';
import type { Test } from 'tap';
import { silentLog } from '../../log/index.js';
import { Bridge } from '../../routing/bridge.js';
import type { BridgeParts } from '../../routing/core.js';
import { DataplaneWatch } from '../../routing/dataplane-watch.js';
import { Journal, type JournalEntry } from '../../routing/journal.js';
import { NeighbourWatch } from '../../routing/neighbour-watch.js';
import { type BridgeParams, type BridgeResult, bridgeMethods, type VipStatus } from '../../routing/schema.js';
import { VipBook } from '../../routing/vip-book.js';
import { WithdrawalGuard } from '../../routing/withdrawal-guard.js';
import { ModelNode } from './routing-node.js';

export const identity = { name: 'node1', startedAt: '2026-01-01T00:00:00.000Z', frrNamespace: null };

export function partsOf(node: ModelNode, journal: Journal, perMinute = 0): BridgeParts {
  const log = silentLog();
  return {
    log,
    api: node.api,
    dataplane: new DataplaneWatch({ api: node.api, events: null, log, changed: () => {} }),
    kernel: node.kernel,
    speakers: { inet: { driver: node.driver, watch: new NeighbourWatch(node.driver, log) }, inet6: null },
    zebra: { trouble: () => null, answers: async () => true, start: () => {}, close: () => {} },
    guard: new WithdrawalGuard(perMinute),
    book: new VipBook(journal, log),
  };
}

/** Of a machine that does other things as well. */
const patienceMs = 20_000;

type Change = 'announce' | 'withdraw' | 'drain' | 'undrain';

export class TestBridge {
  readonly node: ModelNode;
  readonly journal: Journal;
  readonly parts: BridgeParts;
  readonly bridge: Bridge;

  private constructor(node: ModelNode, journal: Journal) {
    this.node = node;
    this.journal = journal;
    this.parts = partsOf(node, journal);
    this.bridge = new Bridge(this.parts, identity);
  }

  /** Started, and stopped when the test ends. */
  static async start(t: Test, node = new ModelNode(), written: readonly JournalEntry[] = []): Promise<TestBridge> {
    // Before the directory is asked for, which then goes after it: a bridge that still runs writes into it.
    let started: TestBridge | null = null;
    t.teardown(() => started?.bridge.stop());
    const journal = new Journal(join(t.testdir({}), `${node.routerId}.route.json`));
    journal.write(written);
    started = new TestBridge(node, journal);
    await started.bridge.start();
    return started;
  }

  /** Through the schema, both ways, as the API does it. */
  readonly ask = async <M extends Change | 'show'>(method: M, params: BridgeParams<M>): Promise<BridgeResult<M>> => {
    const { params: asks, result } = bridgeMethods[method];
    const parsed = asks.parse(params) as never;
    return result.parse(await this.bridge[method](parsed)) as BridgeResult<M>;
  };

  readonly vip = async (address: string): Promise<VipStatus | undefined> => {
    const { vips } = bridgeMethods.status.result.parse(await this.bridge.status());
    return vips.find(({ vip }) => vip === address);
  };

  /** Until the VIP is as it should be: the watch's rounds come when they come. */
  readonly until = async (address: string, what: (vip: VipStatus) => boolean): Promise<VipStatus> => {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const vip = await this.vip(address);
      if (vip !== undefined && what(vip)) return vip;
      if (performance.now() > deadline) throw new Error(`${address} stays ${JSON.stringify(vip)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
}
