//! The report that a TDX module makes of a TD (`TDREPORT_STRUCT`), little-endian.
//!
//! Source: Intel TDX module ABI specification (348551), `TDREPORT_STRUCT`. Its MAC can be checked on its own
//! platform alone, so nothing is taken from it: it must say what the quote says, and be whole.

use crate::bytes::Bytes;
use crate::intel::attributes::TdAttributes;
use crate::intel::body::{Td15, TdReport};
use crate::signature::sha384;
use crate::verdict::{Reason, Rejection, reject};

const TDX: u8 = 0x81;
const TCB_INFO_BYTES: usize = 239;
const TD_INFO_BYTES: usize = 512;
/// Where TD info names service TDs; version 1 of the report says that it does.
const SERVICE_TDS: std::ops::Range<usize> = 400..448;

/// Whether the report is of the TD that was quoted.
///
/// # Errors
/// `MALFORMED` for what is no whole report of a TD, `KEY_BINDING` for one of another TD.
pub(crate) fn check_quoted(report: &[u8], quoted: &TdReport) -> Result<(), Rejection> {
    let malformed = |why: &str| reject(Reason::Malformed, format!("the TD report {why}"));
    let mut from = Bytes::of(report, "the TD report");
    let [kind, subtype, version, reserved] = from.array()?;
    if (kind, subtype, reserved) != (TDX, 0, 0) || version > 1 {
        return Err(malformed("is none of a TD"));
    }
    from.zeros(12)?;
    // The processor's security version: in no quote.
    from.take(16)?;
    let hashes: [[u8; 48]; 2] = [from.array()?, from.array()?];
    let report_data = from.array()?;
    from.zeros(32)?;
    // The MAC.
    from.take(32)?;
    let tcb_info = from.take(TCB_INFO_BYTES)?;
    from.zeros(17)?;
    let td_info = from.take(TD_INFO_BYTES)?;
    if hashes != [sha384(tcb_info), sha384(td_info)] {
        return Err(malformed("does not have the digests it states"));
    }
    if (version == 1) != td_info[SERVICE_TDS].iter().any(|byte| *byte != 0) {
        return Err(malformed("does not say whether service TDs are bound"));
    }
    if read(tcb_info, td_info, report_data, quoted.td15.is_some())? != *quoted {
        return Err(reject(Reason::KeyBinding, "the quote is of another TD than the paravisor's report"));
    }
    Ok(())
}

fn read(tcb_info: &[u8], td_info: &[u8], report_data: [u8; 64], td15: bool) -> Result<TdReport, Rejection> {
    let mut tcb = Bytes::of(tcb_info, "the TD report's TCB info");
    let mut td = Bytes::of(td_info, "the TD report's TD info");
    // Which members are valid.
    tcb.take(8)?;
    let (tee_tcb_svn, mr_seam, mr_signer_seam, seam_attributes) =
        (tcb.array()?, tcb.array()?, tcb.array()?, tcb.array()?);
    let (td_attributes, xfam) = (TdAttributes(td.u64()?), td.array()?);
    let (mr_td, mr_config_id, mr_owner, mr_owner_config) =
        (td.array()?, td.array()?, td.array()?, td.array()?);
    let rtmr = [td.array()?, td.array()?, td.array()?, td.array()?];
    let newer = Td15 { tee_tcb_svn2: tcb.array()?, mr_service_td: td.array()? };
    Ok(TdReport {
        tee_tcb_svn,
        mr_seam,
        mr_signer_seam,
        seam_attributes,
        td_attributes,
        xfam,
        mr_td,
        mr_config_id,
        mr_owner,
        mr_owner_config,
        rtmr,
        report_data,
        td15: td15.then_some(newer),
    })
}
