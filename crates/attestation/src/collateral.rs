//! What evidence is checked against besides the roots: certificates of authorities, revocation lists, and
//! what the vendors say of their firmware levels. It is parsed once and judged at every verification.

use std::sync::LazyLock;

use crate::certificate::{Certificate, certificates, documents};
use crate::intel::identity::Identity;
use crate::intel::tcb_info::TcbInfo;
use crate::revocation::Crl;
use crate::verdict::{Reason, Rejection, reject};

/// Most documents of one kind.
const DOCUMENTS_MAX: usize = 4096;

/// Certificates, lists and statements of the vendors. Nothing in it is trusted: each is followed to an
/// anchor.
#[derive(Clone, Debug, Default)]
pub struct Collateral {
    /// Certificates of authorities below a root.
    pub certificates: Vec<Certificate>,
    /// Revocation lists.
    pub crls: Vec<Crl>,
    /// Firmware levels of Intel platforms.
    pub tcb_infos: Vec<TcbInfo>,
    /// Identities of Intel's quoting enclaves.
    pub identities: Vec<Identity>,
}

impl Collateral {
    /// Nothing but what is compiled in: AMD's intermediate authorities.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the certificates of a file, PEM or DER.
    ///
    /// # Errors
    /// `MALFORMED` or `UNSUPPORTED`; nothing is added then.
    pub fn add_certificates(&mut self, bytes: &[u8]) -> Result<(), Rejection> {
        add(&mut self.certificates, certificates(bytes)?)
    }

    /// Adds the revocation lists of a file, PEM or DER.
    ///
    /// # Errors
    /// `MALFORMED` or `UNSUPPORTED`; nothing is added then.
    pub fn add_crls(&mut self, bytes: &[u8]) -> Result<(), Rejection> {
        let found = documents(bytes, "X509 CRL")?;
        let found: Vec<Crl> = found.iter().map(|der| Crl::from_der(der)).collect::<Result<_, _>>()?;
        add(&mut self.crls, found)
    }

    /// The authorities that may stand between a leaf and a root: compiled in, given, and sent along.
    pub(crate) fn authorities<'a>(&'a self, sent: &'a [Certificate]) -> Vec<&'a Certificate> {
        AMD_AUTHORITIES.iter().chain(&self.certificates).chain(sent).collect()
    }
}

/// Adds the documents that are not there yet.
pub(crate) fn add<T: PartialEq>(known: &mut Vec<T>, found: Vec<T>) -> Result<(), Rejection> {
    if known.len() + found.len() > DOCUMENTS_MAX {
        return Err(reject(Reason::Malformed, format!("more than {DOCUMENTS_MAX} documents of collateral")));
    }
    for document in found {
        if !known.contains(&document) {
            known.push(document);
        }
    }
    Ok(())
}

/// AMD's signing authorities (ASK for VCEKs, ASVK for VLEKs), as its key distribution service publishes them.
/// They are not trusted by being here: their chain to a pinned root is checked like any other.
static AMD_AUTHORITIES: LazyLock<Vec<Certificate>> = LazyLock::new(|| {
    let published: [&[u8]; 6] = [
        include_bytes!("../data/intermediates/amd-ask-milan.der"),
        include_bytes!("../data/intermediates/amd-asvk-milan.der"),
        include_bytes!("../data/intermediates/amd-ask-genoa.der"),
        include_bytes!("../data/intermediates/amd-asvk-genoa.der"),
        include_bytes!("../data/intermediates/amd-ask-turin.der"),
        include_bytes!("../data/intermediates/amd-asvk-turin.der"),
    ];
    published.iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
});
