//! From security versions to one status: the platform's level, the TDX module's, the quoting enclave's, for a
//! TD of TDX 1.5 at its launch and now.

use std::collections::BTreeSet;

use quorate_types::UnixMillis;

use crate::intel::body::{Body, TdReport};
use crate::intel::identity::{Identity, Masked};
use crate::intel::pck::PckExtension;
use crate::intel::quote::Quote;
use crate::intel::status::TcbStatus;
use crate::intel::tcb_info::{LevelVerdict, TcbInfo, svn_level};
use crate::verdict::{Reason, Rejection, reject};

/// What Intel says of all that stands behind a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appraisal {
    /// The worst of the statuses.
    pub status: TcbStatus,
    /// The oldest of the dates, UTC milliseconds.
    pub date: UnixMillis,
    /// All advisories.
    pub advisories: BTreeSet<String>,
}

impl Appraisal {
    fn of(verdict: &LevelVerdict) -> Self {
        let advisories = verdict.advisories.iter().cloned().collect();
        Self { status: verdict.status, date: verdict.date, advisories }
    }

    fn with_part(mut self, verdict: &LevelVerdict) -> Self {
        self.status = self.status.with_part(verdict.status);
        self.date = self.date.min(verdict.date);
        self.advisories.extend(verdict.advisories.iter().cloned());
        self
    }
}

/// Judges the security versions behind a quote. Signatures, windows and policy are not judged here.
///
/// # Errors
/// `COLLATERAL_MISMATCH` for statements about something else, `ENCLAVE_IDENTITY` for another quoting enclave
/// or TDX module, `TCB_UNKNOWN` where no level matches.
pub fn appraise(
    quote: &Quote<'_>,
    platform: &PckExtension,
    tcb_info: &TcbInfo,
    identity: &Identity,
) -> Result<Appraisal, Rejection> {
    let tee = quote.header.tee;
    let same_platform = tcb_info.fmspc == platform.fmspc && tcb_info.pce_id == platform.pce_id;
    if tcb_info.tee != tee || identity.tee != tee || !same_platform {
        return Err(reject(Reason::CollateralMismatch, "the collateral is for another platform or TEE"));
    }
    let enclave = identity.judge(&quote.qe_report)?;
    match &quote.body {
        Body::Enclave(_) => Ok(platform_level(platform, tcb_info, None)?.with_part(enclave)),
        Body::Td(report) => appraise_td(report, platform, tcb_info, enclave),
    }
}

fn appraise_td(
    report: &TdReport,
    platform: &PckExtension,
    tcb_info: &TcbInfo,
    enclave: &LevelVerdict,
) -> Result<Appraisal, Rejection> {
    check_module(report, tcb_info)?;
    let at = |tee_tcb_svn| -> Result<(Appraisal, TcbStatus), Rejection> {
        let level = platform_level(platform, tcb_info, Some(tee_tcb_svn))?;
        let module = module_level(tcb_info, tee_tcb_svn)?;
        let level = module.into_iter().fold(level, Appraisal::with_part).with_part(enclave);
        Ok((level, module.map_or(TcbStatus::UpToDate, |module| module.status)))
    };
    let (mut appraisal, module_at_launch) = at(&report.tee_tcb_svn)?;
    if let Some(td15) = &report.td15 {
        // The module can be updated below a running TD. Intel asks only whether that mends an old launch;
        // here the present versions must also match a level, and count where they are worse.
        let (now, _) = at(&td15.tee_tcb_svn2)?;
        appraisal.status = appraisal.status.with_present(now.status, module_at_launch);
        appraisal.date = appraisal.date.min(now.date);
        appraisal.advisories.extend(now.advisories);
    }
    Ok(appraisal)
}

fn platform_level(
    platform: &PckExtension,
    tcb_info: &TcbInfo,
    tee_tcb_svn: Option<&[u8; 16]>,
) -> Result<Appraisal, Rejection> {
    let level = tcb_info.level(&platform.tcb, tee_tcb_svn);
    let level =
        level.ok_or_else(|| reject(Reason::TcbUnknown, "no level matches the platform's firmware"))?;
    Ok(Appraisal::of(&level.verdict))
}

/// The level of a numbered module; that of version 0 is part of the platform's.
fn module_level<'a>(
    tcb_info: &'a TcbInfo,
    tee_tcb_svn: &[u8; 16],
) -> Result<Option<&'a LevelVerdict>, Rejection> {
    let [svn, version, ..] = *tee_tcb_svn;
    if version == 0 {
        return Ok(None);
    }
    let module = tcb_info.module(tee_tcb_svn).ok_or_else(|| unknown_module(version))?;
    let level = svn_level(&module.levels, svn.into()).ok_or_else(|| {
        let why = format!("no level matches a TDX module of version {version} at {svn}");
        reject(Reason::TcbUnknown, why)
    })?;
    Ok(Some(&level.verdict))
}

/// Whether the module that launched the TD is Intel's: who signed it, and its attributes. A bit outside the
/// mask is one Intel says nothing of: it must not be set.
fn check_module(report: &TdReport, tcb_info: &TcbInfo) -> Result<(), Rejection> {
    let version = report.tee_tcb_svn[1];
    let module = tcb_info.module(&report.tee_tcb_svn).ok_or_else(|| unknown_module(version))?;
    let attributes = Masked { value: module.attributes, mask: module.attributes_mask };
    let stray = (0..8).any(|at| report.seam_attributes[at] & !module.attributes_mask[at] != 0);
    if report.mr_signer_seam != module.mr_signer || !attributes.matches(&report.seam_attributes) || stray {
        let why = "signer or attributes of the TDX module are not what Intel states";
        return Err(reject(Reason::EnclaveIdentity, why));
    }
    Ok(())
}

fn unknown_module(version: u8) -> Rejection {
    reject(Reason::EnclaveIdentity, format!("Intel states no TDX module of version {version}"))
}
