//! Statements that Intel signs: TCB infos and enclave identities. Both are JSON, signed over the bytes as
//! they are served.
//!
//! Source: Intel PCS API v4, `/tdx/certification/v4/tcb` and `/sgx/certification/v4/qe/identity`.

use std::cmp::Reverse;

use quorate_types::UnixMillis;
use serde_json::value::RawValue;

use crate::anchors::AnchorVendor;
use crate::bytes::from_hex;
use crate::certificate::{Certificate, KeyKind};
use crate::chain::{self, Chain, Revocable};
use crate::intel::date;
use crate::signature::Scheme;
use crate::verdict::{Endorser, Reason, Rejection, reject};
use crate::verify::Context;

/// Largest statement. Real ones have less than 20 KiB.
pub(crate) const STATEMENT_BYTES_MAX: usize = 256 << 10;
/// Subject of the certificates whose keys sign statements.
const SIGNER: &str = "Intel SGX TCB Signing";

/// A statement as it was served, and what every statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The signed bytes: never written anew, since another writer could write the same JSON in another way.
    raw: Vec<u8>,
    signature: [u8; 64],
    /// UTC milliseconds.
    pub issue_date: UnixMillis,
    /// UTC milliseconds.
    pub next_update: UnixMillis,
    /// Which round of evaluation it tells the result of: higher is later.
    pub evaluation_number: u32,
}

/// A statement about something.
pub(crate) trait Stated {
    /// What is stated, for a person.
    const WHAT: &'static str;

    /// The statement.
    fn statement(&self) -> &Statement;
}

/// The parts of a statement's JSON that every statement has.
pub(crate) struct Common<'a> {
    pub(crate) issue_date: &'a str,
    pub(crate) next_update: &'a str,
    pub(crate) evaluation_number: u32,
}

impl Statement {
    pub(crate) fn new(raw: &str, signature: &str, common: &Common<'_>) -> Result<Self, Rejection> {
        Ok(Self {
            raw: raw.as_bytes().to_vec(),
            signature: from_hex(signature).ok_or_else(|| malformed("signature"))?,
            issue_date: date::parse(common.issue_date).ok_or_else(|| malformed("issueDate"))?,
            next_update: date::parse(common.next_update).ok_or_else(|| malformed("nextUpdate"))?,
            evaluation_number: common.evaluation_number,
        })
    }

    /// Follows the signature to the anchor that vouches for the evidence, and checks the window.
    fn judge(&self, what: &str, endorser: &Endorser, context: &Context<'_>) -> Result<Chain, Rejection> {
        let mut chain = self.signed(what, endorser, context)?;
        if context.time < self.issue_date {
            return Err(reject(Reason::CollateralNotYetValid, format!("the {what} is not valid yet")));
        }
        if context.time > self.next_update {
            return Err(reject(Reason::CollateralExpired, format!("the {what} is out of date")));
        }
        let (number, min) = (self.evaluation_number, context.policy.intel.evaluation_number_min);
        if number < min {
            let why = format!("the {what} has evaluation number {number}, at least {min} is accepted");
            return Err(reject(Reason::CollateralDowngrade, why));
        }
        chain.valid_until = chain.valid_until.min(self.next_update);
        Ok(chain)
    }

    /// The chain of the key that signed. Intel certifies one key more than once: any certificate of it will
    /// do.
    fn signed(&self, what: &str, endorser: &Endorser, context: &Context<'_>) -> Result<Chain, Rejection> {
        let mut signers = context.collateral.certificates.iter().filter(|known| is_signer(known)).peekable();
        if signers.peek().is_none() {
            return Err(reject(
                Reason::CollateralMissing,
                format!("no certificate of a signer of the {what}"),
            ));
        }
        let mut why = reject(Reason::CollateralSignature, format!("no key of Intel's signed the {what}"));
        for signer in signers {
            let key = &signer.key.bytes;
            if context.known_good.check(Scheme::P256Fixed, key, &self.raw, &self.signature).is_ok() {
                match signer_chain(signer, endorser, context) {
                    Ok(chain) => return Ok(chain),
                    Err(found) => why = found,
                }
            }
        }
        Err(why)
    }
}

