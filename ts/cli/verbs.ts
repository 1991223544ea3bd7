import type { Verb } from './verb.js';
import { bench } from './verbs/bench.js';
import { classify } from './verbs/classify.js';
import { doctor } from './verbs/doctor.js';
import { ipdataBuild } from './verbs/ipdata.js';
import { explain, select, validate } from './verbs/quorum.js';
import { schedule } from './verbs/schedule.js';

/** Every verb, in the order of the help. */
export const verbs: readonly Verb[] = [
  classify,
  select,
  validate,
  explain,
  schedule,
  bench,
  doctor,
  ipdataBuild,
];
