//! `quorate-attestation`: evidence in, verdicts out.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use napi::bindgen_prelude::{Buffer, Env, Object};
use napi_derive::napi;
use quorate_attestation::certificate::PublicKey;
use quorate_attestation::policy::{IntelPolicy, SnpPolicy, SnpTcbMin};
use quorate_attestation::{
    AnchorVendor, Anchors, AttestationError, Collateral, Context, EndorsedKey, Evidence, Field, Format,
    KnownGood, Policy, Reason, Register, Submission, Vendor, Verdict, verify_batch,
};
use quorate_types::Control;

use crate::failure::{HandleError, Outcome, guard, open};
use crate::run::NativeRun;

/// Names of the forms of evidence.
#[napi]
pub fn evidence_formats() -> Vec<String> {
    Format::ALL.iter().map(|format| format.name().to_owned()).collect()
}

/// Names of the reasons of a rejection.
#[napi]
pub fn rejection_reasons() -> Vec<String> {
    Reason::ALL.iter().map(|reason| reason.name().to_owned()).collect()
}

/// Names of the vendors a verdict can name.
#[napi]
pub fn attested_vendors() -> Vec<String> {
    Vendor::ALL.iter().map(|vendor| vendor.name().to_owned()).collect()
}

/// The form of evidence by its first bytes; null where none fits.
#[napi]
pub fn evidence_format_of(body: Buffer) -> Option<String> {
    Format::detect(&body).map(|format| format.name().to_owned())
}

/// One field of evidence.
#[napi(object)]
pub struct NativeEvidenceField {
    /// Name in the format's specification.
    pub name: String,
    /// Decimal, hexadecimal or text.
    pub value: String,
}

/// What evidence says, field by field.
#[napi]
pub fn inspect_evidence(format: String, body: Buffer) -> Outcome<Vec<NativeEvidenceField>> {
    guard(|| {
        let evidence = Evidence::read(format_named(&format)?, body.to_vec(), Vec::new());
        let fields = evidence.and_then(|evidence| evidence.fields());
        let shown = |Field { name, value }| NativeEvidenceField { name, value };
        let fields = fields.map_err(|rejection| rejection.of_document("body"))?;
        Ok::<_, AttestationError>(fields.into_iter().map(shown).collect())
    })
}

fn format_named(name: &str) -> Result<Format, AttestationError> {
    Format::from_name(name).ok_or_else(|| unknown("format", name))
}

fn unknown(field: &str, name: &str) -> AttestationError {
    let detail = format!("{name} is not known");
    quorate_attestation::Rejection { reason: Reason::Unsupported, detail }.of_document(field)
}

/// Collateral, parsed, with the signatures that were found good about it.
#[napi]
#[derive(Default)]
pub struct NativeCollateral {
    pub(crate) held: Mutex<Arc<Collateral>>,
    known_good: Arc<KnownGood>,
}

type Shared<T> = Result<T, HandleError<AttestationError>>;

#[napi]
impl NativeCollateral {
    /// Holds nothing but what is compiled in.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a document: `certificates`, `crls`, `tcb_info`, `identity`, or a `bundle` of Intel's.
    #[napi]
    pub fn add(&self, kind: String, document: Buffer) -> Outcome<()> {
        guard(|| {
            let mut held = open::<_, AttestationError>(&self.held)?;
            let collateral = Arc::make_mut(&mut held);
            let added = match kind.as_str() {
                "certificates" => collateral.add_certificates(&document),
                "crls" => collateral.add_crls(&document),
                "tcb_info" => collateral.add_tcb_info(&document),
                "identity" => collateral.add_identity(&document),
                "bundle" => collateral.add_intel_bundle(&document),
                _ => return Err(unknown("kind", &kind).into()),
            };
            Shared::Ok(added.map_err(|rejection| rejection.of_document("document"))?)
        })
    }
}

/// Roots and keys that are trusted besides the pinned ones.
#[napi]
#[derive(Default)]
pub struct NativeAnchors {
    pub(crate) held: Mutex<Arc<Anchors>>,
}

