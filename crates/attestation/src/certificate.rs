//! Certificates as owned, checked data. Parsing is by `x509-parser`; what it tolerates and a verifier must
//! not is refused here.

use std::ops::Range;

use quorate_types::UnixMillis;
use x509_parser::asn1_rs::{Any, Oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{KeyUsage, ParsedExtension};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, X509Version};

use crate::signature::{Scheme, sha256};
use crate::verdict::{Reason, Rejection, reject};

/// Largest certificate or CRL.
const DER_BYTES_MAX: usize = 1 << 20;
/// Most certificates or CRLs in one PEM file.
const PEM_SECTIONS_MAX: usize = 16;

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    raw: Vec<u8>,
    signed: Range<usize>,
    /// Subject, as DER.
    pub subject: Vec<u8>,
    /// Subject, for a person.
    pub subject_name: String,
    /// Issuer, as DER.
    pub issuer: Vec<u8>,
    /// Serial number, big-endian without leading zeros. AMD gives every VCEK and VLEK the number 0.
    pub serial: Vec<u8>,
    /// The key it certifies.
    pub key: PublicKey,
    /// UTC milliseconds.
    pub not_before: UnixMillis,
    /// UTC milliseconds.
    pub not_after: UnixMillis,
    /// Whether it may certify others, and how many may follow before a leaf.
    pub authority: Option<PathLength>,
    extensions: Vec<Extension>,
    scheme: Scheme,
    signature: Vec<u8>,
}

/// How many authorities may follow below one; none: any number.
pub type PathLength = Option<u32>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Extension {
    oid: String,
    value: Vec<u8>,
}

/// A public key: the uncompressed point (SEC 1) or the `RSAPublicKey` (PKCS #1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// What kind of key.
    pub kind: KeyKind,
    /// The key.
    pub bytes: Vec<u8>,
}

/// Kinds of key that certify or attest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// ECDSA on P-521.
    P521,
    /// RSA of at least 2048 bits.
    Rsa,
}

impl KeyKind {
    /// Bytes of a coordinate on the curve; none where there is no curve.
    pub fn coordinate_bytes(self) -> Option<usize> {
        match self {
            Self::P256 => Some(32),
            Self::P384 => Some(48),
            Self::P521 => Some(66),
            Self::Rsa => None,
        }
    }
}

impl PublicKey {
    /// The key at a point of a curve; none where a coordinate has another length than the curve gives it.
    /// Whether the point lies on the curve is seen when it is used.
    pub fn of_point(kind: KeyKind, x: &[u8], y: &[u8]) -> Option<Self> {
        let length = kind.coordinate_bytes()?;
        (x.len() == length && y.len() == length).then(|| Self { kind, bytes: [&[4], x, y].concat() })
    }

    /// Whether the key is an uncompressed point of the right length, on its curve or not.
    pub fn is_point(&self) -> bool {
        let length = self.kind.coordinate_bytes().map(|length| 1 + 2 * length);
        length == Some(self.bytes.len()) && self.bytes.first() == Some(&4)
    }

    /// Reads a `SubjectPublicKeyInfo` in DER that fills `der`.
    ///
    /// # Errors
    /// `MALFORMED`; `UNSUPPORTED` for another kind of key.
    pub fn from_der(der: &[u8]) -> Result<Self, Rejection> {
        let malformed = || reject(Reason::Malformed, "a key is no SubjectPublicKeyInfo");
        let (rest, info) = SubjectPublicKeyInfo::from_der(der).map_err(|_| malformed())?;
        if !rest.is_empty() || info.subject_public_key.unused_bits != 0 {
            return Err(malformed());
        }
        public_key(&info)
    }
}

const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";
const CURVE_P256: &str = "1.2.840.10045.3.1.7";
const CURVE_P384: &str = "1.3.132.0.34";
const CURVE_P521: &str = "1.3.132.0.35";
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
const KEY_USAGE: &str = "2.5.29.15";
const MGF1: &str = "1.2.840.113549.1.1.8";
const SHA384: &str = "2.16.840.1.101.3.4.2.2";
const SHA384_BYTES: u32 = 48;

