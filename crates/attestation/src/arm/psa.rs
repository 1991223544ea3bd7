//! PSA tokens, of small devices and edge boards: one token, signed by the device's attestation key (IAK).
//!
//! Sources: RFC 9783 (`tag:psacertified.org,2023:psa#tfm`); draft-tschofenig-rats-psa-token-07
//! (`PSA_IOT_PROFILE_1`) and -08 (`http://arm.com/psa/2.0.0`), which devices in the field still speak.
//!
//! A grade below CCA: the token measures what booted beside the normal world, not a guest that is shielded
//! from its host.

use quorate_types::cbor::Value;

use super::claims::{Claim, Claims, HASH_BYTES};
use super::{Device, Proved, check_lifecycle, check_size};
use crate::cose::{Sign1, Tagging};
use crate::fields::Field;
use crate::verdict::{Accepted, Reason, Rejection, Vendor, reject};
use crate::verify::{Context, answers};

/// How a profile writes the claims.
struct Profile {
    name: &'static str,
    profile: Claim,
    nonce: Claim,
    instance: Claim,
    implementation: Claim,
    client: Claim,
    lifecycle: Claim,
    boot_seed: Claim,
    certification: Claim,
    components: Claim,
    /// The flag of a device that measures nothing, where the profile has one.
    unmeasured: Option<Claim>,
    service: Claim,
    /// Whether it is the oldest: there the boot seed must be there and have 32 bytes, not 8 to 32, and the
    /// certification may lack its version.
    oldest: bool,
}

const PROFILE_1: Profile = Profile {
    name: "PSA_IOT_PROFILE_1",
    profile: Claim::new(-75000, "psa-profile"),
    nonce: Claim::new(-75008, "psa-nonce"),
    instance: Claim::new(-75009, "psa-instance-id"),
    implementation: Claim::new(-75003, "psa-implementation-id"),
    client: Claim::new(-75001, "psa-client-id"),
    lifecycle: Claim::new(-75002, "psa-security-lifecycle"),
    boot_seed: Claim::new(-75004, "psa-boot-seed"),
    certification: Claim::new(-75005, "psa-hardware-version"),
    components: Claim::new(-75006, "psa-software-components"),
    unmeasured: Some(Claim::new(-75007, "psa-no-sw-measurement")),
    service: Claim::new(-75010, "psa-verification-service-indicator"),
    oldest: true,
};

const PROFILE_2: Profile = Profile {
    name: "http://arm.com/psa/2.0.0",
    profile: Claim::new(265, "psa-profile"),
    nonce: Claim::new(10, "psa-nonce"),
    instance: Claim::new(256, "psa-instance-id"),
    implementation: Claim::new(2396, "psa-implementation-id"),
    client: Claim::new(2394, "psa-client-id"),
    lifecycle: Claim::new(2395, "psa-security-lifecycle"),
    boot_seed: Claim::new(2397, "psa-boot-seed"),
    certification: Claim::new(2398, "psa-certification-reference"),
    components: Claim::new(2399, "psa-software-components"),
    unmeasured: None,
    service: Claim::new(2400, "psa-verification-service-indicator"),
    oldest: false,
};

const TFM: Profile = Profile {
    name: "tag:psacertified.org,2023:psa#tfm",
    boot_seed: Claim::new(268, "psa-boot-seed"),
    ..PROFILE_2
};

impl Profile {
    /// The profile that a token says it has.
    fn of(claims: &Claims) -> Result<&'static Self, Rejection> {
        let label = if claims.get(TFM.profile).is_some() { TFM.profile } else { PROFILE_1.profile };
        let name = claims.text(label)?;
        [&PROFILE_1, &PROFILE_2, &TFM]
            .into_iter()
            .find(|profile| profile.name == name && profile.profile == label)
            .ok_or_else(|| {
                reject(Reason::Unsupported, format!("a PSA token of the profile {}", name.escape_default()))
            })
    }

    fn claims(&self) -> Vec<Claim> {
        let mut claims = vec![
            self.profile,
            self.nonce,
            self.instance,
            self.implementation,
            self.client,
            self.lifecycle,
            self.boot_seed,
            self.certification,
            self.components,
            self.service,
        ];
        claims.extend(self.unmeasured);
        claims
    }
}

