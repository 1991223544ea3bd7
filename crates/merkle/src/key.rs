//! Keys that sign notes, and their text form `name+hash+key`.

use sha2::{Digest, Sha256};

use crate::error::MerkleError;
use crate::note::{Note, SignatureLine};
use crate::text::{decode_base64, encode_base64, is_key_name};

/// Longest text of a key: ML-DSA-87 takes 3.5 kB in base64.
const KEY_TEXT_BYTES_MAX: usize = 8192;

/// What a key's signature is, and how it is told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 over the text (C2SP signed-note, type 0x01).
    Ed25519,
    /// Ed25519 of a witness over a time and the text (C2SP tlog-cosignature, type 0x04).
    CosignatureV1,
    /// ML-DSA-87 (FIPS 204) over the text. C2SP assigns no type, so 0xff with an identifier of our own.
    MlDsa87,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::CosignatureV1, Self::MlDsa87];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::CosignatureV1 => "cosignature/v1",
            Self::MlDsa87 => "ML-DSA-87",
        }
    }

    /// Bytes of a public key.
    pub fn public_key_bytes(self) -> usize {
        match self {
            Self::Ed25519 | Self::CosignatureV1 => 32,
            Self::MlDsa87 => 2592,
        }
    }

    /// The type byte, and the identifier that goes with 0xff.
    fn identifier(self) -> &'static [u8] {
        match self {
            Self::Ed25519 => &[0x01],
            Self::CosignatureV1 => &[0x04],
            Self::MlDsa87 => b"\xffquorate/ml-dsa-87",
        }
    }
}

/// A public key with the name it signs under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    algorithm: Algorithm,
    public_key: Vec<u8>,
}

impl VerifierKey {
    /// A key under a name.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_KEY` where the name or the length of the key does not fit.
    pub fn new(name: &str, algorithm: Algorithm, public_key: &[u8]) -> Result<Self, MerkleError> {
        if !is_key_name(name) {
            return Err(MerkleError::Key { reason: "its name is empty, too long, or has a space or a plus" });
        }
        if public_key.len() != algorithm.public_key_bytes() {
            return Err(MerkleError::Key {
                reason: "its key has another length than its algorithm asks for",
            });
        }
        Ok(Self { name: name.to_owned(), algorithm, public_key: public_key.to_vec() })
    }

    /// Reads `name+hash+key`.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_KEY`, also where the hash is not that of the key.
    pub fn parse(text: &str) -> Result<Self, MerkleError> {
        let wrong = |reason| MerkleError::Key { reason };
        if text.len() > KEY_TEXT_BYTES_MAX {
            return Err(wrong("it is longer than 8 KiB"));
        }
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong("it has fewer than three parts"));
        };
        let bytes = decode_base64(encoded).ok_or(wrong("its key is not base64"))?;
        let known = Algorithm::ALL
            .into_iter()
            .find_map(|algorithm| Some((algorithm, bytes.strip_prefix(algorithm.identifier())?)));
        let (algorithm, public_key) = known.ok_or(wrong("its algorithm is not known"))?;
        let key = Self::new(name, algorithm, public_key)?;
        if hash != hex(key.key_id()) {
            return Err(wrong("its hash is not that of its name and key"));
        }
        Ok(key)
    }

    /// `name+hash+key`, to be given to those who verify.
    pub fn encode(&self) -> String {
        let key = [self.algorithm.identifier(), &self.public_key].concat();
        format!("{}+{}+{}", self.name, hex(self.key_id()), encode_base64(&key))
    }

    /// `SHA-256(name || 0x0A || type || key)[:4]`.
    pub fn key_id(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(&self.name)
            .chain_update(b"\n")
            .chain_update(self.algorithm.identifier())
            .chain_update(&self.public_key)
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// The name it signs under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key as its algorithm encodes it.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// The signature that this key made on a note, where it made one.
    pub fn signature_on<'note>(&self, note: &'note Note) -> Option<&'note SignatureLine> {
        let key_id = self.key_id();
        note.signatures.iter().find(|line| line.name == self.name && line.key_id == key_id)
    }
}

fn hex(key_id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(key_id))
}

/// Somebody who can check signatures of one key.
pub trait NoteVerifier {
    /// The key.
    fn key(&self) -> &VerifierKey;

    /// Whether the key made this signature over this message.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}

/// Somebody who can sign with one key.
pub trait NoteSigner {
    /// The key.
    fn key(&self) -> &VerifierKey;

    /// The signature over this message.
    ///
    /// # Errors
    /// What kept it from signing.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String>;
}

/// Signs a text: its line of the note.
///
/// # Errors
/// `QRT_ERR_MERKLE_SIGNER`.
pub fn sign_line(signer: &dyn NoteSigner, message: &[u8]) -> Result<SignatureLine, MerkleError> {
    let key = signer.key();
    let failed = |reason| MerkleError::Signer { name: key.name.clone(), reason };
    let signature = signer.sign(message).map_err(failed)?;
    Ok(SignatureLine { name: key.name.clone(), key_id: key.key_id(), signature })
}
