// Keeps a view of what the dataplane can serve: asked every second, and at once when it publishes that something changed.
import { Subscriber } from 'zeromq';
import { type DataplaneApi, DpvsError } from '../api/index.js';
import type { Log } from '../log/index.js';
import { type Sight, see } from './dataplane-sight.js';
import type { DataplaneView, NodeProblem } from './view.js';

const pollMs = 1_000;
const answerMs = 1_500;
/** Several events in a row, as of a restored configuration, make one look. */
const settleMs = 50;
/** A thousand of them make a few looks, not one each 50 ms. */
const leastBetweenMs = 300;
const topics = ['service', 'server', 'link', 'node', 'slowpath', 'route'] as const;

export interface DataplaneWatchOptions {
  readonly api: DataplaneApi;
  /** The dataplane's PUB socket; without it only the polling is left. */
  readonly events: string | null;
  readonly log: Log;
  /** Called after each look that saw something else than the one before. */
  readonly changed: () => void;
}

const nothing: Sight = { vips: new Map(), links: [], serving: false, stopping: false, problems: [] };

export class DataplaneWatch {
  readonly #options: DataplaneWatchOptions;
  readonly #subscriber: Subscriber | null = null;
  #sight = nothing;
  #reachable = false;
  /**
   * Since when, monotonic, it has been asked in vain, and has not said that it serves. Not since the last good answer: when we are the
   * ones who were slow to ask, it is not its silence.
   */
  #silentSince: number | null = null;
  /** Since when, monotonic, it has not said that it serves, by the port of the problem or null. */
  readonly #notServingSince = new Map<string | null, number>();
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: DataplaneWatchOptions) {
    this.#options = options;
    if (options.events !== null) {
      this.#subscriber = new Subscriber({ linger: 0, reconnectInterval: 500 });
      this.#subscriber.connect(options.events);
      this.#subscriber.subscribe(...topics);
      void this.#listen(this.#subscriber);
    }
  }

  view(): DataplaneView {
    const now = performance.now();
    const { vips, links, stopping } = this.#sight;
    return {
      stopping: this.#reachable && stopping,
      reachable: this.#reachable,
      silentMs: this.#silentSince === null ? 0 : now - this.#silentSince,
      problems: this.#problemsAt(now),
      vips,
      links,
    };
  }

  get serving(): boolean {
    return this.#reachable && this.#sight.serving;
  }

  /** Looks now; afterwards the view is not older than this call. */
  async look(): Promise<void> {
    // A look that is under way began before this call.
    if (this.#looking !== null) await this.#looking;
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    await this.#looking;
  }

  start(): void {
    const round = async (): Promise<void> => {
      await this.#lookSafely();
      if (!this.#closed) this.#timer = setTimeout(() => void round(), pollMs);
    };
    void round();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#subscriber?.close();
  }

  /** A bug of ours must not end the process that withdraws the VIPs. */
  async #lookSafely(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      this.#options.log.event('api.defect', { method: 'dataplane watch', error });
    }
  }

  async #lookOnce(): Promise<void> {
    const { api, changed } = this.#options;
    const before = this.#fingerprint();
    const asked = performance.now();
    this.#lookedAt = asked;
    try {
      this.#sight = await see(api, answerMs);
      this.#reachable = true;
      this.#silentSince = null;
    } catch (error) {
      // A refusal is an answer of a kind, but none to work with: the slow path may be restarting.
      if (!(error instanceof DpvsError)) throw error;
      if (this.#reachable) this.#options.log.event('bridge.dataplane_lost', { reason: error.message });
      this.#reachable = false;
      this.#silentSince ??= asked;
    }
    this.#noteProblems(asked);
    if (!this.#closed && before !== this.#fingerprint()) changed();
  }

  #noteProblems(asked: number): void {
    const { serving, problems } = this.#sight;
    const since = this.#notServingSince;
    const causes = new Set(problems.map(({ port }) => port));
    if (!this.#reachable || (!serving && causes.size === 0)) causes.add(null);
    if (this.serving) causes.clear();
    // While nothing is heard of it, what was wrong goes on.
    if (this.#reachable) for (const cause of since.keys()) if (!causes.has(cause)) since.delete(cause);
    for (const cause of causes) if (!since.has(cause)) since.set(cause, asked);
  }

  #problemsAt(now: number): NodeProblem[] {
    const since = this.#notServingSince;
    const said = this.#sight.problems.filter(({ port }) => since.has(port));
    const unsaid = since.has(null) && !said.some(({ port }) => port === null) ? [{ text: '', port: null }] : [];
    return [...said, ...unsaid].map((each) => ({ ...each, ms: now - since.get(each.port)! }));
  }

  #fingerprint(): string {
    const { vips, links, serving, stopping, problems } = this.#sight;
    return JSON.stringify([
      this.#reachable,
      serving,
      stopping,
      problems,
      // Not the flows and the ports: those change all the time, and are looked at once a second anyway.
      [...vips].map(([vip, services]) => [vip, services.map(({ servers, healthy }) => [servers, healthy])]),
      links.map(({ name, up, kni }) => [name, up, kni]),
    ]);
  }

  async #listen(subscriber: Subscriber): Promise<void> {
    for await (const _frames of subscriber) {
      if (this.#closed) return;
      const wait = Math.max(settleMs, this.#lookedAt + leastBetweenMs - performance.now());
      this.#soon ??= setTimeout(() => {
        this.#soon = null;
        void this.#lookSafely();
      }, wait);
    }
  }
}
