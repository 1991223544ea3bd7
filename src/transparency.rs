//! `quorate-transparency`: a log in a directory, proofs for those who have none, a witness.

use std::path::Path;
use std::sync::Arc;

use napi::bindgen_prelude::{BigInt, Buffer, Env, Null, Object};
use napi_derive::napi;
use quorate_merkle::{
    Checkpoint, CheckpointRefusal, LogProof, LogProofRefusal, NoteVerifier, VerifierKey, leaf_hash,
    verify_checkpoint,
};
use quorate_multisig::MultisigError;
use quorate_transparency::{
    DirectoryWitness, LogKey, SEED_BYTES, TransparencyError, TransparencyLog, WitnessKey, verifier,
};

use crate::failure::{Outcome, guard};
use crate::merkle::{flat, hashes, whole};
use crate::run::{NativeRun, reply};

type Fallible<T> = Result<T, TransparencyError>;

/// The secret of a log's two keys.
#[napi(object)]
pub struct NativeLogSecret {
    /// Name of the log.
    pub origin: String,
    /// 32 bytes.
    pub ed25519_seed: Buffer,
    /// 32 bytes.
    pub ml_dsa87_seed: Buffer,
}

fn seed(field: &'static str, bytes: &[u8]) -> Fallible<[u8; SEED_BYTES]> {
    MultisigError::check_length(field, bytes.len(), SEED_BYTES)?;
    let mut seed = [0; SEED_BYTES];
    seed.copy_from_slice(bytes);
    Ok(seed)
}

impl TryFrom<NativeLogSecret> for LogKey {
    type Error = TransparencyError;

    fn try_from(secret: NativeLogSecret) -> Fallible<Self> {
        let ed25519 = seed("ed25519Seed", &secret.ed25519_seed)?;
        Self::from_seeds(&secret.origin, &ed25519, &seed("mlDsa87Seed", &secret.ml_dsa87_seed)?)
    }
}

/// The public keys of a log, in the form of C2SP signed-note.
#[napi]
pub fn log_public_keys(secret: NativeLogSecret) -> Outcome<Vec<String>> {
    guard(|| Fallible::Ok(LogKey::try_from(secret)?.public().map(VerifierKey::encode).to_vec()))
}

/// The public key of a witness.
#[napi]
pub fn witness_public_key(name: String, key_seed: Buffer) -> Outcome<String> {
    guard(|| Fallible::Ok(WitnessKey::from_seed(&name, &seed("seed", &key_seed)?)?.public().encode()))
}

type Verifiers = Vec<Box<dyn NoteVerifier + Send + Sync>>;

fn verifiers(keys: &[String]) -> Fallible<Verifiers> {
    keys.iter().map(|text| verifier(VerifierKey::parse(text)?)).collect()
}

fn borrowed(verifiers: &Verifiers) -> Vec<&dyn NoteVerifier> {
    verifiers.iter().map(|verifier| verifier.as_ref() as &dyn NoteVerifier).collect()
}

/// Name and algorithm of a public key; a failure where it is none.
#[napi]
pub fn verifier_key(text: String) -> Outcome<NativeVerifierKey> {
    guard(|| {
        let key = VerifierKey::parse(&text)?;
        Fallible::Ok(NativeVerifierKey {
            name: key.name().to_owned(),
            algorithm: key.algorithm().name().to_owned(),
        })
    })
}

/// Whose a public key is.
#[napi(object)]
pub struct NativeVerifierKey {
    /// Of the log or the witness.
    pub name: String,
    /// What it signs with.
    pub algorithm: String,
}

/// The head of a log, or why it is not believed.
#[napi(object)]
pub struct NativeLogVerdict {
    /// What the log signed for.
    pub head: Option<NativeLogHead>,
    /// The first thing that is wrong.
    pub refused: Option<NativeLogFault>,
}

/// A signed head.
#[napi(object)]
pub struct NativeLogHead {
    /// Name of the log.
    pub origin: String,
    /// Entries.
    pub size: BigInt,
    /// Root of these entries.
    pub root: Buffer,
}

/// What is wrong.
#[napi(object)]
pub struct NativeLogFault {
    /// To decide by.
    pub fault: String,
    /// For a person.
    pub detail: String,
}

impl From<Result<Checkpoint, LogProofRefusal>> for NativeLogVerdict {
    fn from(verified: Result<Checkpoint, LogProofRefusal>) -> Self {
        match verified {
            Ok(Checkpoint { origin, size, root }) => {
                let head = NativeLogHead { origin, size: size.into(), root: root.to_vec().into() };
                Self { head: Some(head), refused: None }
            }
            Err(refusal) => {
                let (fault, detail) = (refusal.name().to_owned(), refusal.to_string());
                Self { head: None, refused: Some(NativeLogFault { fault, detail }) }
            }
        }
    }
}