fn parse(token: &[u8]) -> Result<(Sign1, Claims, &'static Profile), Rejection> {
    check_size(token)?;
    let signed = Sign1::parse(token, Tagging::Tagged, "the PSA token")?;
    let claims = Claims::decode(&signed.payload, "the PSA token")?;
    let profile = Profile::of(&claims)?;
    Ok((signed, claims, profile))
}

/// Every claim of a token, readable; nothing of it is proved.
///
/// # Errors
/// `MALFORMED`, `UNSUPPORTED`, or `CLAIM_MISSING` where it names no profile.
pub fn fields(token: &[u8]) -> Result<Vec<Field>, Rejection> {
    let (signed, claims, profile) = parse(token)?;
    let mut fields = vec![Field::new("alg", signed.algorithm.name())];
    fields.extend(claims.fields(&profile.claims()));
    Ok(fields)
}

/// Judges a token.
pub(crate) fn verify(
    token: &[u8],
    challenge: Option<&[u8]>,
    context: &Context<'_>,
) -> Result<Accepted, Rejection> {
    let (signed, claims, profile) = parse(token)?;
    let device = Device::find(&claims, profile.implementation, profile.instance, context)?;
    signed.verify(&device.endorsed.key, None)?;
    let nonce = claims.bytes(profile.nonce, &HASH_BYTES)?;
    check_claims(&claims, profile)?;
    let components = match profile.unmeasured.filter(|flag| claims.get(*flag).is_some()) {
        None => claims.components(profile.components)?,
        Some(flag) => no_components(&claims, flag, profile)?,
    };
    if challenge.is_some_and(|challenge| challenge.len() != nonce.len()) {
        return Err(reject(Reason::Challenge, "the nonce of the token is of another length"));
    }
    let certification = certification(&claims, profile)?;
    let proved = Proved {
        product: certification.map_or_else(|| "PSA".to_owned(), |reference| format!("PSA {reference}")),
        measurement: components.first().map_or(&[], |first| first.measurement),
        components,
        registers: Vec::new(),
        nonce,
        fresh: answers(challenge, nonce)?,
    };
    check_lifecycle(&claims, profile.lifecycle)?;
    Ok(device.accepted(Vendor::ArmPsa, proved, context))
}

/// The claims that no verdict states must be right nevertheless.
fn check_claims(claims: &Claims, profile: &Profile) -> Result<(), Rejection> {
    claims.required(profile.client, "the number of a caller, which is not 0", |value| {
        value.as_integer().and_then(|number| i32::try_from(number).ok()).filter(|number| *number != 0)
    })?;
    if profile.oldest {
        claims.bytes(profile.boot_seed, &[32])?;
    } else {
        claims.optional(profile.boot_seed, "a string of 8 to 32 bytes", |value| {
            value.as_bytes().filter(|seed| (8..=32).contains(&seed.len()))
        })?;
    }
    claims.optional(profile.service, "a text", Value::as_text)?;
    Ok(())
}

/// A device that measures nothing says so, and then says nothing of its software.
fn no_components<T>(claims: &Claims, flag: Claim, profile: &Profile) -> Result<Vec<T>, Rejection> {
    claims.integer(flag, 1..=1)?;
    if claims.get(profile.components).is_some() {
        return Err(reject(Reason::Malformed, "the PSA token both has and lacks software measurements"));
    }
    Ok(Vec::new())
}

/// The entry in the database of PSA certifications: an EAN-13, then five digits of a version, which the
/// oldest profile may leave out.
fn certification<'a>(claims: &'a Claims, profile: &Profile) -> Result<Option<&'a str>, Rejection> {
    claims.optional(profile.certification, "a certification reference", |value| {
        let text = value.as_text()?;
        let digits =
            |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        let known = match text.split_once('-') {
            Some((number, version)) => digits(number, 13) && digits(version, 5),
            None => profile.oldest && digits(text, 13),
        };
        known.then_some(text)
    })
}
