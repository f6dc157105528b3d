// What a scheduler is, and which real servers it may pick.

/** Bits of `ServerColumns.flags`; a server with any of them set gets no new connection. */
export const ServerFlag = { UNAVAILABLE: 1, OVERLOAD: 2, INHIBITED: 4 } as const;

/** Struct of arrays over all real servers of all services, indexed by `destIndex`. */
export interface ServerColumns {
  readonly weights: Int32Array;
  readonly active: Int32Array;
  readonly inactive: Int32Array;
  readonly flags: Uint8Array;
}

/** The real servers of one service: `members[0 … count-1]` are destIndexes into the columns. */
export interface ServerView {
  readonly columns: ServerColumns;
  readonly members: Int32Array;
  readonly count: number;
}

export type SchedulerName = 'rr' | 'wrr' | 'wlc';

export interface Scheduler {
  readonly name: SchedulerName;
  /** The destIndex of the real server for a new connection, -1 when none is eligible. No allocation. */
  pick(): number;
  /** The members or their weights changed. Flags and connection counts are read at each pick: those need no update. */
  update(view: ServerView): void;
}

/** A flagged or zero-weight server keeps its connections and gets no new ones. */
export function isEligible(columns: ServerColumns, destIndex: number): boolean {
  return columns.flags[destIndex] === 0 && columns.weights[destIndex]! > 0;
}
