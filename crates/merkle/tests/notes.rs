//! Signed notes, checkpoints, witnesses and proofs of a log, and what is wrong with those that are changed.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

mod support;

use proptest::prelude::*;
use quorate_merkle::witness::Refused;
use quorate_merkle::{
    Algorithm, Checkpoint, CheckpointRefusal, LogProof, LogProofRefusal, Note, NoteVerifier, Refusal,
    VerifierKey, Witness, consistency_proof, inclusion_proof, root, verify_checkpoint,
};
use quorate_types::Coded;
use support::{Signer, leaves, tree};

const ORIGIN: &str = "example.com/log";
const TIME_S: u64 = 1_700_000_000;

fn log_key() -> Signer {
    Signer::new(ORIGIN, Algorithm::Ed25519, 1)
}

fn witness_key() -> Signer {
    Signer::new("witness.example", Algorithm::CosignatureV1, 2)
}

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint { origin: ORIGIN.to_owned(), size, root: root(&tree(size), size).unwrap() }
}

fn signed(size: u64) -> Vec<u8> {
    checkpoint(size).sign(&[&log_key()]).unwrap().encode().into_bytes()
}

#[test]
fn a_key_has_the_identifier_and_the_text_of_the_specification() {
    // Test vector of golang.org/x/mod/sumdb/note: name, key and hash of its documentation's example.
    let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let key = VerifierKey::parse(text).unwrap();
    assert_eq!((key.name(), key.algorithm()), ("PeterNeumann", Algorithm::Ed25519));
    assert_eq!(key.key_id(), [0xc7, 0x4f, 0x20, 0xa3]);
    assert_eq!(key.encode(), text);
    for wrong in
        ["", "a+b", &text.replace("c74f20a3", "c74f20a4"), &text.replace("Peter", "Paul"), &text[..60]]
    {
        assert_eq!(VerifierKey::parse(wrong).unwrap_err().code(), "QRT_ERR_MERKLE_KEY", "{wrong}");
    }
}

#[test]
fn a_note_of_others_is_read_and_verified() {
    // The example of golang.org/x/mod/sumdb/note, signed by the key above.
    let text = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let note = Note::parse(text.as_bytes()).unwrap();
    assert_eq!(note.encode(), text);
    let key = VerifierKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    let line = key.as_ref().unwrap().signature_on(&note).unwrap();
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
    let verified = UnparsedPublicKey::new(&ED25519, key.unwrap().public_key().to_vec())
        .verify(note.text.as_bytes(), &line.signature);
    assert!(verified.is_ok());
}

#[test]
fn a_checkpoint_is_what_all_keys_signed() {
    let second = Signer::new(ORIGIN, Algorithm::Ed25519, 9);
    let note = checkpoint(5).sign(&[&log_key(), &second]).unwrap().encode();
    let verify = |keys: &[&dyn NoteVerifier]| verify_checkpoint(note.as_bytes(), keys);
    assert_eq!(verify(&[&log_key()]), Ok(checkpoint(5)));
    assert_eq!(verify(&[&log_key(), &second]), Ok(checkpoint(5)));
    assert_eq!(verify(&[]), Err(CheckpointRefusal::NoKeys));
    let absent = Signer::new(ORIGIN, Algorithm::Ed25519, 3);
    let missing = CheckpointRefusal::MissingSignature { key: ORIGIN.to_owned() };
    assert_eq!(verify(&[&log_key(), &absent]), Err(missing));
    let foreign = Signer::new("other.example", Algorithm::Ed25519, 1);
    let refused = CheckpointRefusal::ForeignOrigin { key: "other.example".to_owned() };
    assert_eq!(verify(&[&foreign]), Err(refused));
}

#[test]
fn a_witness_signs_only_what_continues() {
    let mut witness = Witness::default();
    let log = log_key();
    let mut cosign = |size: u64, proof: &[quorate_merkle::Hash]| {
        witness.cosign(&signed(size), proof, &[&log], &witness_key(), TIME_S)
    };
    let line = cosign(5, &[]).unwrap();
    let mut note = Note::parse(&signed(5)).unwrap();
    note.signatures.push(line);
    let cosigned = note.encode();
    assert_eq!(verify_checkpoint(cosigned.as_bytes(), &[&log, &witness_key()]), Ok(checkpoint(5)));
    // Its time is part of what it signed.
    let at = note.signatures[1].signature[7];
    note.signatures[1].signature[7] = at ^ 1;
    let bad = CheckpointRefusal::BadSignature { key: "witness.example".to_owned() };
    assert_eq!(verify_checkpoint(note.encode().as_bytes(), &[&witness_key()]), Err(bad));

    let proof = consistency_proof(&tree(9), 5, 9).unwrap();
    assert_eq!(cosign(9, &[]), Err(Refused::Inconsistent(Refusal::ProofTooShort)));
    cosign(9, &proof).unwrap();
    assert_eq!(cosign(5, &[]), Err(Refused::Smaller { signed: 9 }));
    cosign(9, &[]).unwrap();
    let mut rewritten = checkpoint(9);
    rewritten.root[0] ^= 1;
    let rewritten = rewritten.sign(&[&log]).unwrap().encode();
    let refused = witness.cosign(rewritten.as_bytes(), &[], &[&log], &witness_key(), TIME_S);
    assert_eq!(refused, Err(Refused::Inconsistent(Refusal::RootMismatch)));
    let refused = witness.cosign(&signed(9), &[], &[&log], &witness_key(), u64::MAX);
    assert_eq!(refused, Err(Refused::Time));
    assert_eq!(witness.heads()[ORIGIN].0, 9);
}

