//! What a verifier says: one closed type, no boolean.

use std::fmt;

use quorate_types::UnixMillis;

use crate::fields::Field;

/// The answer to a piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Every check passed.
    Accepted(Box<Accepted>),
    /// A check failed; the evidence proves nothing.
    Rejected(Rejection),
}

impl Verdict {
    /// The reason of a rejection; none where the evidence was accepted.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Accepted(_) => None,
            Self::Rejected(rejection) => Some(rejection.reason),
        }
    }

    /// What was proved; none where the evidence was rejected.
    pub fn accepted(&self) -> Option<&Accepted> {
        match self {
            Self::Accepted(accepted) => Some(accepted),
            Self::Rejected(_) => None,
        }
    }
}

impl From<Result<Accepted, Rejection>> for Verdict {
    fn from(result: Result<Accepted, Rejection>) -> Self {
        match result {
            Ok(accepted) => Self::Accepted(Box::new(accepted)),
            Err(rejection) => Self::Rejected(rejection),
        }
    }
}

/// Who makes the TEE. The names are the public ones of the whole project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vendor {
    /// AMD SEV-SNP.
    AmdSevSnp,
    /// Intel TDX.
    IntelTdx,
    /// Intel SGX.
    IntelSgx,
    /// Arm Confidential Compute Architecture.
    ArmCca,
    /// Arm Platform Security Architecture.
    ArmPsa,
    /// AWS Nitro: a statement of the cloud's hypervisor.
    AwsNitro,
}

impl Vendor {
    /// Every vendor.
    pub const ALL: [Self; 6] =
        [Self::AmdSevSnp, Self::IntelTdx, Self::IntelSgx, Self::ArmCca, Self::ArmPsa, Self::AwsNitro];

    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AmdSevSnp => "AMD_SEV_SNP",
            Self::IntelTdx => "INTEL_TDX",
            Self::IntelSgx => "INTEL_SGX",
            Self::ArmCca => "ARM_CCA",
            Self::ArmPsa => "ARM_PSA",
            Self::AwsNitro => "AWS_NITRO",
        }
    }
}

/// What accepted evidence proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Who makes the TEE.
    pub vendor: Vendor,
    /// Product line, such as `Milan` or `TDX 1.5`.
    pub product: String,
    /// Level of the firmware.
    pub tcb: Tcb,
    /// Launch measurement of the guest: 48 bytes for SNP and TDX, 32 for SGX (MRENCLAVE), the realm's initial
    /// measurement for CCA, the first software component for PSA (empty where a device measures none), PCR 0
    /// for Nitro.
    pub measurement: Vec<u8>,
    /// Registers that are extended at run time, by name: RTMRs of a TD, REMs of a realm, PCRs of
    /// Azure's vTPM and of Nitro. None for other evidence.
    pub registers: Vec<Register>,
    /// Data that the guest bound into the evidence: report data, of Azure's vTPM what its quote answers, of
    /// Nitro the user data.
    pub report_data: Vec<u8>,
    /// Identity of the chip or platform, such as `amd-chip:...`; none where the evidence names none (VLEK,
    /// masked chip id). Machines with one identity are one failure domain.
    pub machine: Option<String>,
    /// Whether the TEE runs in debug mode. True only where the policy allowed it.
    pub debug: bool,
    /// UTC milliseconds at which the first certificate, CRL, collateral or endorsement behind this verdict
    /// ends.
    pub valid_until: UnixMillis,
    /// Who vouches for it.
    pub endorser: Endorser,
    /// Whether the evidence answers the challenge that was passed in, and is not just a file.
    pub fresh: bool,
    /// Whether every certificate was checked against a current CRL. False only where the policy allowed it,
    /// or the format knows none (Arm, Nitro).
    pub revocation_checked: bool,
}

/// A register that is extended at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// Such as `pcr7` or `rtmr0`.
    pub name: String,
    /// Its value.
    pub value: Vec<u8>,
}

impl Register {
    /// As a readable field.
    pub(crate) fn field(&self) -> Field {
        Field::bytes(&self.name, &self.value)
    }
}

/// Level of the trusted computing base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcb {
    /// The components by name, such as `boot_loader=3 tee=0 snp=8 microcode=115`.
    pub version: String,
    /// What the vendor says of this level, such as `UpToDate`; none where the vendor says nothing.
    pub status: Option<String>,
    /// Day of the newest issue that this level mends, UTC milliseconds; none where the vendor states no day.
    pub date: Option<UnixMillis>,
    /// Security advisories that apply to it.
    pub advisories: Vec<String>,
}

/// Who vouches for evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endorser {
    /// The root the chain ends in, or the owner of the endorsed key.
    pub name: String,
    /// How it came to be trusted.
    pub trust: Trust,
}

/// How an anchor came to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Compiled in.
    Pinned,
    /// Configured by the operator.
    Configured,
    /// Configured, and made for simulated machines: it proves nothing about hardware.
    Demo,
}

