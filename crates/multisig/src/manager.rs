//! Collecting signatures of an epoch's validators until their weight reaches the threshold.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use quorate_types::FieldPath;
use rayon::prelude::*;

use crate::certificate::{
    AggregatedSignature, MessageHash, PartialSignature, VALIDATORS_MAX, context, statement,
};
use crate::error::MultisigError;
use crate::verifier::VerifyingKey;

/// Messages that may wait for signatures at once. Each validator may open its share of them, so that one who
/// signs random messages keeps nobody else from signing; joining a message is always free.
pub const MESSAGES_MAX: usize = 1024;
/// Finished messages that are remembered, so that a late signature does not open them again.
const FINISHED_MAX: usize = 4096;
/// Longest id of a node, in bytes.
const NODE_ID_BYTES_MAX: usize = 256;
/// Largest sum of weights, so that no sum overflows.
const WEIGHT_MAX: u64 = 1 << 62;

/// One validator of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validator {
    /// Its id.
    pub node_id: String,
    /// Its weight; only its share of the sum matters.
    pub weight: u64,
}

/// The validators of an epoch and the weight that decides. With equal weights of 1 the threshold is the t of
/// t-of-n.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The epoch.
    pub epoch: u64,
    /// In the order that certificates refer to.
    pub validators: Vec<Validator>,
    /// Weight that a certificate needs.
    pub threshold: u64,
}

impl Config {
    fn check(&self) -> Result<(), MultisigError> {
        let refuse =
            |field: FieldPath, reason: &str| Err(MultisigError::Config { reason: reason.to_owned(), field });
        let validators = || FieldPath::new("validators");
        if self.validators.is_empty() || self.validators.len() > VALIDATORS_MAX {
            return refuse(validators(), "an epoch has 1 to 1024 validators");
        }
        let mut seen = std::collections::BTreeSet::new();
        for (at, Validator { node_id, weight }) in self.validators.iter().enumerate() {
            if node_id.is_empty() || node_id.len() > NODE_ID_BYTES_MAX {
                return refuse(validators().index(at).field("nodeId"), "an id has 1 to 256 bytes");
            }
            if !seen.insert(node_id) {
                return refuse(validators().index(at).field("nodeId"), "another validator has this id");
            }
            if *weight == 0 || *weight > WEIGHT_MAX {
                return refuse(validators().index(at).field("weight"), "a weight is 1 to 2^62");
            }
        }
        let total: u128 = self.validators.iter().map(|validator| u128::from(validator.weight)).sum();
        if total > u128::from(WEIGHT_MAX) {
            return refuse(validators(), "the weights sum to more than 2^62");
        }
        if self.threshold == 0 || u128::from(self.threshold) > total {
            return refuse(FieldPath::new("threshold"), "a threshold is at least 1 and at most all weight");
        }
        Ok(())
    }

    fn position(&self, node: &str) -> Option<usize> {
        self.validators.iter().position(|validator| validator.node_id == node)
    }
}

/// Why a partial signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is about another message.
    OtherMessage,
    /// It was made in another epoch.
    ForeignEpoch,
    /// The node is no validator.
    UnknownSigner,
    /// No key of the node is registered.
    NoKey,
    /// The node has signed this message already.
    Duplicate,
    /// The message's certificate is made.
    Finished,
    /// The node has opened as many messages as it may, and none of them is finished.
    TooManyMessages,
    /// It does not hold.
    Invalid,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::OtherMessage => "it is about another message",
            Self::ForeignEpoch => "it was made in another epoch",
            Self::UnknownSigner => "the node is no validator of this epoch",
            Self::NoKey => "no public key of the node is registered",
            Self::Duplicate => "the node has signed this message already",
            Self::Finished => "the certificate of this message is made already",
            Self::TooManyMessages => "the node has opened as many unfinished messages as it may",
            Self::Invalid => "the signature does not hold",
        })
    }
}

/// The first thing that is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// It belongs to another epoch.
    ForeignEpoch(u64),
    /// It names a position that no validator has.
    UnknownSigner(u16),
    /// No key of a signer is registered.
    NoKey(String),
    /// The signers weigh less than the threshold.
    BelowThreshold {
        /// Their weight.
        have: u64,
        /// The threshold.
        need: u64,
    },
    /// It holds more signatures than the threshold needs: one message would have many certificates.
    Surplus(String),
    /// A signature does not hold.
    Invalid(String),
}

/// Figures of a manager, as data: whoever has a clock adds durations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Partial signatures that counted.
    pub signatures_collected: u64,
    /// Partial signatures that were refused.
    pub signatures_rejected: u64,
    /// Certificates made.
    pub aggregations_completed: u64,
}

