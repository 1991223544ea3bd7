//! `quorate-multisig`: ML-DSA-87, and certificates of many signers.

use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{Buffer, Env, Object};
use napi_derive::napi;
use quorate_multisig::certificate::{MessageHash, context, statement};
use quorate_multisig::provider::{MlDsa, Provider, Randomness};
use quorate_multisig::{
    AggregatedSignature, CertificateFault, Config, MultiSignatureManager, MultisigError, PartialSignature,
    SecretKey, Validator, VerifyingKey, default_signer,
};

use crate::failure::{HandleError, Outcome, guard, open};
use crate::run::NativeRun;

/// Expanded keys that are kept for single verifications, the one used last at the end: 16 MiB.
const KEYS_KEPT_MAX: usize = 256;

/// A key pair.
#[napi(object)]
pub struct NativeKeyPair {
    /// 2592 bytes.
    pub public_key: Buffer,
    /// 4896 bytes.
    pub secret_key: Buffer,
}

/// The key pair of a seed of 32 bytes.
#[napi]
pub fn ml_dsa_key_pair(seed: Buffer) -> Outcome<NativeKeyPair> {
    guard(|| {
        MultisigError::check_length("seed", seed.len(), quorate_multisig::SEED_BYTES)?;
        let pair = MlDsa.key_pair(&array(&seed))?;
        let secret_key = pair.secret_key.as_bytes().to_vec().into();
        Ok::<_, MultisigError>(NativeKeyPair { public_key: pair.public_key.into(), secret_key })
    })
}

/// Signs; hedged unless it is asked to be deterministic.
#[napi]
pub fn ml_dsa_sign(
    secret_key: Buffer,
    message: Buffer,
    context: Buffer,
    deterministic: bool,
) -> Outcome<Buffer> {
    guard(|| {
        let randomness = if deterministic { Randomness::Deterministic } else { Randomness::System };
        let key = SecretKey::from_bytes(&secret_key)?;
        default_signer(randomness).sign(&key, &message, &context, randomness).map(Buffer::from)
    })
}

/// Whether a signature holds.
#[napi]
pub fn ml_dsa_verify(
    public_key: Buffer,
    message: Buffer,
    context: Buffer,
    signature: Buffer,
) -> Outcome<bool> {
    guard(|| {
        MultisigError::check_context(&context)?;
        Ok::<_, MultisigError>(kept_key(&public_key)?.verify(&message, &context, &signature))
    })
}

/// The expanded key; keys that were used last are kept.
fn kept_key(public_key: &[u8]) -> Result<Arc<VerifyingKey>, MultisigError> {
    static KEPT: Mutex<Vec<Arc<VerifyingKey>>> = Mutex::new(Vec::new());
    // A panic here leaves a list of whole keys.
    let lock = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut kept = lock();
    if let Some(at) = kept.iter().rposition(|key| key.as_bytes() == public_key) {
        let key = kept.remove(at);
        kept.push(Arc::clone(&key));
        return Ok(key);
    }
    drop(kept);
    let key = Arc::new(VerifyingKey::expand(public_key)?);
    let mut kept = lock();
    if kept.len() == KEYS_KEPT_MAX {
        kept.remove(0);
    }
    kept.push(Arc::clone(&key));
    Ok(key)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[..N]);
    array
}

fn message_hash(bytes: &[u8]) -> Result<MessageHash, MultisigError> {
    MultisigError::check_length("messageHash", bytes.len(), 32)?;
    Ok(array(bytes))
}

/// What a validator signs for a message in an epoch.
#[napi]
pub fn multisig_statement(epoch: f64, message: Buffer) -> Outcome<Buffer> {
    guard(|| message_hash(&message).map(|hash| statement(epoch as u64, &hash).into()))
}

/// The context that statements are signed under.
#[napi]
pub fn multisig_context() -> Buffer {
    context().to_vec().into()
}

/// A validator.
#[napi(object)]
pub struct NativeValidator {
    /// Its id.
    pub node_id: String,
    /// A whole number.
    pub weight: f64,
}

/// One node's signature.
#[napi(object)]
pub struct NativePartialSignature {
    /// Whose it claims to be.
    pub node_id: String,
    /// A whole number.
    pub epoch: f64,
    /// 32 bytes.
    pub message_hash: Buffer,
    /// 4627 bytes.
    pub signature: Buffer,
}

/// Figures of a manager.
#[napi(object)]
pub struct NativeMultisigMetrics {
    /// Signatures that counted.
    pub signatures_collected: f64,
    /// Signatures that were refused.
    pub signatures_rejected: f64,
    /// Certificates made.
    pub aggregations_completed: f64,
}

/// What a certificate says, before its signatures are checked.
#[napi(object)]
pub struct NativeCertificateContent {
    /// The epoch.
    pub epoch: f64,
    /// 32 bytes.
    pub message_hash: Buffer,
    /// Positions of the signers.
    pub signers: Vec<u32>,
}

/// The first thing that is wrong with a certificate.
#[napi(object)]
pub struct NativeCertificateFault {
    /// Which kind of fault.
    pub fault: String,
    /// For a person.
    pub detail: String,
}

