// Telling a story whose every claim is checked: chapters, evidence, claims, and a summary that decides the exit code.
import { LabError } from './errors.js';
import { bold, cyan, dim, green, indent, red, say } from './terminal.js';

interface Claim {
  readonly text: string;
  readonly holds: boolean;
}

export class Story {
  readonly #claims: Claim[] = [];
  readonly #start = performance.now();
  #chapter = 0;

  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  chapter(title: string): void {
    this.#chapter++;
    say();
    say(bold(`${this.#chapter}. ${title}`));
  }

  progress(text: string): void {
    say(`   ${dim(`${this.seconds.toFixed(1).padStart(5)} s`)}  ${text}`);
  }

  /** A command as it is typed, and what it printed. */
  shown(where: string, command: string, output: string): void {
    say(`   ${dim(`${where}#`)} ${cyan(command)}`);
    if (output.trim() !== '') say(indent(output));
  }

  plain(text: string): void {
    say(indent(text, '   '));
  }

  /** Something that was looked at and either is so or is not. `seen` explains a claim that fails. */
  claim(text: string, holds: boolean, seen = ''): boolean {
    this.#claims.push({ text, holds });
    say(`   ${holds ? green('✓') : red('✗')} ${text}${holds || seen === '' ? '' : red(` — seen: ${seen}`)}`);
    return holds;
  }

  /** Waits for something; its coming is a claim, its failing to come ends the story. */
  async comes<T>(text: string, wait: () => Promise<T>): Promise<T> {
    try {
      const result = await wait();
      this.claim(text, true);
      return result;
    } catch (error) {
      this.claim(text, false, error instanceof Error ? error.message : String(error));
      throw error instanceof LabError ? new LabError(`the story ends here: ${text}`) : error;
    }
  }

  /** @returns whether every claim was true and the story was told to its end. */
  summary(toldToItsEnd: boolean): boolean {
    const failed = this.#claims.filter(({ holds }) => !holds);
    say();
    say(bold('Summary'));
    for (const { text, holds } of this.#claims) say(`   ${holds ? green('✓') : red('✗')} ${text}`);
    say();
    const good = failed.length === 0 && toldToItsEnd;
    const count = `${this.#claims.length - failed.length} of ${this.#claims.length} claims hold`;
    const end = toldToItsEnd ? '' : ', and the story was not told to its end';
    say((good ? green : red)(`${count}${end} (${this.seconds.toFixed(0)} s)`));
    return good;
  }
}
