//! One call for every form of evidence.

use quorate_types::{Control, UnixMillis};
use rayon::prelude::*;

use crate::anchors::Anchors;
use crate::arm::{cca, psa};
use crate::azure;
use crate::collateral::Collateral;
use crate::error::AttestationError;
use crate::evidence::{EVIDENCE_BYTES_MAX, Evidence, Format};
use crate::intel;
use crate::nitro;
use crate::policy::Policy;
use crate::signature::KnownGood;
use crate::snp;
use crate::verdict::{Accepted, Reason, Rejection, Verdict, reject};

/// What evidence is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time to judge for, UTC milliseconds. A caller keeps it from going back: with an old clock, old
    /// collateral is good.
    pub time: UnixMillis,
    /// Certificates, lists and statements of the vendors.
    pub collateral: &'a Collateral,
    /// Whom to trust.
    pub anchors: &'a Anchors,
    /// What to accept.
    pub policy: &'a Policy,
    /// Signatures found good before.
    pub known_good: &'a KnownGood,
}

/// Judges evidence. `challenge` is the nonce the evidence has to answer: 64 bytes of report data for SNP and
/// TDX and of the realm challenge for CCA (a shorter one counts as followed by zeros), the nonce of Azure,
/// PSA and Nitro evidence.
pub fn verify(evidence: &Evidence, challenge: Option<&[u8]>, context: &Context<'_>) -> Verdict {
    judge(evidence, challenge, context).into()
}

/// Evidence as it is submitted: not even its form is certain.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The form it claims to have.
    pub format: Format,
    /// Its bytes.
    pub body: Vec<u8>,
    /// Certificates (DER) that came beside it.
    pub certificates: Vec<Vec<u8>>,
    /// The challenge it has to answer.
    pub challenge: Option<Vec<u8>>,
}

/// Judges many submissions on the ambient thread pool; verdicts in the order of the submissions.
///
/// # Errors
/// [`AttestationError::Cancelled`]; evidence that proves nothing is a verdict, never an error.
pub fn verify_batch(
    submissions: Vec<Submission>,
    context: &Context<'_>,
    control: &dyn Control,
) -> Result<Vec<Verdict>, AttestationError> {
    let judge = |submission: Submission| {
        if control.cancelled() {
            return Err(AttestationError::Cancelled);
        }
        let Submission { format, body, certificates, challenge } = submission;
        Ok(match Evidence::read(format, body, certificates) {
            Ok(evidence) => verify(&evidence, challenge.as_deref(), context),
            Err(rejection) => Verdict::Rejected(rejection),
        })
    };
    submissions.into_par_iter().map(judge).collect()
}

fn judge(
    evidence: &Evidence,
    challenge: Option<&[u8]>,
    context: &Context<'_>,
) -> Result<Accepted, Rejection> {
    if evidence.len() > EVIDENCE_BYTES_MAX {
        let why = format!("evidence of more than {EVIDENCE_BYTES_MAX} bytes");
        return Err(reject(Reason::Malformed, why));
    }
    let accepted = match evidence {
        Evidence::Snp { report, certificates } => snp::verify(report, certificates, challenge, context)?,
        Evidence::Quote { quote } => intel::verify(quote, challenge, context)?,
        Evidence::Cca { token } => cca::verify(token, challenge, context)?,
        Evidence::Psa { token } => psa::verify(token, challenge, context)?,
        Evidence::Azure { bundle, certificates } => azure::verify(bundle, certificates, challenge, context)?,
        Evidence::Nitro { document } => nitro::verify(document, challenge, context)?,
    };
    check_policy(accepted, context)
}

/// What the policy asks of every vendor.
fn check_policy(accepted: Accepted, context: &Context<'_>) -> Result<Accepted, Rejection> {
    let policy = context.policy;
    if policy.fresh_required && !accepted.fresh {
        return Err(reject(Reason::NotFresh, "the evidence answers no challenge"));
    }
    if accepted.debug && !policy.debug_allowed {
        return Err(reject(Reason::Debug, "the TEE runs in debug mode: its host can read it"));
    }
    if policy.measurements.as_ref().is_some_and(|allowed| !allowed.contains(&accepted.measurement)) {
        return Err(reject(Reason::Measurement, "the measurement is not on the list"));
    }
    for (name, allowed) in &policy.registers {
        let register = accepted.registers.iter().find(|register| register.name == *name);
        if !register.is_some_and(|register| allowed.contains(&register.value)) {
            return Err(reject(Reason::Measurement, format!("register {name} is not on the list")));
        }
    }
    match &accepted.machine {
        None if policy.identity_required => {
            Err(reject(Reason::IdentityMissing, "the evidence names no machine"))
        }
        Some(machine) if policy.blocked.contains(machine) => {
            Err(reject(Reason::MachineBlocked, format!("{machine} is blocked")))
        }
        _ => Ok(accepted),
    }
}

/// Whether `data` answers the challenge: equal to it, followed by zeros. False where there is none.
pub(crate) fn answers(challenge: Option<&[u8]>, data: &[u8]) -> Result<bool, Rejection> {
    let Some(challenge) = challenge else { return Ok(false) };
    let matches = !challenge.is_empty()
        && data
            .split_at_checked(challenge.len())
            .is_some_and(|(head, tail)| head == challenge && tail.iter().all(|byte| *byte == 0));
    if matches { Ok(true) } else { Err(reject(Reason::Challenge, "the evidence answers another challenge")) }
}