#[napi]
impl NativeAnchors {
    /// Trusts the pinned roots alone.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts a root.
    #[napi]
    pub fn add(&self, name: String, vendor: String, certificate: Buffer, demo: bool) -> Outcome<()> {
        guard(|| {
            let vendor = AnchorVendor::ALL.into_iter().find(|known| known.name() == vendor);
            let vendor = vendor.ok_or_else(|| unknown("vendor", "this vendor"))?;
            let mut held = open::<_, AttestationError>(&self.held)?;
            let added = Arc::make_mut(&mut held).add(&name, vendor, &certificate, demo);
            Shared::Ok(added.map_err(|rejection| rejection.of_document("certificate"))?)
        })
    }

    /// Trusts the key of one Arm device.
    #[napi]
    pub fn endorse(&self, key: NativeEndorsedKey) -> Outcome<()> {
        guard(|| {
            let key = EndorsedKey::try_from(key)?;
            let mut held = open::<_, AttestationError>(&self.held)?;
            let endorsed = Arc::make_mut(&mut held).endorse(vec![key]);
            Shared::Ok(endorsed.map_err(|rejection| rejection.of_document("device"))?)
        })
    }

    /// Trusts the keys of the Arm devices in a document; gives how many.
    #[napi]
    pub fn add_endorsements(&self, endorser: String, document: Buffer, demo: bool) -> Outcome<u32> {
        guard(|| {
            let mut held = open::<_, AttestationError>(&self.held)?;
            let added = Arc::make_mut(&mut held).add_endorsements(&endorser, &document, demo);
            Shared::Ok(added.map_err(|rejection| rejection.of_document("document"))? as u32)
        })
    }
}

/// The key of one Arm device.
#[napi(object)]
pub struct NativeEndorsedKey {
    /// 32 bytes.
    pub implementation_id: Buffer,
    /// 33 bytes, with the type.
    pub instance_id: Buffer,
    /// JWK, PEM or DER.
    pub key: Buffer,
    /// Who endorses it.
    pub endorser: String,
    /// UTC milliseconds.
    pub valid_from: f64,
    /// UTC milliseconds; absent: without an end.
    pub valid_until: Option<f64>,
    /// Made for a simulated machine.
    pub demo: bool,
}

impl TryFrom<NativeEndorsedKey> for EndorsedKey {
    type Error = AttestationError;

    fn try_from(key: NativeEndorsedKey) -> Result<Self, AttestationError> {
        let read = PublicKey::from_document(&key.key);
        Ok(Self {
            implementation_id: key.implementation_id.to_vec(),
            instance_id: key.instance_id.to_vec(),
            key: read.map_err(|rejection| rejection.of_document("key"))?,
            endorser: key.endorser,
            valid_from: key.valid_from as u64,
            valid_until: key.valid_until.map(|until| until as u64),
            demo: key.demo,
        })
    }
}

/// What is accepted.
#[napi(object)]
pub struct NativeEvidencePolicy {
    /// TEEs in debug mode.
    pub debug_allowed: bool,
    /// Anchors made for simulated machines.
    pub demo_allowed: bool,
    /// Only evidence that answers a challenge.
    pub fresh_required: bool,
    /// Only evidence that names a machine.
    pub identity_required: bool,
    /// Only chains with a current CRL of each issuer.
    pub revocation_required: bool,
    /// Only these measurements.
    pub measurements: Option<Vec<Buffer>>,
    /// Only these values of registers.
    pub registers: Vec<NativeRegisterRule>,
    /// Machines and platforms that are rejected.
    pub blocked: Vec<String>,
    /// Of AMD SEV-SNP.
    pub snp: NativeSnpPolicy,
    /// Of Intel TDX and SGX.
    pub intel: NativeIntelPolicy,
    /// AWS Nitro documents.
    pub nitro_accepted: bool,
}

/// What is accepted of a register.
#[napi(object)]
pub struct NativeRegisterRule {
    /// Such as `pcr7`.
    pub name: String,
    /// Its accepted values.
    pub values: Vec<Buffer>,
}

/// A register that is extended at run time.
#[napi(object)]
pub struct NativeRegister {
    /// Such as `pcr7`.
    pub name: String,
    /// Its value.
    pub value: Buffer,
}

/// What is asked of SEV-SNP reports.
#[napi(object)]
pub struct NativeSnpPolicy {
    /// FMC, boot loader, TEE, SNP, microcode.
    pub tcb_min: Vec<u32>,
    /// Highest privilege level.
    pub vmpl_max: u32,
    /// SVSMs above level 0.
    pub svsm_measurements: Option<Vec<Buffer>>,
    /// Keys of clouds.
    pub vlek_allowed: bool,
    /// Guests with a migration agent.
    pub migration_agent_allowed: bool,
}

