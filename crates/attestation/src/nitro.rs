//! AWS Nitro Enclaves: attestation documents, in which the cloud's hypervisor states what runs in an enclave.
//!
//! It is a statement of AWS about itself and not of a processor's vendor, so it counts only where the policy
//! says so. It names an enclave and its parent instance, both of which are made and thrown away at will, and
//! no hardware: the verdict names no machine. See docs/design/trust.md.
//!
//! Source: AWS, "Nitro Enclaves Attestation Process" (aws-nitro-enclaves-nsm-api) and "Verifying the root of
//! trust" (Nitro Enclaves user guide); RFC 9052 for the signature.
//!
//! Checks run in this order: form, chain to a root of AWS, signature, time, challenge, policy.

pub mod document;

use quorate_types::UnixMillis;
use quorate_types::cbor::{self, Form};

use crate::anchors::AnchorVendor;
use crate::certificate::{Certificate, KeyKind};
use crate::chain::{self, Chain, Revocable};
use crate::cose::{Algorithm, Sign1, Tagging};
use crate::fields::Field;
use crate::verdict::{Accepted, Reason, Register, Rejection, Tcb, Vendor, reject};
use crate::verify::Context;
use document::Document;

const WHAT: &str = "the Nitro document";
/// What every document begins with: an array of four, a header that says ES384, no unprotected header.
pub(crate) const PREFIX: [u8; 7] = [0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0];
/// How far the clocks of AWS and of the verifier may differ.
const CLOCK_SKEW_MS: UnixMillis = 5 * 60 * 1000;

/// Every field of a document, readable; nothing of it is proved.
///
/// # Errors
/// Those of the signature's form and of [`Document::read`].
pub fn fields(document: &[u8]) -> Result<Vec<Field>, Rejection> {
    Ok(Document::read(&parse(document)?.payload)?.fields())
}

/// Judges a document.
pub(crate) fn verify(
    document: &[u8],
    challenge: Option<&[u8]>,
    context: &Context<'_>,
) -> Result<Accepted, Rejection> {
    let signed = parse(document)?;
    let document = Document::read(&signed.payload)?;
    let leaf = Certificate::from_der(&document.certificate)?;
    let chain = chain_of(&leaf, &document.cabundle, context)?;
    signed.verify(&leaf.key, None)?;
    check_time(document.timestamp, &leaf, context.time)?;
    let fresh = answers(challenge, document.nonce.as_deref())?;
    if !context.policy.nitro_accepted {
        return Err(reject(Reason::VendorNotAccepted, "the policy does not accept AWS Nitro"));
    }
    let measurement = document.pcr0()?.to_vec();
    Ok(Accepted {
        vendor: Vendor::AwsNitro,
        product: "Nitro Enclaves".to_owned(),
        tcb: Tcb { version: "not stated".to_owned(), status: None, date: None, advisories: Vec::new() },
        // Of an enclave in debug mode nothing is measured.
        debug: measurement.iter().all(|byte| *byte == 0),
        measurement,
        registers: document.pcrs.into_iter().map(Register::from).collect(),
        report_data: document.user_data.unwrap_or_default(),
        machine: None,
        valid_until: chain.valid_until,
        endorser: chain.endorser,
        fresh,
        revocation_checked: chain.revocation_checked,
    })
}

/// What stands around the signed document has one form; AWS writes no tag before it.
fn parse(document: &[u8]) -> Result<Sign1, Rejection> {
    cbor::decode(document, Form::Deterministic)
        .map_err(|error| reject(Reason::Malformed, format!("{WHAT} is not acceptable as CBOR: {error}")))?;
    let signed = Sign1::parse(document, Tagging::Untagged, WHAT)?;
    if signed.algorithm != Algorithm::Es384 {
        return Err(reject(Reason::Unsupported, format!("{WHAT} is not signed by ES384")));
    }
    Ok(signed)
}

/// Follows the chain of the certificate that signed. Its root comes along, too: that proves nothing, but one
/// that is no anchor shows that the document is not what it claims. Authorities from elsewhere are not used.
fn chain_of(leaf: &Certificate, cabundle: &[Vec<u8>], context: &Context<'_>) -> Result<Chain, Rejection> {
    let [root, below @ ..] = cabundle else {
        return Err(reject(Reason::Malformed, "a Nitro document without a chain"));
    };
    if !context.anchors.of(AnchorVendor::Aws).any(|anchor| anchor.certificate.der() == root) {
        return Err(reject(
            Reason::ChainUntrusted,
            "the chain in the document does not begin with a trust anchor",
        ));
    }
    let below: Vec<Certificate> =
        below.iter().map(|der| Certificate::from_der(der)).collect::<Result<_, _>>()?;
    for authority in &below {
        check_profile(authority, authority.signs_certificates(), "an authority")?;
    }
    check_profile(leaf, leaf.signs_data() && leaf.authority.is_none(), "a leaf that signs")?;
    let below: Vec<&Certificate> = below.iter().collect();
    chain::check(leaf, &below, AnchorVendor::Aws, Revocable::Nothing, context)
}

/// AWS states the key usage of each certificate, where X.509 lets it be left out.
fn check_profile(certificate: &Certificate, fits: bool, role: &str) -> Result<(), Rejection> {
    if certificate.key.kind == KeyKind::P384 && fits {
        return Ok(());
    }
    let name = &certificate.subject_name;
    Err(reject(
        Reason::CertificateProfile,
        format!("the certificate of {name} is not one of {role} on P-384"),
    ))
}

/// Whether the document was made while its certificate was valid, and not in the future: a clock that is
/// behind would make old evidence good again.
fn check_time(made: UnixMillis, leaf: &Certificate, now: UnixMillis) -> Result<(), Rejection> {
    if made < leaf.not_before {
        let why = "the document is older than the certificate of its key";
        return Err(reject(Reason::CertificateNotYetValid, why));
    }
    if made > leaf.not_after {
        let why = "the document was made after the certificate of its key had expired";
        return Err(reject(Reason::CertificateExpired, why));
    }
    if made > now.saturating_add(CLOCK_SKEW_MS) {
        return Err(reject(Reason::ClaimMissing, "the document states a time that has not come"));
    }
    Ok(())
}

/// Whether the document answers the challenge, to the byte.
fn answers(challenge: Option<&[u8]>, nonce: Option<&[u8]>) -> Result<bool, Rejection> {
    match challenge {
        None => Ok(false),
        Some(challenge) if !challenge.is_empty() && nonce == Some(challenge) => Ok(true),
        Some(_) => Err(reject(Reason::Challenge, "the document answers another challenge")),
    }
}
