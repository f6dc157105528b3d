// Lines of a hand-written configuration → what they say. What no rule recognises is kept as it is.
import { type SourceFile, type SourceLine, sourceLines } from './lines.js';
import { commonRules } from './rules-common.js';
import { ospfRules } from './rules-ospf.js';
import { otherRules } from './rules-other.js';
import { Found } from './state.js';

const rules = [...commonRules, ...ospfRules, ...otherRules];

export function readSources(files: readonly SourceFile[]): Found {
  const found = new Found();
  const all = files.flatMap(sourceLines);
  for (const file of files) if (/\bquagga\b/i.test(`${file.name}\n${file.text.slice(0, 400)}`)) found.quagga++;
  for (const line of all) if (!understood(found, line)) found.kept.push(line);
  return found;
}

function understood(found: Found, line: SourceLine): boolean {
  const context = line.path.join(' / ');
  for (const [where, what, read] of rules) {
    if (!where.test(context)) continue;
    const words = what.exec(line.text);
    if (words !== null) return read(found, words, line) !== false;
  }
  return false;
}
