//! The log: appended, signed for, proved.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use quorate_disk::{AppendLog, DirectoryLock, Recovered, replace};
use quorate_merkle::{
    BundleId, Checkpoint, CheckpointRefusal, ENTRY_BYTES_MAX, Hash, LogProof, MerkleError, Nodes, Note,
    NoteVerifier, TileId, Tree, consistency_proof, inclusion_proof, leaf_hash, root, verify_checkpoint,
};
use quorate_types::FieldPath;

use crate::error::TransparencyError;
use crate::key::LogKey;

/// Leaves that are hashed into the tree at once while it is rebuilt.
const REBUILD_LEAVES: usize = 1 << 16;

/// An open log. Dropping it closes it, after what waits is written.
pub struct TransparencyLog {
    entries: AppendLog,
    tree: Arc<RwLock<Tree>>,
    /// The signed head. Who holds this may replace its file.
    checkpoint: Mutex<Option<Signed>>,
    directory: PathBuf,
    lock: Mutex<Option<DirectoryLock>>,
    recovered: Recovered,
}

/// A checkpoint of this log.
#[derive(Clone)]
struct Signed {
    head: Checkpoint,
    /// The note as it is served.
    text: String,
}

impl TransparencyLog {
    /// Opens the log in a directory, or makes it; `purpose` tells another process who holds it.
    ///
    /// # Errors
    /// [`TransparencyError::Rewritten`] where the entries do not lead to the checkpoint, those of `disk`
    /// where the directory is held or a file is damaged, those of `merkle` where the checkpoint is none.
    pub fn open(directory: &Path, purpose: &str) -> Result<Self, TransparencyError> {
        let lock = DirectoryLock::acquire(directory, purpose)?;
        let signed = read_checkpoint(&checkpoint_path(directory))?;
        let acknowledged = signed.as_ref().map_or(0, |signed| signed.head.size);
        let (mut tree, mut leaves) = (Tree::new(), Vec::new());
        let (entries, recovered) = AppendLog::open(&directory.join("entries"), acknowledged, |_, entry| {
            leaves.push(leaf_hash(entry));
            if leaves.len() == REBUILD_LEAVES {
                tree.extend(&leaves);
                leaves.clear();
            }
        })?;
        tree.extend(&leaves);
        if let Some(signed) = &signed {
            check_head(&tree, &signed.head, directory)?;
        }
        let (tree, checkpoint) = (Arc::new(RwLock::new(tree)), Mutex::new(signed));
        let directory = directory.to_owned();
        Ok(Self { entries, tree, checkpoint, directory, lock: Mutex::new(Some(lock)), recovered })
    }

    /// What opening found.
    pub fn recovered(&self) -> Recovered {
        self.recovered
    }

    /// The directory it lies in.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Appends entries; `reply` is called with the index of the first once all are on the disk, in the order
    /// of the log, on the thread that writes.
    pub fn append(
        &self,
        entries: Vec<Vec<u8>>,
        reply: impl FnOnce(Result<u64, TransparencyError>) + Send + 'static,
    ) {
        if let Some(at) = entries.iter().position(|entry| entry.len() > ENTRY_BYTES_MAX) {
            let field = FieldPath::new("entries").index(at);
            return reply(Err(TransparencyError::Entry { field, limit: ENTRY_BYTES_MAX }));
        }
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let tree = Arc::clone(&self.tree);
        self.entries.append(entries, move |first| {
            if first.is_ok() {
                tree.write().unwrap_or_else(PoisonError::into_inner).extend(&leaves);
            }
            reply(first.map_err(TransparencyError::from));
        });
    }

    /// Signs for all entries that are acknowledged by now, and gives the checkpoint once it is on the disk.
    ///
    /// # Errors
    /// [`TransparencyError::Checkpoint`] where the log was signed under another origin before, those of the
    /// disk, `QRT_ERR_MERKLE_SIGNER`.
    pub fn sign(&self, key: &LogKey) -> Result<String, TransparencyError> {
        let mut held = self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = held.as_ref().filter(|signed| signed.head.origin != key.origin()) {
            let why = format!("it is the log {}, the key signs for {}", signed.head.origin, key.origin());
            return Err(TransparencyError::Checkpoint(why));
        }
        let head = {
            let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
            let size = tree.size();
            Checkpoint { origin: key.origin().to_owned(), size, root: root(&*tree, size)? }
        };
        let text = head.sign(&key.signers())?.encode();
        self.keep(&mut held, Signed { head, text })
    }

