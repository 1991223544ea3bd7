//! The attestation report: 1184 bytes, little-endian.

use crate::bytes::Bytes;
use crate::fields::Field;
use crate::verdict::{Reason, Rejection, reject};

/// Size of a report.
pub const REPORT_BYTES: usize = 1184;
/// How much of it the signature covers.
const SIGNED_BYTES: usize = 0x2a0;
/// Versions of the layout that are known.
const VERSIONS: std::ops::RangeInclusive<u32> = 2..=5;
/// ECDSA on P-384 with SHA-384, the only algorithm there is.
const ECDSA_P384_SHA384: u32 = 1;
/// Bytes of a scalar on P-384; the report gives each 72.
const SCALAR_BYTES: usize = 48;

/// A report, checked for its form alone.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// Version of the layout.
    pub version: u32,
    /// Security version of the guest.
    pub guest_svn: u32,
    /// What the guest's owner asked for.
    pub policy: GuestPolicy,
    /// Chosen by the guest's owner.
    pub family_id: [u8; 16],
    /// Chosen by the guest's owner.
    pub image_id: [u8; 16],
    /// Privilege level that asked for the report.
    pub vmpl: u32,
    /// TCB that runs now, as it is encoded.
    pub current_tcb: [u8; 8],
    /// Features of the platform, one bit each.
    pub platform_info: u64,
    /// Whether an author key signed the guest's identity.
    pub author_key_enabled: bool,
    /// Whether the platform hides its chip's key.
    pub chip_key_masked: bool,
    /// Which key signed: 0 VCEK, 1 VLEK, 7 none.
    pub signing_key: u8,
    /// Bound by the guest.
    pub report_data: [u8; 64],
    /// Of the guest's memory at launch.
    pub measurement: [u8; 48],
    /// Bound by the hypervisor at launch.
    pub host_data: [u8; 32],
    /// SHA-384 of the key that signed the guest's identity.
    pub id_key_digest: [u8; 48],
    /// SHA-384 of the key that certified the identity key.
    pub author_key_digest: [u8; 48],
    /// Of this guest, until it is destroyed.
    pub report_id: [u8; 32],
    /// Of its migration agent.
    pub report_id_ma: [u8; 32],
    /// TCB the signing key was derived for, as it is encoded.
    pub reported_tcb: [u8; 8],
    /// Family, model and stepping, from version 3 on.
    pub cpuid: Option<[u8; 3]>,
    /// Of the chip; zero where it is masked.
    pub chip_id: [u8; 64],
    /// TCB that cannot be rolled back below, as it is encoded.
    pub committed_tcb: [u8; 8],
    /// Build, minor and major of the firmware that runs.
    pub current_version: [u8; 3],
    /// Build, minor and major of the firmware that is committed.
    pub committed_version: [u8; 3],
    /// TCB the guest was launched under, as it is encoded.
    pub launch_tcb: [u8; 8],
    /// Mitigations at launch and now, from version 5 on.
    pub mitigations: Option<[u64; 2]>,
    /// What the signature covers.
    pub(crate) signed: &'a [u8],
    /// r and s, big-endian, 96 bytes.
    pub(crate) signature: [u8; 2 * SCALAR_BYTES],
}

/// The guest policy of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestPolicy(pub u64);

impl GuestPolicy {
    /// Whether the host may read the guest's memory.
    pub fn debug(self) -> bool {
        self.0 & (1 << 19) != 0
    }

    /// Whether a migration agent may be bound to the guest.
    pub fn migration_agent(self) -> bool {
        self.0 & (1 << 18) != 0
    }
}

