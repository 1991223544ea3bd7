//! The simulated machines of the demo: an authority of its own, kept by its caller, and evidence of machines
//! that are named and nothing else.

use aws_lc_rs::digest::{SHA512, digest};
use quorate_attestation::snp::tcb::Product;
use quorate_attestation::{AnchorVendor, Anchors, Collateral, Evidence, Rejection, Vendor};
use quorate_types::UnixMillis;
use quorate_types::cbor::{Value, document, encode, open_document};

use crate::amd::{AmdAuthority, Chip, ReportForm};
use crate::arm::{ArmDevice, CcaForm, PsaForm};
use crate::error::AttesterError;
use crate::intel::IntelAuthority;
use crate::key::{Key, Kind};

const TAG: &str = "quorate/demo-authority";
const VERSION: u64 = 1;
const FIELDS: usize = 6;
const DAY_MS: u64 = 86_400_000;
/// How long an authority is valid.
const AUTHORITY_MS: u64 = 3650 * DAY_MS;
/// How long lists, statements and keys of machines are valid, as the vendors' are.
const COLLATERAL_MS: u64 = 30 * DAY_MS;
/// Firmware of every simulated AMD machine.
const TCB: [u8; 8] = [4, 0, 0, 0, 0, 0, 24, 219];

/// Which TEE a machine plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimulatedTee {
    /// SEV-SNP on Milan.
    AmdSevSnp,
    /// TDX 1.0.
    IntelTdx,
    /// CCA 1.0.
    ArmCca,
    /// PSA, as RFC 9783 has it.
    ArmPsa,
}

impl SimulatedTee {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::AmdSevSnp, Self::IntelTdx, Self::ArmCca, Self::ArmPsa];

    /// What verdicts call its vendor.
    pub fn vendor(self) -> Vendor {
        match self {
            Self::AmdSevSnp => Vendor::AmdSevSnp,
            Self::IntelTdx => Vendor::IntelTdx,
            Self::ArmCca => Vendor::ArmCca,
            Self::ArmPsa => Vendor::ArmPsa,
        }
    }
}

/// A machine that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedMachine {
    /// Its name; its chip's identity is derived from it.
    pub name: String,
    /// What it plays.
    pub tee: SimulatedTee,
}

/// Roots and authorities of the demo.
#[derive(Clone, Debug)]
pub struct DemoAuthority {
    created: UnixMillis,
    amd: AmdAuthority,
    intel: IntelAuthority,
}