/// Collects partial signatures of one epoch and makes certificates of them.
#[derive(Debug)]
pub struct MultiSignatureManager {
    roster: Arc<Roster>,
    pending: BTreeMap<MessageHash, Pending>,
    finished: VecDeque<MessageHash>,
    metrics: Metrics,
}

#[derive(Debug)]
struct Pending {
    opened_by: u16,
    signatures: BTreeMap<u16, Vec<u8>>,
}

/// The validators of an epoch with their keys: all that checking a certificate takes.
#[derive(Clone, Debug)]
pub struct Roster {
    config: Config,
    keys: Vec<Option<Arc<VerifyingKey>>>,
}

impl MultiSignatureManager {
    /// A manager of an epoch.
    ///
    /// # Errors
    /// [`MultisigError::Config`] naming the field.
    pub fn new(config: Config) -> Result<Self, MultisigError> {
        config.check()?;
        let keys = vec![None; config.validators.len()];
        Ok(Self {
            roster: Arc::new(Roster { config, keys }),
            pending: BTreeMap::new(),
            finished: VecDeque::new(),
            metrics: Metrics::default(),
        })
    }

    /// Registers a validator's key and expands it, once.
    ///
    /// # Errors
    /// [`MultisigError::UnknownNode`], [`MultisigError::KeyRegistered`], [`MultisigError::Length`].
    pub fn register_public_key(&mut self, node: &str, public_key: &[u8]) -> Result<(), MultisigError> {
        let field = FieldPath::new("nodeId");
        let config = &self.roster.config;
        let Some(position) = config.position(node) else {
            let (node, epoch) = (node.to_owned(), config.epoch);
            return Err(MultisigError::UnknownNode { node, epoch, field });
        };
        if self.roster.keys[position].is_some() {
            return Err(MultisigError::KeyRegistered { node: node.to_owned(), field });
        }
        let key = Arc::new(VerifyingKey::expand(public_key)?);
        Arc::make_mut(&mut self.roster).keys[position] = Some(key);
        Ok(())
    }

    /// Verifies a signature and counts it; gives the weight collected for the message so far.
    ///
    /// # Errors
    /// [`MultisigError::Refused`] with the node and the reason.
    pub fn add_partial_signature(
        &mut self,
        message_hash: &MessageHash,
        partial: &PartialSignature,
    ) -> Result<u64, MultisigError> {
        let position = self.judge(message_hash, partial).map_err(|refusal| {
            self.metrics.signatures_rejected += 1;
            MultisigError::Refused {
                node: partial.node_id.clone(),
                refusal,
                field: FieldPath::new("partialSignature"),
            }
        })?;
        let opened = || Pending { opened_by: position, signatures: BTreeMap::new() };
        let pending = self.pending.entry(*message_hash).or_insert_with(opened);
        pending.signatures.insert(position, partial.signature.clone());
        self.metrics.signatures_collected += 1;
        Ok(self.collected_weight(message_hash))
    }

    /// What is cheap is checked first; the position of the signer where all is well.
    fn judge(&self, message_hash: &MessageHash, partial: &PartialSignature) -> Result<u16, Refusal> {
        let Roster { config, keys } = &*self.roster;
        if partial.message_hash != *message_hash {
            return Err(Refusal::OtherMessage);
        }
        if partial.epoch != config.epoch {
            return Err(Refusal::ForeignEpoch);
        }
        let position = config.position(&partial.node_id).ok_or(Refusal::UnknownSigner)?;
        let key = keys[position].as_ref().ok_or(Refusal::NoKey)?;
        let signer = position as u16;
        match self.pending.get(message_hash) {
            Some(pending) if pending.signatures.contains_key(&signer) => return Err(Refusal::Duplicate),
            None if self.finished.contains(message_hash) => return Err(Refusal::Finished),
            None if self.opened_by(signer) >= self.share() => return Err(Refusal::TooManyMessages),
            _ => {}
        }
        let statement = statement(config.epoch, message_hash);
        if key.verify(&statement, context(), &partial.signature) { Ok(signer) } else { Err(Refusal::Invalid) }
    }

    fn opened_by(&self, signer: u16) -> usize {
        self.pending.values().filter(|pending| pending.opened_by == signer).count()
    }

    /// Messages that one validator may open.
    fn share(&self) -> usize {
        MESSAGES_MAX / self.roster.config.validators.len()
    }

    /// Weight of the signatures collected for a message.
    pub fn collected_weight(&self, message_hash: &MessageHash) -> u64 {
        let pending = self.pending.get(message_hash);
        pending.map_or(0, |pending| pending.signatures.keys().map(|&signer| self.roster.weight(signer)).sum())
    }