/// What is asked of TDX and SGX quotes.
#[napi(object)]
pub struct NativeIntelPolicy {
    /// Statuses of a TCB level.
    pub tcb_statuses: Vec<String>,
    /// Advisories that may apply; absent: any.
    pub advisories: Option<Vec<String>>,
    /// Lowest evaluation number.
    pub evaluation_number_min: u32,
    /// TDs with a service TD.
    pub service_td_allowed: bool,
    /// TDs whose host can raise exceptions in them.
    pub sept_ve_allowed: bool,
}

fn listed(measurements: Option<Vec<Buffer>>) -> Option<BTreeSet<Vec<u8>>> {
    measurements.map(|listed| set(&listed))
}

fn set(values: &[Buffer]) -> BTreeSet<Vec<u8>> {
    values.iter().map(|value| value.to_vec()).collect()
}

impl From<NativeEvidencePolicy> for Policy {
    fn from(policy: NativeEvidencePolicy) -> Self {
        Self {
            debug_allowed: policy.debug_allowed,
            demo_allowed: policy.demo_allowed,
            fresh_required: policy.fresh_required,
            identity_required: policy.identity_required,
            revocation_required: policy.revocation_required,
            measurements: listed(policy.measurements),
            registers: policy.registers.into_iter().map(|rule| (rule.name, set(&rule.values))).collect(),
            blocked: policy.blocked.into_iter().collect(),
            snp: policy.snp.into(),
            intel: policy.intel.into(),
            nitro_accepted: policy.nitro_accepted,
        }
    }
}

impl From<NativeSnpPolicy> for SnpPolicy {
    fn from(policy: NativeSnpPolicy) -> Self {
        let least =
            |at: usize| policy.tcb_min.get(at).map_or(0, |least| u8::try_from(*least).unwrap_or(u8::MAX));
        let [fmc, boot_loader, tee, snp, microcode] = [0, 1, 2, 3, 4].map(least);
        Self {
            tcb_min: SnpTcbMin { fmc, boot_loader, tee, snp, microcode },
            vmpl_max: u8::try_from(policy.vmpl_max).unwrap_or(u8::MAX),
            svsm_measurements: listed(policy.svsm_measurements),
            vlek_allowed: policy.vlek_allowed,
            migration_agent_allowed: policy.migration_agent_allowed,
        }
    }
}

impl From<NativeIntelPolicy> for IntelPolicy {
    fn from(policy: NativeIntelPolicy) -> Self {
        Self {
            tcb_statuses: policy.tcb_statuses.into_iter().collect(),
            advisories: policy.advisories.map(|allowed| allowed.into_iter().collect()),
            evaluation_number_min: policy.evaluation_number_min,
            service_td_allowed: policy.service_td_allowed,
            sept_ve_allowed: policy.sept_ve_allowed,
        }
    }
}

/// Evidence as it was submitted.
#[napi(object)]
pub struct NativeEvidence {
    /// Its form.
    pub format: String,
    /// Its bytes.
    pub body: Buffer,
    /// Certificates in DER that came beside it.
    pub certificates: Vec<Buffer>,
    /// The challenge it has to answer.
    pub challenge: Option<Buffer>,
}

impl TryFrom<NativeEvidence> for Submission {
    type Error = AttestationError;

    fn try_from(evidence: NativeEvidence) -> Result<Self, AttestationError> {
        Ok(Self {
            format: format_named(&evidence.format)?,
            body: evidence.body.to_vec(),
            certificates: evidence.certificates.iter().map(|der| der.to_vec()).collect(),
            challenge: evidence.challenge.map(|challenge| challenge.to_vec()),
        })
    }
}

/// The answer to a piece of evidence; `accepted` or `rejected` is there.
#[napi(object)]
pub struct NativeEvidenceVerdict {
    /// What was proved.
    pub accepted: Option<NativeAccepted>,
    /// Why nothing was.
    pub rejected: Option<NativeRejected>,
}

