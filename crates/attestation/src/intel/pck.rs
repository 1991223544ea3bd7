//! The certificate of a provisioning certification key (PCK): which platform, at which firmware level.
//!
//! Source: Intel SGX PCK certificate and certificate revocation list profile specification, section 1.3.5.
//!
//! Machine identity is the PPID. Every PCK certificate has one, and it comes from keys of the hardware. The
//! platform instance id is there under the platform authority alone and is drawn at random whenever an
//! operator establishes the platform anew (SGX factory reset), so one machine could have many. On platforms
//! of several processors such a reset also changes the keys that the PPID is derived from; Intel's
//! registration service is what limits that, and no field of the certificate tells.

use x509_parser::asn1_rs::{Any, FromDer, Tag};

use crate::certificate::{Certificate, KeyKind, certificates, documents};
use crate::fields::Field;
use crate::verdict::{Reason, Rejection, hex, reject};

/// Longest chain in a quote, root included.
const CHAIN_LENGTH_MAX: usize = 8;
const EXTENSION: &str = "1.2.840.113741.1.13.1";
/// The same in DER: every member of the extension begins with it.
const PREFIX: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01];
const PPID: u8 = 1;
const TCB: u8 = 2;
const PCE_ID: u8 = 3;
const FMSPC: u8 = 4;
const SGX_TYPE: u8 = 5;
const PLATFORM_INSTANCE: u8 = 6;
const CONFIGURATION: u8 = 7;
const PCE_SVN: u8 = 17;
const CPU_SVN: u8 = 18;

/// What Intel certifies of a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PckExtension {
    /// Platform provisioning id.
    pub ppid: [u8; 16],
    /// Firmware level the key was derived for.
    pub tcb: PlatformTcb,
    /// Which provisioning enclave.
    pub pce_id: [u8; 2],
    /// Family, model, stepping, platform type and custom SKU.
    pub fmspc: [u8; 6],
    /// How memory is protected.
    pub sgx_type: SgxType,
    /// Instance of a platform with several processors; none under the processor authority.
    pub platform_instance: Option<[u8; 16]>,
    /// How the platform is set up; members it does not state are none.
    pub configuration: Configuration,
}

/// Firmware level of a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformTcb {
    /// Security versions of the components.
    pub components: [u8; 16],
    /// Security version of the provisioning enclave.
    pub pce_svn: u16,
    /// The components as the processor encodes them.
    pub cpu_svn: [u8; 16],
}

/// How the memory of a platform is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SgxType {
    /// Encryption, integrity and replay protection.
    Standard,
    /// Encryption.
    Scalable,
    /// Encryption and integrity.
    ScalableWithIntegrity,
}

/// How a platform is set up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Whether processors can be added.
    pub dynamic_platform: Option<bool>,
    /// Whether Intel keeps the platform's root keys.
    pub cached_keys: Option<bool>,
    /// Whether hyperthreading is on.
    pub smt_enabled: Option<bool>,
}

impl PckExtension {
    /// Reads Intel's extension of a PCK certificate.
    ///
    /// # Errors
    /// `CERTIFICATE_PROFILE` where it is missing, incomplete or malformed, or the key is none of a PCK.
    pub fn read(certificate: &Certificate) -> Result<Self, Rejection> {
        let wrong = |what: &str| {
            let why = format!("the PCK certificate states no valid {what}");
            reject(Reason::CertificateProfile, why)
        };
        if certificate.key.kind != KeyKind::P256 || certificate.authority.is_some() {
            return Err(wrong("P-256 key of a leaf"));
        }
        let extension = certificate.extension(EXTENSION).ok_or_else(|| wrong("SGX extension"))?;
        let members = sequence(extension)
            .and_then(|inside| members(inside, &[]))
            .ok_or_else(|| wrong("SGX extension"))?;
        let tcb = member(&members, TCB).and_then(platform_tcb).ok_or_else(|| wrong("TCB"))?;
        let platform_instance = member(&members, PLATFORM_INSTANCE)
            .map(|value| octets(value).ok_or_else(|| wrong("platform instance id")))
            .transpose()?;
        let configuration = member(&members, CONFIGURATION)
            .map(|value| configuration(value).ok_or_else(|| wrong("configuration")))
            .transpose()?;
        Ok(Self {
            ppid: member(&members, PPID).and_then(octets).ok_or_else(|| wrong("PPID"))?,
            tcb,
            pce_id: member(&members, PCE_ID).and_then(octets).ok_or_else(|| wrong("PCE id"))?,
            fmspc: member(&members, FMSPC).and_then(octets).ok_or_else(|| wrong("FMSPC"))?,
            sgx_type: member(&members, SGX_TYPE).and_then(sgx_type).ok_or_else(|| wrong("SGX type"))?,
            platform_instance,
            configuration: configuration.unwrap_or_default(),
        })
    }

    /// Identity of the machine: see the head of this file.
    pub fn machine(&self) -> String {
        format!("intel-ppid:{}", hex(&self.ppid))
    }

    /// Identity of the kind of platform.
    pub fn platform(&self) -> String {
        format!("intel-fmspc:{}", hex(&self.fmspc))
    }

