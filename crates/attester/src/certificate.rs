//! Certificates and revocation lists (RFC 5280), every part of which a test can set wrong.

use quorate_types::UnixMillis;

use crate::der::{bits, integer, item, octets, oid, sequence, set, time, utf8, yes};
use crate::error::AttesterError;
use crate::key::Key;

/// A certificate to be made.
#[derive(Clone, Debug)]
pub struct Form {
    /// Serial number, big-endian.
    pub serial: Vec<u8>,
    /// Common name of the subject.
    pub subject: String,
    /// Common name of the issuer.
    pub issuer: String,
    /// UTC milliseconds.
    pub not_before: UnixMillis,
    /// UTC milliseconds.
    pub not_after: UnixMillis,
    /// Whether it may certify others, and how many authorities may follow.
    pub authority: Option<Option<u8>>,
    /// Whether its key may sign certificates, where it is an authority.
    pub signs_certificates: bool,
    /// Others: identifier, critical, value.
    pub extensions: Vec<(String, bool, Vec<u8>)>,
}

impl Form {
    /// A leaf, or an authority of any depth, between two times.
    pub fn new(serial: u8, subject: &str, issuer: &str, valid: [UnixMillis; 2], authority: bool) -> Self {
        Self {
            serial: vec![serial],
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            not_before: valid[0],
            not_after: valid[1],
            authority: authority.then_some(None),
            signs_certificates: true,
            extensions: Vec::new(),
        }
    }

    /// The certificate of `key`, signed by `issuer`.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn certify(&self, key: &Key, issuer: &Key) -> Result<Vec<u8>, AttesterError> {
        let signed = sequence(&[
            item(0xa0, &integer(&[2])),
            integer(&self.serial),
            issuer.algorithm(),
            name(&self.issuer),
            sequence(&[time(self.not_before), time(self.not_after)]),
            name(&self.subject),
            key.public_key()?,
            item(0xa3, &sequence(&self.all_extensions())),
        ]);
        wrap(&signed, issuer)
    }

    fn all_extensions(&self) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        if let Some(depth) = self.authority {
            let depth = depth.map(|depth| integer(&[depth]));
            let constraints = [vec![yes()], depth.into_iter().collect()].concat();
            all.push(extension("2.5.29.19", true, &sequence(&constraints)));
            // keyCertSign and cRLSign, or cRLSign alone.
            let usage = if self.signs_certificates { [1, 0x06] } else { [1, 0x02] };
            all.push(extension("2.5.29.15", true, &item(3, &usage)));
        }
        let own = self.extensions.iter().map(|(id, critical, value)| extension(id, *critical, value));
        all.extend(own);
        all
    }
}

fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { yes() } else { Vec::new() };
    sequence(&[oid(id), critical, octets(value)])
}

fn name(text: &str) -> Vec<u8> {
    sequence(&[set(&sequence(&[oid("2.5.4.3"), utf8(text)]))])
}

/// The signed part with algorithm and signature.
fn wrap(signed: &[u8], issuer: &Key) -> Result<Vec<u8>, AttesterError> {
    let signature = issuer.sign_der(signed)?;
    Ok(sequence(&[signed.to_vec(), issuer.algorithm(), bits(&signature)]))
}

/// A revocation list to be made.
#[derive(Clone, Debug)]
pub struct ListForm {
    /// Common name of the issuer.
    pub issuer: String,
    /// UTC milliseconds.
    pub this_update: UnixMillis,
    /// UTC milliseconds.
    pub next_update: UnixMillis,
    /// Its number.
    pub number: u8,
    /// Serial numbers, big-endian.
    pub revoked: Vec<Vec<u8>>,
}

impl ListForm {
    /// The list, signed by `issuer`.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn sign(&self, issuer: &Key) -> Result<Vec<u8>, AttesterError> {
        let entry = |serial: &Vec<u8>| sequence(&[integer(serial), time(self.this_update)]);
        let revoked: Vec<Vec<u8>> = self.revoked.iter().map(entry).collect();
        let mut members = vec![
            integer(&[1]),
            issuer.algorithm(),
            name(&self.issuer),
            time(self.this_update),
            time(self.next_update),
        ];
        if !revoked.is_empty() {
            members.push(sequence(&revoked));
        }
        let number = extension("2.5.29.20", false, &integer(&[self.number]));
        members.push(item(0xa0, &sequence(&[number])));
        wrap(&sequence(&members), issuer)
    }
}
