//! An authority like AMD's, and reports of its chips. Sources as in `quorate_attestation::snp`.

use quorate_attestation::snp::tcb::Product;
use quorate_types::UnixMillis;

use crate::certificate::{Form, ListForm};
use crate::der::{ia5, integer, octets};
use crate::error::AttesterError;
use crate::key::{Key, Kind};

/// Serial number of the ASK.
pub const ASK_SERIAL: u8 = 2;
const REPORT_BYTES: usize = 1184;
const SIGNED_BYTES: usize = 0x2a0;
const LEVELS: &str = "1.3.6.1.4.1.3704.1.3";

/// Root (ARK) and signing authority (ASK) of a product.
#[derive(Clone, Debug)]
pub struct AmdAuthority {
    /// The product.
    pub product: Product,
    /// The root's key.
    pub ark: Key,
    /// The signing authority's key.
    pub ask: Key,
    /// The root, in DER.
    pub ark_certificate: Vec<u8>,
    /// The signing authority, in DER.
    pub ask_certificate: Vec<u8>,
}

/// A chip at a firmware level.
#[derive(Clone, Debug)]
pub struct Chip {
    /// Its id: 64 bytes, 8 on Turin.
    pub id: Vec<u8>,
    /// Its level as AMD encodes it.
    pub tcb: [u8; 8],
    /// The key of that level.
    pub key: Key,
}

impl AmdAuthority {
    /// A new authority, valid between two times. Two RSA keys are made: about two seconds.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn create(product: Product, valid: [UnixMillis; 2]) -> Result<Self, AttesterError> {
        Self::of_keys(product, Key::generate(Kind::Rsa4096)?, Key::generate(Kind::Rsa4096)?, valid)
    }

    /// An authority of keys that were kept.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn of_keys(
        product: Product,
        ark: Key,
        ask: Key,
        valid: [UnixMillis; 2],
    ) -> Result<Self, AttesterError> {
        let root = Self::root_name(product);
        let ark_certificate = Form::new(1, &root, &root, valid, true).certify(&ark, &ark)?;
        let ask_certificate = Self::ask_form(product, valid).certify(&ask, &ark)?;
        Ok(Self { product, ark, ask, ark_certificate, ask_certificate })
    }

    /// Common name of the root.
    pub fn root_name(product: Product) -> String {
        format!("DEMO ARK-{}", product.name())
    }

    /// The signing authority's certificate before it is signed.
    pub fn ask_form(product: Product, valid: [UnixMillis; 2]) -> Form {
        let subject = format!("DEMO SEV-{}", product.name());
        Form {
            authority: Some(Some(0)),
            ..Form::new(ASK_SERIAL, &subject, &Self::root_name(product), valid, true)
        }
    }

    /// The key certificate (VCEK) of a chip before it is signed.
    pub fn vcek_form(&self, chip: &Chip, valid: [UnixMillis; 2]) -> Form {
        let issuer = format!("DEMO SEV-{}", self.product.name());
        let mut form = Form::new(0, "SEV-VCEK", &issuer, valid, false);
        let plain = |id: &str, value: Vec<u8>| (format!("1.3.6.1.4.1.3704.1.{id}"), false, value);
        form.extensions.push(plain("1", integer(&[0])));
        form.extensions.push(plain("2", ia5(&format!("{}-B0", self.product.name()))));
        let tcb = self.product.tcb(chip.tcb);
        let levels = [
            (1, Some(tcb.boot_loader)),
            (2, Some(tcb.tee)),
            (3, Some(tcb.snp)),
            (8, Some(tcb.microcode)),
            (9, tcb.fmc),
        ];
        let level =
            |(id, level): (u8, Option<u8>)| Some((format!("{LEVELS}.{id}"), false, integer(&[level?])));
        form.extensions.extend(levels.into_iter().filter_map(level));
        form.extensions.push(plain("4", octets(&chip.id)));
        form
    }

    /// The key certificate (VCEK) of a chip.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn vcek(&self, chip: &Chip, valid: [UnixMillis; 2]) -> Result<Vec<u8>, AttesterError> {
        self.vcek_form(chip, valid).certify(&chip.key, &self.ask)
    }

    /// The revocation list of the root before it is signed.
    pub fn list_form(&self, valid: [UnixMillis; 2]) -> ListForm {
        ListForm {
            issuer: Self::root_name(self.product),
            this_update: valid[0],
            next_update: valid[1],
            number: 1,
            revoked: Vec::new(),
        }
    }
}

impl Chip {
    /// A chip with a new key.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn new(id: &[u8], tcb: [u8; 8]) -> Result<Self, AttesterError> {
        Ok(Self { id: id.to_vec(), tcb, key: Key::generate(Kind::P384)? })
    }
}

/// A report to be signed; what is not stated here is zero.
#[derive(Clone, Debug)]
pub struct ReportForm {
    /// Version of the layout.
    pub version: u32,
    /// Guest policy.
    pub policy: u64,
    /// Privilege level.
    pub vmpl: u32,
    /// 0 VCEK, 1 VLEK.
    pub signing_key: u32,
    /// Bound by the guest.
    pub report_data: [u8; 64],
    /// Launch measurement.
    pub measurement: [u8; 48],
    /// Current and committed level.
    pub current_tcb: [u8; 8],
    /// Level the key was derived for.
    pub reported_tcb: [u8; 8],
    /// Family, model, stepping.
    pub cpuid: [u8; 3],
    /// Of the chip.
    pub chip_id: [u8; 64],
}

impl ReportForm {
    /// The report of a guest in good standing on a chip.
    pub fn new(product: Product, chip: &Chip, challenge: &[u8]) -> Self {
        let padded = |bytes: &[u8]| std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(0));
        Self {
            version: 3,
            policy: 0x3_0000,
            vmpl: 0,
            signing_key: 0,
            report_data: padded(challenge),
            measurement: [0x5e; 48],
            current_tcb: chip.tcb,
            reported_tcb: chip.tcb,
            cpuid: match product {
                Product::Milan => [0x19, 0x01, 1],
                Product::Genoa => [0x19, 0x11, 1],
                Product::Turin => [0x1a, 0x02, 1],
            },
            chip_id: padded(&chip.id),
        }
    }

    /// The report, signed.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn sign(&self, key: &Key) -> Result<Vec<u8>, AttesterError> {
        let mut report = vec![0; REPORT_BYTES];
        let mut put = |at: usize, bytes: &[u8]| report[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.version.to_le_bytes());
        put(0x8, &self.policy.to_le_bytes());
        put(0x30, &self.vmpl.to_le_bytes());
        put(0x34, &1_u32.to_le_bytes());
        put(0x38, &self.current_tcb);
        put(0x48, &(self.signing_key << 2).to_le_bytes());
        put(0x50, &self.report_data);
        put(0x90, &self.measurement);
        put(0x180, &self.reported_tcb);
        if self.version >= 3 {
            put(0x188, &self.cpuid);
        }
        put(0x1a0, &self.chip_id);
        put(0x1e0, &self.current_tcb);
        put(0x1f0, &self.current_tcb);
        let signature = key.sign_fixed(&report[..SIGNED_BYTES])?;
        for (half, at) in signature.chunks_exact(48).zip([SIGNED_BYTES, SIGNED_BYTES + 72]) {
            let little: Vec<u8> = half.iter().rev().copied().collect();
            report[at..at + 48].copy_from_slice(&little);
        }
        Ok(report)
    }
}