    /// Every field, readable.
    pub fn fields(&self) -> Vec<Field> {
        let flag = |name: &str, value: Option<bool>| {
            value.map(|value| Field::new(format!("pck.configuration.{name}"), value))
        };
        let instance = self.platform_instance.map(|id| Field::bytes("pck.platform_instance_id", &id));
        let mut fields = vec![
            Field::bytes("pck.ppid", &self.ppid),
            Field::bytes("pck.tcb.components", &self.tcb.components),
            Field::new("pck.tcb.pce_svn", self.tcb.pce_svn),
            Field::bytes("pck.tcb.cpu_svn", &self.tcb.cpu_svn),
            Field::bytes("pck.pce_id", &self.pce_id),
            Field::bytes("pck.fmspc", &self.fmspc),
            Field::new("pck.sgx_type", format!("{:?}", self.sgx_type)),
        ];
        fields.extend(instance);
        fields.extend(flag("dynamic_platform", self.configuration.dynamic_platform));
        fields.extend(flag("cached_keys", self.configuration.cached_keys));
        fields.extend(flag("smt_enabled", self.configuration.smt_enabled));
        fields
    }
}

/// The certificates of a chain as a quote carries it, leaf first, and the root as it stands there, in DER.
///
/// # Errors
/// `MALFORMED` for what is no PEM chain of 2 to 8 certificates.
pub fn chain(pem: &[u8]) -> Result<(Vec<Certificate>, Vec<u8>), Rejection> {
    // Quoting enclaves write a C string, with or without the zero that ends it.
    let pem = pem.strip_suffix(&[0]).unwrap_or(pem);
    let mut documents = documents(pem, "CERTIFICATE")?;
    let length = documents.len();
    let root = documents.pop().filter(|_| (2..=CHAIN_LENGTH_MAX).contains(&length)).ok_or_else(|| {
        let why = format!("a quote with a chain of {length} certificates, not 2 to {CHAIN_LENGTH_MAX}");
        reject(Reason::Malformed, why)
    })?;
    let below = documents.iter().map(|der| certificates(der)).collect::<Result<Vec<_>, _>>()?;
    Ok((below.into_iter().flatten().collect(), root))
}

/// A member: the last number of its object identifier, and its value.
type Member<'a> = (u8, Any<'a>);

fn sequence(der: &[u8]) -> Option<&[u8]> {
    let (rest, any) = Any::from_der(der).ok()?;
    (rest.is_empty() && any.tag() == Tag::Sequence).then_some(any.data)
}

/// The members of a sequence of (identifier, value) whose identifiers are `below` the extension; none may
/// occur twice.
fn members<'a>(mut der: &'a [u8], below: &[u8]) -> Option<Vec<Member<'a>>> {
    let mut found: Vec<Member<'a>> = Vec::new();
    while !der.is_empty() {
        let (rest, pair) = Any::from_der(der).ok()?;
        let (value, identifier) = Any::from_der(pair.data).ok()?;
        let (end, value) = Any::from_der(value).ok()?;
        let number = identifier.data.strip_prefix(&PREFIX)?.strip_prefix(below)?;
        let &[number] = number else { return None };
        let sound = pair.tag() == Tag::Sequence && identifier.tag() == Tag::Oid && end.is_empty();
        if !sound || member(&found, number).is_some() {
            return None;
        }
        found.push((number, value));
        der = rest;
    }
    Some(found)
}

fn member<'m, 'a>(members: &'m [Member<'a>], number: u8) -> Option<&'m Any<'a>> {
    members.iter().find(|(found, _)| *found == number).map(|(_, value)| value)
}

fn octets<const N: usize>(value: &Any<'_>) -> Option<[u8; N]> {
    if value.tag() == Tag::OctetString { value.data.try_into().ok() } else { None }
}

fn platform_tcb(value: &Any<'_>) -> Option<PlatformTcb> {
    if value.tag() != Tag::Sequence {
        return None;
    }
    let members = members(value.data, &[TCB])?;
    let mut components = [0; 16];
    for (number, component) in (1..).zip(components.iter_mut()) {
        // A version above 127 takes two bytes in DER: this reads numbers, not bytes.
        *component = member(&members, number)?.as_u8().ok()?;
    }
    let pce_svn = member(&members, PCE_SVN)?.as_u16().ok()?;
    Some(PlatformTcb { components, pce_svn, cpu_svn: octets(member(&members, CPU_SVN)?)? })
}

fn sgx_type(value: &Any<'_>) -> Option<SgxType> {
    match (value.tag(), value.data) {
        (Tag::Enumerated, [0]) => Some(SgxType::Standard),
        (Tag::Enumerated, [1]) => Some(SgxType::Scalable),
        (Tag::Enumerated, [2]) => Some(SgxType::ScalableWithIntegrity),
        _ => None,
    }
}

fn configuration(value: &Any<'_>) -> Option<Configuration> {
    if value.tag() != Tag::Sequence {
        return None;
    }
    let members = members(value.data, &[CONFIGURATION])?;
    let flag = |number| match member(&members, number) {
        None => Some(None),
        Some(value) => value.as_bool().ok().map(Some),
    };
    Some(Configuration { dynamic_platform: flag(1)?, cached_keys: flag(2)?, smt_enabled: flag(3)? })
}
