//! Intel's collateral as it comes: responses of the provisioning certification service, and bundles of all
//! that one quote needs.

use serde::Deserialize;

use crate::bytes::bytes_from_hex;
use crate::collateral::{Collateral, add};
use crate::intel::identity::Identity;
use crate::intel::statement::{STATEMENT_BYTES_MAX, malformed};
use crate::intel::tcb_info::TcbInfo;
use crate::verdict::{Reason, Rejection, reject};

/// Largest bundle.
const BUNDLE_BYTES_MAX: usize = 4 << 20;

impl Collateral {
    /// Adds a TCB info: the body of a response, `{"tcbInfo":{...},"signature":"..."}`. The chain of its
    /// signer comes in a header of the response: add it with [`Collateral::add_certificates`].
    ///
    /// # Errors
    /// `MALFORMED` or `UNSUPPORTED`; nothing is added then.
    pub fn add_tcb_info(&mut self, response: &[u8]) -> Result<(), Rejection> {
        add(&mut self.tcb_infos, vec![TcbInfo::from_response(response)?])
    }

    /// Adds the identity of a quoting enclave: the body of a response,
    /// `{"enclaveIdentity":{...},"signature":"..."}`.
    ///
    /// # Errors
    /// `MALFORMED` or `UNSUPPORTED`; nothing is added then.
    pub fn add_identity(&mut self, response: &[u8]) -> Result<(), Rejection> {
        add(&mut self.identities, vec![Identity::from_response(response)?])
    }

    /// Adds all that one quote needs: the JSON in which DCAP tools keep it (`sgx_ql_qve_collateral_t` as an
    /// object of strings), statements as text, signatures and CRLs in hexadecimal digits, chains as PEM.
    ///
    /// # Errors
    /// `MALFORMED` or `UNSUPPORTED`; nothing is added then, unless the collateral is full.
    pub fn add_intel_bundle(&mut self, bundle: &[u8]) -> Result<(), Rejection> {
        if bundle.len() > BUNDLE_BYTES_MAX {
            return Err(reject(Reason::Malformed, format!("a bundle of more than {BUNDLE_BYTES_MAX} bytes")));
        }
        let bundle: BundleJson = serde_json::from_slice(bundle).map_err(|_| malformed("bundle"))?;
        if bundle.tcb_info.len().max(bundle.qe_identity.len()) > STATEMENT_BYTES_MAX {
            return Err(malformed("size"));
        }
        let info = TcbInfo::from_parts(&bundle.tcb_info, &bundle.tcb_info_signature)?;
        let identity = Identity::from_parts(&bundle.qe_identity, &bundle.qe_identity_signature)?;
        let mut found = Self { tcb_infos: vec![info], identities: vec![identity], ..Self::new() };
        for crl in [&bundle.root_ca_crl, &bundle.pck_crl] {
            found.add_crls(&bytes_from_hex(crl).ok_or_else(|| malformed("CRL"))?)?;
        }
        for chain in
            [&bundle.pck_crl_issuer_chain, &bundle.tcb_info_issuer_chain, &bundle.qe_identity_issuer_chain]
        {
            found.add_certificates(chain.as_bytes())?;
        }
        add(&mut self.certificates, found.certificates)?;
        add(&mut self.crls, found.crls)?;
        add(&mut self.tcb_infos, found.tcb_infos)?;
        add(&mut self.identities, found.identities)
    }
}

#[derive(Deserialize)]
struct BundleJson {
    pck_crl_issuer_chain: String,
    root_ca_crl: String,
    pck_crl: String,
    tcb_info_issuer_chain: String,
    tcb_info: String,
    tcb_info_signature: String,
    qe_identity_issuer_chain: String,
    qe_identity: String,
    qe_identity_signature: String,
}