impl DemoAuthority {
    /// A new authority; takes about two seconds.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn create(time: UnixMillis) -> Result<Self, AttesterError> {
        let valid = valid(time);
        let (amd, intel) = (AmdAuthority::create(Product::Milan, valid)?, IntelAuthority::create(valid)?);
        Ok(Self { created: time, amd, intel })
    }

    /// The authority with its private keys, to be kept where only its owner reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let keys =
            [&self.amd.ark, &self.amd.ask, &self.intel.root, &self.intel.authority, &self.intel.signer];
        let fields = std::iter::once(Value::Unsigned(self.created))
            .chain(keys.into_iter().map(|key| Value::bytes(key.pkcs8())));
        document(TAG, VERSION, fields.collect())
    }

    /// An authority that was kept.
    ///
    /// # Errors
    /// [`AttesterError::Authority`], [`AttesterError::Key`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AttesterError> {
        let fields = open_document(bytes, TAG, VERSION, FIELDS)
            .map_err(|error| AttesterError::Authority { reason: error.reason })?;
        let [Value::Unsigned(created), keys @ ..] = fields.as_slice() else {
            return Err(AttesterError::Authority { reason: "it has no time" });
        };
        let key = |at: usize, kind| {
            let bytes = keys.get(at).and_then(Value::as_bytes).unwrap_or_default();
            Key::from_pkcs8(kind, bytes)
        };
        let valid = valid(*created);
        let (ark, ask) = (key(0, Kind::Rsa4096)?, key(1, Kind::Rsa4096)?);
        let (root, authority, signer) = (key(2, Kind::P256)?, key(3, Kind::P256)?, key(4, Kind::P256)?);
        Ok(Self {
            created: *created,
            amd: AmdAuthority::of_keys(Product::Milan, ark, ask, valid)?,
            intel: IntelAuthority::of_keys(root, authority, signer, valid)?,
        })
    }

    /// The roots, to be trusted as such of simulated machines.
    ///
    /// # Errors
    /// None that a whole authority gives.
    pub fn add_anchors(&self, anchors: &mut Anchors) -> Result<(), Rejection> {
        anchors.add("DEMO AMD root", AnchorVendor::Amd, &self.amd.ark_certificate, true)?;
        anchors.add("DEMO Intel root", AnchorVendor::Intel, &self.intel.root_certificate, true)
    }

    /// Trusts the key of one machine, as that of a simulated one. Only Arm's need it: the others have a root.
    ///
    /// # Errors
    /// [`AttesterError::Key`]; [`AttesterError::Authority`] where the device is endorsed by somebody else.
    pub fn endorse(&self, machine: &SimulatedMachine, anchors: &mut Anchors) -> Result<(), AttesterError> {
        if !matches!(machine.tee, SimulatedTee::ArmCca | SimulatedTee::ArmPsa) {
            return Ok(());
        }
        let endorsement = self.device(machine)?.endorsement("DEMO Arm endorser")?;
        let unusable = |_| AttesterError::Authority { reason: "somebody else endorses a device of its own" };
        anchors.endorse(vec![endorsement]).map_err(unusable)
    }

    /// The device of an Arm machine: its key follows from a secret of the authority and its name, so that it
    /// is the same in every run and nobody else's.
    fn device(&self, machine: &SimulatedMachine) -> Result<ArmDevice, AttesterError> {
        let part = |digest: &[u8], at: usize| std::array::from_fn(|offset| digest[at + offset]);
        let identity = digest(&SHA512, machine.name.as_bytes());
        let secret = [
            Value::text("quorate/demo-arm-device"),
            Value::bytes(self.intel.root.pkcs8()),
            Value::text(machine.name.as_str()),
        ];
        let secret = digest(&SHA512, &encode(&Value::Array(secret.into())));
        let scalar = std::array::from_fn(|at| secret.as_ref()[at]);
        let (implementation, instance) = (part(identity.as_ref(), 0), part(identity.as_ref(), 32));
        Ok(ArmDevice { implementation_id: implementation, instance, key: Key::of_scalar(&scalar)? })
    }

    /// Adds what evidence is checked against, valid for 30 days from `time` on.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn add_collateral(&self, collateral: &mut Collateral, time: UnixMillis) -> Result<(), AttesterError> {
        let unusable = |_| AttesterError::Authority { reason: "its own collateral is unusable" };
        let valid = [time, time + COLLATERAL_MS];
        let list = self.amd.list_form(valid).sign(&self.amd.ark)?;
        collateral.add_certificates(&self.amd.ask_certificate).map_err(unusable)?;
        collateral.add_crls(&list).map_err(unusable)?;
        collateral.add_intel_bundle(self.intel.bundle(valid)?.as_bytes()).map_err(unusable)
    }

    /// Evidence of a machine that answers a challenge of at most 64 bytes; PSA asks for 32, 48 or 64.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn evidence(
        &self,
        machine: &SimulatedMachine,
        challenge: &[u8],
        time: UnixMillis,
    ) -> Result<Evidence, AttesterError> {
        let valid = [time, time + COLLATERAL_MS];
        let identity = digest(&SHA512, machine.name.as_bytes());
        match machine.tee {
            SimulatedTee::AmdSevSnp => {
                let chip = Chip::new(identity.as_ref(), TCB)?;
                let report = ReportForm::new(self.amd.product, &chip, challenge).sign(&chip.key)?;
                Ok(Evidence::Snp { report, certificates: vec![self.amd.vcek(&chip, valid)?] })
            }
            SimulatedTee::IntelTdx => {
                let ppid = std::array::from_fn(|at| identity.as_ref()[at]);
                Ok(Evidence::Quote { quote: self.intel.quote(&ppid, challenge, valid)? })
            }
            SimulatedTee::ArmCca => {
                let device = self.device(machine)?;
                let token = CcaForm::new(&device, challenge)?.sign(&device.key)?;
                Ok(Evidence::Cca { token })
            }
            SimulatedTee::ArmPsa => {
                let device = self.device(machine)?;
                let token = PsaForm::new(&device, challenge).sign(&device.key)?;
                Ok(Evidence::Psa { token })
            }
        }
    }
}

fn valid(time: UnixMillis) -> [UnixMillis; 2] {
    [time, time + AUTHORITY_MS]
}
