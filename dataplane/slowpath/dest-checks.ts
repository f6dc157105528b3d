// The passive health check of real servers: attempts to connect that are reset, or that nobody answers, inhibit a server for a while.
// It goes by counters of the fast path, so that it costs nothing per packet or connection.
import type { DestCheck, ServerKey, ServiceKey } from '../../api/index.js';
import type { Counters } from '../../native/index.js';
import { formatIp } from '../inet/index.js';
import { type DestTable, ServerFlag, type Service } from '../ipvs/index.js';
import { keyOf } from './service-key.js';

/** How soon a dead server is noticed, less the time until its first attempt fails. */
const TICK_MS = 100;
/** No answer for so long is none: the client has sent its SYN again (1 s, RFC 6298), and ARP has given the neighbour up. */
const SILENT_MS = 3_000;

/** What the slow path did to a server by itself. */
export interface Notice {
  readonly service: ServiceKey;
  readonly server: ServerKey;
  readonly inhibited: boolean;
  /** How long, in seconds; 0 when it is not. */
  readonly seconds: number;
  /** Failed attempts that led to it. */
  readonly failures: number;
  readonly why: 'refused' | 'silent' | 'answers' | 'time is up' | 'check is off';
}

/** What is known of one server. Counters are as last read, modulo 2^32. */
interface Watched {
  attempts: number;
  accepted: number;
  refused: number;
  /** Attempts since the last answer, and when the first of them was seen. */
  unanswered: number;
  silentSince: number;
  /** Since `failingSince`; older ones do not count any more. */
  failures: number;
  failingSince: number;
  successes: number;
  /** Of the next inhibition, in seconds. */
  backoff: number;
  inhibitedUntil: number;
}

interface Checked {
  check: DestCheck;
  readonly servers: Map<number, Watched>;
}

/** Of two counters modulo 2^32; a slot that was cleared for another server counts from zero. */
const rise = (now: number, before: number): number => {
  const by = (now - before) | 0;
  return by >= 0 ? by : now;
};

export class DestChecks {
  readonly #services = new Map<Service, Checked>();
  #next = 0;

  constructor(
    readonly dests: DestTable,
    readonly counters: Pick<Counters, 'answersOf' | 'attemptsOf'>,
    readonly notice: (notice: Notice) => void,
  ) {}

  /** Without a check its servers are as good as their weights say. What is known of them outlives a change of the numbers. */
  configure(service: Service, check: DestCheck | undefined): void {
    const known = this.#services.get(service);
    if (check === undefined) {
      for (const [dest, { failures }] of known?.servers ?? [])
        if (this.#isInhibited(dest)) this.#set(service, dest, false, 0, failures, 'check is off');
      this.#services.delete(service);
    } else if (known === undefined) this.#services.set(service, { check, servers: new Map() });
    else known.check = check;
  }

  /** Milliseconds until the next look; Infinity when nothing is checked. */
  due(now: number): number {
    return this.#services.size === 0 ? Number.POSITIVE_INFINITY : Math.max(0, this.#next - now);
  }

  tick(now: number): void {
    if (now < this.#next) return;
    this.#next = now + TICK_MS;
    for (const [service, checked] of this.#services) {
      if (!service.live) this.#services.delete(service);
      else this.#look(service, checked, now);
    }
  }

  #look(service: Service, { check, servers }: Checked, now: number): void {
    if (servers.size > service.count) {
      const members = new Set(service.members.subarray(0, service.count));
      for (const dest of servers.keys()) if (!members.has(dest)) servers.delete(dest);
    }
    for (let i = 0; i < service.count; i++) {
      const dest = service.members[i];
      const watched = servers.get(dest);
      if (watched === undefined) servers.set(dest, this.#begin(dest, check));
      else this.#judge(service, dest, watched, check, now);
    }
  }

  #begin(dest: number, check: DestCheck): Watched {
    const none = { unanswered: 0, silentSince: 0, failures: 0, failingSince: 0, successes: 0, inhibitedUntil: 0 };
    const { accepted, refused } = this.counters.answersOf(dest);
    return { attempts: this.counters.attemptsOf(dest), accepted, refused, ...none, backoff: check.inhibitMin };
  }

  #judge(service: Service, dest: number, w: Watched, check: DestCheck, now: number): void {
    const answers = this.counters.answersOf(dest);
    const attempts = this.counters.attemptsOf(dest);
    const tried = rise(attempts, w.attempts);
    const accepted = rise(answers.accepted, w.accepted);
    const refused = rise(answers.refused, w.refused);
    w.attempts = attempts;
    w.accepted = answers.accepted;
    w.refused = answers.refused;
    const silent = this.#silent(w, tried, accepted + refused, now);

    if (accepted > 0) this.#succeeded(service, dest, w, check, accepted);
    if (now - w.failingSince >= check.wait * 1000) w.failures = 0;
    if (refused + silent > 0) {
      if (w.failures === 0) w.failingSince = now;
      w.failures += refused + silent;
      w.successes = 0;
    }
    if (this.#isInhibited(dest)) {
      if (now < w.inhibitedUntil) return;
      w.failures = 0;
      this.#set(service, dest, false, 0, 0, 'time is up');
    } else if (w.failures >= check.down) {
      this.#set(service, dest, true, w.backoff, w.failures, refused > 0 ? 'refused' : 'silent');
      w.inhibitedUntil = now + w.backoff * 1000;
      w.backoff = Math.min(check.inhibitMax, w.backoff * 2);
      w.failures = 0;
      w.unanswered = 0;
    }
  }

  /** Attempts that count as failed because nothing at all came back for too long. A server that answers some is not silent. */
  #silent(w: Watched, tried: number, answered: number, now: number): number {
    if (answered > 0) w.unanswered = 0;
    else if (tried > 0) {
      if (w.unanswered === 0) w.silentSince = now;
      w.unanswered += tried;
    }
    if (w.unanswered === 0 || now - w.silentSince < SILENT_MS) return 0;
    const failed = w.unanswered;
    w.unanswered = 0;
    return failed;
  }

  #succeeded(service: Service, dest: number, w: Watched, check: DestCheck, accepted: number): void {
    w.failures = 0;
    w.successes = Math.min(check.up, w.successes + accepted);
    if (w.successes < check.up) return;
    w.backoff = check.inhibitMin;
    if (this.#isInhibited(dest)) this.#set(service, dest, false, 0, 0, 'answers');
  }

  #isInhibited(dest: number): boolean {
    return (this.dests.flags[dest] & ServerFlag.INHIBITED) !== 0;
  }

  #set(
    service: Service,
    dest: number,
    inhibited: boolean,
    seconds: number,
    failures: number,
    why: Notice['why'],
  ): void {
    this.dests.setFlag(dest, ServerFlag.INHIBITED, inhibited);
    const server = { address: formatIp(this.dests.address(dest)), port: this.dests.ports[dest] };
    this.notice({ service: keyOf(service), server, inhibited, seconds, failures, why });
  }
}
