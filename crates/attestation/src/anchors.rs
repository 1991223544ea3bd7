//! Whom a verdict rests on. The vendors' roots are compiled in; more are trusted only where the operator says
//! so, and every verdict names the one it rests on.
//!
//! Sources of the roots: AMD's key distribution service (`vcek/v1/{Milan,Genoa,Turin}/cert_chain`), Intel's
//! provisioning certification service (`IntelSGXRootCA.der`), the documentation of AWS Nitro Enclaves
//! (`AWS_NitroEnclaves_Root-G1`, whose fingerprint that documentation prints).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use quorate_types::UnixMillis;

use crate::certificate::{Certificate, PublicKey, certificates};
use crate::verdict::{Reason, Rejection, Trust, hex, reject};

/// Most anchors and endorsed keys that can be configured.
const CONFIGURED_MAX: usize = 100_000;

/// A root that evidence of one vendor may end in.
#[derive(Clone, Debug)]
pub struct Anchor {
    /// What a verdict calls it.
    pub name: String,
    /// Whose evidence it may vouch for.
    pub vendor: AnchorVendor,
    /// The root certificate.
    pub certificate: Certificate,
    /// How it came to be trusted.
    pub trust: Trust,
}

/// Whose evidence an anchor may vouch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorVendor {
    /// AMD SEV-SNP.
    Amd,
    /// Intel SGX and TDX.
    Intel,
    /// AWS Nitro.
    Aws,
}

impl AnchorVendor {
    /// Every vendor with a root.
    pub const ALL: [Self; 3] = [Self::Amd, Self::Intel, Self::Aws];

    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Amd => "AMD",
            Self::Intel => "INTEL",
            Self::Aws => "AWS",
        }
    }
}

/// The key of one Arm device, as an endorser states it: Arm has no root of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndorsedKey {
    /// Implementation id of the device, 32 bytes.
    pub implementation_id: Vec<u8>,
    /// Instance id of the device, 33 bytes with its type.
    pub instance_id: Vec<u8>,
    /// The attestation key (CPAK or IAK).
    pub key: PublicKey,
    /// Who endorses it.
    pub endorser: String,
    /// UTC milliseconds from which on the endorsement holds.
    pub valid_from: UnixMillis,
    /// UTC milliseconds until which it holds; none: until it is withdrawn.
    pub valid_until: Option<UnixMillis>,
    /// Whether it was made for a simulated machine.
    pub demo: bool,
}

impl EndorsedKey {
    /// Bytes of an implementation id.
    pub const IMPLEMENTATION_BYTES: usize = 32;

    /// Whether this is an instance id: a UEID (RFC 9711) of type RAND, 33 bytes with its type.
    pub fn is_instance(id: &[u8]) -> bool {
        id.len() == 33 && id.first() == Some(&1)
    }

    fn check(&self) -> Result<(), Rejection> {
        if self.implementation_id.len() != Self::IMPLEMENTATION_BYTES || !Self::is_instance(&self.instance_id)
        {
            let why = "an implementation id has 32 bytes, and an instance id 33 of which the first is 1";
            return Err(reject(Reason::Malformed, why));
        }
        if !self.key.is_point() {
            let why = "an endorsed key is an uncompressed point of P-256, P-384 or P-521";
            return Err(reject(Reason::Unsupported, why));
        }
        Ok(())
    }
}

/// What is trusted: the pinned roots and what was configured.
#[derive(Clone, Debug, Default)]
pub struct Anchors {
    configured: Vec<Anchor>,
    /// By implementation id and instance id.
    keys: BTreeMap<Vec<u8>, EndorsedKey>,
}

impl Anchors {
    /// The pinned roots alone.
    pub fn pinned() -> Self {
        Self::default()
    }

    /// Trusts a root besides the pinned ones; `certificate` is DER or PEM.
    ///
    /// # Errors
    /// `MALFORMED` or `UNSUPPORTED` for what is no root certificate.
    pub fn add(
        &mut self,
        name: &str,
        vendor: AnchorVendor,
        certificate: &[u8],
        demo: bool,
    ) -> Result<(), Rejection> {
        let [certificate]: [Certificate; 1] = certificates(certificate)?
            .try_into()
            .map_err(|_| reject(Reason::Malformed, "a trust anchor is one certificate"))?;
        if certificate.subject != certificate.issuer || certificate.authority.is_none() {
            return Err(reject(
                Reason::CertificateProfile,
                "a trust anchor is a root that may certify others",
            ));
        }
        self.room_for(1)?;
        let trust = if demo { Trust::Demo } else { Trust::Configured };
        self.configured.push(Anchor { name: name.to_owned(), vendor, certificate, trust });
        Ok(())
    }