#[test]
fn a_witness_of_an_empty_log_signs_what_comes_next() {
    let mut witness = Witness::default();
    witness.cosign(&signed(0), &[], &[&log_key()], &witness_key(), TIME_S).unwrap();
    witness.cosign(&signed(0), &[], &[&log_key()], &witness_key(), TIME_S).unwrap();
    let more = witness.cosign(&signed(4), &[[0; 32]], &[&log_key()], &witness_key(), TIME_S);
    assert_eq!(more, Err(Refused::Inconsistent(Refusal::ProofTooLong)));
    witness.cosign(&signed(4), &[], &[&log_key()], &witness_key(), TIME_S).unwrap();
}

fn proof(index: u64, size: u64) -> LogProof {
    LogProof {
        extra: None,
        index,
        hashes: inclusion_proof(&tree(size), index, size).unwrap(),
        checkpoint: String::from_utf8(signed(size)).unwrap(),
    }
}

#[test]
fn a_proof_of_a_log_holds_alone() {
    let (proof, leaf) = (proof(3, 7), leaves(7)[3]);
    let read = LogProof::parse(proof.encode().as_bytes()).unwrap();
    assert_eq!(read, proof);
    assert_eq!(read.verify(&leaf, &[&log_key()]), Ok(checkpoint(7)));
    assert_eq!(
        read.verify(&leaves(7)[4], &[&log_key()]),
        Err(LogProofRefusal::Inclusion(Refusal::RootMismatch))
    );
    let extra = LogProof { extra: Some(b"vrf".to_vec()), ..proof };
    assert_eq!(LogProof::parse(extra.encode().as_bytes()).unwrap(), extra);
}

#[test]
fn any_changed_byte_of_a_proof_is_noticed() {
    let (text, leaf) = (proof(3, 7).encode(), leaves(7)[3]);
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let verified = LogProof::parse(&bytes).map(|proof| proof.verify(&leaf, &[&log_key()]));
            assert!(!matches!(verified, Ok(Ok(_))), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn a_proof_says_which_line_is_wrong() {
    let text = proof(3, 7).encode();
    for (from, to, line) in [
        ("@v1", "@v2", 1),
        ("index 3", "index 03", 2),
        ("index 3\n", "index 3\nAAAA\n", 3),
        ("index 3\n", "extra ?\nindex 3\n", 2),
    ] {
        let error = LogProof::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert_eq!(error.code(), "QRT_ERR_MERKLE_PROOF");
        assert!(error.to_string().ends_with(&format!("(line {line})")), "{from}: {error}");
    }
    let hash = format!("{}A=\n", "A".repeat(42));
    let long = text.replacen("index 3\n", &format!("index 3\n{}", hash.repeat(65)), 1);
    assert!(LogProof::parse(long.as_bytes()).unwrap_err().to_string().contains("more than 64 hashes"));
}

proptest! {
    #[test]
    fn any_bytes_are_a_note_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Note::parse(&bytes);
        let _ = LogProof::parse(&bytes);
    }

    #[test]
    fn a_changed_proof_is_read_or_an_error(
        at in any::<prop::sample::Index>(),
        removed in 0_usize..40,
        replacement in "[ -~\n\u{2014}]{0,40}",
    ) {
        let mut bytes = proof(3, 7).encode().into_bytes();
        let from = at.index(bytes.len());
        bytes.splice(from..(from + removed).min(bytes.len()), replacement.bytes());
        if let Ok(read) = LogProof::parse(&bytes) {
            prop_assert_eq!(read.encode().into_bytes(), bytes);
        }
    }

    #[test]
    fn any_text_is_a_key_or_an_error(text in "[a-z.]{1,9}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]{0,60}|.{0,40}") {
        if let Ok(key) = VerifierKey::parse(&text) {
            prop_assert_eq!(key.encode(), text);
        }
    }
}
