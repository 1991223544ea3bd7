//! TCB info: the firmware levels of one kind of platform, and what Intel says of each.
//!
//! Source: Intel PCS API v4, `TcbInfoV3`.

use quorate_types::UnixMillis;
use serde::Deserialize;

use crate::bytes::from_hex;
use crate::intel::date;
use crate::intel::pck::PlatformTcb;
use crate::intel::quote::Tee;
use crate::intel::statement::{Common, Stated, Statement, TCB_INFO, malformed, split};
use crate::intel::status::TcbStatus;
use crate::verdict::{Reason, Rejection, reject};

const VERSION: u32 = 3;

/// What Intel says of one kind of platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcbInfo {
    /// The statement.
    pub statement: Statement,
    /// For which TEE.
    pub tee: Tee,
    /// For which kind of platform.
    pub fmspc: [u8; 6],
    /// For which provisioning enclave.
    pub pce_id: [u8; 2],
    /// Levels, highest first.
    pub levels: Vec<TcbLevel>,
    /// The TDX module of version 0; only for TDX.
    pub module: Option<ModuleIdentity>,
    /// TDX modules of later versions.
    pub modules: Vec<ModuleIdentity>,
}

/// A firmware level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcbLevel {
    /// Lowest security version of each component of the platform.
    pub sgx: [u8; 16],
    /// Lowest security version of the provisioning enclave.
    pub pce_svn: u16,
    /// Lowest security version of each component of TDX; only for TDX.
    pub tdx: Option<[u8; 16]>,
    /// What Intel says of it.
    pub verdict: LevelVerdict,
}

/// What Intel says of a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelVerdict {
    /// In one word.
    pub status: TcbStatus,
    /// Day of the newest issue it mends, UTC milliseconds.
    pub date: UnixMillis,
    /// Advisories that apply.
    pub advisories: Vec<String>,
}

/// A TDX module and its levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleIdentity {
    /// Version of the module, `tee_tcb_svn[1]`.
    pub version: u8,
    /// Who signed it.
    pub mr_signer: [u8; 48],
    /// Its attributes, as far as `attributes_mask` says.
    pub attributes: [u8; 8],
    /// Which attributes count.
    pub attributes_mask: [u8; 8],
    /// Levels by security version, highest first; none for version 0, whose level is the platform's.
    pub levels: Vec<SvnLevel>,
}

/// A level of something that has one security version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SvnLevel {
    /// Lowest security version.
    pub isv_svn: u16,
    /// What Intel says of it.
    pub verdict: LevelVerdict,
}

impl Stated for TcbInfo {
    const WHAT: &'static str = "TCB info";

    fn statement(&self) -> &Statement {
        &self.statement
    }
}

impl TcbInfo {
    /// Reads the body of a response of Intel's service.
    ///
    /// # Errors
    /// `MALFORMED`; `UNSUPPORTED` for another version. No signature is checked here.
    pub fn from_response(response: &[u8]) -> Result<Self, Rejection> {
        let (raw, signature) = split(response, TCB_INFO)?;
        Self::from_parts(&raw, &signature)
    }

