/** The names that are the same in Rust, TypeScript, REST, metrics and docs. */

/** TEE vendors, as a verdict may name them; `COUNTED_TEE_VENDOR` says what each counts as. */
export const TEE_VENDORS = [
  'AMD_SEV_SNP',
  'INTEL_TDX',
  'INTEL_SGX',
  'ARM_TRUSTZONE',
  'ARM_CCA',
  'ARM_PSA',
  'ARM_TRUSTZONE_UNATTESTED',
  'AWS_NITRO',
  'UNKNOWN',
] as const;
export type TeeVendor = (typeof TEE_VENDORS)[number];

/**
 * The vendor a name counts as. Members that share it could fall to one flaw, so:
 * - `ARM_TRUSTZONE`, `ARM_CCA` and `ARM_PSA` are one vendor, under the first name: they rest on the same
 *   architecture and its root of trust.
 * - `INTEL_SGX` and `INTEL_TDX` are one vendor: the same quoting enclave signs for both.
 * - `ARM_TRUSTZONE_UNATTESTED` is unknown: nobody proved it.
 * - `AWS_NITRO` is a vendor of its own. Its evidence says that the cloud's hypervisor vouches for the
 *   machine, so it counts by policy only: a verifier accepts it where its policy says `nitroAccepted`.
 */
export const COUNTED_TEE_VENDOR: Readonly<Record<TeeVendor, TeeVendor>> = Object.freeze({
  AMD_SEV_SNP: 'AMD_SEV_SNP',
  INTEL_TDX: 'INTEL_TDX',
  INTEL_SGX: 'INTEL_TDX',
  ARM_TRUSTZONE: 'ARM_TRUSTZONE',
  ARM_CCA: 'ARM_TRUSTZONE',
  ARM_PSA: 'ARM_TRUSTZONE',
  ARM_TRUSTZONE_UNATTESTED: 'UNKNOWN',
  AWS_NITRO: 'AWS_NITRO',
  UNKNOWN: 'UNKNOWN',
});

/**
 * Power regions: the six NERC regions, and one name for every grid outside them. Zones lie below
 * `INTERNATIONAL`, which is no zone itself: alone it says nothing of a machine's grid and counts as unknown.
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

/** What an axis is called inside the names of a level's rules, such as `minAsnDiversity`. */
export const AXIS_NAMES = {
  asn: 'Asn',
  operator: 'Operator',
  cloud: 'Cloud',
  country: 'Country',
  power_region: 'PowerRegion',
  tee_vendor: 'TeeVendor',
  tcb: 'Tcb',
  kernel: 'Kernel',
} as const satisfies Readonly<Record<Axis, string>>;

/** What an unknown value is called. It never counts as diverse. */
export const UNKNOWN = 'UNKNOWN';
