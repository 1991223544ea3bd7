//! Proofs that an entry is in a log, with all that a third party needs beside the keys (C2SP tlog-proof).

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointRefusal, verify_checkpoint};
use crate::error::MerkleError;
use crate::hash::Hash;
use crate::key::NoteVerifier;
use crate::note::{NOTE_BYTES_MAX, Note};
use crate::text::{decimal, decode_base64, encode_base64};
use crate::verify::{Refusal, verify_inclusion};

/// Largest proof that is read: a checkpoint, and what stands before it.
pub const LOG_PROOF_BYTES_MAX: usize = NOTE_BYTES_MAX + 128 * 1024;
/// A tree of 2^64 leaves has no more levels.
const HASHES_MAX: usize = 64;
const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A proof, parsed but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Data for the application that nothing protects.
    pub extra: Option<Vec<u8>>,
    /// The entry, counted from 0.
    pub index: u64,
    /// From the sibling of the leaf up to the child of the root.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, as the log served it.
    pub checkpoint: String,
}

impl LogProof {
    /// Reads a proof.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_PROOF` with the line at fault; what is wrong with the checkpoint in it comes out when
    /// it is verified.
    pub fn parse(bytes: &[u8]) -> Result<Self, MerkleError> {
        let at = |reason, line| MerkleError::Proof { reason, line };
        if bytes.len() > LOG_PROOF_BYTES_MAX {
            return Err(at("it is larger than 384 KiB", 1));
        }
        let text = str::from_utf8(bytes).map_err(|_| at("it is not UTF-8", 1))?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(at("it has no checkpoint", 1))?;
        let mut lines = (1..).zip(head.split('\n')).peekable();
        if lines.next().map(|(_, line)| line) != Some(FIRST_LINE) {
            return Err(at("it is no proof of version 1", 1));
        }
        let extra = lines.next_if(|(_, line)| line.starts_with("extra ")).map(|(number, line)| {
            decode_base64(&line["extra ".len()..]).ok_or(at("its extra data is not base64", number))
        });
        let index = lines.next().and_then(|(_, line)| decimal(line.strip_prefix("index ")?));
        let index = index.ok_or(at("it has no index", 2))?;
        let mut hashes = Vec::new();
        for (number, line) in lines {
            if hashes.len() == HASHES_MAX {
                return Err(at("it has more than 64 hashes", number));
            }
            let hash = decode_base64(line).and_then(|bytes| bytes.try_into().ok());
            hashes.push(hash.ok_or(at("this is no hash of 32 bytes", number))?);
        }
        Ok(Self { extra: extra.transpose()?, index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// The proof as text.
    pub fn encode(&self) -> String {
        let mut text = format!("{FIRST_LINE}\n");
        if let Some(extra) = &self.extra {
            text.push_str(&format!("extra {}\n", encode_base64(extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.hashes {
            text.push_str(&encode_base64(hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Whether `leaf` is in the log that every one of `keys` signed for; gives the checkpoint that says so.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(&self, leaf: &Hash, keys: &[&dyn NoteVerifier]) -> Result<Checkpoint, LogProofRefusal> {
        let checkpoint = verify_checkpoint(self.checkpoint.as_bytes(), keys)?;
        verify_inclusion(leaf, self.index, checkpoint.size, &self.hashes, &checkpoint.root)?;
        Ok(checkpoint)
    }

    /// The note of the checkpoint.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_NOTE`.
    pub fn note(&self) -> Result<Note, MerkleError> {
        Note::parse(self.checkpoint.as_bytes())
    }
}

/// The first thing that is wrong with a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogProofRefusal {
    /// Its checkpoint.
    Checkpoint(CheckpointRefusal),
    /// Its path from the entry to the root.
    Inclusion(Refusal),
}

impl LogProofRefusal {
    /// Its stable name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Checkpoint(refusal) => refusal.name(),
            Self::Inclusion(refusal) => refusal.name(),
        }
    }
}

impl fmt::Display for LogProofRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint(refusal) => refusal.fmt(out),
            Self::Inclusion(Refusal::RootMismatch) => {
                write!(out, "the entry is not the one at this index of the log")
            }
            Self::Inclusion(refusal) => write!(out, "its hashes prove nothing ({})", refusal.name()),
        }
    }
}

impl From<CheckpointRefusal> for LogProofRefusal {
    fn from(refusal: CheckpointRefusal) -> Self {
        Self::Checkpoint(refusal)
    }
}

impl From<Refusal> for LogProofRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Inclusion(refusal)
    }
}
