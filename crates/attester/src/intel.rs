//! An authority like Intel's, and quotes of its platforms. Sources as in `quorate_attestation::intel`.

use aws_lc_rs::digest::{SHA256, digest};
use quorate_types::UnixMillis;
use serde_json::{Value, json};

use crate::certificate::{Form, ListForm};
use crate::der::{civil, integer, item, octets, oid, sequence, yes};
use crate::error::AttesterError;
use crate::key::{Key, Kind};

const ROOT: &str = "DEMO SGX Root CA";
const AUTHORITY: &str = "DEMO SGX PCK Platform CA";
/// The name the verifier asks of whoever signs statements.
const SIGNER: &str = "Intel SGX TCB Signing";
const PCK: &str = "DEMO SGX PCK Certificate";
const SGX: &str = "1.2.840.113741.1.13.1";
/// Kind of platforms there are.
const FMSPC: [u8; 6] = [0xd0, 0xe0, 0x00, 0x00, 0x00, 0x01];
/// Level of every component, and of the provisioning enclave.
const SVN: u8 = 8;
const PCE_SVN: u8 = 13;
const TEE_TCB_SVN: [u8; 16] = [6, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const QE_VENDOR: [u8; 16] =
    [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];
const QE_AUTH_DATA: [u8; 32] = [7; 32];
const DAY_MS: u64 = 86_400_000;

/// Root, platform authority and signer of statements.
#[derive(Clone, Debug)]
pub struct IntelAuthority {
    /// The root's key.
    pub root: Key,
    /// The platform authority's key.
    pub authority: Key,
    /// The key that signs statements.
    pub signer: Key,
    /// The root, in DER.
    pub root_certificate: Vec<u8>,
    /// The platform authority, in DER.
    pub authority_certificate: Vec<u8>,
    /// The signer of statements, in DER.
    pub signer_certificate: Vec<u8>,
}

impl IntelAuthority {
    /// A new authority, valid between two times.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn create(valid: [UnixMillis; 2]) -> Result<Self, AttesterError> {
        let key = || Key::generate(Kind::P256);
        Self::of_keys(key()?, key()?, key()?, valid)
    }

    /// An authority of keys that were kept.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn of_keys(
        root: Key,
        authority: Key,
        signer: Key,
        valid: [UnixMillis; 2],
    ) -> Result<Self, AttesterError> {
        Ok(Self {
            root_certificate: Form::new(1, ROOT, ROOT, valid, true).certify(&root, &root)?,
            authority_certificate: Form::new(2, AUTHORITY, ROOT, valid, true).certify(&authority, &root)?,
            signer_certificate: Form::new(3, SIGNER, ROOT, valid, false).certify(&signer, &root)?,
            root,
            authority,
            signer,
        })
    }

    /// A TDX quote of a platform with this id (16 bytes), which answers a challenge.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn quote(
        &self,
        ppid: &[u8; 16],
        challenge: &[u8],
        valid: [UnixMillis; 2],
    ) -> Result<Vec<u8>, AttesterError> {
        let (pck, attestation) = (Key::generate(Kind::P256)?, Key::generate(Kind::P256)?);
        let mut form = Form::new(4, PCK, AUTHORITY, valid, false);
        form.extensions.push((SGX.to_owned(), false, sgx_extension(ppid)));
        let chain = [
            form.certify(&pck, &self.authority)?,
            self.authority_certificate.clone(),
            self.root_certificate.clone(),
        ];
        let signed = [quote_header(), td_report(challenge)].concat();
        let point = attestation.point()?;
        let report = qe_report(&point[1..]);
        let mut certification = report.clone();
        certification.extend(pck.sign_fixed(&report)?);
        certification.extend((QE_AUTH_DATA.len() as u16).to_le_bytes());
        certification.extend(QE_AUTH_DATA);
        certification.extend(sized(5, pem(&chain).as_bytes()));
        let mut data = attestation.sign_fixed(&signed)?;
        data.extend(&point[1..]);
        data.extend(sized(6, &certification));
        Ok([signed, (data.len() as u32).to_le_bytes().to_vec(), data].concat())
    }

    /// Statements and lists that are valid between two times, in the form of Intel's bundles.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn bundle(&self, valid: [UnixMillis; 2]) -> Result<String, AttesterError> {
        let (info, identity) = (tcb_info(valid).to_string(), qe_identity(valid).to_string());
        let signer = pem(&[self.signer_certificate.clone(), self.root_certificate.clone()]);
        let list = |issuer: &str, key: &Key| {
            let [this_update, next_update] = valid;
            let form =
                ListForm { issuer: issuer.to_owned(), this_update, next_update, number: 1, revoked: vec![] };
            form.sign(key).map(|list| hex(&list))
        };
        let sign = |text: &str| self.signer.sign_fixed(text.as_bytes()).map(|signature| hex(&signature));
        let bundle = json!({
            "pck_crl_issuer_chain": pem(&[self.authority_certificate.clone(), self.root_certificate.clone()]),
            "root_ca_crl": list(ROOT, &self.root)?,
            "pck_crl": list(AUTHORITY, &self.authority)?,
            "tcb_info_issuer_chain": signer,
            "tcb_info_signature": sign(&info)?,
            "tcb_info": info,
            "qe_identity_issuer_chain": signer,
            "qe_identity_signature": sign(&identity)?,
            "qe_identity": identity,
        });
        Ok(bundle.to_string())
    }
}

