//! A key hierarchy like Intel's, made at run time, for what the world does not publish: revoked keys, forged
//! lists, edges of firmware levels, TDs in every mode.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use quorate_attestation::{AnchorVendor, Collateral};
use serde_json::{Value, json};

use crate::support::{Judge, from_hex, hex, pem};

/// 2026-06-15T00:00:00Z: in the middle of all windows here.
pub(crate) const NOW: u64 = 1_781_481_600_000;

const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const SGX: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 1, 13, 1];
const FIRST_DAY: &str = "260101000000Z";
const LAST_DAY: &str = "261231000000Z";

/// A key pair on P-256.
pub(crate) struct Key(EcdsaKeyPair);

impl Key {
    pub(crate) fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn point(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    /// The signed part with algorithm and signature, as X.509 wraps it.
    fn wrap(&self, signed: &[u8]) -> Vec<u8> {
        let signature = self.sign(signed);
        let (r, s) = signature.split_at(32);
        let signature = [&[0][..], &sequence(&[integer(r), integer(s)])].concat();
        sequence(&[signed.to_vec(), algorithm(), der(3, &signature)])
    }
}

pub(crate) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..128 => out.push(length as u8),
        128..256 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}

pub(crate) fn sequence(members: &[Vec<u8>]) -> Vec<u8> {
    der(0x30, &members.concat())
}

pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len() - 1);
    let sign = if bytes[zeros] > 127 { vec![0] } else { Vec::new() };
    der(2, &[&sign, &bytes[zeros..]].concat())
}

fn algorithm() -> Vec<u8> {
    sequence(&[der(6, ECDSA_SHA256)])
}

fn name(text: &str) -> Vec<u8> {
    let common_name = sequence(&[der(6, &[0x55, 4, 3]), der(12, text.as_bytes())]);
    sequence(&[der(0x31, &common_name)])
}

/// A certificate to be made.
pub(crate) struct Form {
    pub(crate) serial: u8,
    pub(crate) subject: &'static str,
    pub(crate) issuer: &'static str,
    pub(crate) authority: bool,
    pub(crate) last_day: &'static str,
    /// Extensions besides the basic constraints: identifier and value.
    pub(crate) extension: Option<Vec<u8>>,
}

impl Form {
    fn new(serial: u8, subject: &'static str, issuer: &'static str, authority: bool) -> Self {
        Self { serial, subject, issuer, authority, last_day: LAST_DAY, extension: None }
    }

    pub(crate) fn certify(&self, key: &Key, issuer: &Key) -> Vec<u8> {
        let constraints = sequence(&if self.authority { vec![der(1, &[0xff])] } else { Vec::new() });
        let mut extensions =
            vec![sequence(&[der(6, &[0x55, 0x1d, 0x13]), der(1, &[0xff]), der(4, &constraints)])];
        extensions.extend(self.extension.iter().map(|value| sequence(&[der(6, SGX), der(4, value)])));
        let point = [&[0][..], key.point()].concat();
        let signed = sequence(&[
            der(0xa0, &integer(&[2])),
            integer(&[self.serial]),
            algorithm(),
            name(self.issuer),
            sequence(&[der(23, FIRST_DAY.as_bytes()), der(23, self.last_day.as_bytes())]),
            name(self.subject),
            sequence(&[sequence(&[der(6, EC_PUBLIC_KEY), der(6, P256)]), der(3, &point)]),
            der(0xa3, &sequence(&extensions)),
        ]);
        issuer.wrap(&signed)
    }
}

/// A list that revokes `serials`.
pub(crate) fn list(issuer: &str, key: &Key, serials: &[u8], next_update: &str) -> Vec<u8> {
    let mut members = vec![
        integer(&[1]),
        algorithm(),
        name(issuer),
        der(23, b"260601000000Z"),
        der(23, next_update.as_bytes()),
    ];
    let revoked: Vec<Vec<u8>> =
        serials.iter().map(|serial| sequence(&[integer(&[*serial]), der(23, b"260601000000Z")])).collect();
    if !revoked.is_empty() {
        members.push(sequence(&revoked));
    }
    let number = sequence(&[der(6, &[0x55, 0x1d, 0x14]), der(4, &integer(&[1]))]);
    let key_id = sequence(&[der(6, &[0x55, 0x1d, 0x23]), der(4, &sequence(&[der(0x80, &[1; 20])]))]);
    members.push(der(0xa0, &sequence(&[number, key_id])));
    key.wrap(&sequence(&members))
}

