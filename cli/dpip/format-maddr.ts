// Multicast groups as text: the reference's lines; with -v who joined, how often, and whether the port's filter has it.
import type { GroupsInfo } from '../common/index.js';

const receptions = {
  groups: 'receives these groups',
  all: 'receives all multicast',
  unfiltered: 'has no filter',
  refused: 'its driver can be told neither groups nor all multicast',
} as const satisfies Record<GroupsInfo['reception'], string>;

export function formatGroups(ports: readonly GroupsInfo[], verbose: boolean): string[] {
  return ports.flatMap(({ index, device, reception, link, leftOut }) => [
    `${index}:\t${device}${verbose ? `\t${receptions[reception]}` : ''}`,
    ...link.map(({ mac, users, sources, synced }) => {
      const details = `${sources.map((source) => ` (+${source})`).join('')}\trefcnt ${users}${synced ? '\tsync' : ''}`;
      return `\tlink ${mac}${verbose ? details : ''}`;
    }),
    ...(leftOut === 0 ? [] : [`\t${leftOut} more`]),
  ]);
}