/// The newest of the statements that are genuine and valid now. Where none is, the reason is that of the
/// newest. One that is genuine and has ended forbids those of an earlier evaluation: whoever keeps its
/// successor away must not bring back firmware levels that were already known to be bad.
pub(crate) fn newest<'a, T: Stated>(
    mut candidates: Vec<&'a T>,
    endorser: &Endorser,
    context: &Context<'_>,
) -> Result<(&'a T, Chain), Rejection> {
    candidates.sort_by_key(|stated| {
        let Statement { evaluation_number, issue_date, .. } = stated.statement();
        Reverse((*evaluation_number, *issue_date))
    });
    let (mut first, mut ended) = (None, None);
    for stated in candidates {
        if ended.is_some_and(|ended| stated.statement().evaluation_number < ended) {
            break;
        }
        match stated.statement().judge(T::WHAT, endorser, context) {
            Ok(chain) => return Ok((stated, chain)),
            Err(why) => {
                if why.reason == Reason::CollateralExpired {
                    ended = Some(stated.statement().evaluation_number);
                }
                first = first.or(Some(why));
            }
        }
    }
    Err(first.unwrap_or_else(|| reject(Reason::CollateralMissing, format!("no {} was given", T::WHAT))))
}

fn is_signer(certificate: &Certificate) -> bool {
    certificate.subject_name == SIGNER
        && certificate.key.kind == KeyKind::P256
        && certificate.authority.is_none()
}

/// The chain of a signer's certificate: issued by the root itself, under the anchor of the evidence. An
/// anchor for simulated machines says nothing about real ones.
fn signer_chain(
    signer: &Certificate,
    endorser: &Endorser,
    context: &Context<'_>,
) -> Result<Chain, Rejection> {
    let authorities = context.collateral.authorities(&[]);
    let chain = chain::check(signer, &authorities, AnchorVendor::Intel, Revocable::All, context)?;
    if chain.endorser != *endorser {
        let why = format!("{} vouches for the collateral, not {}", chain.endorser.name, endorser.name);
        return Err(reject(Reason::CollateralMismatch, why));
    }
    if !context.anchors.of(AnchorVendor::Intel).any(|anchor| anchor.certificate.subject == signer.issuer) {
        return Err(reject(Reason::CertificateProfile, "a signer of statements is certified by the root"));
    }
    Ok(chain)
}

/// Splits the body of a response into the statement under `name`, byte for byte, and its signature.
pub(crate) fn split(response: &[u8], name: &str) -> Result<(String, String), Rejection> {
    if response.len() > STATEMENT_BYTES_MAX {
        return Err(reject(
            Reason::Malformed,
            format!("a statement of more than {STATEMENT_BYTES_MAX} bytes"),
        ));
    }
    let members: Response<'_> = serde_json::from_slice(response).map_err(|_| malformed("response"))?;
    let raw = match name {
        TCB_INFO => members.tcb_info,
        _ => members.enclave_identity,
    };
    let raw = raw.ok_or_else(|| malformed(name))?;
    Ok((raw.get().to_owned(), members.signature.to_owned()))
}

/// Name of a TCB info in a response.
pub(crate) const TCB_INFO: &str = "tcbInfo";
/// Name of an identity in a response.
pub(crate) const ENCLAVE_IDENTITY: &str = "enclaveIdentity";

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Response<'a> {
    #[serde(borrow)]
    tcb_info: Option<&'a RawValue>,
    #[serde(borrow)]
    enclave_identity: Option<&'a RawValue>,
    signature: &'a str,
}

/// A statement whose `member` is missing or not of its form.
pub(crate) fn malformed(member: &str) -> Rejection {
    reject(Reason::Malformed, format!("a statement of Intel without a valid {member}"))
}