/// Whether every key signed a checkpoint.
#[napi]
pub fn verify_log_checkpoint(checkpoint: Buffer, keys: Vec<String>) -> Outcome<NativeLogVerdict> {
    guard(|| {
        let verifiers = verifiers(&keys)?;
        let verified = verify_checkpoint(&checkpoint, &borrowed(&verifiers));
        Fallible::Ok(verified.map_err(LogProofRefusal::from).into())
    })
}

/// A proof, and whether it shows that the entry is in the log.
#[napi]
pub fn verify_log_proof(proof: Buffer, entry: Buffer, keys: Vec<String>) -> Outcome<NativeLogVerdict> {
    guard(|| {
        let verifiers = verifiers(&keys)?;
        let verified = LogProof::parse(&proof)
            .map_err(|error| CheckpointRefusal::Malformed(error).into())
            .and_then(|proof| proof.verify(&leaf_hash(&entry), &borrowed(&verifiers)));
        Fallible::Ok(verified.into())
    })
}

/// The index that a proof is for; a failure where it is no proof.
#[napi]
pub fn log_proof_index(proof: Buffer) -> Outcome<BigInt> {
    guard(|| Fallible::Ok(LogProof::parse(&proof)?.index.into()))
}

/// An open log.
#[napi]
pub struct NativeTransparencyLog {
    log: Arc<TransparencyLog>,
}

/// Opens the log in a directory.
#[napi(ts_return_type = "Promise<NativeFailure | NativeTransparencyLog>")]
pub fn open_transparency_log<'env>(
    env: &'env Env,
    handle: &NativeRun,
    directory: String,
    purpose: String,
) -> napi::Result<Object<'env>> {
    handle.spawn(env, 0, move |_| {
        let log = Arc::new(TransparencyLog::open(Path::new(&directory), &purpose)?);
        Fallible::Ok(NativeTransparencyLog { log })
    })
}

#[napi]
impl NativeTransparencyLog {
    /// Bytes of a torn tail that opening cut off.
    #[napi]
    pub fn torn_bytes(&self) -> f64 {
        self.log.recovered().torn_bytes as f64
    }

