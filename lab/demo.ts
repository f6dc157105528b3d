// npm run demo: the whole road once, told as a story. Every claim in it is checked; exit code 0 only if all hold.

import { crashScene, returnScene } from './demo-failover.js';
import { adjacencyScene, announceScene } from './demo-routing.js';
import { listingScene, requestScene } from './demo-traffic.js';
import { diagnose } from './diagnosis.js';
import type { Driver } from './dpvs-conf.js';
import { CannotRun, LabError } from './errors.js';
import { Lab } from './lab.js';
import { picture } from './picture.js';
import { mustBeAbleToRun } from './prerequisites.js';
import { Story } from './story.js';
import { bold, dim, red, say } from './terminal.js';

function chosenDriver(words: readonly string[]): Driver {
  const at = words.indexOf('--driver');
  const driver = at < 0 ? 'af_xdp' : words[at + 1];
  if (driver !== 'af_xdp' && driver !== 'af_packet') throw new LabError('--driver af_xdp or --driver af_packet');
  return driver;
}

async function tell(story: Story, driver: Driver): Promise<void> {
  story.chapter('The topology');
  story.plain(picture());
  const lab = await Lab.up({ driver, progress: (line) => story.progress(line) });
  const stop = () => void lab.down().finally(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await adjacencyScene(story, lab);
    await announceScene(story, lab);
    await requestScene(story, lab);
    await listingScene(story, lab);
    await crashScene(story, lab);
    await returnScene(story, lab);
  } catch (error) {
    say();
    say(dim(await diagnose(lab)));
    if (process.env.DPVS_LAB_KEEP !== undefined) lab.keep();
    throw error;
  } finally {
    if (lab.state.kept) say(dim(`kept for a look: npm run lab -- --prefix ${lab.prefix} status`));
    else await lab.down();
  }
}

const story = new Story();
try {
  await mustBeAbleToRun();
  say(bold('A two-node OSPF/ECMP cluster of layer-4 load balancers, in network namespaces of this machine'));
  await tell(story, chosenDriver(process.argv.slice(2)));
  process.exitCode = story.summary(true) ? 0 : 1;
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  if (!(error instanceof CannotRun)) say();
  say(red(error.message));
  if (error.suggestion !== '') say(bold(error.suggestion));
  if (!(error instanceof CannotRun)) story.summary(false);
  process.exitCode = 1;
}