pub(crate) const ROOT: &str = "Simulated Root";
pub(crate) const AUTHORITY: &str = "Simulated PCK Platform CA";
pub(crate) const SIGNER: &str = "Intel SGX TCB Signing";
const AUTHORITY_SERIAL: u8 = 2;
pub(crate) const PCK_SERIAL: u8 = 3;
pub(crate) const SIGNER_SERIAL: u8 = 4;

/// A TD or enclave, its platform and what is said of it; every part can be changed before it is signed.
pub(crate) struct World {
    pub(crate) root: Key,
    /// Made once: a signature is another one each time.
    pub(crate) root_certificate: Vec<u8>,
    authority_certificate: Vec<u8>,
    pub(crate) authority: Key,
    pub(crate) pck: Key,
    pub(crate) signer: Key,
    pub(crate) attestation: Key,
    pub(crate) components: [u8; 16],
    pub(crate) pce_svn: u8,
    pub(crate) pck_form: Form,
    pub(crate) signer_form: Form,
    /// What stands under the SGX extension besides the TCB; by number.
    pub(crate) members: Vec<(u8, Vec<u8>)>,
    pub(crate) tee_tcb_svn: [u8; 16],
    pub(crate) tee_tcb_svn2: [u8; 16],
    pub(crate) mr_signer_seam: u8,
    pub(crate) seam_attributes: u64,
    pub(crate) td_attributes: u64,
    pub(crate) mr_service_td: u8,
    pub(crate) enclave_attributes: u8,
    pub(crate) qe: Vec<u8>,
    /// The second half of the quoting enclave's report data.
    pub(crate) qe_tail: [u8; 32],
    pub(crate) vendor: [u8; 16],
    pub(crate) tcb_info: Value,
    pub(crate) identity: Value,
}

fn level(sgx: u8, pce: u8, tdx: &[u8], status: &str) -> Value {
    let components = |first: &[u8]| -> Vec<Value> {
        (0..16).map(|at| json!({ "svn": first.get(at).copied().unwrap_or(0) })).collect()
    };
    json!({
        "tcb": {
            "sgxtcbcomponents": components(&[sgx; 16]),
            "pcesvn": pce,
            "tdxtcbcomponents": components(tdx),
        },
        "tcbDate": "2026-03-01T00:00:00Z",
        "tcbStatus": status,
    })
}

fn svn_level(svn: u8, status: &str) -> Value {
    json!({ "tcb": { "isvsvn": svn }, "tcbDate": "2026-02-01T00:00:00Z", "tcbStatus": status })
}

fn module(id: Option<&str>) -> Value {
    let mut module = json!({
        "mrsigner": "00".repeat(48),
        "attributes": "0000000000000000",
        "attributesMask": "FFFFFFFFFFFFFFFF",
    });
    if let Some(id) = id {
        module["id"] = json!(id);
        module["tcbLevels"] =
            json!([svn_level(6, "UpToDate"), svn_level(4, "OutOfDate"), svn_level(2, "Revoked")]);
    }
    module
}

fn tcb_info() -> Value {
    json!({
        "id": "TDX",
        "version": 3,
        "issueDate": "2026-06-01T00:00:00Z",
        "nextUpdate": "2026-07-01T00:00:00Z",
        "fmspc": "B0C06F000000",
        "pceId": "0000",
        "tcbType": 0,
        "tcbEvaluationDataNumber": 18,
        "tdxModule": module(None),
        "tdxModuleIdentities": [module(Some("TDX_01"))],
        "tcbLevels": [
            level(100, 5, &[5, 0, 2], "OutOfDate"),
            level(200, 13, &[6, 0, 3], "UpToDate"),
        ],
    })
}