    /// Reads a statement, and its signature in hexadecimal digits.
    pub(crate) fn from_parts(raw: &str, signature: &str) -> Result<Self, Rejection> {
        let json: TcbInfoJson<'_> = serde_json::from_str(raw).map_err(|_| malformed(TCB_INFO))?;
        if json.version != VERSION || json.tcb_type != 0 {
            let (version, kind) = (json.version, json.tcb_type);
            let why = format!("a TCB info of version {version} and type {kind}");
            return Err(reject(Reason::Unsupported, why));
        }
        let tee = match json.id {
            "SGX" => Tee::Sgx,
            "TDX" => Tee::Tdx,
            _ => return Err(malformed("id")),
        };
        let common = Common {
            issue_date: json.issue_date,
            next_update: json.next_update,
            evaluation_number: json.tcb_evaluation_data_number,
        };
        let module = json.tdx_module.map(|module| module.read(0, Vec::new())).transpose()?;
        let identities = json.tdx_module_identities.unwrap_or_default();
        let modules = identities.into_iter().map(NumberedModuleJson::read).collect::<Result<Vec<_>, _>>()?;
        if (tee == Tee::Tdx) != module.is_some() || (tee == Tee::Sgx && !modules.is_empty()) {
            return Err(malformed("tdxModule"));
        }
        Ok(Self {
            statement: Statement::new(raw, signature, &common)?,
            tee,
            fmspc: from_hex(json.fmspc).ok_or_else(|| malformed("fmspc"))?,
            pce_id: from_hex(json.pce_id).ok_or_else(|| malformed("pceId"))?,
            levels: levels(json.tcb_levels, tee)?,
            module,
            modules,
        })
    }

    /// The highest level whose every component the platform reaches; for TDX at the versions `tee_tcb_svn`.
    pub fn level(&self, platform: &PlatformTcb, tee_tcb_svn: Option<&[u8; 16]>) -> Option<&TcbLevel> {
        self.levels.iter().find(|level| {
            let tdx = match (level.tdx, tee_tcb_svn) {
                (None, None) => true,
                // The first two are version and security version of the module; those of a numbered module
                // are judged by its own levels.
                (Some(need), Some(have)) if have[1] > 0 => reaches(&have[2..], &need[2..]),
                (Some(need), Some(have)) => reaches(have, &need),
                _ => false,
            };
            tdx && platform.pce_svn >= level.pce_svn && reaches(&platform.components, &level.sgx)
        })
    }

    /// The identity of the module that `tee_tcb_svn` names.
    pub fn module(&self, tee_tcb_svn: &[u8; 16]) -> Option<&ModuleIdentity> {
        match tee_tcb_svn[1] {
            0 => self.module.as_ref(),
            version => self.modules.iter().find(|module| module.version == version),
        }
    }
}

/// Whether every component is at least what is needed; false for unequal lengths.
fn reaches(have: &[u8], need: &[u8]) -> bool {
    have.len() == need.len() && have.iter().zip(need).all(|(have, need)| have >= need)
}

/// The highest of `levels`, which are sorted, that a security version reaches.
pub(crate) fn svn_level(levels: &[SvnLevel], isv_svn: u16) -> Option<&SvnLevel> {
    levels.iter().find(|level| isv_svn >= level.isv_svn)
}

/// Sorts levels as Intel's verifier does, whatever the order in the file, and refuses two of one rank.
fn levels(json: Vec<TcbLevelJson>, tee: Tee) -> Result<Vec<TcbLevel>, Rejection> {
    let mut levels: Vec<TcbLevel> = json.into_iter().map(TcbLevelJson::read).collect::<Result<_, _>>()?;
    let rank = |level: &TcbLevel| (level.sgx, level.pce_svn, level.tdx);
    levels.sort_by_key(|level| std::cmp::Reverse(rank(level)));
    let sound = levels.iter().all(|level| level.tdx.is_some() == (tee == Tee::Tdx))
        && levels.windows(2).all(|pair| rank(&pair[0]) != rank(&pair[1]));
    if sound && !levels.is_empty() { Ok(levels) } else { Err(malformed("tcbLevels")) }
}

