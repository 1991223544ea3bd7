//! Keys of simulated authorities and machines.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA384, RsaEncoding, RsaKeyPair,
};

use crate::der::{integer, item, octets, oid, sequence};
use crate::error::AttesterError;

/// Kinds of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ECDSA on P-256: Intel's hierarchy.
    P256,
    /// ECDSA on P-384: AMD's key certificates, Arm's platforms and realms, the hierarchy of AWS.
    P384,
    /// ECDSA on P-521: an Arm device may have such a key.
    P521,
    /// RSA of 2048 bits: attestation keys of a TPM.
    Rsa2048,
    /// RSA of 4096 bits: AMD's authorities. Making one takes about a second.
    Rsa4096,
}

/// A key pair, as PKCS #8.
#[derive(Clone, Debug)]
pub struct Key {
    kind: Kind,
    pkcs8: Vec<u8>,
}

const SHA384: &str = "2.16.840.1.101.3.4.2.2";

impl Key {
    /// A new key from the system's generator.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn generate(kind: Kind) -> Result<Self, AttesterError> {
        let failed = |_| AttesterError::Key { what: "made" };
        let pkcs8 = match kind {
            Kind::P256 | Kind::P384 | Kind::P521 => EcdsaKeyPair::generate(ecdsa(kind, true))
                .and_then(|key| key.to_pkcs8v1())
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            Kind::Rsa2048 => generate_rsa(KeySize::Rsa2048).map_err(failed)?,
            Kind::Rsa4096 => generate_rsa(KeySize::Rsa4096).map_err(failed)?,
        };
        Ok(Self { kind, pkcs8 })
    }

    /// The key on P-384 with this private scalar, big-endian: the same scalar gives the same key.
    ///
    /// # Errors
    /// [`AttesterError::Key`] for zero and for what is not below the order of the curve.
    pub fn of_scalar(scalar: &[u8; 48]) -> Result<Self, AttesterError> {
        let curve = sequence(&[oid("1.2.840.10045.2.1"), oid("1.3.132.0.34")]);
        let private = sequence(&[integer(&[1]), octets(scalar)]);
        Self::from_pkcs8(Kind::P384, &sequence(&[integer(&[0]), curve, octets(&private)]))
    }

    /// The kind of key.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// A key that was kept.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn from_pkcs8(kind: Kind, pkcs8: &[u8]) -> Result<Self, AttesterError> {
        let key = Self { kind, pkcs8: pkcs8.to_vec() };
        key.public_key()?;
        Ok(key)
    }

    /// The private key, to be kept.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn public_key(&self) -> Result<Vec<u8>, AttesterError> {
        let failed = |_| AttesterError::Key { what: "read" };
        let der: PublicKeyX509Der<'_> = match self.kind {
            Kind::P256 | Kind::P384 | Kind::P521 => {
                self.ecdsa(true)?.public_key().as_der().map_err(failed)?
            }
            Kind::Rsa2048 | Kind::Rsa4096 => self.rsa()?.public_key().as_der().map_err(failed)?,
        };
        Ok(der.as_ref().to_vec())
    }

    /// The point of an ECDSA key, uncompressed.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn point(&self) -> Result<Vec<u8>, AttesterError> {
        Ok(self.ecdsa(true)?.public_key().as_ref().to_vec())
    }

    /// A signature as X.509 has it.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn sign_der(&self, message: &[u8]) -> Result<Vec<u8>, AttesterError> {
        match self.kind {
            Kind::P256 | Kind::P384 | Kind::P521 => self.sign_ecdsa(message, true),
            Kind::Rsa2048 | Kind::Rsa4096 => self.sign_rsa(message, &RSA_PSS_SHA384),
        }
    }

    /// A signature as TPMs have it: RSA by PKCS #1 version 1.5 with SHA-256.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn sign_pkcs1(&self, message: &[u8]) -> Result<Vec<u8>, AttesterError> {
        self.sign_rsa(message, &RSA_PKCS1_SHA256)
    }

    /// The modulus of an RSA key, big-endian.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn modulus(&self) -> Result<Vec<u8>, AttesterError> {
        let key = self.rsa()?;
        // An RSAPublicKey ends with the modulus and the exponent 65537: two bytes of header, three of number.
        let bytes = key.public_key().as_ref();
        let end = bytes.len() - 5;
        Ok(bytes[end - key.public_modulus_len()..end].to_vec())
    }

    /// A signature as quotes have it: r and s, big-endian.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn sign_fixed(&self, message: &[u8]) -> Result<Vec<u8>, AttesterError> {
        self.sign_ecdsa(message, false)
    }

    /// The algorithm identifier of [`Key::sign_der`].
    pub fn algorithm(&self) -> Vec<u8> {
        match self.kind {
            Kind::P256 => sequence(&[oid("1.2.840.10045.4.3.2")]),
            Kind::P384 => sequence(&[oid("1.2.840.10045.4.3.3")]),
            Kind::P521 => sequence(&[oid("1.2.840.10045.4.3.4")]),
            Kind::Rsa2048 | Kind::Rsa4096 => {
                let hash = sequence(&[oid(SHA384), item(5, &[])]);
                let mask = sequence(&[oid("1.2.840.113549.1.1.8"), hash.clone()]);
                let parameters = [
                    item(0xa0, &hash),
                    item(0xa1, &mask),
                    item(0xa2, &integer(&[48])),
                    item(0xa3, &integer(&[1])),
                ];
                sequence(&[oid("1.2.840.113549.1.1.10"), sequence(&parameters)])
            }
        }
    }

    fn sign_ecdsa(&self, message: &[u8], der: bool) -> Result<Vec<u8>, AttesterError> {
        let signature = self.ecdsa(der)?.sign(&SystemRandom::new(), message);
        Ok(signature.map_err(|_| AttesterError::Key { what: "used" })?.as_ref().to_vec())
    }

    fn sign_rsa(&self, message: &[u8], padding: &'static dyn RsaEncoding) -> Result<Vec<u8>, AttesterError> {
        let key = self.rsa()?;
        let mut signature = vec![0; key.public_modulus_len()];
        let signed = key.sign(padding, &SystemRandom::new(), message, &mut signature);
        signed.map_err(|_| AttesterError::Key { what: "used" })?;
        Ok(signature)
    }

    fn ecdsa(&self, der: bool) -> Result<EcdsaKeyPair, AttesterError> {
        EcdsaKeyPair::from_pkcs8(ecdsa(self.kind, der), &self.pkcs8)
            .map_err(|_| AttesterError::Key { what: "read" })
    }

    fn rsa(&self) -> Result<RsaKeyPair, AttesterError> {
        RsaKeyPair::from_pkcs8(&self.pkcs8).map_err(|_| AttesterError::Key { what: "read" })
    }
}

fn generate_rsa(size: KeySize) -> Result<Vec<u8>, Unspecified> {
    let key = RsaKeyPair::generate(size)?;
    Ok(AsDer::<Pkcs8V1Der<'_>>::as_der(&key)?.as_ref().to_vec())
}

fn ecdsa(kind: Kind, der: bool) -> &'static EcdsaSigningAlgorithm {
    match (kind, der) {
        (Kind::P256, true) => &ECDSA_P256_SHA256_ASN1_SIGNING,
        (Kind::P256, false) => &ECDSA_P256_SHA256_FIXED_SIGNING,
        (Kind::P521, true) => &ECDSA_P521_SHA512_ASN1_SIGNING,
        (Kind::P521, false) => &ECDSA_P521_SHA512_FIXED_SIGNING,
        (_, true) => &ECDSA_P384_SHA384_ASN1_SIGNING,
        (_, false) => &ECDSA_P384_SHA384_FIXED_SIGNING,
    }
}