fn sgx_extension(ppid: &[u8; 16]) -> Vec<u8> {
    let member = |below: &str, value: Vec<u8>| sequence(&[oid(&format!("{SGX}.{below}")), value]);
    let mut tcb: Vec<Vec<u8>> = (1..=16).map(|at| member(&format!("2.{at}"), integer(&[SVN]))).collect();
    tcb.push(member("2.17", integer(&[PCE_SVN])));
    tcb.push(member("2.18", octets(&[SVN; 16])));
    sequence(&[
        member("1", octets(ppid)),
        member("2", sequence(&tcb)),
        member("3", octets(&[0, 0])),
        member("4", octets(&FMSPC)),
        member("5", item(10, &[1])),
        member("6", octets(ppid)),
        member("7", sequence(&[member("7.1", yes())])),
    ])
}

/// Version 4, ECDSA on P-256, TDX.
fn quote_header() -> Vec<u8> {
    let mut header = vec![4, 0, 2, 0, 0x81, 0, 0, 0, 0, 0, 0, 0];
    header.extend(QE_VENDOR);
    header.extend([0; 20]);
    header
}

fn td_report(challenge: &[u8]) -> Vec<u8> {
    let mut report = TEE_TCB_SVN.to_vec();
    // MRSEAM, then MRSIGNERSEAM and SEAMATTRIBUTES of Intel's own module: zero.
    report.extend([0x5e; 48]);
    report.extend([0; 48 + 8]);
    // SEPT_VE_DISABLE.
    report.extend((1_u64 << 28).to_le_bytes());
    report.extend([0xe7, 0, 6, 0, 0, 0, 0, 0]);
    report.extend([0x7d; 48]);
    report.extend([0; 48 * 3]);
    report.extend([0x7e; 48 * 4]);
    report.extend((0..64).map(|at| challenge.get(at).copied().unwrap_or(0)));
    report
}

/// The quoting enclave's report, which binds the attestation key.
fn qe_report(key: &[u8]) -> Vec<u8> {
    let mut report = vec![0; 384];
    report[48] = 0x11;
    report[128..160].fill(0xdc);
    report[256] = 2;
    report[258] = 4;
    let bound = digest(&SHA256, &[key, &QE_AUTH_DATA].concat());
    report[320..352].copy_from_slice(bound.as_ref());
    report
}

fn sized(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(data.len() as u32).to_le_bytes(), data].concat()
}

fn tcb_info([issued, next]: [UnixMillis; 2]) -> Value {
    let components =
        |of: &dyn Fn(usize) -> u8| -> Vec<Value> { (0..16).map(|at| json!({ "svn": of(at) })).collect() };
    let module = json!({
        "mrsigner": "00".repeat(48),
        "attributes": "0000000000000000",
        "attributesMask": "FFFFFFFFFFFFFFFF",
    });
    let mut identity = module.clone();
    identity["id"] = json!("TDX_01");
    identity["tcbLevels"] = json!([svn_level(6, issued)]);
    json!({
        "id": "TDX",
        "version": 3,
        "issueDate": rfc3339(issued),
        "nextUpdate": rfc3339(next),
        "fmspc": hex(&FMSPC).to_uppercase(),
        "pceId": "0000",
        "tcbType": 0,
        "tcbEvaluationDataNumber": 1,
        "tdxModule": module,
        "tdxModuleIdentities": [identity],
        "tcbLevels": [{
            "tcb": {
                "sgxtcbcomponents": components(&|_| SVN),
                "pcesvn": PCE_SVN,
                "tdxtcbcomponents": components(&|at| TEE_TCB_SVN[at]),
            },
            "tcbDate": rfc3339(issued - issued % DAY_MS),
            "tcbStatus": "UpToDate",
        }],
    })
}

fn qe_identity([issued, next]: [UnixMillis; 2]) -> Value {
    json!({
        "id": "TD_QE",
        "version": 2,
        "issueDate": rfc3339(issued),
        "nextUpdate": rfc3339(next),
        "tcbEvaluationDataNumber": 1,
        "miscselect": "00000000",
        "miscselectMask": "FFFFFFFF",
        "attributes": "11000000000000000000000000000000",
        "attributesMask": "FBFFFFFFFFFFFFFF0000000000000000",
        "mrsigner": "DC".repeat(32),
        "isvprodid": 2,
        "tcbLevels": [svn_level(4, issued)],
    })
}

fn svn_level(svn: u8, issued: UnixMillis) -> Value {
    let date = rfc3339(issued - issued % DAY_MS);
    json!({ "tcb": { "isvsvn": svn }, "tcbDate": date, "tcbStatus": "UpToDate" })
}

/// Whole seconds, as Intel writes times.
fn rfc3339(millis: UnixMillis) -> String {
    let (year, month, day) = civil(millis / DAY_MS);
    let seconds = millis / 1000 % 86_400;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Certificates in PEM, 64 characters a line.
pub(crate) fn pem(certificates: &[Vec<u8>]) -> String {
    let mut text = String::new();
    for der in certificates {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = base64(der);
        for line in encoded.as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