impl Certificate {
    /// Reads one DER certificate that fills `der`.
    ///
    /// # Errors
    /// `MALFORMED`, or `UNSUPPORTED` for another version, key or algorithm.
    pub fn from_der(der: &[u8]) -> Result<Self, Rejection> {
        let malformed = |why: &str| reject(Reason::Malformed, format!("a certificate {why}"));
        if der.len() > DER_BYTES_MAX {
            return Err(malformed("is too large"));
        }
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| malformed("is no DER X.509"))?;
        if !rest.is_empty() {
            return Err(malformed("is followed by other bytes"));
        }
        if parsed.version() != X509Version::V3 {
            return Err(reject(Reason::Unsupported, "a certificate that is not X.509 version 3"));
        }
        if parsed.signature_value.unused_bits != 0 {
            return Err(malformed("has a signature that is no whole number of bytes"));
        }
        let key = public_key(parsed.public_key())?;
        let tbs: &[u8] = parsed.tbs_certificate.as_ref();
        let start = tbs.as_ptr() as usize - der.as_ptr() as usize;
        let signed = start..start + tbs.len();
        if !one_algorithm(der, &signed) {
            return Err(malformed("names two signature algorithms"));
        }
        let validity = parsed.validity();
        Ok(Self {
            raw: der.to_vec(),
            signed,
            subject: parsed.subject().as_raw().to_vec(),
            subject_name: common_name(&parsed),
            issuer: parsed.issuer().as_raw().to_vec(),
            serial: without_leading_zeros(parsed.raw_serial()).to_vec(),
            key,
            not_before: millis(validity.not_before.timestamp()),
            not_after: millis(validity.not_after.timestamp()),
            authority: authority(&parsed)?,
            extensions: extensions(&parsed)?,
            scheme: scheme(&parsed.signature_algorithm)?,
            signature: parsed.signature_value.data.to_vec(),
        })
    }

    /// The certificate as it was read.
    pub fn der(&self) -> &[u8] {
        &self.raw
    }

    /// SHA-256 of the certificate.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.raw)
    }

    /// The value of an extension, as DER.
    pub fn extension(&self, oid: &str) -> Option<&[u8]> {
        self.extensions
            .iter()
            .find(|extension| extension.oid == oid)
            .map(|extension| extension.value.as_slice())
    }

    /// Whether its key usage is stated and lets its key sign data.
    pub(crate) fn signs_data(&self) -> bool {
        self.key_usage().is_some_and(|usage| usage.digital_signature())
    }

    /// Whether its key usage is stated and lets its key sign certificates.
    pub(crate) fn signs_certificates(&self) -> bool {
        self.key_usage().is_some_and(|usage| usage.key_cert_sign())
    }

    fn key_usage(&self) -> Option<KeyUsage> {
        self.extension(KEY_USAGE).and_then(|value| KeyUsage::from_der(value).ok()).map(|(_, usage)| usage)
    }

    /// What its issuer signed.
    pub(crate) fn signed_part(&self) -> Signed<'_> {
        Signed { scheme: self.scheme, message: &self.raw[self.signed.clone()], signature: &self.signature }
    }
}

/// Bytes with the signature over them.
pub(crate) struct Signed<'a> {
    /// How it was signed.
    pub(crate) scheme: Scheme,
    /// What was signed.
    pub(crate) message: &'a [u8],
    /// The signature.
    pub(crate) signature: &'a [u8],
}

/// DER documents in a file: PEM sections named `label`, or one document in DER.
///
/// # Errors
/// `MALFORMED` for a PEM file without such a section, with a broken one or with too many.
pub(crate) fn documents(bytes: &[u8], label: &str) -> Result<Vec<Vec<u8>>, Rejection> {
    let text = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    if !bytes[text..].starts_with(b"-----BEGIN") {
        return Ok(vec![bytes.to_vec()]);
    }
    let mut found = Vec::new();
    for section in Pem::iter_from_buffer(bytes).take(PEM_SECTIONS_MAX + 1) {
        let section = section.map_err(|_| reject(Reason::Malformed, "a PEM section is broken"))?;
        if section.label == label {
            found.push(section.contents);
        }
    }
    let end = format!("-----END {label}-----");
    if String::from_utf8_lossy(bytes).matches(&end).count() != found.len() {
        return Err(reject(Reason::Malformed, "a PEM section does not end as it begins"));
    }
    match found.len() {
        0 => Err(reject(Reason::Malformed, format!("a PEM file holds no {label}"))),
        1..=PEM_SECTIONS_MAX => Ok(found),
        _ => {
            Err(reject(Reason::Malformed, format!("a PEM file holds more than {PEM_SECTIONS_MAX} sections")))
        }
    }
}

/// Certificates in a file: PEM or one in DER.
///
/// # Errors
/// Those of [`Certificate::from_der`], and `MALFORMED` for broken PEM.
pub fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>, Rejection> {
    documents(bytes, "CERTIFICATE")?.iter().map(|der| Certificate::from_der(der)).collect()
}