    /// Trusts the keys of Arm devices: all of them, or none where one is unusable. Whether a key lies on its
    /// curve is seen when it is used, so that one broken entry does not cost the others.
    ///
    /// # Errors
    /// `MALFORMED` where the identities have another length than the formats give them, and for two
    /// endorsements of one device that differ; `UNSUPPORTED` for another kind of key.
    pub fn endorse(&mut self, keys: Vec<EndorsedKey>) -> Result<(), Rejection> {
        let mut found = BTreeMap::new();
        for key in keys {
            key.check()?;
            let device = device(&key.implementation_id, &key.instance_id);
            match self.keys.get(&device).or_else(|| found.get(&device)) {
                None => drop(found.insert(device, key)),
                Some(known) if *known == key => {}
                Some(_) => {
                    let why = format!("there is another endorsement of the device {}", hex(&device));
                    return Err(reject(Reason::Malformed, why));
                }
            }
        }
        self.room_for(found.len())?;
        self.keys.append(&mut found);
        Ok(())
    }

    fn room_for(&self, more: usize) -> Result<(), Rejection> {
        if self.configured.len() + self.keys.len() + more <= CONFIGURED_MAX {
            return Ok(());
        }
        Err(reject(Reason::Malformed, format!("more than {CONFIGURED_MAX} trust anchors")))
    }

    /// The key that is endorsed for a device.
    pub fn key_of(&self, implementation_id: &[u8], instance_id: &[u8]) -> Option<&EndorsedKey> {
        self.keys.get(&device(implementation_id, instance_id))
    }

    /// The anchors of a vendor, pinned ones first.
    pub(crate) fn of(&self, vendor: AnchorVendor) -> impl Iterator<Item = &Anchor> {
        PINNED.iter().chain(&self.configured).filter(move |anchor| anchor.vendor == vendor)
    }
}

/// What a device is known by; the first part always has the same length.
fn device(implementation_id: &[u8], instance_id: &[u8]) -> Vec<u8> {
    [implementation_id, instance_id].concat()
}

/// A compiled-in root: its certificate, pinned by the digest of the whole and of the key.
struct Pin {
    name: &'static str,
    vendor: AnchorVendor,
    der: &'static [u8],
    /// SHA-256 of the certificate.
    certificate: &'static str,
    /// SHA-256 of the key: the point, or the `RSAPublicKey`.
    key: &'static str,
}

const PINS: [Pin; 5] = [
    Pin {
        name: "AMD ARK-Milan",
        vendor: AnchorVendor::Amd,
        der: include_bytes!("../data/roots/amd-ark-milan.der"),
        certificate: "69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd",
        key: "20dc23483bddbb9947909070d49dfb5a7ff4ea41481e38cdeb8970d90a26feea",
    },
    Pin {
        name: "AMD ARK-Genoa",
        vendor: AnchorVendor::Amd,
        der: include_bytes!("../data/roots/amd-ark-genoa.der"),
        certificate: "4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1",
        key: "052e0377922344bbddefdd8cec21947094d658436c0defe1355864ca024fcc2b",
    },
    Pin {
        name: "AMD ARK-Turin",
        vendor: AnchorVendor::Amd,
        der: include_bytes!("../data/roots/amd-ark-turin.der"),
        certificate: "1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a",
        key: "c4a6c5980e27b97470c948beb8810461150851826891ed5f04b7401edba34c6c",
    },
    Pin {
        name: "Intel SGX Root CA",
        vendor: AnchorVendor::Intel,
        der: include_bytes!("../data/roots/intel-sgx-root-ca.der"),
        certificate: "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3",
        key: "a512ddae5b8a05fd0738d708f29ddccaca53aad8b3698e77194cb05cc0723e89",
    },
    Pin {
        name: "AWS Nitro Enclaves Root G1",
        vendor: AnchorVendor::Aws,
        der: include_bytes!("../data/roots/aws-nitro-root-g1.der"),
        certificate: "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b",
        key: "fb7059380c01ce8378535808971f48adb2611f2d332c9e18bbfa1b84cf7cade2",
    },
];

/// A root whose bytes are not the pinned ones is no anchor; a test insists that none is missing.
static PINNED: LazyLock<Vec<Anchor>> = LazyLock::new(|| PINS.iter().filter_map(anchor).collect());

fn anchor(pin: &Pin) -> Option<Anchor> {
    use crate::signature::sha256;
    let certificate = Certificate::from_der(pin.der).ok()?;
    let pinned =
        hex(&certificate.fingerprint()) == pin.certificate && hex(&sha256(&certificate.key.bytes)) == pin.key;
    let name = pin.name.to_owned();
    pinned.then_some(Anchor { name, vendor: pin.vendor, certificate, trust: Trust::Pinned })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pinned_root_is_what_its_pins_say_and_signs_itself() {
        for pin in &PINS {
            let certificate = Certificate::from_der(pin.der).unwrap();
            let key = hex(&crate::signature::sha256(&certificate.key.bytes));
            assert_eq!(key, pin.key, "key of {}", pin.name);
            let anchor = anchor(pin).unwrap_or_else(|| panic!("{} is not what its pins say", pin.name));
            assert_eq!(anchor.certificate.subject, anchor.certificate.issuer);
            assert!(anchor.certificate.authority.is_some());
        }
        assert_eq!(PINNED.len(), PINS.len());
    }
}
