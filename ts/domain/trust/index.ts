/** `quorate/trust`: evidence, verdicts, and who may be believed. */
export { AnchorStore, type EndorsedKey, type Endorsements, type RootAnchor } from './anchors.js';
export { type Challenge, ChallengeBook } from './challenges.js';
export { COLLATERAL_KINDS, type CollateralKind, CollateralStore } from './collateral.js';
export {
  CONFIGFS_TSM,
  type LocalEvidence,
  localEvidence,
  type TsmDirectory,
  tsmDirectory,
} from './configfs-tsm.js';
export { DemoAuthority, SIMULATED_VENDORS, type SimulatedMachine, type SimulatedVendor } from './demo.js';
export {
  type Ear,
  type EarOptions,
  type EarSubmodule,
  earOf,
  earToken,
  type TrustworthinessVector,
} from './ear.js';
export {
  type EvidenceField,
  type EvidenceItem,
  evidenceFormat,
  inspectEvidence,
  type VerifyOptions,
  verifyEvidence,
} from './evidence.js';
export {
  createKeyFile,
  createLogKeyFile,
  createWitnessKeyFile,
  type LogSecret,
  type NamedKeyPair,
  type NamedPublicKey,
  readKeyFile,
  readLogKeyFile,
  readPublicKeyFile,
  readVerifierKeys,
  readWitnessKeyFile,
  type WitnessSecret,
} from './key-file.js';
export {
  type Consistency,
  type Inclusion,
  type MerkleTree,
  merkleTree,
  PROOF_FAULTS,
  type ProofFault,
  type ProofVerdict,
  verifyConsistency,
  verifyInclusion,
} from './merkle.js';
export { type KeyPair, mlDsa87, type SignOptions } from './ml-dsa-87.js';
export {
  AGGREGATE_FAULTS,
  type AggregatedSignature,
  type AggregateFault,
  type AggregateVerdict,
  type DurationHistogram,
  type MultiSignatureConfig,
  MultiSignatureManager,
  type MultiSignatureMetrics,
  type PartialSignature,
  signPartial,
  type Validator,
} from './multi-signature.js';
export type { EvidencePolicy, IntelPolicy, SnpPolicy, SnpTcbMin } from './policy.js';
export {
  type CheckpointVerdict,
  describeVerifierKey,
  LOG_FAULTS,
  type LogFault,
  type LogHead,
  type LogProofVerdict,
  LogWitness,
  logPublicKeys,
  type OpenOptions,
  TransparencyLog,
  verifyCheckpoint,
  verifyLogProof,
} from './transparency-log.js';
export {
  type AcceptedVerdict,
  evidenceDigest,
  parseVerdict,
  type RejectedVerdict,
  type Verdict,
} from './verdict.js';
export { EvidenceVerifier, type VerifierOptions } from './verifier.js';
export {
  ANCHOR_TRUSTS,
  ANCHOR_VENDORS,
  type AnchorTrust,
  type AnchorVendor,
  ATTESTED_VENDORS,
  type AttestedVendor,
  EVIDENCE_FORMATS,
  type EvidenceFormat,
  REJECTION_REASONS,
  type RejectionReason,
} from './vocabulary.js';
