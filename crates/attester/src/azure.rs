//! Bundles like those of Azure's vTPM, every part of which a test can set wrong. Sources as in
//! `quorate_attestation::azure`.

use aws_lc_rs::digest::{SHA256, SHA384, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use quorate_attestation::azure::bundle::{Beside, Bundle};
use serde_json::{Value, json};

use crate::error::AttesterError;
use crate::intel::hex;
use crate::key::{Key, Kind};

/// SEV-SNP, as a paravisor's report numbers TEEs.
pub const SNP: u32 = 2;
/// TDX, as a paravisor's report numbers TEEs.
pub const TDX: u32 = 4;
const HARDWARE_BYTES: usize = 1184;
const HCL_BYTES: usize = 2600;
/// Where a quote's body begins, and how long it is for TDX 1.0.
const TD_BODY: std::ops::Range<usize> = 48..48 + 584;

/// A vTPM and the paravisor that runs it.
#[derive(Clone, Debug)]
pub struct Vtpm {
    /// The attestation key.
    pub ak: Key,
    /// What the paravisor says of the VM and the key, as it is hashed.
    pub runtime_data: String,
    /// The registers.
    pub pcrs: Vec<Vec<u8>>,
}

impl Vtpm {
    /// A vTPM with a new key.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn new() -> Result<Self, AttesterError> {
        let ak = Key::generate(Kind::Rsa2048)?;
        let runtime_data = runtime_data(&ak, "")?.to_string();
        Ok(Self { ak, runtime_data, pcrs: (0..24).map(|number| vec![number; 32]).collect() })
    }

    /// What the hardware's report has to bind.
    pub fn binding(&self) -> Vec<u8> {
        digest(&SHA256, self.runtime_data.as_bytes()).as_ref().to_vec()
    }

    /// A quote of all registers before it is signed.
    pub fn quote(&self, challenge: &[u8]) -> Vec<u8> {
        let sized = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes(), bytes].concat();
        let pcr_digest = digest(&SHA256, &self.pcrs.concat());
        [
            &[0xff, 0x54, 0x43, 0x47, 0x80, 0x18][..],
            &sized(&[0, 0x0b, 7, 7]),
            &sized(challenge),
            // Clock, resets, restarts, safe, firmware version.
            &[0; 7],
            &[9],
            &[0; 8],
            &[1],
            &[0x20; 8],
            // One bank, SHA-256, all registers.
            &[0, 0, 0, 1, 0, 0x0b, 3, 0xff, 0xff, 0xff],
            &sized(pcr_digest.as_ref()),
        ]
        .concat()
    }

    /// A bundle of a paravisor's report with a quote, signed.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn bundle(
        &self,
        hcl_report: Vec<u8>,
        message: Vec<u8>,
        beside: Beside,
    ) -> Result<Bundle, AttesterError> {
        let signature = self.ak.sign_pkcs1(&message)?;
        Ok(Bundle { version: 1, hcl_report, message, signature, pcrs: self.pcrs.clone(), beside })
    }
}

/// The runtime data that name a key, with what the guest asked to have repeated.
///
/// # Errors
/// [`AttesterError::Key`].
pub fn runtime_data(ak: &Key, user_data: &str) -> Result<Value, AttesterError> {
    let key = json!({
        "kid": "HCLAkPub",
        "key_ops": ["sign"],
        "kty": "RSA",
        "e": "AQAB",
        "n": URL_SAFE_NO_PAD.encode(ak.modulus()?),
    });
    let configuration = json!({ "secure-boot": true, "tpm-enabled": true });
    Ok(json!({ "keys": [key], "vm-configuration": configuration, "user-data": user_data }))
}

/// A paravisor's report, with zeros behind it as in the vTPM's memory.
pub fn hcl_report(tee: u32, hardware: &[u8], runtime_data: &str) -> Vec<u8> {
    let length = runtime_data.len() as u32;
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let mut report = b"HCLA".to_vec();
    report.extend(words(&[2, 32 + HARDWARE_BYTES as u32 + 20 + length, 2, 0, 0, 0, 0]));
    report.extend(hardware);
    report.resize(32 + HARDWARE_BYTES, 0);
    report.extend(words(&[20 + length, 1, tee, 1, length]));
    report.extend(runtime_data.as_bytes());
    report.resize(report.len().max(HCL_BYTES), 0);
    report
}

/// The TD report behind a quote of TDX 1.0.
pub fn td_report(quote: &[u8]) -> Vec<u8> {
    let body = &quote[TD_BODY];
    let tcb_info = [&[0xff, 1, 3, 0, 0, 0, 0, 0], &body[..120], &[0; 111][..]].concat();
    let td_info = [&body[120..520], &[0; 112]].concat();
    [
        &[0x81, 0, 0, 0][..],
        &[0; 12],
        &[8; 16],
        digest(&SHA384, &tcb_info).as_ref(),
        digest(&SHA384, &td_info).as_ref(),
        &body[520..],
        &[0; 32],
        &[0xac; 32],
        &tcb_info,
        &[0; 17],
        &td_info,
    ]
    .concat()
}

/// A bundle as version 1 or 2 of the JSON writes it.
pub fn json(bundle: &Bundle) -> Value {
    let pcrs: Vec<String> = bundle.pcrs.iter().map(|value| hex(value)).collect();
    let mut json = json!({
        "version": bundle.version,
        "hcl_report": URL_SAFE.encode(&bundle.hcl_report),
        "tpm_quote": {
            "message": hex(&bundle.message),
            "signature": hex(&bundle.signature),
            "pcrs": pcrs,
        },
    });
    match &bundle.beside {
        Beside::KeyCertificates(certificates) => {
            json["vcek"] = json!(certificates.first().map(|der| URL_SAFE.encode(der)));
        }
        Beside::TdQuote(quote) => json["td_quote"] = json!(URL_SAFE.encode(quote)),
    }
    json
}