impl Trust {
    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Configured => "configured",
            Self::Demo => "demo",
        }
    }
}

/// Why evidence proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The one reason, to decide by.
    pub reason: Reason,
    /// What exactly, for a person.
    pub detail: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.reason.name(), self.detail)
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The reasons, in the order in which checks are made where several would hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Reason { $($(#[$doc])* $variant,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The public name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

reasons! {
    /// Evidence or collateral that is cut, oversized or not of the announced form.
    Malformed = "MALFORMED",
    /// A version, product or algorithm that this build does not verify.
    Unsupported = "UNSUPPORTED",
    /// A certificate, TCB info or identity that is needed was not given.
    CollateralMissing = "COLLATERAL_MISSING",
    /// The collateral belongs to another platform.
    CollateralMismatch = "COLLATERAL_MISMATCH",
    /// The collateral's signature is wrong.
    CollateralSignature = "COLLATERAL_SIGNATURE",
    /// The collateral is not valid yet.
    CollateralNotYetValid = "COLLATERAL_NOT_YET_VALID",
    /// The collateral is out of date.
    CollateralExpired = "COLLATERAL_EXPIRED",
    /// The collateral is older than the policy accepts.
    CollateralDowngrade = "COLLATERAL_DOWNGRADE",
    /// The chain does not end in a trust anchor.
    ChainUntrusted = "CHAIN_UNTRUSTED",
    /// A signature in the chain is wrong.
    ChainSignature = "CHAIN_SIGNATURE",
    /// A certificate of the chain may not do what it does: CA flag, key usage, extensions, algorithm.
    CertificateProfile = "CERTIFICATE_PROFILE",
    /// A certificate of the chain is not valid yet.
    CertificateNotYetValid = "CERTIFICATE_NOT_YET_VALID",
    /// A certificate of the chain has expired.
    CertificateExpired = "CERTIFICATE_EXPIRED",
    /// The chain ends in an anchor for simulated machines, and the policy does not allow those.
    DemoAnchor = "DEMO_ANCHOR",
    /// No CRL was given for an issuer of the chain.
    CrlMissing = "CRL_MISSING",
    /// The only CRL for an issuer of the chain is out of date or not valid yet.
    CrlStale = "CRL_STALE",
    /// The only CRL for an issuer of the chain is not signed by it.
    CrlForged = "CRL_FORGED",
    /// A certificate of the chain is revoked.
    Revoked = "REVOKED",
    /// No endorsed key is known for the device.
    KeyUnknown = "KEY_UNKNOWN",
    /// An endorsed key, or the one that a token names, is no point of its curve.
    KeyInvalid = "KEY_INVALID",
    /// The signature over the evidence is wrong.
    EvidenceSignature = "EVIDENCE_SIGNATURE",
    /// The key that signed belongs to another chip, firmware or enclave than the evidence says.
    KeyBinding = "KEY_BINDING",
    /// A claim that must be there is not, or not in its form.
    ClaimMissing = "CLAIM_MISSING",
    /// The event log does not lead to the measured registers.
    EventLog = "EVENT_LOG",
    /// The register values that came along are not those that were signed.
    Registers = "REGISTERS",
    /// The evidence does not answer the challenge.
    Challenge = "CHALLENGE",
    /// No challenge was passed in, and the policy asks for fresh evidence.
    NotFresh = "NOT_FRESH",
    /// The quoting enclave or the TDX module is not the vendor's.
    EnclaveIdentity = "ENCLAVE_IDENTITY",
    /// No level of the vendor's TCB info matches the platform.
    TcbUnknown = "TCB_UNKNOWN",
    /// The vendor's status of the level is not one the policy accepts.
    TcbStatus = "TCB_STATUS",
    /// The firmware is older than the policy accepts.
    TcbTooOld = "TCB_TOO_OLD",
    /// The TEE runs in debug mode.
    Debug = "DEBUG",
    /// The TEE was started with attributes that weaken it, or with unknown ones.
    Attributes = "ATTRIBUTES",
    /// The report was asked for at a privilege level that the policy does not accept.
    Vmpl = "VMPL",
    /// A migration agent or service TD could read the guest.
    MigrationAgent = "MIGRATION_AGENT",
    /// The device is not in the secured state of its lifecycle.
    Lifecycle = "LIFECYCLE",
    /// The measurement or a register is not on the policy's list.
    Measurement = "MEASUREMENT",
    /// The evidence names no machine, and the policy asks for one.
    IdentityMissing = "IDENTITY_MISSING",
    /// The policy blocks this machine or platform.
    MachineBlocked = "MACHINE_BLOCKED",
    /// The policy does not accept this vendor or this kind of key.
    VendorNotAccepted = "VENDOR_NOT_ACCEPTED",
}

/// A rejection, to return with `?` or `Err`.
pub(crate) fn reject(reason: Reason, detail: impl Into<String>) -> Rejection {
    Rejection { reason, detail: detail.into() }
}

/// Bytes as hexadecimal digits, for identities and details.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
