//! Partial signatures and the certificate made of them, as bytes.
//!
//! A certificate names who signed by their position in the epoch's configuration and holds their signatures
//! one after the other. It is linear in the signers: 13.9 kB for 3, 310 kB for 67. Keys are never shipped.

use quorate_types::cbor::{Value, document, open_document};

use crate::error::MultisigError;
use crate::parameters::SIGNATURE_BYTES;

/// Most validators of an epoch.
pub const VALIDATORS_MAX: usize = 1024;
/// Bytes of a message's hash.
pub const MESSAGE_HASH_BYTES: usize = 32;

/// The hash of a message, SHA-256 of it as a rule.
pub type MessageHash = [u8; MESSAGE_HASH_BYTES];

/// Domain of what is signed, and context of the signatures: none of another domain can be passed off as one.
const STATEMENT: &str = "quorate/multisig-statement";
const CERTIFICATE: &str = "quorate/multisig-certificate";
const VERSION: u64 = 1;
const CERTIFICATE_FIELDS: usize = 4;
/// Largest certificate: all validators, and room for the rest.
const CERTIFICATE_BYTES_MAX: usize = VALIDATORS_MAX * SIGNATURE_BYTES + 1024;

/// What a validator signs for a message in an epoch.
pub fn statement(epoch: u64, message_hash: &MessageHash) -> Vec<u8> {
    document(STATEMENT, VERSION, vec![Value::Unsigned(epoch), Value::bytes(*message_hash)])
}

/// The context that statements are signed under.
pub fn context() -> &'static [u8] {
    STATEMENT.as_bytes()
}

/// One node's signature of a message's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialSignature {
    /// Whose it claims to be.
    pub node_id: String,
    /// The epoch it was made in.
    pub epoch: u64,
    /// The message it is about.
    pub message_hash: MessageHash,
    /// 4627 bytes, of [`statement`] under [`context`].
    pub signature: Vec<u8>,
}

/// A certificate: the signatures of enough validators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregatedSignature {
    /// The epoch whose configuration weighs it.
    pub epoch: u64,
    /// The message it is about.
    pub message_hash: MessageHash,
    /// Positions of the signers in the configuration, ascending, each with its signature.
    pub signatures: Vec<(u16, Vec<u8>)>,
}

impl AggregatedSignature {
    /// The certificate as bytes: one form for one certificate.
    pub fn encode(&self) -> Vec<u8> {
        let bytes = self.signatures.last().map_or(0, |(last, _)| usize::from(*last) / 8 + 1);
        let mut bitmap = vec![0_u8; bytes];
        for (signer, _) in &self.signatures {
            bitmap[usize::from(*signer) / 8] |= 1 << (signer % 8);
        }
        let signatures: Vec<u8> =
            self.signatures.iter().flat_map(|(_, signature)| signature.iter().copied()).collect();
        let fields = vec![
            Value::Unsigned(self.epoch),
            Value::bytes(self.message_hash),
            Value::bytes(bitmap),
            Value::bytes(signatures),
        ];
        document(CERTIFICATE, VERSION, fields)
    }

    /// Reads a certificate; says nothing of its signatures.
    ///
    /// # Errors
    /// [`MultisigError::Certificate`].
    pub fn decode(bytes: &[u8]) -> Result<Self, MultisigError> {
        let wrong = |reason| MultisigError::Certificate { reason };
        if bytes.len() > CERTIFICATE_BYTES_MAX {
            return Err(wrong("it is too large"));
        }
        let fields = open_document(bytes, CERTIFICATE, VERSION, CERTIFICATE_FIELDS);
        let fields = fields.map_err(|error| wrong(error.reason))?;
        let [Value::Unsigned(epoch), Value::Bytes(hash), Value::Bytes(bitmap), Value::Bytes(packed)] =
            fields.as_slice()
        else {
            return Err(wrong("a field is of another type"));
        };
        if bitmap.len() > VALIDATORS_MAX / 8 || bitmap.last() == Some(&0) {
            return Err(wrong("its signers are not written as they must be"));
        }
        let signers = (0..bitmap.len() * 8).filter(|at| bitmap[at / 8] >> (at % 8) & 1 == 1);
        let signers: Vec<u16> = signers.map(|at| at as u16).collect();
        if packed.len() != signers.len() * SIGNATURE_BYTES {
            return Err(wrong("it does not hold one signature per signer"));
        }
        let signatures = packed.chunks_exact(SIGNATURE_BYTES).map(<[u8]>::to_vec);
        Ok(Self {
            epoch: *epoch,
            message_hash: hash.as_slice().try_into().map_err(|_| wrong("its hash has not 32 bytes"))?,
            signatures: signers.into_iter().zip(signatures).collect(),
        })
    }
}