impl From<CertificateFault> for NativeCertificateFault {
    fn from(fault: CertificateFault) -> Self {
        let (fault, detail) = match fault {
            CertificateFault::ForeignEpoch(epoch) => ("FOREIGN_EPOCH", format!("it is of epoch {epoch}")),
            CertificateFault::UnknownSigner(at) => {
                ("UNKNOWN_SIGNER", format!("the epoch has no validator at position {at}"))
            }
            CertificateFault::NoKey(node) => ("NO_KEY", format!("no public key of {node} is registered")),
            CertificateFault::BelowThreshold { have, need } => {
                ("BELOW_THRESHOLD", format!("its signers weigh {have}, the threshold is {need}"))
            }
            CertificateFault::Surplus(node) => {
                ("SURPLUS", format!("it needs no signature of {node}: the others reach the threshold"))
            }
            CertificateFault::Invalid(node) => {
                ("INVALID_SIGNATURE", format!("the signature of {node} does not hold"))
            }
        };
        Self { fault: fault.to_owned(), detail }
    }
}

/// A manager of one epoch.
#[napi]
pub struct NativeMultisig {
    manager: Mutex<MultiSignatureManager>,
}

type Shared<T> = Result<T, HandleError<MultisigError>>;

#[napi]
impl NativeMultisig {
    /// Checks the configuration.
    #[napi]
    pub fn create(epoch: f64, validators: Vec<NativeValidator>, threshold: f64) -> Outcome<NativeMultisig> {
        guard(|| {
            let validator =
                |given: NativeValidator| Validator { node_id: given.node_id, weight: given.weight as u64 };
            let validators = validators.into_iter().map(validator).collect();
            let config = Config { epoch: epoch as u64, validators, threshold: threshold as u64 };
            let manager = Mutex::new(MultiSignatureManager::new(config)?);
            Ok::<_, MultisigError>(Self { manager })
        })
    }

    /// Registers a key.
    #[napi]
    pub fn register_public_key(&self, node_id: String, public_key: Buffer) -> Outcome<()> {
        guard(|| Shared::Ok(open(&self.manager)?.register_public_key(&node_id, &public_key)?))
    }

    /// Verifies and counts a signature; the weight collected so far.
    #[napi]
    pub fn add_partial_signature(&self, message: Buffer, partial: NativePartialSignature) -> Outcome<f64> {
        guard(|| {
            let hash = message_hash(&message)?;
            let partial = PartialSignature {
                node_id: partial.node_id,
                epoch: partial.epoch as u64,
                message_hash: message_hash(&partial.message_hash)?,
                signature: partial.signature.to_vec(),
            };
            let weight = open(&self.manager)?.add_partial_signature(&hash, &partial)?;
            Shared::Ok(weight as f64)
        })
    }

    /// The certificate, as bytes.
    #[napi]
    pub fn finalize_aggregation(&self, message: Buffer) -> Outcome<Buffer> {
        guard(|| {
            let hash = message_hash(&message)?;
            Shared::Ok(open(&self.manager)?.finalize_aggregation(&hash)?.encode().into())
        })
    }

    /// Forgets what was collected for a message.
    #[napi]
    pub fn discard(&self, message: Buffer) -> Outcome<()> {
        guard(|| {
            open(&self.manager)?.discard(&message_hash(&message)?);
            Shared::Ok(())
        })
    }

    /// Checks a certificate on the CPU pool; null where it holds.
    #[napi(ts_return_type = "Promise<NativeFailure | NativeCertificateFault | null>")]
    pub fn verify_aggregated_signature<'env>(
        &self,
        env: &'env Env,
        handle: &NativeRun,
        certificate: Buffer,
    ) -> napi::Result<Object<'env>> {
        // The lock is not held while signatures are checked: the JavaScript thread takes it, too.
        let roster = open::<_, MultisigError>(&self.manager).map(|manager| manager.roster());
        let bytes = certificate.to_vec();
        handle.spawn(env, 0, move |_| {
            let read = AggregatedSignature::decode(&bytes)?;
            let verdict = roster?.verify_aggregated_signature(&read);
            Shared::Ok(verdict.err().map(NativeCertificateFault::from))
        })
    }

    /// What a certificate says.
    #[napi]
    pub fn read(certificate: Buffer) -> Outcome<NativeCertificateContent> {
        guard(|| {
            let read = AggregatedSignature::decode(&certificate)?;
            Ok::<_, MultisigError>(NativeCertificateContent {
                epoch: read.epoch as f64,
                message_hash: read.message_hash.to_vec().into(),
                signers: read.signatures.iter().map(|(signer, _)| u32::from(*signer)).collect(),
            })
        })
    }

    /// Figures so far.
    #[napi]
    pub fn metrics(&self) -> Outcome<NativeMultisigMetrics> {
        guard(|| {
            let metrics = open::<_, MultisigError>(&self.manager)?.metrics();
            Shared::Ok(NativeMultisigMetrics {
                signatures_collected: metrics.signatures_collected as f64,
                signatures_rejected: metrics.signatures_rejected as f64,
                aggregations_completed: metrics.aggregations_completed as f64,
            })
        })
    }
}
