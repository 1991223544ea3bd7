/** The names of evidence, the same in Rust, TypeScript and REST. */

/**
 * Forms of evidence: an SEV-SNP report; a TDX or SGX quote; a CCA token; a PSA token; a bundle of Azure's
 * vTPM; a document of AWS Nitro Enclaves.
 */
export const EVIDENCE_FORMATS = ['SNP', 'QUOTE', 'CCA', 'PSA', 'AZURE', 'NITRO'] as const;
export type EvidenceFormat = (typeof EVIDENCE_FORMATS)[number];

/** Who makes a TEE, as verified evidence can name it. */
export const ATTESTED_VENDORS = [
  'AMD_SEV_SNP',
  'INTEL_TDX',
  'INTEL_SGX',
  'ARM_CCA',
  'ARM_PSA',
  'AWS_NITRO',
] as const;
export type AttestedVendor = (typeof ATTESTED_VENDORS)[number];

/** How the root behind a verdict came to be trusted; `demo` proves nothing about hardware. */
export const ANCHOR_TRUSTS = ['pinned', 'configured', 'demo'] as const;
export type AnchorTrust = (typeof ANCHOR_TRUSTS)[number];

/** Whose evidence a configured root may vouch for. */
export const ANCHOR_VENDORS = ['AMD', 'INTEL', 'AWS'] as const;
export type AnchorVendor = (typeof ANCHOR_VENDORS)[number];

/** Why evidence proves nothing; one reason each, in the order in which checks are made. */
export const REJECTION_REASONS = [
  'MALFORMED',
  'UNSUPPORTED',
  'COLLATERAL_MISSING',
  'COLLATERAL_MISMATCH',
  'COLLATERAL_SIGNATURE',
  'COLLATERAL_NOT_YET_VALID',
  'COLLATERAL_EXPIRED',
  'COLLATERAL_DOWNGRADE',
  'CHAIN_UNTRUSTED',
  'CHAIN_SIGNATURE',
  'CERTIFICATE_PROFILE',
  'CERTIFICATE_NOT_YET_VALID',
  'CERTIFICATE_EXPIRED',
  'DEMO_ANCHOR',
  'CRL_MISSING',
  'CRL_STALE',
  'CRL_FORGED',
  'REVOKED',
  'KEY_UNKNOWN',
  'KEY_INVALID',
  'EVIDENCE_SIGNATURE',
  'KEY_BINDING',
  'CLAIM_MISSING',
  'EVENT_LOG',
  'REGISTERS',
  'CHALLENGE',
  'NOT_FRESH',
  'ENCLAVE_IDENTITY',
  'TCB_UNKNOWN',
  'TCB_STATUS',
  'TCB_TOO_OLD',
  'DEBUG',
  'ATTRIBUTES',
  'VMPL',
  'MIGRATION_AGENT',
  'LIFECYCLE',
  'MEASUREMENT',
  'IDENTITY_MISSING',
  'MACHINE_BLOCKED',
  'VENDOR_NOT_ACCEPTED',
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];
