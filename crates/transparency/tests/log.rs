//! A log in a directory: what it proves, and what it says of a directory that was changed.
#![allow(missing_docs, clippy::disallowed_methods, clippy::panic, clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use quorate_merkle::{
    LogProof, MerkleError, NoteVerifier, TileId, TileNodes, TileSource, inclusion_proof, leaf_hash, root,
    verify_consistency,
};
use quorate_transparency::{
    DirectoryWitness, LogKey, TransparencyError, TransparencyLog, WitnessKey, verifier,
};
use quorate_types::Coded;

const FOLDER: &str = "QUORATE_TRANSPARENCY_CRASH_FOLDER";
const CYCLES: u64 = 40;
const TIME_S: u64 = 1_700_000_000;

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (process, at) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(format!("quorate-transparency-{process}-{at}")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn key() -> LogKey {
    LogKey::from_seeds("example.com/log", &[1; 32], &[2; 32]).unwrap()
}

fn verifiers() -> Vec<Box<dyn NoteVerifier + Send + Sync>> {
    key().public().into_iter().map(|key| verifier(key.clone()).unwrap()).collect()
}

/// Calls `check` with the verifiers as merkle wants them.
fn with_keys<T>(check: impl FnOnce(&[&dyn NoteVerifier]) -> T) -> T {
    let held = verifiers();
    let keys: Vec<&dyn NoteVerifier> = held.iter().map(|key| key.as_ref() as &dyn NoteVerifier).collect();
    check(&keys)
}

fn open(folder: &Path) -> TransparencyLog {
    TransparencyLog::open(folder, "a test").unwrap_or_else(|error| panic!("{error}"))
}

fn append(log: &TransparencyLog, entries: &[&[u8]]) -> Result<u64, TransparencyError> {
    let (answer, wait) = channel();
    log.append(entries.iter().map(|entry| entry.to_vec()).collect(), move |first| {
        answer.send(first).unwrap();
    });
    wait.recv().unwrap()
}

#[test]
fn an_entry_is_proved_to_whoever_has_the_keys() {
    let folder = Folder::new();
    let log = open(&folder.0);
    assert_eq!(append(&log, &[b"a", b"b", b"c"]), Ok(0));
    assert_eq!(log.prove(1).unwrap_err().code(), "QRT_ERR_LOG_UNSIGNED");
    log.sign(&key()).unwrap();
    assert_eq!(append(&log, &[b"d"]), Ok(3));
    assert_eq!(log.prove(3).unwrap_err().code(), "QRT_ERR_LOG_UNSIGNED");
    assert_eq!(log.prove(4).unwrap_err().code(), "QRT_ERR_MERKLE_INDEX");
    let proof = LogProof::parse(log.prove(1).unwrap().encode().as_bytes()).unwrap();
    let head = with_keys(|keys| proof.verify(&leaf_hash(b"b"), keys)).unwrap();
    assert_eq!((head.origin.as_str(), head.size), ("example.com/log", 3));
    assert!(with_keys(|keys| proof.verify(&leaf_hash(b"c"), keys)).is_err());
    assert_eq!(log.find(b"d"), Some(3));
    assert_eq!(log.find(b"e"), None);
    assert_eq!(log.entry(2), Ok(b"c".to_vec()));
    drop(log);

    let log = open(&folder.0);
    assert_eq!((log.size(), log.recovered().records), (4, 4));
    assert!(with_keys(|keys| log.verify(keys)).unwrap().is_ok());
    log.sign(&key()).unwrap();
    let roots = [3, 4].map(|size| log.root(size).unwrap());
    let proof = log.prove_consistency(3, 4).unwrap();
    assert_eq!(verify_consistency(3, 4, &roots[0], &roots[1], &proof), Ok(()));
    let other = LogKey::from_seeds("other.example", &[1; 32], &[2; 32]).unwrap();
    assert_eq!(log.sign(&other).unwrap_err().code(), "QRT_ERR_LOG_CHECKPOINT");
    let held = TransparencyLog::open(&folder.0, "a second").err().unwrap();
    assert_eq!(held.code(), "QRT_ERR_DISK_HELD");
}

#[test]
fn a_log_without_both_signatures_is_not_verified() {
    let folder = Folder::new();
    let log = open(&folder.0);
    append(&log, &[b"a"]).unwrap();
    let text = log.sign(&key()).unwrap();
    let without: Vec<&str> = text.lines().filter(|line| line.len() < 200).collect();
    assert_eq!(without.len() + 1, text.lines().count(), "the post-quantum line is the long one");
    let without = format!("{}\n", without.join("\n"));
    let refused = with_keys(|keys| quorate_merkle::verify_checkpoint(without.as_bytes(), keys));
    assert!(matches!(refused, Err(quorate_merkle::CheckpointRefusal::MissingSignature { .. })));
}

/// The static files of a log, as a server would give them.
struct Files<'log>(&'log TransparencyLog);

