//! Witnesses: they cosign a checkpoint where it extends the last one they cosigned (C2SP tlog-cosignature,
//! tlog-witness), so that a log cannot show different histories to different people.

use std::collections::BTreeMap;

use crate::checkpoint::{Checkpoint, CheckpointRefusal, verify_checkpoint};
use crate::error::MerkleError;
use crate::hash::Hash;
use crate::key::{NoteSigner, NoteVerifier, sign_line};
use crate::note::{Note, SignatureLine};
use crate::verify::{Refusal, verify_consistency};

/// Logs that one witness follows.
pub const LOGS_MAX: usize = 10_000;
/// The specification bounds times by the signed 64-bit range.
const TIMESTAMP_MAX: u64 = i64::MAX as u64;
const TIMESTAMP_BYTES: usize = 8;

/// Why a witness did not cosign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The log's own signature does not hold.
    Checkpoint(CheckpointRefusal),
    /// The witness has cosigned a larger tree of this log.
    Smaller {
        /// Leaves of the tree it cosigned last.
        signed: u64,
    },
    /// The tree does not continue the one that the witness cosigned last.
    Inconsistent(Refusal),
    /// The witness follows as many logs as it can.
    TooManyLogs,
    /// The time is beyond what a cosignature can carry.
    Time,
    /// The witness's key did not sign.
    Signer(MerkleError),
}

/// The state of a witness: the last head it cosigned of each log.
///
/// A caller makes the state durable before it hands a cosignature out: a witness that forgets can be shown
/// two histories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    heads: BTreeMap<String, (u64, Hash)>,
}

impl Witness {
    /// A witness of the heads that were cosigned before, by origin.
    pub fn new(heads: BTreeMap<String, (u64, Hash)>) -> Self {
        Self { heads }
    }

    /// The last cosigned heads, by origin.
    pub fn heads(&self) -> &BTreeMap<String, (u64, Hash)> {
        &self.heads
    }

    /// Cosigns a checkpoint that every one of the log's `keys` signed, at `time_s` (seconds since 1970),
    /// where `proof` shows that it extends the last head; the first checkpoint of a log needs none. Nothing
    /// changes on a refusal.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn cosign(
        &mut self,
        note: &[u8],
        proof: &[Hash],
        keys: &[&dyn NoteVerifier],
        signer: &dyn NoteSigner,
        time_s: u64,
    ) -> Result<SignatureLine, Refused> {
        let checkpoint = verify_checkpoint(note, keys).map_err(Refused::Checkpoint)?;
        let note = Note::parse(note);
        let note = note.map_err(|error| Refused::Checkpoint(CheckpointRefusal::Malformed(error)))?;
        self.check(&checkpoint, proof)?;
        if time_s > TIMESTAMP_MAX {
            return Err(Refused::Time);
        }
        let message = message_at(&note.text, time_s);
        let mut line = sign_line(signer, &message).map_err(Refused::Signer)?;
        line.signature.splice(0..0, time_s.to_be_bytes());
        self.heads.insert(checkpoint.origin, (checkpoint.size, checkpoint.root));
        Ok(line)
    }

    fn check(&self, checkpoint: &Checkpoint, proof: &[Hash]) -> Result<(), Refused> {
        let Some((size, root)) = self.heads.get(&checkpoint.origin) else {
            return if self.heads.len() < LOGS_MAX { Ok(()) } else { Err(Refused::TooManyLogs) };
        };
        if checkpoint.size < *size {
            return Err(Refused::Smaller { signed: *size });
        }
        if *size == 0 && checkpoint.size > 0 {
            // Every tree continues the one without leaves.
            return if proof.is_empty() { Ok(()) } else { Err(Refused::Inconsistent(Refusal::ProofTooLong)) };
        }
        if *size == 0 {
            let same = *root == checkpoint.root;
            return if same { Ok(()) } else { Err(Refused::Inconsistent(Refusal::RootMismatch)) };
        }
        verify_consistency(*size, checkpoint.size, root, &checkpoint.root, proof)
            .map_err(Refused::Inconsistent)
    }
}

fn message_at(text: &str, time_s: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {time_s}\n{text}").into_bytes()
}

/// What a cosignature signs, and the signature without its time.
pub(crate) fn cosigned_message<'line>(text: &str, signature: &'line [u8]) -> Option<(Vec<u8>, &'line [u8])> {
    let (time, signature) = signature.split_first_chunk::<TIMESTAMP_BYTES>()?;
    let time_s = u64::from_be_bytes(*time);
    (time_s <= TIMESTAMP_MAX).then(|| (message_at(text, time_s), signature))
}
