//! Verifiers of hardware evidence: which TEE a machine has, which firmware, which machine it is.
//!
//! One call, [`verify`](verify()), takes evidence of any of the formats in [`Evidence`] and gives one closed
//! [`Verdict`]: accepted, with all that was proved, or rejected, with one reason. There is no boolean and no
//! warning that lets evidence pass.
//!
//! Sans-IO: the time, the collateral (certificates, CRLs, TCB info) and the trust anchors are arguments, so a
//! verdict can be repeated by anyone who holds the same bytes. The roots of the vendors are compiled in
//! ([`anchors`]) and never taken from the evidence.

pub mod anchors;
pub mod arm;
pub mod azure;
pub mod certificate;
pub mod collateral;
pub mod cose;
pub mod error;
pub mod evidence;
pub mod fields;
pub mod intel;
pub mod nitro;
pub mod policy;
pub mod snp;
pub mod verdict;
pub mod verify;

mod bytes;
mod chain;
mod revocation;
mod signature;

pub use anchors::{Anchor, AnchorVendor, Anchors, EndorsedKey};
pub use collateral::Collateral;
pub use error::AttestationError;
pub use evidence::{Evidence, Format};
pub use fields::Field;
pub use policy::Policy;
pub use signature::KnownGood;
pub use verdict::{Accepted, Endorser, Reason, Register, Rejection, Tcb, Vendor, Verdict};
pub use verify::{Context, Submission, verify, verify_batch};