impl TileSource for Files<'_> {
    fn tile(&self, id: TileId) -> Result<Vec<u8>, MerkleError> {
        Ok(self.0.file(&id.to_string()).unwrap().unwrap_or_else(|| panic!("{id} is absent")))
    }
}

#[test]
fn its_static_files_give_the_same_proofs() {
    let folder = Folder::new();
    let log = open(&folder.0);
    let entries: Vec<Vec<u8>> = (0..600_u32).map(|n| n.to_le_bytes().to_vec()).collect();
    append(&log, &entries.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    let checkpoint = log.sign(&key()).unwrap();
    assert_eq!(log.file("checkpoint").unwrap(), Some(checkpoint.into_bytes()));
    let files = Files(&log);
    let nodes = TileNodes::new(&files, 600);
    assert_eq!(root(&nodes, 600).unwrap(), log.root(600).unwrap());
    assert_eq!(inclusion_proof(&nodes, 300, 600).unwrap(), log.prove(300).unwrap().hashes);
    let bundle = log.file("tile/entries/002.p/88").unwrap().unwrap();
    let read = quorate_merkle::BundleId::parse("tile/entries/002.p/88").unwrap();
    assert_eq!(read.decode(&bundle).unwrap(), entries[512..].iter().map(Vec::as_slice).collect::<Vec<_>>());
    for path in
        ["tile/entries/002.p/89", "tile/0/003", "tile/0/002.p/89", "tile/1/001", "index.html", "../lock"]
    {
        assert_eq!(log.file(path).unwrap(), None, "{path}");
    }
}

#[test]
fn any_changed_byte_of_a_signed_log_is_noticed() {
    let folder = Folder::new();
    let log = open(&folder.0);
    append(&log, &[b"one", b"two"]).unwrap();
    append(&log, &[b"three"]).unwrap();
    log.sign(&key()).unwrap();
    drop(log);
    for (name, step) in [("entries", 1), ("checkpoint", 7)] {
        let path = folder.0.join(name);
        let good = std::fs::read(&path).unwrap();
        for at in (0..good.len()).step_by(step) {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            if let Ok(log) = TransparencyLog::open(&folder.0, "a test") {
                let verified = with_keys(|keys| log.verify(keys)).unwrap();
                assert!(verified.is_err(), "{name}: byte {at}");
            }
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name}: byte {at}: looking changes nothing");
            std::fs::write(&path, &good).unwrap();
        }
    }
    assert!(with_keys(|keys| open(&folder.0).verify(keys)).unwrap().is_ok());
}

#[test]
fn a_log_that_lost_signed_entries_does_not_open() {
    let folder = Folder::new();
    let log = open(&folder.0);
    append(&log, &[b"one"]).unwrap();
    let length = std::fs::metadata(folder.0.join("entries")).unwrap().len();
    append(&log, &[b"two"]).unwrap();
    log.sign(&key()).unwrap();
    drop(log);
    let file = std::fs::OpenOptions::new().write(true).open(folder.0.join("entries")).unwrap();
    file.set_len(length).unwrap();
    let error = TransparencyLog::open(&folder.0, "a test").err().unwrap();
    assert_eq!(error.code(), "QRT_ERR_LOG_REWRITTEN");
    assert!(error.to_string().ends_with("the checkpoint says 2 entries, 1 are there"), "{error}");
    // A log of other entries under the same checkpoint.
    let other = Folder::new();
    let log = open(&other.0);
    append(&log, &[b"one", b"TWO"]).unwrap();
    drop(log);
    std::fs::copy(folder.0.join("checkpoint"), other.0.join("checkpoint")).unwrap();
    let error = TransparencyLog::open(&other.0, "a test").err().unwrap();
    assert!(error.to_string().ends_with("its first 2 entries are not those of the checkpoint"), "{error}");
}

#[test]
fn entries_are_bounded() {
    let folder = Folder::new();
    let log = open(&folder.0);
    let error = append(&log, &[b"fits", &vec![0; 65_536]]).unwrap_err();
    assert_eq!((error.code(), error.field().unwrap().as_str()), ("QRT_ERR_LOG_ENTRY", "entries[1]"));
    assert_eq!(log.size(), 0);
}