/// The same for levels of one security version, which are good, out of date or revoked.
pub(crate) fn svn_levels(json: Vec<SvnLevelJson>) -> Result<Vec<SvnLevel>, Rejection> {
    let mut levels: Vec<SvnLevel> = json.into_iter().map(SvnLevelJson::read).collect::<Result<_, _>>()?;
    levels.sort_by_key(|level| std::cmp::Reverse(level.isv_svn));
    let known = [TcbStatus::UpToDate, TcbStatus::OutOfDate, TcbStatus::Revoked];
    let sound = levels.iter().all(|level| known.contains(&level.verdict.status))
        && levels.windows(2).all(|pair| pair[0].isv_svn != pair[1].isv_svn);
    if sound && !levels.is_empty() { Ok(levels) } else { Err(malformed("tcbLevels")) }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TcbInfoJson<'a> {
    id: &'a str,
    version: u32,
    issue_date: &'a str,
    next_update: &'a str,
    fmspc: &'a str,
    pce_id: &'a str,
    tcb_type: u32,
    tcb_evaluation_data_number: u32,
    tdx_module: Option<ModuleJson>,
    tdx_module_identities: Option<Vec<NumberedModuleJson>>,
    tcb_levels: Vec<TcbLevelJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModuleJson {
    mrsigner: String,
    attributes: String,
    attributes_mask: String,
}

impl ModuleJson {
    fn read(self, version: u8, levels: Vec<SvnLevel>) -> Result<ModuleIdentity, Rejection> {
        Ok(ModuleIdentity {
            version,
            mr_signer: from_hex(&self.mrsigner).ok_or_else(|| malformed("mrsigner"))?,
            attributes: from_hex(&self.attributes).ok_or_else(|| malformed("attributes"))?,
            attributes_mask: from_hex(&self.attributes_mask).ok_or_else(|| malformed("attributesMask"))?,
            levels,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NumberedModuleJson {
    id: String,
    #[serde(flatten)]
    module: ModuleJson,
    tcb_levels: Vec<SvnLevelJson>,
}

impl NumberedModuleJson {
    fn read(self) -> Result<ModuleIdentity, Rejection> {
        let version = self.id.strip_prefix("TDX_").and_then(from_hex::<1>);
        let [version] = version.filter(|[version]| *version > 0).ok_or_else(|| malformed("id"))?;
        self.module.read(version, svn_levels(self.tcb_levels)?)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TcbLevelJson {
    tcb: TcbJson,
    #[serde(flatten)]
    verdict: VerdictJson,
}

#[derive(Deserialize)]
struct TcbJson {
    sgxtcbcomponents: Vec<ComponentJson>,
    pcesvn: u16,
    tdxtcbcomponents: Option<Vec<ComponentJson>>,
}

#[derive(Deserialize)]
struct ComponentJson {
    svn: u8,
}

impl TcbLevelJson {
    fn read(self) -> Result<TcbLevel, Rejection> {
        let components = |json: Vec<ComponentJson>| {
            let svns: Vec<u8> = json.into_iter().map(|component| component.svn).collect();
            <[u8; 16]>::try_from(svns).map_err(|_| malformed("TCB of 16 components"))
        };
        Ok(TcbLevel {
            sgx: components(self.tcb.sgxtcbcomponents)?,
            pce_svn: self.tcb.pcesvn,
            tdx: self.tcb.tdxtcbcomponents.map(components).transpose()?,
            verdict: self.verdict.read()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerdictJson {
    tcb_date: String,
    tcb_status: TcbStatus,
    #[serde(rename = "advisoryIDs", default)]
    advisories: Vec<String>,
}

impl VerdictJson {
    fn read(self) -> Result<LevelVerdict, Rejection> {
        let date = date::parse(&self.tcb_date).ok_or_else(|| malformed("tcbDate"))?;
        Ok(LevelVerdict { status: self.tcb_status, date, advisories: self.advisories })
    }
}

/// A level of a TDX module or of an enclave.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SvnLevelJson {
    tcb: SvnJson,
    #[serde(flatten)]
    verdict: VerdictJson,
}

#[derive(Deserialize)]
struct SvnJson {
    isvsvn: u16,
}

impl SvnLevelJson {
    fn read(self) -> Result<SvnLevel, Rejection> {
        Ok(SvnLevel { isv_svn: self.tcb.isvsvn, verdict: self.verdict.read()? })
    }
}
