//! Arm: tokens of CCA, which attest a realm on a platform, and of PSA, which attest a device.
//!
//! Arm has no root. An endorser (the maker, the operator) states the key of each device, and every verdict
//! names the endorser. Nothing in a token says when it ends and there are no revocation lists, so a verdict
//! ends with the endorsement, and after [`ENDORSEMENT_MS_MAX`] where that has no end.

pub mod cca;
pub mod endorsement;
pub mod psa;

mod claims;
mod corim;

use crate::anchors::EndorsedKey;
use crate::verdict::{Accepted, Endorser, Reason, Register, Rejection, Tcb, Trust, Vendor, hex, reject};
use crate::verify::Context;
use claims::{Claim, Claims, Component};

/// Largest token.
pub const TOKEN_BYTES_MAX: usize = 8 << 10;
/// How long a verdict holds on an endorsement that has no end, in milliseconds: as long as Intel's statements
/// do. A verdict outlives an endorsement that was withdrawn by no more.
pub const ENDORSEMENT_MS_MAX: u64 = 30 * 86_400_000;

/// The secured state of the lifecycle; its low byte is the implementation's own.
const SECURED: i64 = 0x30;

fn check_size(token: &[u8]) -> Result<(), Rejection> {
    if token.len() <= TOKEN_BYTES_MAX {
        return Ok(());
    }
    Err(reject(Reason::Malformed, format!("a token of more than {TOKEN_BYTES_MAX} bytes")))
}

/// The device a token names, with the key that an endorser states for it.
struct Device<'a> {
    identity: String,
    endorsed: &'a EndorsedKey,
}

impl<'a> Device<'a> {
    /// Finds the key by the identities that the token states, proved or not: the signature decides.
    fn find(
        claims: &Claims,
        implementation: Claim,
        instance: Claim,
        context: &Context<'a>,
    ) -> Result<Self, Rejection> {
        let implementation = claims.bytes(implementation, &[EndorsedKey::IMPLEMENTATION_BYTES])?;
        let instance = claims.required(instance, "a UEID of type RAND, 33 bytes", |value| {
            value.as_bytes().filter(|id| EndorsedKey::is_instance(id))
        })?;
        let identity = hex(&[implementation, instance].concat());
        let endorsed = context.anchors.key_of(implementation, instance).ok_or_else(|| {
            reject(Reason::KeyUnknown, format!("no key is endorsed for the device {identity}"))
        })?;
        if endorsed.demo && !context.policy.demo_allowed {
            return Err(reject(Reason::DemoAnchor, "the key is endorsed for a simulated machine"));
        }
        if context.time < endorsed.valid_from {
            return Err(reject(Reason::CollateralNotYetValid, "the endorsement is not valid yet"));
        }
        if endorsed.valid_until.is_some_and(|end| context.time > end) {
            return Err(reject(Reason::CollateralExpired, "the endorsement has ended"));
        }
        Ok(Self { identity, endorsed })
    }

    /// A verdict on this device.
    fn accepted(self, vendor: Vendor, proved: Proved<'_>, context: &Context<'_>) -> Accepted {
        let trust = if self.endorsed.demo { Trust::Demo } else { Trust::Configured };
        Accepted {
            vendor,
            product: proved.product,
            tcb: Tcb {
                version: claims::version_of(&proved.components),
                status: None,
                date: None,
                advisories: Vec::new(),
            },
            measurement: proved.measurement.to_vec(),
            registers: proved.registers,
            report_data: proved.nonce.to_vec(),
            // The same for both kinds of token: a device that makes both is one machine.
            machine: Some(format!("arm-device:{}", self.identity)),
            debug: false,
            valid_until: self.endorsed.valid_until.unwrap_or(context.time.saturating_add(ENDORSEMENT_MS_MAX)),
            endorser: Endorser { name: self.endorsed.endorser.clone(), trust },
            fresh: proved.fresh,
            revocation_checked: false,
        }
    }
}

/// What a token proves beside its device.
struct Proved<'a> {
    product: String,
    components: Vec<Component<'a>>,
    measurement: &'a [u8],
    registers: Vec<Register>,
    nonce: &'a [u8],
    fresh: bool,
}

/// A device in any other state can be read or changed by whoever holds it.
fn check_lifecycle(claims: &Claims, lifecycle: Claim) -> Result<(), Rejection> {
    let state = claims.integer(lifecycle, 0..=0xffff)?;
    if state >> 8 == SECURED {
        return Ok(());
    }
    let name = match state >> 8 {
        0x10 => "assembly and test",
        0x20 => "provisioning",
        0x40 => "debug outside the root of trust",
        0x50 => "recoverable debug of the root of trust",
        0x60 => "decommissioned",
        _ => "unknown",
    };
    Err(reject(Reason::Lifecycle, format!("the lifecycle state {state:#x} ({name}) is not the secured one")))
}
