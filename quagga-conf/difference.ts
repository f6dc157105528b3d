// From what a daemon runs to what is wanted: the commands that lead there, and no others. A pure function.
import { isDefault, type Statement, statements } from './statements.js';

export interface ConfigDifference {
  /** As after `configure terminal`, each context entered and left. */
  readonly commands: readonly string[];
  /** Running lines that somebody else wrote, where the generator would write another. They stay. */
  readonly kept: readonly { readonly running: string; readonly wanted: string | null }[];
  /** Those among the changes that take the adjacency down, or need the same change at the switch. */
  readonly disruptive: readonly string[];
}

export interface DifferenceInput {
  readonly running: string;
  readonly wanted: string;
  /** What the generator wrote last: a running line that is in it is the generator's. null: nothing of what runs is. */
  readonly previous: string | null;
  /** The generator's value wins over somebody else's. */
  readonly overwrite?: boolean;
}

const losesAdjacency: readonly RegExp[] = [
  /^ip ospf (network|hello-interval|dead-interval|authentication|message-digest-key)/,
  /^ipv6 ospf6 (network|hello-interval|dead-interval|area)/,
  /^ospf6? router-id/,
  /^area \S+ (stub|authentication)/,
  // The options of the neighbour are negotiated anew.
  /^capability opaque/,
  /^ipv6 ospf6 authentication/,
  /^bgp (router-id|graceful-restart)/,
  /^neighbor \S+ (remote-as|password|timers \d)/,
];
/** A network that is new takes nothing down; nor does a VIP that goes. */
const isDisruptive = (line: string, leaving: boolean): boolean =>
  losesAdjacency.some((each) => each.test(line)) || (leaving && /^network (?!\S+\/32 )/.test(line));

/** FRR refuses a second value, or keeps half of the first. */
const goesFirst = /^(network|area|ip ospf message-digest-key) /;

export function configDifference({ running, wanted, previous, overwrite = false }: DifferenceInput): ConfigDifference {
  const byId = (text: string | null): Map<string, Statement> =>
    new Map(statements(text ?? '').map((each) => [each.id, each]));
  const [now, goal, before] = [byId(running), byId(wanted), byId(previous)];
  const removals: Statement[] = [];
  const additions: Statement[] = [];
  const kept: { running: string; wanted: string | null }[] = [];
  const disruptive: string[] = [];
  const note = (line: string, leaving: boolean): void => {
    if (isDisruptive(line, leaving)) disruptive.push(leaving ? `no ${line}` : line);
  };

  // The last first: `ip ospf bfd` cannot go before its profile.
  for (const old of [...before.values()].reverse()) {
    const there = now.get(old.id);
    // A context stays, empty if need be: `no router ospf` would take what others wrote in it.
    if (old.opens || there === undefined || goal.has(old.id)) continue;
    if (there.line !== old.line) kept.push({ running: there.line, wanted: null });
    else {
      removals.push(there);
      note(there.line, true);
    }
  }
  for (const [id, line] of goal) {
    const there = now.get(id);
    if (there?.line === line.line || (there === undefined && isDefault(line))) continue;
    // Interfaces are in every daemon; without lines of their own they are not shown.
    if (line.opens && line.line.startsWith('interface ')) continue;
    if (there !== undefined && !overwrite && before.get(id)?.line !== there.line) {
      kept.push({ running: there.line, wanted: line.line });
      continue;
    }
    if (there !== undefined && goesFirst.test(there.line)) {
      removals.push(there);
      note(there.line, true);
    }
    additions.push(line);
    note(line.line, false);
  }
  return { commands: [...asCommands(removals, 'no '), ...asCommands(additions, '')], kept, disruptive };
}

function asCommands(list: readonly Statement[], prefix: string): string[] {
  const commands: string[] = [];
  let at: readonly string[] = [];
  const leave = (): void => {
    for (const _ of at) commands.push('exit');
  };
  for (const { path, line, opens } of list) {
    const inside = opens ? [...path, line] : path;
    if (inside.join('\n') !== at.join('\n')) {
      leave();
      commands.push(...inside);
      at = inside;
    }
    // What is off by `no` is on again without it.
    if (!opens) commands.push(prefix !== '' && line.startsWith('no ') ? line.slice(3) : `${prefix}${line}`);
  }
  leave();
  return commands;
}
