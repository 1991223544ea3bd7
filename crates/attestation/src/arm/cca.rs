//! CCA tokens: a platform token, signed by the key of the platform (CPAK), which vouches for the key of the
//! realm manager (RAK), which signs the realm token.
//!
//! Sources: Arm DEN0137, Realm Management Monitor specification 1.0, section A7.2 (the profile
//! `http://arm.com/CCA-SSD/1.0.0`); draft-ffm-rats-cca-token-00 and -01 (`tag:arm.com,2023:...#1.0.0`). Later
//! drafts have another wrapper and other profiles; they still change, and are refused.

use aws_lc_rs::digest::{Algorithm as Hash, SHA256, SHA384, SHA512, digest};
use quorate_types::cbor::{Form, Value, decode};

use super::claims::{Claim, Claims, HASH_BYTES, sized};
use super::{Device, Proved, check_lifecycle, check_size};
use crate::certificate::{KeyKind, PublicKey};
use crate::cose::{self, Sign1, Tagging};
use crate::fields::Field;
use crate::verdict::{Accepted, Reason, Register, Rejection, Vendor, reject};
use crate::verify::{Context, answers};

/// The tag of the collection, and the labels of its two tokens.
const COLLECTION: u64 = 399;
const PLATFORM_TOKEN: Value = Value::Unsigned(44234);
const REALM_TOKEN: Value = Value::Unsigned(44241);

const PLATFORM_PROFILES: [&str; 2] = ["http://arm.com/CCA-SSD/1.0.0", "tag:arm.com,2023:cca_platform#1.0.0"];
const REALM_PROFILE: &str = "tag:arm.com,2023:realm#1.0.0";

const PROFILE: Claim = Claim::new(265, "cca-platform-profile");
const BINDING: Claim = Claim::new(10, "cca-platform-challenge");
const IMPLEMENTATION: Claim = Claim::new(2396, "cca-platform-implementation-id");
const INSTANCE: Claim = Claim::new(256, "cca-platform-instance-id");
const CONFIG: Claim = Claim::new(2401, "cca-platform-config");
const LIFECYCLE: Claim = Claim::new(2395, "cca-platform-lifecycle");
const COMPONENTS: Claim = Claim::new(2399, "cca-platform-sw-components");
const SERVICE: Claim = Claim::new(2400, "cca-platform-service-indicator");
const PLATFORM_HASH: Claim = Claim::new(2402, "cca-platform-hash-algo-id");
const PLATFORM: [Claim; 9] =
    [PROFILE, BINDING, IMPLEMENTATION, INSTANCE, CONFIG, LIFECYCLE, COMPONENTS, SERVICE, PLATFORM_HASH];

const REALM_PROFILE_CLAIM: Claim = Claim::new(265, "cca-realm-profile");
const CHALLENGE: Claim = Claim::new(10, "cca-realm-challenge");
const PERSONALIZATION: Claim = Claim::new(44235, "cca-realm-personalization-value");
const REALM_HASH: Claim = Claim::new(44236, "cca-realm-hash-algo-id");
const REALM_KEY: Claim = Claim::new(44237, "cca-realm-public-key");
const INITIAL: Claim = Claim::new(44238, "cca-realm-initial-measurement");
const EXTENSIBLE: Claim = Claim::new(44239, "cca-realm-extensible-measurements");
const REALM_KEY_HASH: Claim = Claim::new(44240, "cca-realm-public-key-hash-algo-id");
const REALM: [Claim; 8] = [
    REALM_PROFILE_CLAIM,
    CHALLENGE,
    PERSONALIZATION,
    REALM_HASH,
    REALM_KEY,
    INITIAL,
    EXTENSIBLE,
    REALM_KEY_HASH,
];

/// A token, checked for its form alone.
struct Token {
    platform: (Sign1, Claims),
    realm: (Sign1, Claims),
}

impl Token {
    fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        check_size(bytes)?;
        let malformed = |why: &str| reject(Reason::Malformed, format!("the CCA token {why}"));
        let collection = decode(bytes, Form::Unambiguous)
            .map_err(|error| malformed(&format!("is not acceptable as CBOR: {error}")))?;
        let Value::Tag(COLLECTION, collection) = collection else {
            return Err(malformed("does not begin with the tag of a collection"));
        };
        // No signature covers the collection, so nothing else may be in it.
        let (platform, realm) = (collection.get(&PLATFORM_TOKEN), collection.get(&REALM_TOKEN));
        match (platform, realm, collection.as_map().map(<[_]>::len)) {
            (Some(Value::Bytes(platform)), Some(Value::Bytes(realm)), Some(2)) => Ok(Self {
                platform: part(platform, "the platform token")?,
                realm: part(realm, "the realm token")?,
            }),
            _ => Err(malformed("is no collection of a platform token and a realm token")),
        }
    }
}