    /// Makes the certificate of a message: the heaviest signers first, equals in the order of the
    /// configuration, until the threshold is reached. The message no longer waits then.
    ///
    /// # Errors
    /// [`MultisigError::BelowThreshold`]; what was collected is kept.
    pub fn finalize_aggregation(
        &mut self,
        message_hash: &MessageHash,
    ) -> Result<AggregatedSignature, MultisigError> {
        let (have, need) = (self.collected_weight(message_hash), self.roster.config.threshold);
        if have < need {
            return Err(MultisigError::BelowThreshold { have, need });
        }
        let pending = self.pending.remove(message_hash).map(|pending| pending.signatures);
        let mut collected: Vec<(u16, Vec<u8>)> = pending.unwrap_or_default().into_iter().collect();
        collected.sort_by_key(|(signer, _)| (std::cmp::Reverse(self.roster.weight(*signer)), *signer));
        let mut weight = 0;
        let needed = collected.iter().position(|(signer, _)| {
            weight += self.roster.weight(*signer);
            weight >= need
        });
        collected.truncate(needed.map_or(0, |last| last + 1));
        collected.sort_by_key(|(signer, _)| *signer);
        self.metrics.aggregations_completed += 1;
        if self.finished.len() == FINISHED_MAX {
            self.finished.pop_front();
        }
        self.finished.push_back(*message_hash);
        let epoch = self.roster.config.epoch;
        Ok(AggregatedSignature { epoch, message_hash: *message_hash, signatures: collected })
    }

    /// Forgets what was collected for a message.
    pub fn discard(&mut self, message_hash: &MessageHash) {
        self.pending.remove(message_hash);
    }

    /// Figures so far.
    pub fn metrics(&self) -> Metrics {
        self.metrics
    }

    /// The validators with the keys registered so far, to check certificates with.
    pub fn roster(&self) -> Arc<Roster> {
        Arc::clone(&self.roster)
    }
}

impl Roster {
    /// Checks a certificate: its weight first, then its signatures on the ambient thread pool, up to the
    /// first that does not hold. A certificate holds no more signatures than the threshold needs, so all of
    /// them are checked.
    ///
    /// # Errors
    /// The first fault, in the order of the configuration.
    pub fn verify_aggregated_signature(
        &self,
        certificate: &AggregatedSignature,
    ) -> Result<(), CertificateFault> {
        if certificate.epoch != self.config.epoch {
            return Err(CertificateFault::ForeignEpoch(certificate.epoch));
        }
        let keys = self.keys_of(certificate)?;
        self.check_weight(certificate)?;
        let statement = statement(certificate.epoch, &certificate.message_hash);
        let broken =
            keys.par_iter().zip(&certificate.signatures).find_map_first(|(key, (signer, signature))| {
                let holds = key.verify(&statement, context(), signature);
                (!holds).then(|| CertificateFault::Invalid(self.name(*signer)))
            });
        broken.map_or(Ok(()), Err)
    }

    fn keys_of(
        &self,
        certificate: &AggregatedSignature,
    ) -> Result<Vec<&Arc<VerifyingKey>>, CertificateFault> {
        let key = |(signer, _): &(u16, Vec<u8>)| match self.keys.get(usize::from(*signer)) {
            None => Err(CertificateFault::UnknownSigner(*signer)),
            Some(None) => Err(CertificateFault::NoKey(self.name(*signer))),
            Some(Some(key)) => Ok(key),
        };
        certificate.signatures.iter().map(key).collect()
    }

    fn check_weight(&self, certificate: &AggregatedSignature) -> Result<(), CertificateFault> {
        let signers = certificate.signatures.iter().map(|(signer, _)| *signer);
        let have: u64 = signers.clone().map(|signer| self.weight(signer)).sum();
        let need = self.config.threshold;
        if have < need {
            return Err(CertificateFault::BelowThreshold { have, need });
        }
        match signers.clone().min_by_key(|signer| self.weight(*signer)) {
            Some(lightest) if have - self.weight(lightest) >= need => {
                Err(CertificateFault::Surplus(self.name(lightest)))
            }
            _ => Ok(()),
        }
    }

    fn weight(&self, signer: u16) -> u64 {
        self.config.validators.get(usize::from(signer)).map_or(0, |validator| validator.weight)
    }

    fn name(&self, signer: u16) -> String {
        let validator = self.config.validators.get(usize::from(signer));
        validator.map_or_else(String::new, |validator| validator.node_id.clone())
    }

    /// The epoch's configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }
}
