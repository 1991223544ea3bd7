//! Checkpoints: the head of a log in a signed note (C2SP tlog-checkpoint).

use std::fmt;

use crate::error::MerkleError;
use crate::hash::Hash;
use crate::key::{Algorithm, NoteSigner, NoteVerifier, sign_line};
use crate::note::{Note, SignatureLine};
use crate::text::{NAME_BYTES_MAX, decimal, decode_base64, encode_base64};
use crate::witness::cosigned_message;

/// What a log says of itself: so many leaves, with this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log, such as `example.com/log`.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// Root of these leaves.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads the text of a note. Extension lines are signed with it and mean nothing here.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_NOTE` with the line at fault.
    pub fn parse(text: &str) -> Result<Self, MerkleError> {
        let at = |reason, line| MerkleError::Note { reason, line };
        let body = text.strip_suffix('\n').ok_or(at("its text is cut off", 1))?;
        let mut lines = body.split('\n');
        let origin = lines.next().filter(|line| is_origin(line)).ok_or(at("it has no origin", 1))?;
        let size = lines.next().and_then(decimal).ok_or(at("its size is no number", 2))?;
        let root = lines.next().and_then(decode_base64).and_then(|bytes| bytes.try_into().ok());
        let root = root.ok_or(at("its root is no hash of 32 bytes", 3))?;
        if let Some(empty) = lines.position(str::is_empty) {
            return Err(at("it has an empty line", 4 + empty));
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, encode_base64(&self.root))
    }

    /// The checkpoint, signed by each of `signers` in turn.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_SIGNER`.
    pub fn sign(&self, signers: &[&dyn NoteSigner]) -> Result<Note, MerkleError> {
        let text = self.text();
        let sign = |signer: &&dyn NoteSigner| sign_line(*signer, text.as_bytes());
        let signatures = signers.iter().map(sign).collect::<Result<Vec<SignatureLine>, _>>()?;
        Ok(Note { text, signatures })
    }
}

/// Whether a log may be called so.
pub fn is_origin(text: &str) -> bool {
    !text.is_empty() && text.len() <= NAME_BYTES_MAX && !text.chars().any(char::is_control)
}

/// The first thing that is wrong with a signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointRefusal {
    /// It is no checkpoint.
    Malformed(MerkleError),
    /// Nobody was named who should have signed it.
    NoKeys,
    /// The key belongs to another log than the one that the checkpoint names.
    ForeignOrigin {
        /// Name of the key.
        key: String,
    },
    /// The key did not sign.
    MissingSignature {
        /// Name of the key.
        key: String,
    },
    /// The key's signature does not hold.
    BadSignature {
        /// Name of the key.
        key: String,
    },
}

impl CheckpointRefusal {
    /// Its stable name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "MALFORMED",
            Self::NoKeys => "NO_KEYS",
            Self::ForeignOrigin { .. } => "FOREIGN_ORIGIN",
            Self::MissingSignature { .. } => "MISSING_SIGNATURE",
            Self::BadSignature { .. } => "BAD_SIGNATURE",
        }
    }
}

impl fmt::Display for CheckpointRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(out),
            Self::NoKeys => write!(out, "no key was given that should have signed the checkpoint"),
            Self::ForeignOrigin { key } => write!(out, "the key {key} belongs to another log"),
            Self::MissingSignature { key } => write!(out, "the key {key} did not sign the checkpoint"),
            Self::BadSignature { key } => {
                write!(out, "the signature of the key {key} on the checkpoint does not hold")
            }
        }
    }
}

/// Reads a signed checkpoint. Every one of `keys` must have signed it, so that nobody can take the
/// post-quantum line away and leave the other; lines of other keys are ignored, as the specification asks.
///
/// Keys of a log must have its origin for a name; witnesses have names of their own.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_checkpoint(bytes: &[u8], keys: &[&dyn NoteVerifier]) -> Result<Checkpoint, CheckpointRefusal> {
    let note = Note::parse(bytes).map_err(CheckpointRefusal::Malformed)?;
    let checkpoint = Checkpoint::parse(&note.text).map_err(CheckpointRefusal::Malformed)?;
    if keys.is_empty() {
        return Err(CheckpointRefusal::NoKeys);
    }
    for verifier in keys {
        let key = verifier.key();
        let name = || key.name().to_owned();
        if key.algorithm() != Algorithm::CosignatureV1 && key.name() != checkpoint.origin {
            return Err(CheckpointRefusal::ForeignOrigin { key: name() });
        }
        let line = key.signature_on(&note);
        let line = line.ok_or_else(|| CheckpointRefusal::MissingSignature { key: name() })?;
        if !signed(*verifier, &note.text, line) {
            return Err(CheckpointRefusal::BadSignature { key: name() });
        }
    }
    Ok(checkpoint)
}

fn signed(verifier: &dyn NoteVerifier, text: &str, line: &SignatureLine) -> bool {
    match verifier.key().algorithm() {
        Algorithm::CosignatureV1 => cosigned_message(text, &line.signature)
            .is_some_and(|(message, signature)| verifier.verify(&message, signature)),
        Algorithm::Ed25519 | Algorithm::MlDsa87 => verifier.verify(text.as_bytes(), &line.signature),
    }
}