/// What accepted evidence proves.
#[napi(object, use_nullable = true)]
pub struct NativeAccepted {
    /// Who makes the TEE.
    pub vendor: String,
    /// Product line.
    pub product: String,
    /// Firmware level by component.
    pub tcb: String,
    /// What the vendor says of it.
    pub tcb_status: Option<String>,
    /// UTC milliseconds of the newest issue that it mends.
    pub tcb_date: Option<f64>,
    /// Advisories that apply to it.
    pub advisories: Vec<String>,
    /// Launch measurement.
    pub measurement: Buffer,
    /// Registers extended at run time.
    pub registers: Vec<NativeRegister>,
    /// Data bound by the guest.
    pub report_data: Buffer,
    /// Identity of the chip or platform.
    pub machine_identity: Option<String>,
    /// Debug mode.
    pub debug: bool,
    /// UTC milliseconds.
    pub valid_until: f64,
    /// The root or the owner of the key.
    pub endorser: String,
    /// `pinned`, `configured` or `demo`.
    pub trust: String,
    /// Whether it answers the challenge.
    pub fresh: bool,
    /// Whether a current CRL was there for each certificate.
    pub revocation_checked: bool,
}

/// Why evidence proves nothing.
#[napi(object)]
pub struct NativeRejected {
    /// To decide by.
    pub reason: String,
    /// For a person.
    pub detail: String,
}

impl From<Verdict> for NativeEvidenceVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accepted(accepted) => Self { accepted: Some((*accepted).into()), rejected: None },
            Verdict::Rejected(rejection) => {
                let reason = rejection.reason.name().to_owned();
                Self { accepted: None, rejected: Some(NativeRejected { reason, detail: rejection.detail }) }
            }
        }
    }
}

impl From<Register> for NativeRegister {
    fn from(Register { name, value }: Register) -> Self {
        Self { name, value: value.into() }
    }
}

impl From<quorate_attestation::Accepted> for NativeAccepted {
    fn from(accepted: quorate_attestation::Accepted) -> Self {
        Self {
            vendor: accepted.vendor.name().to_owned(),
            product: accepted.product,
            tcb: accepted.tcb.version,
            tcb_status: accepted.tcb.status,
            tcb_date: accepted.tcb.date.map(|date| date as f64),
            advisories: accepted.tcb.advisories,
            measurement: accepted.measurement.into(),
            registers: accepted.registers.into_iter().map(NativeRegister::from).collect(),
            report_data: accepted.report_data.into(),
            machine_identity: accepted.machine,
            debug: accepted.debug,
            valid_until: accepted.valid_until as f64,
            endorser: accepted.endorser.name,
            trust: accepted.endorser.trust.name().to_owned(),
            fresh: accepted.fresh,
            revocation_checked: accepted.revocation_checked,
        }
    }
}

/// What a batch is judged by.
#[napi(object)]
pub struct NativeJudgement {
    /// UTC milliseconds.
    pub time: f64,
    /// What is accepted.
    pub policy: NativeEvidencePolicy,
}

/// Judges evidence; verdicts in order.
#[napi(ts_return_type = "Promise<NativeFailure | Array<NativeEvidenceVerdict>>")]
pub fn verify_evidence<'env>(
    env: &'env Env,
    handle: &NativeRun,
    evidence: Vec<NativeEvidence>,
    judgement: NativeJudgement,
    collateral: &NativeCollateral,
    anchors: &NativeAnchors,
) -> napi::Result<Object<'env>> {
    let held = open(&collateral.held).map(|held| Arc::clone(&held));
    let trusted = open(&anchors.held).map(|held| Arc::clone(&held));
    let known_good = Arc::clone(&collateral.known_good);
    let policy = Policy::from(judgement.policy);
    let time = judgement.time as u64;
    let submissions: Result<Vec<_>, _> = evidence.into_iter().map(Submission::try_from).collect();
    handle.spawn(env, 0, move |control| {
        let (held, trusted) = (held?, trusted?);
        let (collateral, anchors, policy) = (&*held, &*trusted, &policy);
        let context = Context { time, collateral, anchors, policy, known_good: &known_good };
        judge(submissions?, &context, control)
    })
}

fn judge(
    submissions: Vec<Submission>,
    context: &Context<'_>,
    control: &dyn Control,
) -> Shared<Vec<NativeEvidenceVerdict>> {
    Ok(verify_batch(submissions, context, control)?.into_iter().map(NativeEvidenceVerdict::from).collect())
}
