/** Bounds and defaults of this room. */

/** Most pieces of evidence in one batch. */
export const EVIDENCE_BATCH_MAX = 10_000;
/** Largest piece of evidence; the core has its own, tighter bounds per form. */
export const EVIDENCE_BYTES_MAX = 65_536;
/** Most certificates beside one piece of evidence. */
export const EVIDENCE_CERTIFICATES_MAX = 8;
/** Largest document of collateral. */
export const COLLATERAL_BYTES_MAX = 16 * 1024 * 1024;
/** Most files of a collateral directory. */
export const COLLATERAL_FILES_MAX = 4096;
/** Latest end of an endorsement: that of the year 9999, as in certificates. */
export const ENDORSEMENT_END_MAX = Date.UTC(10_000, 0, 1) - 1;
/** Entries of a list in a policy. */
export const POLICY_LIST_MAX = 100_000;

/** Bytes of a challenge that is issued here. */
export const CHALLENGE_BYTES = 32;
/** Longest challenge any form can answer. */
export const CHALLENGE_BYTES_MAX = 64;
/** How long a challenge can be answered. */
export const CHALLENGE_TTL_MS = 10 * 60 * 1000;
/** Challenges that wait for an answer; beyond it the oldest is forgotten. */
export const CHALLENGES_MAX = 100_000;

/** How long a verdict may be taken from the cache. */
export const VERDICT_TTL_MS = 30 * 60 * 1000;
/** Verdicts that are kept; beyond it the oldest is forgotten. */
export const VERDICTS_MAX = 100_000;

/** Largest message that is signed or hashed as a leaf in one call. */
export const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
/** Most leaves of a tree that is made in one call. */
export const TREE_LEAVES_MAX = 1_000_000;
/** Most hashes of a proof: a tree of 2^64 leaves has 64 levels. */
export const PROOF_HASHES_MAX = 128;

/** Most validators of an epoch. */
export const VALIDATORS_MAX = 1024;
/** Largest weight and threshold: sums stay exact numbers. */
export const WEIGHT_MAX = 2 ** 42;
/** Largest certificate of many signers. */
export const CERTIFICATE_BYTES_MAX = 8 * 1024 * 1024;

/** Largest entry of a transparency log: a tile of entries has 16 bits for its length. */
export const LOG_ENTRY_BYTES_MAX = 65_535;
/** Most entries, and most bytes, of one call: they are copied on the JavaScript thread. */
export const LOG_APPEND_ENTRIES_MAX = 10_000;
export const LOG_APPEND_BYTES_MAX = 4 * 1024 * 1024;
/** Largest proof of a log that is read. */
export const LOG_PROOF_BYTES_MAX = 512 * 1024;
/** Most keys that have to have signed one checkpoint. */
export const LOG_KEYS_MAX = 32;