    /// Adds the signature line of a witness to the checkpoint, and gives the checkpoint.
    ///
    /// # Errors
    /// [`TransparencyError::Checkpoint`] where there is none, or the line is no signature of this witness on
    /// it; those of the disk.
    pub fn add_cosignature(
        &self,
        line: &str,
        witness: &dyn NoteVerifier,
    ) -> Result<String, TransparencyError> {
        let mut held = self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner);
        let none = || TransparencyError::Checkpoint("there is none yet".to_owned());
        let Signed { head, text } = held.clone().ok_or_else(none)?;
        let mut note = Note::parse(text.as_bytes())?;
        let own = witness.key();
        note.signatures.retain(|known| known.name != own.name() || known.key_id != own.key_id());
        let text = format!("{}{line}", note.encode());
        let checked = verify_checkpoint(text.as_bytes(), &[witness]);
        checked.map_err(|refusal| TransparencyError::Checkpoint(refusal.to_string()))?;
        self.keep(&mut held, Signed { head, text })
    }

    fn keep(&self, held: &mut Option<Signed>, signed: Signed) -> Result<String, TransparencyError> {
        replace(&checkpoint_path(self.directory()), signed.text.as_bytes())?;
        Ok(held.insert(signed).text.clone())
    }

    /// The last signed checkpoint.
    pub fn checkpoint(&self) -> Option<String> {
        self.signed().map(|signed| signed.text)
    }

    fn signed(&self) -> Option<Signed> {
        self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Entries that are acknowledged.
    pub fn size(&self) -> u64 {
        self.tree.read().unwrap_or_else(PoisonError::into_inner).size()
    }

    /// The root of the first `size` entries.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_SIZE`.
    pub fn root(&self, size: u64) -> Result<Hash, TransparencyError> {
        Ok(root(&*self.tree.read().unwrap_or_else(PoisonError::into_inner), size)?)
    }

    /// The proof that an entry is below the last checkpoint, which is part of it.
    ///
    /// # Errors
    /// [`TransparencyError::Unsigned`] where the checkpoint does not reach so far, `QRT_ERR_MERKLE_INDEX`.
    pub fn prove(&self, index: u64) -> Result<LogProof, TransparencyError> {
        // Before the tree: who signs takes the two in this order, too.
        let signed = self.signed();
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        let field = || FieldPath::new("index");
        if index >= tree.size() {
            return Err(MerkleError::Index { index, size: tree.size(), field: field() }.into());
        }
        let signed = signed.filter(|signed| index < signed.head.size);
        let signed = signed.ok_or_else(|| TransparencyError::Unsigned { field: field(), index })?;
        let hashes = inclusion_proof(&*tree, index, signed.head.size)?;
        Ok(LogProof { extra: None, index, hashes, checkpoint: signed.text })
    }

    /// The hashes from an entry up to the root of the first `size` entries.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_INDEX`, `QRT_ERR_MERKLE_SIZE`.
    pub fn prove_inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, TransparencyError> {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        Ok(inclusion_proof(&*tree, index, size)?)
    }

    /// The proof that the first `size1` entries are the beginning of the first `size2`.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_SIZE`.
    pub fn prove_consistency(&self, size1: u64, size2: u64) -> Result<Vec<Hash>, TransparencyError> {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        Ok(consistency_proof(&*tree, size1, size2)?)
    }

    /// An entry, checked against the tree.
    ///
    /// # Errors
    /// `QRT_ERR_DISK_ABSENT`, `QRT_ERR_DISK_CORRUPT`, [`TransparencyError::Rewritten`].
    pub fn entry(&self, index: u64) -> Result<Vec<u8>, TransparencyError> {
        let entry = self.entries.read(index)?;
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        if tree.leaf(index) == Some(&leaf_hash(&entry)) {
            return Ok(entry);
        }
        Err(rewritten(self.directory(), format!("entry {index} is not the one that was appended")))
    }

    /// The first entry with this content; none where there is none.
    pub fn find(&self, entry: &[u8]) -> Option<u64> {
        let (leaf, tree) = (leaf_hash(entry), self.tree.read().unwrap_or_else(PoisonError::into_inner));
        (0..tree.size()).find(|index| tree.leaf(*index) == Some(&leaf))
    }

    /// A static file of the log by its path (C2SP tlog-tiles): `checkpoint`, `tile/<L>/<N>`,
    /// `tile/entries/<N>`. None where the log has no such file.
    ///
    /// # Errors
    /// As [`TransparencyLog::entry`].
    pub fn file(&self, path: &str) -> Result<Option<Vec<u8>>, TransparencyError> {
        if path == "checkpoint" {
            return Ok(self.checkpoint().map(String::into_bytes));
        }
        if let Some(bundle) = BundleId::parse(path) {
            let (first, end) = (bundle.first(), bundle.first() + u64::from(bundle.width));
            if end > self.size() {
                return Ok(None);
            }
            let entries = (first..end).map(|index| self.entry(index)).collect::<Result<Vec<_>, _>>()?;
            return Ok(Some(bundle.encode(&entries)?));
        }
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        // A tile beyond the tree has no nodes.
        Ok(TileId::parse(path).and_then(|tile| tile.read_from(&*tree).ok()))
    }

    /// Whether the last checkpoint was signed by every one of `keys`; gives it. That its entries are on the
    /// disk as they were signed for is what opening checked.
    ///
    /// # Errors
    /// The first thing that is wrong; none where nothing was signed yet.
    pub fn verify(&self, keys: &[&dyn NoteVerifier]) -> Option<Result<Checkpoint, CheckpointRefusal>> {
        self.checkpoint().map(|text| verify_checkpoint(text.as_bytes(), keys))
    }

    /// Closes the log after what waits is written, and lets the directory go. A second call does nothing.
    pub fn close(&self) {
        self.entries.close();
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn checkpoint_path(directory: &Path) -> PathBuf {
    directory.join("checkpoint")
}

fn read_checkpoint(path: &Path) -> Result<Option<Signed>, TransparencyError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let (path, reason) = (path.display().to_string(), error.to_string());
            return Err(quorate_disk::DiskError::Io { path, action: "reading it", reason }.into());
        }
    };
    let note = Note::parse(&text)?;
    let head = Checkpoint::parse(&note.text)?;
    // What parses as a note is UTF-8 and has one form.
    Ok(Some(Signed { head, text: note.encode() }))
}

/// Whether the entries are those that the log signed for.
fn check_head(tree: &Tree, head: &Checkpoint, directory: &Path) -> Result<(), TransparencyError> {
    let size = tree.size();
    if size < head.size {
        let why = format!("the checkpoint says {} entries, {size} are there", head.size);
        return Err(rewritten(directory, why));
    }
    if root(tree, head.size)? != head.root {
        let why = format!("its first {} entries are not those of the checkpoint", head.size);
        return Err(rewritten(directory, why));
    }
    Ok(())
}

fn rewritten(directory: &Path, reason: String) -> TransparencyError {
    TransparencyError::Rewritten { directory: directory.display().to_string(), reason }
}
