// Statements → sections, driven by the grammar table: what is unknown is a warning, what is malformed an error.
import type { Report, Span } from './diagnostic.js';
import { nearest } from './nearest.js';
import type { BlockSpec, KeySpec, Section } from './schema.js';
import type { Statement, Word } from './tokenizer.js';

type Words = Extract<Statement, { kind: 'words' }>['words'];

/** A section while it is read: only what is in the file. */
interface Draft {
  readonly spec: BlockSpec;
  readonly at: Word | null;
  readonly name: Word | null;
  readonly keys: Map<string, { value: unknown; at: Word }>;
  readonly blocks: Map<string, Draft[]>;
}

export function parseSections<S extends BlockSpec>(
  spec: S,
  statements: readonly Statement[],
  report: Report,
): Section<S> {
  const reader = new Reader(statements, report);
  // The table says what the section looks like, and Section<S> is what TypeScript reads in the same table.
  return finish(reader.readFile(spec)) as Section<S>;
}

class Reader {
  #next = 0;
  #root: BlockSpec | null = null;
  /** A section of the file began inside another block: all blocks around it end here. */
  #unwinding = false;

  constructor(
    readonly statements: readonly Statement[],
    readonly report: Report,
  ) {}

  readFile(spec: BlockSpec): Draft {
    this.#root = spec;
    const draft = emptyDraft(spec, null, null);
    while (this.#next < this.statements.length) {
      this.#unwinding = false;
      this.#readStatements(draft);
      const stray = this.statements[this.#next];
      if (stray?.kind === 'close') this.report.error(stray.at, 'this } closes nothing');
      if (!this.#unwinding) this.#next++;
    }
    return draft;
  }

  /** Up to the `}` that closes the block, or the end of the file. */
  #readStatements(draft: Draft): void {
    for (; this.#next < this.statements.length; this.#next++) {
      const statement = this.statements[this.#next]!;
      if (statement.kind === 'close') return;
      if (statement.kind === 'open') {
        this.report.error(statement.at, 'this { has no block name before it');
        this.#skipBody(statement.at);
      } else if (this.statements[this.#next + 1]?.kind === 'open') {
        this.#unwinding = this.#beginsSection(draft, statement.words[0]);
        if (!this.#unwinding) {
          this.#next++;
          this.#readBlock(draft, statement.words);
        }
        if (this.#unwinding) return;
      } else this.#readKey(draft, statement.words);
    }
  }

  /** `worker_defs {` inside netif_defs: the } of netif_defs was forgotten. */
  #beginsSection({ at, spec }: Draft, keyword: Word): boolean {
    if (at === null || own(spec.blocks, keyword.text) !== undefined) return false;
    if (this.#root === null || own(this.#root.blocks, keyword.text) === undefined) return false;
    this.report.error(keyword, `a } is missing before ${keyword.text}: ${at.text} of line ${at.line} is still open`);
    return true;
  }

  /** Stands on the `{` before and on the `}` after. */
  #readBlock(parent: Draft, words: Words): void {
    const [keyword, name = null, extra] = words;
    const spec = own(parent.spec.blocks, keyword.text);
    if (spec === undefined) {
      if (own(parent.spec.keys, keyword.text) !== undefined)
        this.report.error(keyword, `${keyword.text} is a key with a value, not a block`);
      else this.#warnUnknown(keyword, 'block', Object.keys(parent.spec.blocks), 'it is skipped');
      this.#skipBody(keyword);
      return;
    }
    if (spec.named !== null && name === null)
      this.report.error(keyword, `${keyword.text} needs a name`, `${keyword.text} ${spec.named} {`);
    const tooMany = spec.named === null ? name : extra;
    if (tooMany != null) this.report.error(tooMany, `a word too many before {`, usageOf(keyword.text, spec));
    const draft = this.#draftFor(parent, spec, keyword, spec.named === null ? null : name);
    if (spec.ignored === 'obsolete') this.report.warn(keyword, `${keyword.text} is ignored: ${spec.note}`);
    this.#readBody(draft, keyword);
  }

  #readBody(draft: Draft, opener: Span): void {
    this.#next++;
    this.#readStatements(draft);
    if (this.#next >= this.statements.length && !this.#unwinding)
      this.report.error(opener, 'this block is not closed: a } is missing');
  }

  /** An unnamed block that is opened again goes on where it was left; a named one must be another. */
  #draftFor(parent: Draft, spec: BlockSpec, keyword: Word, name: Word | null): Draft {
    const present = parent.blocks.get(keyword.text) ?? [];
    const same = present.find((other) => other.name?.text === name?.text);
    if (same !== undefined) {
      if (name === null) return same;
      this.report.error(name, `${keyword.text} ${name.text} is already there in line ${same.at?.line}`);
    }
    const draft = emptyDraft(spec, keyword, name);
    if (same === undefined) parent.blocks.set(keyword.text, [...present, draft]);
    return draft;
  }

  #readKey(draft: Draft, [keyword, ...words]: Words): void {
    const spec = own(draft.spec.keys, keyword.text);
    if (spec === undefined) {
      const block = own(draft.spec.blocks, keyword.text);
      if (block !== undefined) this.report.error(keyword, `${keyword.text} is a block`, usageOf(keyword.text, block));
      else this.#warnUnknown(keyword, 'key', Object.keys(draft.spec.keys), 'it is ignored');
      return;
    }
    const before = draft.keys.get(keyword.text);
    if (before !== undefined && spec.repeats !== true)
      this.report.warn(keyword, `${keyword.text} replaces that of line ${before.at.line}`);
    const value = spec.type.parse(keyword, words, this.report);
    if (spec.repeats === true && Array.isArray(before?.value) && Array.isArray(value)) value.unshift(...before.value);
    // A wrong value leaves the default, but the key counts as given, so that nobody complains that it is missing.
    draft.keys.set(keyword.text, { value: value ?? spec.default, at: words[0] ?? keyword });
    if (value !== undefined) this.#warnIgnored(draft.spec, spec, keyword, value);
  }

  #warnIgnored(block: BlockSpec, spec: KeySpec<unknown>, keyword: Word, value: unknown): void {
    if (spec.ignored === undefined || block.ignored === 'obsolete') return;
    // The default of what is not built is what the node does anyway.
    if (spec.ignored !== 'obsolete' && JSON.stringify(value) === JSON.stringify(spec.default)) return;
    const why = { 'not built': 'not built yet', 'no meaning': 'it has no meaning here', obsolete: 'obsolete' }[
      spec.ignored
    ];
    this.report.warn(keyword, `${keyword.text} is ignored, ${why}: ${spec.note}`);
  }