fn identity() -> Value {
    json!({
        "id": "TD_QE",
        "version": 2,
        "issueDate": "2026-06-01T00:00:00Z",
        "nextUpdate": "2026-07-02T00:00:00Z",
        "tcbEvaluationDataNumber": 18,
        "miscselect": "00000000",
        "miscselectMask": "FFFFFFFF",
        "attributes": "11000000000000000000000000000000",
        "attributesMask": "FBFFFFFFFFFFFFFF0000000000000000",
        "mrsigner": "DC".repeat(32),
        "isvprodid": 2,
        "tcbLevels": [svn_level(4, "UpToDate"), svn_level(3, "OutOfDate"), svn_level(2, "Revoked")],
    })
}

impl World {
    /// A TDX platform in good standing: components 200 (two bytes in DER), module of version 1 at 6.
    pub(crate) fn new() -> Self {
        let mut qe = vec![0; 384];
        qe[48] = 0x11;
        qe[128..160].fill(0xdc);
        qe[256] = 2;
        qe[258] = 4;
        let mut svn = [0; 16];
        svn[..3].copy_from_slice(&[6, 1, 3]);
        let (root, authority) = (Key::new(), Key::new());
        let form = Form::new(AUTHORITY_SERIAL, AUTHORITY, ROOT, true);
        Self {
            authority_certificate: form.certify(&authority, &root),
            root_certificate: Form::new(1, ROOT, ROOT, true).certify(&root, &root),
            root,
            authority,
            pck: Key::new(),
            signer: Key::new(),
            attestation: Key::new(),
            components: [200; 16],
            pce_svn: 13,
            pck_form: Form::new(PCK_SERIAL, "Intel SGX PCK Certificate", AUTHORITY, false),
            signer_form: Form::new(SIGNER_SERIAL, SIGNER, ROOT, false),
            members: vec![
                (1, der(4, &[0x77; 16])),
                (3, der(4, &[0, 0])),
                (4, der(4, &[0xb0, 0xc0, 0x6f, 0, 0, 0])),
                (5, der(10, &[1])),
                (6, der(4, &[0x55; 16])),
                (7, sequence(&[Self::pair(&[7, 1], &der(1, &[0xff]))])),
            ],
            tee_tcb_svn: svn,
            tee_tcb_svn2: svn,
            mr_signer_seam: 0,
            seam_attributes: 0,
            td_attributes: 1 << 28,
            mr_service_td: 0,
            enclave_attributes: 5,
            qe,
            qe_tail: [0; 32],
            vendor: from_hex("939a7233f79c4ca9940a0db3957f0607").try_into().unwrap(),
            tcb_info: tcb_info(),
            identity: identity(),
        }
    }

    /// The same platform, as far as SGX goes.
    pub(crate) fn sgx() -> Self {
        let mut world = Self::new();
        world.tcb_info["id"] = json!("SGX");
        world.identity["id"] = json!("QE");
        let info = world.tcb_info.as_object_mut().unwrap();
        info.remove("tdxModule");
        info.remove("tdxModuleIdentities");
        for level in world.tcb_info["tcbLevels"].as_array_mut().unwrap() {
            level["tcb"].as_object_mut().unwrap().remove("tdxtcbcomponents");
        }
        world
    }

    /// A member of the SGX extension.
    pub(crate) fn pair(below: &[u8], value: &[u8]) -> Vec<u8> {
        sequence(&[der(6, &[SGX, below].concat()), value.to_vec()])
    }

    fn sgx_extension(&self) -> Vec<u8> {
        let mut tcb: Vec<Vec<u8>> = (1..)
            .zip(self.components)
            .map(|(number, svn)| Self::pair(&[2, number], &integer(&[svn])))
            .collect();
        tcb.push(Self::pair(&[2, 17], &integer(&[self.pce_svn])));
        tcb.push(Self::pair(&[2, 18], &der(4, &self.components)));
        let mut members = vec![Self::pair(&[2], &sequence(&tcb))];
        members.extend(self.members.iter().map(|(number, value)| Self::pair(&[*number], value)));
        sequence(&members)
    }

    fn chain(&self) -> Vec<u8> {
        let form = &self.pck_form;
        let extension = Some(form.extension.clone().unwrap_or_else(|| self.sgx_extension()));
        let pck = Form { extension, ..*form }.certify(&self.pck, &self.authority);
        pem(&[pck, self.authority_certificate.clone(), self.root_certificate.clone()])
    }

