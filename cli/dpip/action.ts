// What a line of dpip comes to: a page, a change to make, or a view to show. Data, so that parsing is tested without a node.
import type { Call, Params } from '../common/index.js';

export type View =
  | { readonly view: 'addr'; readonly params: Params<'addr.list'> }
  | { readonly view: 'route'; readonly params: Params<'route.list'> }
  | { readonly view: 'neigh'; readonly params: Params<'neigh.list'> }
  | { readonly view: 'link'; readonly params: Params<'link.list'> }
  | { readonly view: 'maddr'; readonly params: Params<'maddr.list'> }
  /** All lcores, or those on one CPU. */
  | { readonly view: 'cpu'; readonly cpu: number | undefined }
  | { readonly view: 'status' }
  | { readonly view: 'counters' }
  | { readonly view: 'dump' };

export type Action =
  | { readonly do: 'help'; readonly topic: string | undefined }
  | { readonly do: 'version' }
  | { readonly do: 'change'; readonly call: Call }
  | { readonly do: 'restart' }
  | { readonly do: 'show'; readonly view: View };

/** One object of the command line: its commands by name, its help. */
export type CommandTable = Readonly<Record<string, (words: readonly string[], family: Family) => Action>>;
export type Family = 'inet' | 'inet6' | undefined;

export const change = (call: Call): Action => ({ do: 'change', call });
export const show = (view: View): Action => ({ do: 'show', view });
