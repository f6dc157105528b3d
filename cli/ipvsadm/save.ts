// --save: services as the argument lines that make them anew. Unlike the reference's, with local addresses, thresholds and timeouts.
import {
  type LaddrInfo,
  matchWord,
  type ServerInfo,
  type ServiceInfo,
  type ServiceKey,
  showEndpoint,
} from '../common/index.js';
import { showDestCheck } from './dest-check.js';

const forwardingLetter: Readonly<Record<ServerInfo['forwarding'], string>> = {
  FullNat: '-b',
  Route: '-g',
  Tunnel: '-i',
  Masq: '-m',
  SNAT: '-J',
};

const letters = { tcp: '-t', udp: '-u' } as const;
const selector = (service: ServiceKey): string =>
  service.protocol === 'match'
    ? `-H ${matchWord(service.match)}`
    : `${letters[service.protocol]} ${showEndpoint(service)}`;

function serverWords(server: ServerInfo): string {
  const upper = server.upperThreshold === 0 ? '' : ` -x ${server.upperThreshold}`;
  const lower = server.lowerThreshold === 0 ? '' : ` -y ${server.lowerThreshold}`;
  return `-r ${showEndpoint(server)} ${forwardingLetter[server.forwarding]} -w ${server.weight}${upper}${lower}`;
}

/** Always numeric, so that a changed /etc/services changes nothing. */
export function saveLines(services: readonly ServiceInfo[], laddrs: readonly LaddrInfo[]): string[] {
  return services.flatMap((info) => {
    const own = selector(info.service);
    const timeout = info.connTimeout === null ? '' : ` --conn-timeout ${info.connTimeout}`;
    const check = info.destCheck === undefined ? '' : ` --dest-check ${showDestCheck(info.destCheck)}`;
    const local = laddrs
      .filter(({ service }) => selector(service) === own)
      .flatMap(({ localAddresses }) => localAddresses);
    return [
      `-A ${own} -s ${info.scheduler}${timeout}${check}`,
      ...local.map(({ address, device }) => `--add-laddr -z ${address} ${own} -F ${device}`),
      ...info.servers.map((server) => `-a ${own} ${serverWords(server)}`),
    ];
  });
}
