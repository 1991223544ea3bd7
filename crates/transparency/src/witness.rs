//! A witness of other logs, whose memory is a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use quorate_disk::{DirectoryLock, DiskError, replace};
use quorate_merkle::{Checkpoint, Hash, NoteVerifier, Witness};

use crate::error::TransparencyError;
use crate::key::WitnessKey;

/// A witness. What it cosigned last is on the disk before a cosignature is given away.
pub struct DirectoryWitness {
    key: WitnessKey,
    witness: Mutex<Witness>,
    directory: PathBuf,
    lock: Mutex<Option<DirectoryLock>>,
}

impl DirectoryWitness {
    /// Opens the witness in a directory, or makes it.
    ///
    /// # Errors
    /// Those of the disk, and `QRT_ERR_MERKLE_NOTE` where its memory is damaged: a witness that forgot can be
    /// shown two histories, so it does not begin anew.
    pub fn open(directory: &Path, key: WitnessKey, purpose: &str) -> Result<Self, TransparencyError> {
        let lock = DirectoryLock::acquire(directory, purpose)?;
        let path = directory.join("heads");
        let heads = match std::fs::read_to_string(&path) {
            Ok(text) => parse(&text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => {
                let (path, reason) = (path.display().to_string(), error.to_string());
                return Err(DiskError::Io { path, action: "reading it", reason }.into());
            }
        };
        let (witness, directory) = (Mutex::new(Witness::new(heads)), directory.to_owned());
        Ok(Self { key, witness, directory, lock: Mutex::new(Some(lock)) })
    }

    /// Cosigns a checkpoint that all `keys` of its log signed, where `proof` shows that it continues the last
    /// one; gives the line to add to the checkpoint. `time_s` is in seconds since 1970.
    ///
    /// # Errors
    /// [`TransparencyError::NotCosigned`], and those of the disk.
    pub fn cosign(
        &self,
        checkpoint: &[u8],
        proof: &[Hash],
        keys: &[&dyn NoteVerifier],
        time_s: u64,
    ) -> Result<String, TransparencyError> {
        let mut held = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
        if self.lock.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Err(DiskError::Closed { path: self.directory.display().to_string() }.into());
        }
        let mut next = held.clone();
        let line = next.cosign(checkpoint, proof, keys, self.key.signer(), time_s);
        let line = line.map_err(|refused| TransparencyError::refused(&refused))?;
        replace(&self.directory.join("heads"), text_of(next.heads()).as_bytes())?;
        *held = next;
        Ok(line.encode())
    }

    /// Leaves and root of the last cosigned tree of a log; none where there is none.
    pub fn head(&self, origin: &str) -> Option<(u64, Hash)> {
        self.witness.lock().unwrap_or_else(PoisonError::into_inner).heads().get(origin).copied()
    }

    /// Lets the directory go; nothing is cosigned any more.
    pub fn close(&self) {
        // Whoever cosigns at this moment ends first.
        let _held = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// The heads as the texts of checkpoints, one behind the other, each closed by an empty line.
fn text_of(heads: &BTreeMap<String, (u64, Hash)>) -> String {
    let text = |(origin, (size, root)): (&String, &(u64, Hash))| {
        let head = Checkpoint { origin: origin.clone(), size: *size, root: *root };
        format!("{}\n", head.text())
    };
    heads.iter().map(text).collect()
}

fn parse(text: &str) -> Result<BTreeMap<String, (u64, Hash)>, TransparencyError> {
    let heads = text.split_inclusive("\n\n").map(|block| {
        let head = Checkpoint::parse(block.strip_suffix('\n').unwrap_or(block))?;
        Ok((head.origin, (head.size, head.root)))
    });
    heads.collect()
}