#[test]
fn a_witness_remembers_what_it_cosigned() {
    let (folder, memory) = (Folder::new(), Folder::new());
    let witness_key = || WitnessKey::from_seed("witness.example", &[3; 32]).unwrap();
    let checker = verifier(witness_key().public().clone()).unwrap();
    let log = open(&folder.0);
    append(&log, &[b"a", b"b"]).unwrap();
    let first = log.sign(&key()).unwrap();
    let cosign = |checkpoint: &str, proof: &[quorate_merkle::Hash]| {
        let witness = DirectoryWitness::open(&memory.0, witness_key(), "a test")?;
        with_keys(|keys| witness.cosign(checkpoint.as_bytes(), proof, keys, TIME_S))
    };
    let line = cosign(&first, &[]).unwrap();
    log.add_cosignature(&line, checker.as_ref()).unwrap();
    let twice = log.add_cosignature(&line, checker.as_ref()).unwrap();
    assert_eq!(twice.matches("witness.example").count(), 1);
    let proof = log.prove(1).unwrap();
    let all = |proof: &LogProof| {
        let mut held = verifiers();
        held.push(verifier(witness_key().public().clone()).unwrap());
        let keys: Vec<&dyn NoteVerifier> = held.iter().map(|key| key.as_ref() as &dyn NoteVerifier).collect();
        proof.verify(&leaf_hash(b"b"), &keys)
    };
    assert!(all(&proof).is_ok());
    append(&log, &[b"c"]).unwrap();
    let second = log.sign(&key()).unwrap();
    assert!(all(&log.prove(1).unwrap()).is_err(), "a new head is not cosigned yet");
    assert_eq!(log.add_cosignature(&line, checker.as_ref()).unwrap_err().code(), "QRT_ERR_LOG_CHECKPOINT");
    assert_eq!(cosign(&second, &[]).unwrap_err().code(), "QRT_ERR_LOG_NOT_COSIGNED");
    let proof = log.prove_consistency(2, 3).unwrap();
    let line = cosign(&second, &proof).unwrap();
    log.add_cosignature(&line, checker.as_ref()).unwrap();
    let back = cosign(&first, &[]).unwrap_err();
    assert_eq!(back.to_string(), "not cosigned: a tree of 3 leaves was cosigned already");
    let witness = DirectoryWitness::open(&memory.0, witness_key(), "a test").unwrap();
    assert_eq!(witness.head("example.com/log"), Some((3, log.root(3).unwrap())));
    drop(witness);
    std::fs::write(memory.0.join("heads"), "example.com/log\n3\n").unwrap();
    assert_eq!(cosign(&second, &[]).unwrap_err().code(), "QRT_ERR_MERKLE_NOTE");
}

/// The process that is killed: it appends and signs without end, and says what was acknowledged.
#[test]
fn log_that_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let log = open(Path::new(&folder));
    let key = key();
    for n in log.size().. {
        append(&log, &[n.to_string().as_bytes()]).unwrap();
        let signed =
            if n % 3 == 0 { log.sign(&key).unwrap().lines().nth(1).map(str::to_owned) } else { None };
        let line = format!("ack {n} {}\n", signed.unwrap_or_default());
        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
    }
}

#[test]
fn nothing_acknowledged_or_signed_is_lost_by_a_kill() {
    let folder = Folder::new();
    let (mut entries, mut signed) = (0, 0);
    for cycle in 0..CYCLES {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["log_that_is_killed", "--exact", "--nocapture"])
            .env(FOLDER, &folder.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reader = std::thread::spawn(move || {
            let whole = lines.map_while(Result::ok).filter(|line| line.starts_with("ack "));
            whole.last()
        });
        std::thread::sleep(Duration::from_millis(cycle * 11 % 70 + 3));
        child.kill().unwrap();
        child.wait().unwrap();
        if let Some(last) = reader.join().unwrap() {
            let mut words = last.split(' ').skip(1);
            entries = entries.max(words.next().unwrap().parse::<u64>().unwrap() + 1);
            signed = signed.max(words.next().and_then(|size| size.parse().ok()).unwrap_or(0));
        }
    }
    assert!(entries > CYCLES, "only {entries} entries were written");
    let log = open(&folder.0);
    assert!(log.size() >= entries, "{} of {entries}", log.size());
    let head = with_keys(|keys| log.verify(keys)).unwrap().unwrap();
    assert!(head.size >= signed);
    assert!((0..entries).all(|n| log.entry(n).unwrap() == n.to_string().as_bytes()));
}
