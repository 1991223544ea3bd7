//! Certificate revocation lists (RFC 5280 section 5): absent, stale and forged are three answers.

use std::collections::BTreeSet;
use std::ops::Range;

use quorate_types::UnixMillis;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use crate::certificate::{Certificate, Signed, millis, one_algorithm, scheme, without_leading_zeros};
use crate::signature::{KnownGood, Scheme};
use crate::verdict::{Reason, Rejection, reject};

/// Largest list.
const CRL_BYTES_MAX: usize = 16 << 20;

/// A revocation list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crl {
    raw: Vec<u8>,
    signed: Range<usize>,
    scheme: Scheme,
    signature: Vec<u8>,
    /// Issuer, as DER.
    pub issuer: Vec<u8>,
    /// UTC milliseconds.
    pub this_update: UnixMillis,
    /// UTC milliseconds.
    pub next_update: UnixMillis,
    /// Number of the list, big-endian without leading zeros; empty where it has none.
    pub number: Vec<u8>,
    revoked: BTreeSet<Vec<u8>>,
}

impl Crl {
    /// Reads one list in DER that fills `der`.
    ///
    /// # Errors
    /// `MALFORMED`; `UNSUPPORTED` for delta and indirect lists and for one without a next update.
    pub fn from_der(der: &[u8]) -> Result<Self, Rejection> {
        let malformed = |why: &str| reject(Reason::Malformed, format!("a CRL {why}"));
        if der.len() > CRL_BYTES_MAX {
            return Err(malformed("is too large"));
        }
        let parsed = CertificateRevocationList::from_der(der);
        let (rest, parsed) = parsed.map_err(|_| malformed("is no DER X.509 CRL"))?;
        if !rest.is_empty() {
            return Err(malformed("is followed by other bytes"));
        }
        if parsed.signature_value.unused_bits != 0 {
            return Err(malformed("has a signature that is no whole number of bytes"));
        }
        let unsupported = |why: &str| reject(Reason::Unsupported, format!("a CRL {why}"));
        let entries = parsed.tbs_cert_list.revoked_certificates.iter();
        let critical = |extensions: &[x509_parser::extensions::X509Extension<'_>]| {
            extensions.iter().any(|extension| extension.critical)
        };
        if critical(parsed.extensions()) || entries.clone().any(|entry| critical(entry.extensions())) {
            return Err(unsupported("with a critical extension, such as a delta or indirect list"));
        }
        let next = parsed.next_update().ok_or_else(|| unsupported("without a next update"))?;
        let tbs: &[u8] = parsed.tbs_cert_list.as_ref();
        let start = tbs.as_ptr() as usize - der.as_ptr() as usize;
        let signed = start..start + tbs.len();
        if !one_algorithm(der, &signed) {
            return Err(malformed("names two signature algorithms"));
        }
        Ok(Self {
            raw: der.to_vec(),
            signed,
            scheme: scheme(&parsed.signature_algorithm)?,
            signature: parsed.signature_value.data.to_vec(),
            issuer: parsed.issuer().as_raw().to_vec(),
            this_update: millis(parsed.last_update().timestamp()),
            next_update: millis(next.timestamp()),
            number: number(&parsed),
            revoked: entries.map(|entry| without_leading_zeros(entry.raw_serial()).to_vec()).collect(),
        })
    }

    /// How many certificates it revokes.
    pub fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Whether it revokes none.
    pub fn is_empty(&self) -> bool {
        self.revoked.is_empty()
    }

    /// By number: a later list has a higher one (RFC 5280 section 5.2.3). Lists without one are equal.
    fn order(&self) -> (usize, &[u8]) {
        (self.number.len(), &self.number)
    }

    fn signed_part(&self) -> Signed<'_> {
        Signed { scheme: self.scheme, message: &self.raw[self.signed.clone()], signature: &self.signature }
    }
}

fn number(list: &CertificateRevocationList<'_>) -> Vec<u8> {
    let number = list.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::CRLNumber(number) => Some(number.to_bytes_be()),
        _ => None,
    });
    number.map_or_else(Vec::new, |number| without_leading_zeros(&number).to_vec())
}

/// What the lists say of a certificate.
pub(crate) enum Standing {
    /// Not revoked by any current list of its issuer; the first of them ends at this time.
    Good(UnixMillis),
    /// No list decides: the reason says why none does.
    Undecided(Reason),
}

/// Looks a certificate up in the lists of its issuer.
///
/// A certificate is revoked if any current and genuine list says so. Lists that are stale or forged never
/// count, but they are told apart from none, so that an operator knows what to mend. A list that a later one
/// has replaced is stale, even where the later one has ended: whoever keeps lists away must not bring back a
/// time before a revocation.
pub(crate) fn standing(
    certificate: &Certificate,
    issuer: &Certificate,
    lists: &[Crl],
    time: UnixMillis,
    known_good: &KnownGood,
) -> Result<Standing, Rejection> {
    let is_genuine = |list: &&Crl| {
        let Signed { scheme, message, signature } = list.signed_part();
        known_good.check(scheme, &issuer.key.bytes, message, signature).is_ok()
    };
    let (genuine, forged): (Vec<&Crl>, Vec<&Crl>) =
        lists.iter().filter(|list| list.issuer == issuer.subject).partition(is_genuine);
    let newest = genuine.iter().filter(|list| list.this_update <= time).map(|list| list.order()).max();
    let mut ends: Option<UnixMillis> = None;
    for list in genuine.iter().filter(|list| (list.this_update..=list.next_update).contains(&time)) {
        if list.revoked.contains(&certificate.serial) {
            let name = &certificate.subject_name;
            return Err(reject(Reason::Revoked, format!("the certificate of {name} is revoked")));
        }
        if Some(list.order()) == newest {
            ends = Some(ends.map_or(list.next_update, |end| end.min(list.next_update)));
        }
    }
    let why = match (forged.is_empty(), genuine.is_empty()) {
        (false, _) => Reason::CrlForged,
        (true, false) => Reason::CrlStale,
        (true, true) => Reason::CrlMissing,
    };
    Ok(ends.map_or(Standing::Undecided(why), Standing::Good))
}
