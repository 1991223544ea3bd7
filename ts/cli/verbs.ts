import type { Verb } from './verb.js';
import { attestInspect, attestVerify } from './verbs/attest.js';
import { bench } from './verbs/bench.js';
import { classify } from './verbs/classify.js';
import { doctor } from './verbs/doctor.js';
import { ipdataBuild } from './verbs/ipdata.js';
import { keysCreate, keysShow } from './verbs/keys.js';
import { logAppend, logProve, logVerify } from './verbs/log.js';
import { explain, select, validate } from './verbs/quorum.js';
import { verify } from './verbs/quorum-verify.js';
import { schedule } from './verbs/schedule.js';

/** Every verb, in the order of the help. */
export const verbs: readonly Verb[] = [
  classify,
  select,
  validate,
  explain,
  verify,
  schedule,
  attestVerify,
  attestInspect,
  keysCreate,
  keysShow,
  logAppend,
  logProve,
  logVerify,
  bench,
  doctor,
  ipdataBuild,
];