    /// Appends; resolves with the index of the first entry once all are on the disk.
    #[napi(ts_return_type = "Promise<NativeFailure | bigint>")]
    pub fn append<'env>(&self, env: &'env Env, entries: Vec<Buffer>) -> napi::Result<Object<'env>> {
        let entries = entries.iter().map(|entry| entry.to_vec()).collect();
        reply(env, |resolve| {
            self.log.append(entries, move |first| resolve(first.map(BigInt::from)));
        })
    }

    /// Signs for what is on the disk.
    #[napi(ts_return_type = "Promise<NativeFailure | string>")]
    pub fn sign<'env>(
        &self,
        env: &'env Env,
        handle: &NativeRun,
        secret: NativeLogSecret,
    ) -> napi::Result<Object<'env>> {
        let log = Arc::clone(&self.log);
        let key = LogKey::try_from(secret);
        handle.spawn(env, 0, move |_| log.sign(&key?))
    }

    /// Adds the line of a witness to the checkpoint.
    #[napi(ts_return_type = "Promise<NativeFailure | string>")]
    pub fn add_cosignature<'env>(
        &self,
        env: &'env Env,
        handle: &NativeRun,
        line: String,
        witness: String,
    ) -> napi::Result<Object<'env>> {
        let log = Arc::clone(&self.log);
        handle.spawn(env, 0, move |_| {
            let witness = verifier(VerifierKey::parse(&witness)?)?;
            log.add_cosignature(&line, witness.as_ref())
        })
    }

    /// The last signed checkpoint.
    #[napi]
    pub fn checkpoint(&self) -> Outcome<Option<String>> {
        guard(|| Fallible::Ok(self.log.checkpoint()))
    }

    /// Entries on the disk.
    #[napi]
    pub fn size(&self) -> Outcome<BigInt> {
        guard(|| Fallible::Ok(self.log.size().into()))
    }

    /// The root of the first entries.
    #[napi]
    pub fn root(&self, size: BigInt) -> Outcome<Buffer> {
        guard(|| Fallible::Ok(self.log.root(whole(&size))?.to_vec().into()))
    }

    /// The proof of an entry, as text.
    #[napi]
    pub fn prove(&self, index: BigInt) -> Outcome<String> {
        guard(|| Fallible::Ok(self.log.prove(whole(&index))?.encode()))
    }

    /// The path from an entry to the root of the first entries; one hash after the other.
    #[napi]
    pub fn prove_inclusion(&self, index: BigInt, size: BigInt) -> Outcome<Buffer> {
        guard(|| self.log.prove_inclusion(whole(&index), whole(&size)).map(flat))
    }

    /// That the first entries are the beginning of more; one hash after the other.
    #[napi]
    pub fn prove_consistency(&self, size1: BigInt, size2: BigInt) -> Outcome<Buffer> {
        guard(|| self.log.prove_consistency(whole(&size1), whole(&size2)).map(flat))
    }

    /// An entry.
    #[napi(ts_return_type = "Promise<NativeFailure | Buffer>")]
    pub fn entry<'env>(
        &self,
        env: &'env Env,
        handle: &NativeRun,
        index: BigInt,
    ) -> napi::Result<Object<'env>> {
        let (log, index) = (Arc::clone(&self.log), whole(&index));
        handle.spawn(env, 0, move |_| log.entry(index).map(Buffer::from))
    }

    /// The first entry with this content.
    #[napi(ts_return_type = "Promise<NativeFailure | bigint | null>")]
    pub fn find<'env>(
        &self,
        env: &'env Env,
        handle: &NativeRun,
        entry: Buffer,
    ) -> napi::Result<Object<'env>> {
        let (log, entry) = (Arc::clone(&self.log), entry.to_vec());
        handle.spawn(env, 0, move |_| Fallible::Ok(log.find(&entry).map(BigInt::from)))
    }

    /// A static file of the log.
    #[napi(ts_return_type = "Promise<NativeFailure | Buffer | null>")]
    pub fn file<'env>(&self, env: &'env Env, handle: &NativeRun, path: String) -> napi::Result<Object<'env>> {
        let log = Arc::clone(&self.log);
        handle.spawn(env, 0, move |_| Ok::<_, TransparencyError>(log.file(&path)?.map(Buffer::from)))
    }

    /// Writes what waits, then closes the log.
    #[napi(ts_return_type = "Promise<NativeFailure | null>")]
    pub fn close<'env>(&self, env: &'env Env, handle: &NativeRun) -> napi::Result<Object<'env>> {
        let log = Arc::clone(&self.log);
        handle.spawn(env, 0, move |_| {
            log.close();
            Fallible::Ok(Null)
        })
    }
}

/// A witness of logs.
#[napi]
pub struct NativeWitness {
    witness: Arc<DirectoryWitness>,
}

/// Opens the witness in a directory.
#[napi(ts_return_type = "Promise<NativeFailure | NativeWitness>")]
pub fn open_witness<'env>(
    env: &'env Env,
    handle: &NativeRun,
    directory: String,
    name: String,
    key_seed: Buffer,
    purpose: String,
) -> napi::Result<Object<'env>> {
    let key = seed("seed", &key_seed).and_then(|seed| WitnessKey::from_seed(&name, &seed));
    handle.spawn(env, 0, move |_| {
        let witness = Arc::new(DirectoryWitness::open(Path::new(&directory), key?, &purpose)?);
        Fallible::Ok(NativeWitness { witness })
    })
}

#[napi]
impl NativeWitness {
    /// Cosigns a checkpoint that continues the last one.
    #[napi(ts_return_type = "Promise<NativeFailure | string>")]
    pub fn cosign<'env>(
        &self,
        env: &'env Env,
        handle: &NativeRun,
        checkpoint: Buffer,
        proof: Buffer,
        keys: Vec<String>,
        time_s: f64,
    ) -> napi::Result<Object<'env>> {
        let (witness, checkpoint) = (Arc::clone(&self.witness), checkpoint.to_vec());
        let proof = proof.to_vec();
        handle.spawn(env, 0, move |_| {
            let no_hash = || TransparencyError::NotCosigned("a hash has not 32 bytes".to_owned());
            let (verifiers, proof) = (verifiers(&keys)?, hashes(&proof).ok_or_else(no_hash)?);
            witness.cosign(&checkpoint, proof, &borrowed(&verifiers), time_s as u64)
        })
    }

    /// Lets the directory go.
    #[napi]
    pub fn close(&self) -> Outcome<Null> {
        guard(|| {
            self.witness.close();
            Fallible::Ok(Null)
        })
    }

    /// Entries of the last cosigned head of a log.
    #[napi]
    pub fn size(&self, origin: String) -> Outcome<Option<BigInt>> {
        guard(|| Fallible::Ok(self.witness.head(&origin).map(|(size, _)| size.into())))
    }
}