/// The scheme of a signature algorithm, with all its parameters.
pub(crate) fn scheme(algorithm: &AlgorithmIdentifier<'_>) -> Result<Scheme, Rejection> {
    let unsupported = || reject(Reason::Unsupported, format!("signature algorithm {}", algorithm.algorithm));
    match algorithm.algorithm.to_id_string().as_str() {
        ECDSA_SHA256 => Ok(Scheme::P256Der),
        ECDSA_SHA384 => Ok(Scheme::P384Der),
        RSA_PSS => {
            let parameters = algorithm.parameters.as_ref().ok_or_else(unsupported)?;
            let parameters = RsaSsaPssParams::try_from(parameters).map_err(|_| unsupported())?;
            let mask = parameters.mask_gen_algorithm().map_err(|_| unsupported())?;
            let is = |oid: &Oid<'_>, id: &str| oid.to_id_string() == id;
            let known = is(parameters.hash_algorithm_oid(), SHA384)
                && is(&mask.mgf, MGF1)
                && is(&mask.hash, SHA384)
                && parameters.salt_length() == SHA384_BYTES
                && parameters.trailer_field() == 1;
            if known { Ok(Scheme::RsaPssSha384) } else { Err(unsupported()) }
        }
        _ => Err(unsupported()),
    }
}

/// Whether the algorithm that is named behind the signed part of `der` is written as inside, byte for byte:
/// what no signature covers is not left to a tolerant parser.
pub(crate) fn one_algorithm(der: &[u8], signed: &Range<usize>) -> bool {
    let (inside, behind) = (&der[signed.clone()], &der[signed.end..]);
    let Ok((_, Any { data: mut rest, .. })) = Any::from_der(inside) else { return false };
    // It follows the version and, in a certificate, the serial number.
    (0..3).any(|_| {
        let Ok((next, _)) = Any::from_der(rest) else { return false };
        let member = &rest[..rest.len() - next.len()];
        rest = next;
        behind.starts_with(member)
    })
}

/// UTC milliseconds of a time in seconds; times before 1970 count as 1970.
pub(crate) fn millis(seconds: i64) -> UnixMillis {
    u64::try_from(seconds).unwrap_or(0).saturating_mul(1000)
}

/// A number without the zeros that DER puts in front of it.
pub(crate) fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
}

pub(crate) fn public_key(info: &SubjectPublicKeyInfo<'_>) -> Result<PublicKey, Rejection> {
    let algorithm = &info.algorithm;
    let unsupported = || reject(Reason::Unsupported, format!("a key of algorithm {}", algorithm.algorithm));
    let curve = || {
        let parameters = algorithm.parameters.as_ref()?;
        parameters.as_oid().ok().map(|oid| oid.to_id_string())
    };
    let kind = match algorithm.algorithm.to_id_string().as_str() {
        EC_PUBLIC_KEY => match curve().as_deref() {
            Some(CURVE_P256) => KeyKind::P256,
            Some(CURVE_P384) => KeyKind::P384,
            Some(CURVE_P521) => KeyKind::P521,
            _ => return Err(unsupported()),
        },
        RSA_ENCRYPTION => KeyKind::Rsa,
        _ => return Err(unsupported()),
    };
    Ok(PublicKey { kind, bytes: info.subject_public_key.data.to_vec() })
}

fn common_name(certificate: &X509Certificate<'_>) -> String {
    let name = certificate.subject().iter_common_name().next();
    name.and_then(|name| name.as_str().ok()).unwrap_or("without a name").to_owned()
}

/// Whether the certificate may sign others: the CA flag and, where key usage is stated, its signing bit.
fn authority(certificate: &X509Certificate<'_>) -> Result<Option<PathLength>, Rejection> {
    let twice = |_| reject(Reason::Malformed, "a certificate holds an extension twice");
    let constraints = certificate.basic_constraints().map_err(twice)?;
    let signs = certificate.key_usage().map_err(twice)?.is_none_or(|usage| usage.value.key_cert_sign());
    Ok(constraints
        .filter(|constraints| constraints.value.ca && signs)
        .map(|constraints| constraints.value.path_len_constraint))
}

/// All extensions; a critical one that is not understood, a broken one or one that occurs twice is refused.
fn extensions(certificate: &X509Certificate<'_>) -> Result<Vec<Extension>, Rejection> {
    let mut found: Vec<Extension> = Vec::with_capacity(certificate.extensions().len());
    for extension in certificate.extensions() {
        let oid = extension.oid.to_id_string();
        if found.iter().any(|earlier| earlier.oid == oid) {
            return Err(reject(Reason::Malformed, format!("a certificate holds extension {oid} twice")));
        }
        let understood = matches!(
            extension.parsed_extension(),
            ParsedExtension::BasicConstraints(_) | ParsedExtension::KeyUsage(_)
        );
        if extension.critical && !understood {
            let why = format!("a certificate holds the critical extension {oid}, which is not understood");
            return Err(reject(Reason::CertificateProfile, why));
        }
        found.push(Extension { oid, value: extension.value.to_vec() });
    }
    Ok(found)
}
