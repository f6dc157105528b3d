// The program dpvs-route; bin/dpvs-route starts it.
import { main } from './common/index.js';
import { dpvsRoute } from './dpvs-route/index.js';

await main('dpvs-route: ', dpvsRoute);