    /// A quote of `version`; from 5 on with a body of type `kind`.
    pub(crate) fn quote(&self, version: u8, kind: u8) -> Vec<u8> {
        let body = match kind {
            1 => self.enclave(),
            2 => self.td(),
            _ => [self.td(), self.tee_tcb_svn2.to_vec(), vec![self.mr_service_td; 48]].concat(),
        };
        let tee = if kind == 1 { 0 } else { 0x81 };
        let mut signed = vec![version, 0, 2, 0, tee, 0, 0, 0, 0, 0, 0, 0];
        signed.extend(self.vendor);
        signed.extend([9; 20]);
        if version == 5 {
            signed.extend([kind, 0]);
            signed.extend((body.len() as u32).to_le_bytes());
        }
        signed.extend(body);
        let key = &self.attestation.point()[1..];
        let mut report = self.qe.clone();
        report[320..352].copy_from_slice(digest(&SHA256, &[key, &[7; 32]].concat()).as_ref());
        report[352..].copy_from_slice(&self.qe_tail);
        let mut certification = report.clone();
        certification.extend(self.pck.sign(&report));
        certification.extend([32, 0]);
        certification.extend([7; 32]);
        certification.extend(sized(5, &self.chain()));
        let mut data = self.attestation.sign(&signed);
        data.extend(key);
        data.extend(if version == 3 { certification } else { sized(6, &certification) });
        [signed, (data.len() as u32).to_le_bytes().to_vec(), data].concat()
    }

    fn enclave(&self) -> Vec<u8> {
        let mut report = vec![0; 384];
        report[48] = self.enclave_attributes;
        report[64..96].fill(0xee);
        report[320..].fill(0x42);
        report
    }

    fn td(&self) -> Vec<u8> {
        let mut report = self.tee_tcb_svn.to_vec();
        report.extend([1; 48]);
        report.extend([self.mr_signer_seam; 48]);
        report.extend(self.seam_attributes.to_le_bytes());
        report.extend(self.td_attributes.to_le_bytes());
        report.extend([0xe7, 0, 6, 0, 0, 0, 0, 0]);
        report.extend([2; 48 * 8]);
        report.extend([0x42; 64]);
        report
    }

    /// All the collateral, signed, as a bundle.
    pub(crate) fn bundle(&self) -> Value {
        let issuer = if self.signer_form.issuer == ROOT { &self.root } else { &self.authority };
        let signer = pem(&[self.signer_form.certify(&self.signer, issuer), self.root_certificate.clone()]);
        let (info, identity) = (self.tcb_info.to_string(), self.identity.to_string());
        let text = |pem: &[u8]| json!(String::from_utf8_lossy(pem));
        json!({
            "pck_crl_issuer_chain": text(&pem(&[self.authority_certificate.clone(), self.root_certificate.clone()])),
            "root_ca_crl": hex(&list(ROOT, &self.root, &[], "260701000000Z")),
            "pck_crl": hex(&list(AUTHORITY, &self.authority, &[], "260703000000Z")),
            "tcb_info_issuer_chain": text(&signer),
            "tcb_info_signature": hex(&self.signer.sign(info.as_bytes())),
            "tcb_info": info,
            "qe_identity_issuer_chain": text(&signer),
            "qe_identity_signature": hex(&self.signer.sign(identity.as_bytes())),
            "qe_identity": identity,
        })
    }

    /// The same, parsed.
    pub(crate) fn collateral(&self) -> Collateral {
        let mut collateral = Collateral::new();
        collateral.add_intel_bundle(self.bundle().to_string().as_bytes()).unwrap();
        collateral
    }

    /// A judge that trusts this world.
    pub(crate) fn judge(&self) -> Judge {
        let mut judge = Judge::new(NOW, self.collateral());
        judge.anchors.add("simulated", AnchorVendor::Intel, &self.root_certificate, false).unwrap();
        judge
    }

    /// The same, where the root is marked as one for simulated machines.
    pub(crate) fn trust(&self, judge: &mut Judge, demo: bool) {
        let name = if demo { "demo" } else { "simulated" };
        judge.anchors.add(name, AnchorVendor::Intel, &self.root_certificate, demo).unwrap();
    }
}

/// Certification data: type, length, content.
fn sized(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, 0][..], &(content.len() as u32).to_le_bytes(), content].concat()
}
