// Makes the dataplane have what it should: reads it once, then sends differences, as batches; what is refused leaves out its service only.
import { type ChangeRequest, type DataplaneApi, DpvsError, inBatches, isUnanswered } from '../api/index.js';
import { type Log, RepeatedCondition } from '../log/index.js';
import { placeText } from './diagnostic.js';
import { type Change, difference } from './difference.js';
import type { OwnedServices } from './owned-services.js';
import { afterwards, type DesiredService, type PresentService, presentServices } from './services.js';

export interface ApplierOptions {
  readonly api: DataplaneApi;
  readonly owned: OwnedServices;
  readonly log: Log;
  /** By serviceText; asked anew for each attempt. */
  readonly desired: () => ReadonlyMap<string, DesiredService>;
  /** Before the next attempt after one that was not answered. */
  readonly retryMs?: number;
}

/** What the dataplane judged is not asked again until something is different; these say that our own sight was old. */
const staleCodes: readonly string[] = [
  ...['no_service', 'service_exists', 'no_server', 'server_exists', 'no_laddr', 'laddr_exists'],
];
/** States of the node, not of the request. */
const passingCodes: readonly string[] = ['slow_path_down', 'busy', 'journal', 'internal'];

export class Applier {
  readonly #options: ApplierOptions;
  readonly #failed: RepeatedCondition;
  /** null: to be read before the next change. */
  #present: Map<string, PresentService> | null = null;
  readonly #refused = new Map<string, string>();
  /** The changes that were refused, by `leftAs`. */
  readonly #left = new Set<string>();
  #again = false;
  #running: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#failed = new RepeatedCondition(options.log, 'keepalived.apply_failed');
  }

  /** serviceText → why the dataplane does not have it. */
  get refused(): ReadonlyMap<string, string> {
    return this.#refused;
  }

  /** Something may be different. One attempt at a time; what changes meanwhile is in the next. */
  nudge(): void {
    this.#again = true;
    this.#running ??= this.#work().finally(() => {
      this.#running = null;
    });
  }

  /** What was refused may be different now. What stayed in the file is not touched: nothing is read again. */
  fileChanged(): void {
    this.#refused.clear();
    this.#left.clear();
    this.nudge();
  }

  /** Another dataplane: what was known of the one before counts no more. */
  dataplaneChanged(): void {
    this.#present = null;
    this.fileChanged();
  }

  /** When nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  /** Waits for what is under way, and begins nothing any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.idle();
    this.#failed.flush();
  }

  async #work(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        await this.#attempt();
      } catch (error) {
        this.#present = null;
        this.#failed.hit({ why: (error as Error).message });
        this.#retryLater();
      }
    }
  }

  #retryLater(): void {
    if (this.#stopped || this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.nudge();
    }, this.#options.retryMs ?? 1_000);
  }

  /** @throws when it is to be tried again later */
  async #attempt(): Promise<void> {
    const { owned } = this.#options;
    const fresh = this.#present === null;
    const present = this.#present ?? (await readServices(this.#options.api));
    this.#present = present;
    const all = this.#options.desired();
    // Of a service that is there only the change that was refused is left out: its checks go on taking dead servers out.
    const desired = new Map([...all].filter(([key]) => !this.#refused.has(key) || present.has(key)));
    const gone = new Set([...owned.keys].filter((key) => !all.has(key)));
    const wanted = difference(desired, present, gone);
    const changes = wanted.filter((change) => !this.#left.has(leftAs(change)));
    if (changes.length > 0) {
      owned.claim(desired.keys());
      try {
        await this.#send(changes);
      } catch (error) {
        this.#present = null;
        if (!(error instanceof Refusal)) throw error;
        // Read again first: somebody may have changed it by hand meanwhile.
        if (fresh || !staleCodes.includes(error.reason.code)) this.#leaveOut(error, all);
        this.#again = true;
        return;
      }
    }
    for (const key of gone) present.delete(key);
    for (const [key, service] of desired) present.set(key, afterwards(service, present.get(key)));
    owned.release(gone);
    // Not all of what is desired is there: read again before the next comparison.
    if (changes.length < wanted.length) this.#present = null;
  }

  /** @throws {Refusal}, or what says that nobody has judged it */
  async #send(changes: readonly Change[]): Promise<void> {
    const { api, log } = this.#options;
    let sent = 0;
    for (const requests of inBatches<ChangeRequest>(changes.map(({ request }) => request))) {
      const batch = changes.slice(sent, sent + requests.length);
      try {
        await api.call('batch', { requests });
      } catch (error) {
        throw refusalOf(batch, error);
      }
      log.event('keepalived.applied', { changes: batch.length, first: batch.slice(0, 5).map(({ text }) => text) });
      sent += requests.length;
    }
  }

  #leaveOut({ change, reason }: Refusal, all: ReadonlyMap<string, DesiredService>): void {
    const why = `${change.text}: ${reason.message.replace(/requests\.\d+ \([a-z.]+\): /, '')}`;
    const at = all.get(change.service)?.at;
    this.#refused.set(change.service, why);
    this.#left.add(leftAs(change));
    this.#options.log.event('keepalived.refused', {
      service: change.service,
      at: at === undefined ? undefined : placeText(at),
      why,
    });
  }
}

export async function readServices(api: DataplaneApi): Promise<Map<string, PresentService>> {
  return presentServices(await api.call('service.list', {}), await api.call('laddr.list', {}));
}

/** Local addresses of a service as one: the old ones stay when the new ones are not taken. */
const leftAs = ({ request, service, text }: Change): string =>
  request.method.startsWith('laddr.') ? `laddr of ${service}` : text;

/** The dataplane has judged this change and does not want it; nothing of its batch was done. */
class Refusal extends Error {
  constructor(
    readonly change: Change,
    readonly reason: DpvsError,
  ) {
    super(reason.message);
  }
}

function refusalOf(batch: readonly Change[], error: unknown): unknown {
  if (!(error instanceof DpvsError) || isUnanswered(error) || passingCodes.includes(error.code)) return error;
  const change = batch[Number(/^requests\.(\d+)/.exec(error.field)?.[1] ?? Number.NaN)];
  return change === undefined ? error : new Refusal(change, error);
}
