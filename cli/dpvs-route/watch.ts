// `dpvs-route watch`: the bridge's view every second, drawn over the one before on a terminal. A bridge that is restarted is waited for.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, DpvsError, ExitCode, integer, UsageError } from '../common/index.js';
import type { OpenBridge } from './connection.js';
import type { Line } from './parse.js';
import { cutLine, type View, watchLines } from './watch-view.js';

/** A bridge that is being killed does not say so. */
const answerMs = 5_000;
/** Moves to the upper left corner; each line clears what was right of it, and the last what was below. */
const [home, clearLine, clearRest] = ['\x1b[H', '\x1b[K', '\x1b[J'];
const [hideCursor, showCursor] = ['\x1b[2J\x1b[?25l', '\x1b[?25h'];

/** A serial console says 0 of both: then nothing is cut. */
const windowSize = (): { rows: number; columns: number } => ({
  rows: process.stdout.rows || Number.POSITIVE_INFINITY,
  columns: process.stdout.columns || Number.POSITIVE_INFINITY,
});

/** @param open a new connection. @throws {UsageError}; {DpvsError} bridge_unreachable: no bridge at first, or for the last of --count */
export async function watch(
  { options }: Line,
  { terminal }: Context,
  open: () => Promise<OpenBridge>,
): Promise<ExitCode> {
  const interval = Number(options.last('interval') ?? 1);
  if (!(interval >= 0.2 && interval <= 3600)) throw new UsageError('--interval is 0.2 to 3600 seconds');
  const count = options.last('count');
  const rounds = count === undefined ? Number.POSITIVE_INFINITY : integer(count, 'count', 1, 1_000_000);
  const json = options.has('json');
  // A file or a pipe gets one view after the other.
  const live = process.stdout.isTTY === true && !json;
  let last: readonly string[] = [];
  const draw = (lines: readonly string[]): void => {
    // As it is now: a window may change.
    const { rows, columns } = windowSize();
    // A line that ends in the last column would be wrapped by some terminals.
    const fitting = lines.slice(0, rows).map((line) => `${cutLine(line, columns - 1)}${clearLine}`);
    terminal.write(`${home}${fitting.join('\n')}${clearRest}`);
  };
  const show = (view: View): void => {
    if (json) return terminal.write(`${JSON.stringify(view)}\n`);
    if (!live) return terminal.write(`${watchLines(view, terminal.paint).join('\n')}\n\n`);
    last = watchLines(view, terminal.paint, windowSize().rows);
    draw(last);
  };
  const tellLost = ({ code, detail }: DpvsError): void => {
    if (json) return terminal.write(`${JSON.stringify({ error: { code, detail } })}\n`);
    const text = `${new Date().toISOString()}  the bridge does not answer: ${detail}`;
    if (live) draw([text, '', ...last]);
    else terminal.write(`${text}\n\n`);
  };
  const restore = (): void => terminal.write(`\n${showCursor}`);
  const interrupted = (): void => {
    restore();
    process.exit(ExitCode.done);
  };
  let bridge: OpenBridge | null = await open();
  let lost: DpvsError | null = null;
  if (live) {
    terminal.write(hideCursor);
    process.once('SIGINT', interrupted);
  }
  try {
    for (let round = 0; round < rounds; round++) {
      if (round > 0) await sleep(interval * 1000);
      try {
        bridge ??= await open();
        show(await bridge.call('show', { vips: 'all' }, answerMs));
        lost = null;
      } catch (error) {
        // One that was never there is a mistake of the caller's.
        if (!isSilence(error) || round === 0) throw error;
        lost = error;
        // The next bridge is another process behind the same path, and shall not be asked what this one was.
        bridge?.close();
        bridge = null;
        tellLost(error);
      }
    }
  } finally {
    process.off('SIGINT', interrupted);
    if (live) restore();
    bridge?.close();
  }
  if (lost !== null) throw lost;
  return ExitCode.done;
}

const isSilence = (error: unknown): error is DpvsError =>
  error instanceof DpvsError && error.code === 'bridge_unreachable';