impl<'a> Report<'a> {
    /// Reads a report.
    ///
    /// # Errors
    /// `MALFORMED` for another length or for bytes that no signature protects and that are not zero;
    /// `UNSUPPORTED` for another version or algorithm.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Rejection> {
        if bytes.len() != REPORT_BYTES {
            let why = format!("an SNP report has {REPORT_BYTES} bytes, not {}", bytes.len());
            return Err(reject(Reason::Malformed, why));
        }
        let mut from = Bytes::of(bytes, "the SNP report");
        let version = from.u32()?;
        if !VERSIONS.contains(&version) {
            return Err(reject(Reason::Unsupported, format!("an SNP report of version {version}")));
        }
        let report = Self::body(version, &mut from, &bytes[..SIGNED_BYTES])?;
        Ok(Self { signature: signature(&mut from)?, ..report })
    }

    fn body(version: u32, from: &mut Bytes<'a>, signed: &'a [u8]) -> Result<Self, Rejection> {
        let guest_svn = from.u32()?;
        let policy = GuestPolicy(from.u64()?);
        let (family_id, image_id) = (from.array()?, from.array()?);
        let vmpl = from.u32()?;
        let algorithm = from.u32()?;
        if algorithm != ECDSA_P384_SHA384 {
            return Err(reject(
                Reason::Unsupported,
                format!("an SNP report signed by algorithm {algorithm}"),
            ));
        }
        let (current_tcb, platform_info, flags) = (from.array()?, from.u64()?, from.u32()?);
        from.take(4)?;
        let report_data = from.array()?;
        let (measurement, host_data) = (from.array()?, from.array()?);
        let (id_key_digest, author_key_digest) = (from.array()?, from.array()?);
        let (report_id, report_id_ma) = (from.array()?, from.array()?);
        let reported_tcb = from.array()?;
        let cpuid = from.array::<3>()?;
        from.take(21)?;
        let (chip_id, committed_tcb) = (from.array()?, from.array()?);
        let current_version = from.array()?;
        from.take(1)?;
        let committed_version = from.array()?;
        from.take(1)?;
        let launch_tcb = from.array()?;
        let mitigations = [from.u64()?, from.u64()?];
        from.take(152)?;
        Ok(Self {
            version,
            guest_svn,
            policy,
            family_id,
            image_id,
            vmpl,
            current_tcb,
            platform_info,
            author_key_enabled: flags & 1 != 0,
            chip_key_masked: flags & 2 != 0,
            signing_key: (flags >> 2 & 7) as u8,
            report_data,
            measurement,
            host_data,
            id_key_digest,
            author_key_digest,
            report_id,
            report_id_ma,
            reported_tcb,
            cpuid: (version >= 3).then_some(cpuid),
            chip_id,
            committed_tcb,
            current_version,
            committed_version,
            launch_tcb,
            mitigations: (version >= 5).then_some(mitigations),
            signed,
            signature: [0; 2 * SCALAR_BYTES],
        })
    }

    /// Every field, readable.
    pub fn fields(&self) -> Vec<Field> {
        let version = |[build, minor, major]: [u8; 3]| format!("{major}.{minor}.{build}");
        let mut fields = vec![
            Field::new("version", self.version),
            Field::new("guest_svn", self.guest_svn),
            Field::new("policy", format!("{:#x}", self.policy.0)),
            Field::new("policy.debug", self.policy.debug()),
            Field::new("policy.migrate_ma", self.policy.migration_agent()),
            Field::bytes("family_id", &self.family_id),
            Field::bytes("image_id", &self.image_id),
            Field::new("vmpl", self.vmpl),
            Field::bytes("current_tcb", &self.current_tcb),
            Field::new("platform_info", format!("{:#x}", self.platform_info)),
            Field::new("author_key_en", self.author_key_enabled),
            Field::new("mask_chip_key", self.chip_key_masked),
            Field::new("signing_key", signing_key_name(self.signing_key)),
            Field::bytes("report_data", &self.report_data),
            Field::bytes("measurement", &self.measurement),
            Field::bytes("host_data", &self.host_data),
            Field::bytes("id_key_digest", &self.id_key_digest),
            Field::bytes("author_key_digest", &self.author_key_digest),
            Field::bytes("report_id", &self.report_id),
            Field::bytes("report_id_ma", &self.report_id_ma),
            Field::bytes("reported_tcb", &self.reported_tcb),
        ];
        if let Some(cpuid) = self.cpuid {
            fields.push(Field::bytes("cpuid_fms", &cpuid));
        }
        fields.extend([
            Field::bytes("chip_id", &self.chip_id),
            Field::bytes("committed_tcb", &self.committed_tcb),
            Field::new("current_version", version(self.current_version)),
            Field::new("committed_version", version(self.committed_version)),
            Field::bytes("launch_tcb", &self.launch_tcb),
        ]);
        if let Some([launch, current]) = self.mitigations {
            fields.push(Field::new("launch_mit_vector", format!("{launch:#x}")));
            fields.push(Field::new("current_mit_vector", format!("{current:#x}")));
        }
        fields.push(Field::bytes("signature", &self.signature));
        fields
    }
}

fn signing_key_name(key: u8) -> &'static str {
    match key {
        0 => "VCEK",
        1 => "VLEK",
        7 => "none",
        _ => "reserved",
    }
}

/// r and s, each 72 bytes little-endian of which a scalar fills 48, then bytes that nothing protects: all
/// that is not a scalar must be zero, or one report would have many forms.
fn signature(from: &mut Bytes<'_>) -> Result<[u8; 2 * SCALAR_BYTES], Rejection> {
    let mut signature = [0; 2 * SCALAR_BYTES];
    for half in signature.chunks_exact_mut(SCALAR_BYTES) {
        half.copy_from_slice(from.take(SCALAR_BYTES)?);
        half.reverse();
        from.zeros(72 - SCALAR_BYTES)?;
    }
    from.zeros(REPORT_BYTES - SIGNED_BYTES - 2 * 72)?;
    Ok(signature)
}
