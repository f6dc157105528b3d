// Counts what the slow path makes itself, in its slot of the native counters.
import { layout, memory, reasonNumber, usage } from '../../native/index.js';

export class Events {
  readonly #counters = new BigUint64Array(memory('lcoreStats', usage().lcores));
  readonly #base = layout('lcore_stats.event') / 8;
  readonly arpAnswered = reasonNumber('event', 'arp_answered');
  readonly arpRequestSent = reasonNumber('event', 'arp_request_sent');
  readonly ndAnswered = reasonNumber('event', 'nd_answered');
  readonly ndSolicitationSent = reasonNumber('event', 'nd_solicitation_sent');
  readonly addressAnnounced = reasonNumber('event', 'address_announced');
  readonly icmpEchoAnswered = reasonNumber('event', 'icmp_echo_answered');
  readonly icmpErrorSent = reasonNumber('event', 'icmp_error_sent');
  readonly tcpRstSent = reasonNumber('event', 'tcp_rst_sent');
  readonly connsReset = reasonNumber('event', 'conns_reset');

  count(event: number): void {
    this.#counters[this.#base + event]++;
  }
}
