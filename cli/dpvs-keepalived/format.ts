// What `status`, `--check` and `--dry-run` print for people.
import type { CheckStatus, KeepalivedStatus, VirtualServerStatus } from '../../keepalived/index.js';
import type { Terminal } from '../common/index.js';

type Paint = Terminal['paint'];

/** One block a virtual server, one line a check. */
export function formatStatus(status: KeepalivedStatus, paint: Paint): string[] {
  const { file, reloadError, dataplaneError, vrrp, virtualServers } = status;
  return [
    `${file}: ${count(virtualServers.length, 'virtual server')}, ${vrrpText(vrrp)}`,
    ...(dataplaneError === null ? [] : [paint('red', `dataplane: ${dataplaneError}`)]),
    ...(reloadError === null ? [] : [paint('red', `not read again: ${reloadError}`)]),
    ...virtualServers.flatMap((each) => ['', ...virtualServerLines(each, paint)]),
  ];
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

function vrrpText({ state, instances, pid }: KeepalivedStatus['vrrp']): string {
  if (state === 'none') return 'no VRRP';
  return `${count(instances, 'VRRP instance')}: stock keepalived ${state === 'running' ? `runs (pid ${pid})` : 'is not there'}`;
}

function virtualServerLines(
  { name, quorum, services, sorryServer, servers }: VirtualServerStatus,
  paint: Paint,
): string[] {
  const needed = quorum.hysteresis === 0 ? quorum.needed : `${quorum.needed}±${quorum.hysteresis}`;
  const state = quorum.up ? paint('green', 'up') : paint('red', 'down');
  return [
    `${name}: ${state}, weight ${quorum.aliveWeight} of ${needed} needed`,
    ...services.map(({ service, refused }) =>
      refused === null ? `  ${service}` : `  ${service} ${paint('red', `refused: ${refused}`)}`,
    ),
    ...(sorryServer?.active === true ? [`  sorry server ${sorryServer.server} stands in`] : []),
    ...servers.flatMap(({ server, alive, weight, inhibitOnFailure, checks }) => [
      `  -> ${server.padEnd(28)} ${alive ? paint('green', 'up') : paint('red', 'down')} weight ${alive ? weight : `0${inhibitOnFailure ? ' (inhibited)' : ', removed'}`}`,
      ...(checks.length === 0
        ? ['       no check: taken for good']
        : checks.map((check) => `       ${checkText(check)}`)),
    ]),
  ];
}

function checkText({ kind, target, up, settled, retries, last }: CheckStatus): string {
  const state = settled ? (up ? 'up' : 'down') : `taken for ${up ? 'up' : 'down'}`;
  const seen =
    last === null
      ? 'not run yet'
      : `${last.ok ? 'good' : 'bad'}: ${last.reason} (${last.tookMs} ms, ${last.agoSeconds} s ago)`;
  return `${kind} ${target}  ${state}, ${seen}${retries > 0 ? `, failure ${retries} being tried again` : ''}`;
}