  #warnUnknown(keyword: Word, what: 'key' | 'block', known: readonly string[], outcome: string): void {
    const guess = nearest(keyword.text, known);
    const hint = guess === null ? '' : `; did you mean ${guess}?`;
    this.report.warn(keyword, `unknown ${what} ${keyword.text}: ${outcome}${hint}`);
  }

  /** From the `{` to its `}`. */
  #skipBody(opener: Span): void {
    let depth = 0;
    for (; this.#next < this.statements.length; this.#next++) {
      const { kind } = this.statements[this.#next]!;
      if (kind === 'open') depth++;
      if (kind === 'close' && --depth === 0) return;
    }
    this.report.error(opener, 'this block is not closed: a } is missing');
  }
}

/** A word of the file may be `constructor`, which every object has. */
function own<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

const usageOf = (keyword: string, { named }: BlockSpec): string =>
  named === null ? `${keyword} {` : `${keyword} ${named} {`;

const emptyDraft = (spec: BlockSpec, at: Word | null, name: Word | null): Draft => ({
  spec,
  at,
  name,
  keys: new Map(),
  blocks: new Map(),
});

/** Fills in defaults and the unnamed blocks that are not in the file. */
function finish({ spec, at, name, keys, blocks }: Draft): Section<BlockSpec> {
  const settings = Object.entries(spec.keys).map(([key, { default: value }]) => [
    key,
    keys.get(key) ?? { value, at: null },
  ]);
  const sections = Object.entries(spec.blocks).map(([key, block]) => {
    const drafts = blocks.get(key) ?? [];
    return [key, block.named === null ? finish(drafts[0] ?? emptyDraft(block, null, null)) : drafts.map(finish)];
  });
  return { at, name, keys: Object.fromEntries(settings), blocks: Object.fromEntries(sections) };
}
