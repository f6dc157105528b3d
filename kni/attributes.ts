// The attributes of an rtnetlink message by their numbers (rtnetlink(7)), undecoded. Whoever reads a message decodes those it needs: the
// kernel adds attributes and has some of a length that varies, and what nobody here asks for must not make a message unreadable.
import { parseAttributes } from 'netlink';

export type Attributes = ReadonlyMap<number, Buffer>;

/** @param bytes what follows the message's header. @throws {Error} a length that cannot be */
export function attributesOf(bytes: Buffer): Attributes {
  const found = new Map<number, Buffer>();
  parseAttributes(bytes, ({ type, data }) => found.set(type, data));
  return found;
}

/** A message of the kernel that could not be read, and is left out. */
export interface Unreadable {
  readonly what: 'link' | 'address' | 'route' | 'next hop';
  readonly error: unknown;
}

export type OnUnreadable = (unreadable: Unreadable) => void;

/** One that cannot be read is left out: the others of a dump are as good as without it. */
export function readEach<T>(
  what: Unreadable['what'],
  messages: readonly Buffer[],
  read: (data: Buffer) => T | null,
  onUnreadable: OnUnreadable,
): T[] {
  const all: T[] = [];
  for (const data of messages)
    try {
      const one = read(data);
      if (one !== null) all.push(one);
    } catch (error) {
      onUnreadable({ what, error });
    }
  return all;
}