fn part(bytes: &[u8], what: &'static str) -> Result<(Sign1, Claims), Rejection> {
    let signed = Sign1::parse(bytes, Tagging::Tagged, what)?;
    let claims = Claims::decode(&signed.payload, what)?;
    Ok((signed, claims))
}

/// Every claim of both tokens, readable; nothing of it is proved.
///
/// # Errors
/// `MALFORMED` or `UNSUPPORTED`.
pub fn fields(token: &[u8]) -> Result<Vec<Field>, Rejection> {
    let Token { platform, realm } = Token::parse(token)?;
    let mut fields = vec![Field::new("platform.alg", platform.0.algorithm.name())];
    fields.extend(platform.1.fields(&PLATFORM));
    fields.push(Field::new("realm.alg", realm.0.algorithm.name()));
    fields.extend(realm.1.fields(&REALM));
    Ok(fields)
}

/// Judges a token.
pub(crate) fn verify(
    token: &[u8],
    challenge: Option<&[u8]>,
    context: &Context<'_>,
) -> Result<Accepted, Rejection> {
    let Token { platform: (platform_token, platform), realm: (realm_token, realm) } = Token::parse(token)?;
    let profile = platform.text(PROFILE)?;
    if !PLATFORM_PROFILES.contains(&profile) {
        let why = format!("a CCA platform token of the profile {}", profile.escape_default());
        return Err(reject(Reason::Unsupported, why));
    }
    let device = Device::find(&platform, IMPLEMENTATION, INSTANCE, context)?;
    // The same for every token of a platform until it boots: worth remembering.
    platform_token.verify(&device.endorsed.key, Some(context.known_good))?;
    let key = realm_key(&platform, &realm)?;
    realm_token.verify(&key, None)?;
    check_platform(&platform)?;
    let registers = registers_of(&realm)?;
    let nonce = realm.bytes(CHALLENGE, &[64])?;
    let proved = Proved {
        product: "CCA 1.0".to_owned(),
        components: platform.components(COMPONENTS)?,
        measurement: realm.bytes(INITIAL, &HASH_BYTES)?,
        registers,
        nonce,
        fresh: answers(challenge, nonce)?,
    };
    check_lifecycle(&platform, LIFECYCLE)?;
    Ok(device.accepted(Vendor::ArmCca, proved, context))
}

/// The key of the realm manager, which the platform vouches for by its hash. Both signatures can be good
/// where this is not: then the realm token is somebody else's.
fn realm_key(platform: &Claims, realm: &Claims) -> Result<PublicKey, Rejection> {
    let key = realm.required(REALM_KEY, "a byte string", Value::as_bytes)?;
    let hash = hash_named(realm.text(REALM_KEY_HASH)?)?;
    if platform.bytes(BINDING, &HASH_BYTES)? != digest(hash, key).as_ref() {
        return Err(reject(Reason::KeyBinding, "the platform token does not vouch for the key of the realm"));
    }
    match realm.optional(REALM_PROFILE_CLAIM, "a text", Value::as_text)? {
        // The first profile has none, and the key as a bare point.
        None => {
            let key = PublicKey { kind: KeyKind::P384, bytes: key.to_vec() };
            let is_point = key.is_point();
            is_point.then_some(key).ok_or_else(|| {
                reject(Reason::ClaimMissing, "the key of the realm is no uncompressed point of P-384")
            })
        }
        Some(REALM_PROFILE) => cose::public_key(key, "the key of the realm"),
        Some(profile) => Err(reject(
            Reason::Unsupported,
            format!("a CCA realm token of the profile {}", profile.escape_default()),
        )),
    }
}

/// Names of the IANA registry of hash functions.
fn hash_named(name: &str) -> Result<&'static Hash, Rejection> {
    match name {
        "sha-256" => Ok(&SHA256),
        "sha-384" => Ok(&SHA384),
        "sha-512" => Ok(&SHA512),
        _ => Err(reject(Reason::Unsupported, format!("the hash {}", name.escape_default()))),
    }
}

/// The claims of a platform that no verdict states must be there nevertheless.
fn check_platform(platform: &Claims) -> Result<(), Rejection> {
    platform.required(CONFIG, "a byte string", Value::as_bytes)?;
    platform.text(PLATFORM_HASH)?;
    platform.optional(SERVICE, "a text", Value::as_text)?;
    Ok(())
}

/// The measurements that a realm extends at run time (REM). Its other claims must be there nevertheless.
fn registers_of(realm: &Claims) -> Result<Vec<Register>, Rejection> {
    realm.bytes(PERSONALIZATION, &[64])?;
    realm.text(REALM_HASH)?;
    realm.required(EXTENSIBLE, "four measurements", |value| {
        let measurements = value.as_array().filter(|measurements| measurements.len() == 4)?;
        let named = |(number, value)| {
            let value = sized(value, &HASH_BYTES)?.to_vec();
            Some(Register { name: format!("rem{number}"), value })
        };
        measurements.iter().enumerate().map(named).collect()
    })
}
