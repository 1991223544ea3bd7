/** The names that are the same in Rust, TypeScript, REST, metrics and docs. */

/**
 * TEE vendors. `ARM_TRUSTZONE` is the group of the three Arm names below it; `AWS_NITRO` counts only by
 * policy.
 */
export const TEE_VENDORS = [
  'AMD_SEV_SNP',
  'INTEL_TDX',
  'ARM_TRUSTZONE',
  'ARM_CCA',
  'ARM_PSA',
  'ARM_TRUSTZONE_UNATTESTED',
  'AWS_NITRO',
  'UNKNOWN',
] as const;
export type TeeVendor = (typeof TEE_VENDORS)[number];

/**
 * Power regions: the six NERC regions, and one name for every grid outside them. Zones lie below
 * `INTERNATIONAL`.
 */
export const POWER_REGIONS = [
  'NERC_RFC',
  'NERC_SERC',
  'NERC_TRE',
  'NERC_WECC',
  'NERC_MRO',
  'NERC_NPCC',
  'INTERNATIONAL',
] as const;
export type PowerRegion = (typeof POWER_REGIONS)[number];

/** Diversity levels that are shipped, weakest first. */
export const QUORUM_LEVELS = ['NONE', 'BASIC', 'ENHANCED', 'GOLD'] as const;
export type QuorumLevel = (typeof QUORUM_LEVELS)[number];

/** The axes on which machines can fail together, in the order of the core. */
export const AXES = [
  'asn',
  'operator',
  'cloud',
  'country',
  'power_region',
  'tee_vendor',
  'tcb',
  'kernel',
] as const;
export type Axis = (typeof AXES)[number];

/** What an unknown value is called. It never counts as diverse. */
export const UNKNOWN = 'UNKNOWN';
