//! From a leaf to a trust anchor: signatures, roles, validity, revocation.

use quorate_types::UnixMillis;

use crate::anchors::{Anchor, AnchorVendor};
use crate::certificate::{Certificate, Signed};
use crate::revocation::{Standing, standing};
use crate::verdict::{Endorser, Reason, Rejection, Trust, reject};
use crate::verify::Context;

/// Longest chain, anchor included.
const CHAIN_LENGTH_MAX: usize = 8;

/// Which certificates of a chain a vendor publishes revocation lists for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revocable {
    /// None: the leaf lives for hours.
    Nothing,
    /// The authorities. Their leaves share one serial number, so no list can name one.
    Authorities,
    /// All.
    All,
}

/// What a good chain says.
pub(crate) struct Chain {
    /// UTC milliseconds at which its first certificate or list ends.
    pub(crate) valid_until: UnixMillis,
    /// The anchor it ends in.
    pub(crate) endorser: Endorser,
    /// Name of the anchor's certificate.
    pub(crate) root: String,
    /// Whether a current list was there for each certificate.
    pub(crate) revocation_checked: bool,
}

/// Follows the chain of `leaf` over `intermediates` to an anchor of `vendor`.
pub(crate) fn check(
    leaf: &Certificate,
    intermediates: &[&Certificate],
    vendor: AnchorVendor,
    revocable: Revocable,
    context: &Context<'_>,
) -> Result<Chain, Rejection> {
    let (path, anchor) = path(leaf, intermediates, vendor, context)?;
    for certificate in path.iter().copied().chain([&anchor.certificate]) {
        check_validity(certificate, context.time)?;
    }
    if anchor.trust == Trust::Demo && !context.policy.demo_allowed {
        let why = format!("{} is an anchor for simulated machines", anchor.name);
        return Err(reject(Reason::DemoAnchor, why));
    }
    let ends = path.iter().map(|certificate| certificate.not_after).min().unwrap_or(0);
    let mut chain = Chain {
        valid_until: ends.min(anchor.certificate.not_after),
        endorser: Endorser { name: anchor.name.clone(), trust: anchor.trust },
        root: anchor.certificate.subject_name.clone(),
        revocation_checked: revocable != Revocable::Nothing,
    };
    let issuers = path.iter().copied().skip(1).chain([&anchor.certificate]);
    for (at, (certificate, issuer)) in path.iter().zip(issuers).enumerate() {
        let listed = match revocable {
            Revocable::Nothing => false,
            Revocable::Authorities => at > 0,
            Revocable::All => true,
        };
        if listed {
            check_revocation(certificate, issuer, context, &mut chain)?;
        }
    }
    Ok(chain)
}

/// The certificates from the leaf up to the one that the anchor signed, and the anchor.
fn path<'a>(
    leaf: &'a Certificate,
    intermediates: &[&'a Certificate],
    vendor: AnchorVendor,
    context: &Context<'a>,
) -> Result<(Vec<&'a Certificate>, &'a Anchor), Rejection> {
    let mut path = vec![leaf];
    loop {
        let current = path[path.len() - 1];
        let below = path.len() - 1;
        let mut named = false;
        let anchors =
            context.anchors.of(vendor).filter(|anchor| anchor.certificate.subject == current.issuer);
        for anchor in anchors {
            named = true;
            if signed_by(current, &anchor.certificate, context) {
                check_authority(&anchor.certificate, below)?;
                return Ok((path, anchor));
            }
        }
        let mut next = None;
        for issuer in intermediates.iter().copied().filter(|issuer| issuer.subject == current.issuer) {
            named = true;
            if signed_by(current, issuer, context) {
                check_authority(issuer, below)?;
                next = Some(issuer);
                break;
            }
        }
        let name = &current.subject_name;
        match next {
            Some(issuer) if path.len() < CHAIN_LENGTH_MAX => path.push(issuer),
            Some(_) => return Err(reject(Reason::ChainUntrusted, "the chain is too long")),
            None if named => {
                let why = format!("the certificate of {name} is not signed by the issuer it names");
                return Err(reject(Reason::ChainSignature, why));
            }
            None => {
                let why = format!("no trusted issuer is known for the certificate of {name}");
                return Err(reject(Reason::ChainUntrusted, why));
            }
        }
    }
}

fn signed_by(certificate: &Certificate, issuer: &Certificate, context: &Context<'_>) -> bool {
    let Signed { scheme, message, signature } = certificate.signed_part();
    context.known_good.check(scheme, &issuer.key.bytes, message, signature).is_ok()
}

/// `below`: authorities between this one and the leaf.
fn check_authority(issuer: &Certificate, below: usize) -> Result<(), Rejection> {
    let name = &issuer.subject_name;
    let refuse = |why: &str| Err(reject(Reason::CertificateProfile, format!("{name} {why}")));
    match issuer.authority {
        None => refuse("may not certify others"),
        Some(Some(longest)) if below > longest as usize => refuse("may not certify a chain this long"),
        Some(_) => Ok(()),
    }
}

fn check_validity(certificate: &Certificate, time: UnixMillis) -> Result<(), Rejection> {
    let name = &certificate.subject_name;
    if time < certificate.not_before {
        let why = format!("the certificate of {name} is not valid yet");
        return Err(reject(Reason::CertificateNotYetValid, why));
    }
    if time > certificate.not_after {
        return Err(reject(Reason::CertificateExpired, format!("the certificate of {name} has expired")));
    }
    Ok(())
}

fn check_revocation(
    certificate: &Certificate,
    issuer: &Certificate,
    context: &Context<'_>,
    chain: &mut Chain,
) -> Result<(), Rejection> {
    let lists = &context.collateral.crls;
    match standing(certificate, issuer, lists, context.time, context.known_good)? {
        Standing::Good(ends) => chain.valid_until = chain.valid_until.min(ends),
        Standing::Undecided(reason) if context.policy.revocation_required => {
            let why = match reason {
                Reason::CrlForged => "the CRL that claims to be from",
                Reason::CrlStale => "no current CRL is there from",
                _ => "no CRL was given from",
            };
            return Err(reject(reason, format!("{why} {}", issuer.subject_name)));
        }
        Standing::Undecided(_) => chain.revocation_checked = false,
    }
    Ok(())
}
