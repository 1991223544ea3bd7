//! The identity of Intel's quoting enclaves: which enclave may sign for a TEE, and what Intel says of its
//! versions.
//!
//! Source: Intel PCS API v4, `EnclaveIdentityV2`.

use serde::Deserialize;

use crate::bytes::from_hex;
use crate::intel::body::EnclaveReport;
use crate::intel::quote::Tee;
use crate::intel::statement::{Common, ENCLAVE_IDENTITY, Stated, Statement, malformed, split};
use crate::intel::tcb_info::{LevelVerdict, SvnLevel, SvnLevelJson, svn_level, svn_levels};
use crate::verdict::{Reason, Rejection, reject};

const VERSION: u32 = 2;

/// The identity of the quoting enclave of one TEE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The statement.
    pub statement: Statement,
    /// For which TEE it makes quotes.
    pub tee: Tee,
    misc_select: Masked<4>,
    attributes: Masked<16>,
    mr_signer: [u8; 32],
    isv_prod_id: u16,
    levels: Vec<SvnLevel>,
}

/// Bytes of which only those under a mask count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Masked<const N: usize> {
    pub(crate) value: [u8; N],
    pub(crate) mask: [u8; N],
}

impl<const N: usize> Masked<N> {
    /// Whether `found` is what is asked for under the mask. What is asked for outside the mask counts as
    /// zero, so a statement that contradicts itself matches nothing.
    pub(crate) fn matches(&self, found: &[u8; N]) -> bool {
        (0..N).all(|at| found[at] & self.mask[at] == self.value[at])
    }
}

impl Stated for Identity {
    const WHAT: &'static str = "identity of the quoting enclave";

    fn statement(&self) -> &Statement {
        &self.statement
    }
}

impl Identity {
    /// Reads the body of a response of Intel's service.
    ///
    /// # Errors
    /// `MALFORMED`; `UNSUPPORTED` for another version or the identity of another enclave. No signature is
    /// checked here.
    pub fn from_response(response: &[u8]) -> Result<Self, Rejection> {
        let (raw, signature) = split(response, ENCLAVE_IDENTITY)?;
        Self::from_parts(&raw, &signature)
    }

    /// Reads a statement, and its signature in hexadecimal digits.
    pub(crate) fn from_parts(raw: &str, signature: &str) -> Result<Self, Rejection> {
        let json: IdentityJson<'_> = serde_json::from_str(raw).map_err(|_| malformed(ENCLAVE_IDENTITY))?;
        let tee = match (json.id, json.version) {
            ("QE", VERSION) => Tee::Sgx,
            ("TD_QE", VERSION) => Tee::Tdx,
            (id, version) => {
                let id: String = id.chars().take(16).collect();
                let why = format!("an identity of the enclave {id:?} of version {version}");
                return Err(reject(Reason::Unsupported, why));
            }
        };
        let common = Common {
            issue_date: json.issue_date,
            next_update: json.next_update,
            evaluation_number: json.tcb_evaluation_data_number,
        };
        Ok(Self {
            statement: Statement::new(raw, signature, &common)?,
            tee,
            misc_select: masked(json.miscselect, json.miscselect_mask, "miscselect")?,
            attributes: masked(json.attributes, json.attributes_mask, "attributes")?,
            mr_signer: from_hex(json.mrsigner).ok_or_else(|| malformed("mrsigner"))?,
            isv_prod_id: json.isvprodid,
            levels: svn_levels(json.tcb_levels)?,
        })
    }

    /// What Intel says of a quoting enclave.
    ///
    /// # Errors
    /// `ENCLAVE_IDENTITY` for another enclave, `TCB_UNKNOWN` for a version below every level.
    pub fn judge(&self, report: &EnclaveReport) -> Result<&LevelVerdict, Rejection> {
        let differs = [
            ("MISCSELECT", self.misc_select.matches(&report.misc_select)),
            ("ATTRIBUTES", self.attributes.matches(&report.attributes)),
            ("MRSIGNER", self.mr_signer == report.mr_signer),
            ("ISVPRODID", self.isv_prod_id == report.isv_prod_id),
        ]
        .into_iter()
        .find(|(_, same)| !same);
        if let Some((name, _)) = differs {
            let why = format!("{name} of the quoting enclave is not what Intel states");
            return Err(reject(Reason::EnclaveIdentity, why));
        }
        svn_level(&self.levels, report.isv_svn).map(|level| &level.verdict).ok_or_else(|| {
            let why = format!("no level for a quoting enclave of version {}", report.isv_svn);
            reject(Reason::TcbUnknown, why)
        })
    }
}

fn masked<const N: usize>(value: &str, mask: &str, name: &str) -> Result<Masked<N>, Rejection> {
    let read = |text| from_hex(text).ok_or_else(|| malformed(name));
    Ok(Masked { value: read(value)?, mask: read(mask)? })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdentityJson<'a> {
    id: &'a str,
    version: u32,
    issue_date: &'a str,
    next_update: &'a str,
    tcb_evaluation_data_number: u32,
    miscselect: &'a str,
    miscselect_mask: &'a str,
    attributes: &'a str,
    attributes_mask: &'a str,
    mrsigner: &'a str,
    isvprodid: u16,
    tcb_levels: Vec<SvnLevelJson>,
}
