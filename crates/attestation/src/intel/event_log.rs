//! The event log of a TD (CCEL): which events its run-time registers were extended with.
//!
//! Source: TCG PC Client platform firmware profile, section 10 (crypto-agile log); UEFI specification 2.10,
//! section 38.4 (`EFI_CC_EVENT`), after which register index 0 is MRTD and 1 to 4 are RTMR0 to RTMR3.
//!
//! The log is as untrusted as its bearer until it leads to the registers of a quote. Then its digests are
//! what the TD measured; whether the data beside a digest is what was hashed depends on the kind of event and
//! is not checked here.

use aws_lc_rs::digest::{SHA384, digest};

use crate::bytes::Bytes;
use crate::verdict::{Reason, Rejection, hex, reject};

/// Largest log. Firmware sets aside 64 to 256 KiB.
const LOG_BYTES_MAX: usize = 1 << 20;
/// Most digest algorithms in one log.
const ALGORITHMS_MAX: u32 = 16;
const DIGEST_BYTES_MAX: u16 = 64;
const REGISTERS: usize = 4;
const SIGNATURE: &[u8; 16] = b"Spec ID Event03\0";
/// An event that says something and extends nothing.
const EV_NO_ACTION: u32 = 3;
const TPM_ALG_SHA384: u16 = 0x000c;
/// What firmware fills the unused end of the log with.
const FILLERS: [u8; 2] = [0, 0xff];

/// The four registers.
pub type Registers = [[u8; 48]; REGISTERS];

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Which RTMR it extended, 0 to 3; none for an event that extends nothing.
    pub register: Option<usize>,
    /// Its type, as TCG numbers them.
    pub kind: u32,
    /// The SHA-384 digest that was extended; zero for an event that extends nothing and has none.
    pub digest: [u8; 48],
    /// What the firmware says was hashed.
    pub data: &'a [u8],
}

/// The events of a log.
///
/// # Errors
/// `MALFORMED` for what is no crypto-agile log with SHA-384, or one that extends another register.
pub fn events(log: &[u8]) -> Result<Vec<Event<'_>>, Rejection> {
    if log.len() > LOG_BYTES_MAX {
        return Err(malformed(format!("of more than {LOG_BYTES_MAX} bytes")));
    }
    let mut from = Bytes::of(log, "the event log");
    let algorithms = header(&mut from)?;
    let mut events = Vec::new();
    while !FILLERS.iter().any(|filler| from.rest().iter().all(|byte| byte == filler)) {
        events.push(event(&mut from, &algorithms)?);
    }
    Ok(events)
}

/// The registers after all events of a log.
///
/// # Errors
/// Those of [`events`].
pub fn replay(log: &[u8]) -> Result<Registers, Rejection> {
    let mut registers = [[0; 48]; REGISTERS];
    for event in events(log)? {
        if let Some(register) = event.register.and_then(|register| registers.get_mut(register)) {
            let extended = digest(&SHA384, &[*register, event.digest].concat());
            register.copy_from_slice(extended.as_ref());
        }
    }
    Ok(registers)
}

/// Whether a log leads to the registers of a quote.
///
/// # Errors
/// `EVENT_LOG`, which names the first register that differs; those of [`events`].
pub fn check(log: &[u8], registers: &Registers) -> Result<(), Rejection> {
    let replayed = replay(log)?;
    for (number, (found, expected)) in replayed.iter().zip(registers).enumerate() {
        if found != expected {
            let why = format!("the log leads to RTMR{number} = {}, not {}", hex(found), hex(expected));
            return Err(reject(Reason::EventLog, why));
        }
    }
    Ok(())
}

/// A digest algorithm and the length of its digests.
type Algorithm = (u16, usize);

/// The first entry: an event of the older form, which says how the others are laid out.
fn header(from: &mut Bytes<'_>) -> Result<Vec<Algorithm>, Rejection> {
    let (_, kind) = (from.u32()?, from.u32()?);
    from.take(20)?;
    let length = from.u32()? as usize;
    let mut inside = Bytes::of(from.take(length)?, "the event log's first event");
    if kind != EV_NO_ACTION || &inside.array::<16>()? != SIGNATURE {
        return Err(malformed("that is not crypto-agile".to_owned()));
    }
    // Platform class, version of the specification (three bytes), size of an unsigned integer.
    inside.take(8)?;
    let count = inside.u32()?;
    if count > ALGORITHMS_MAX {
        return Err(malformed(format!("with {count} digest algorithms")));
    }
    let mut algorithms: Vec<Algorithm> = Vec::new();
    for _ in 0..count {
        let (algorithm, bytes) = (inside.u16()?, inside.u16()?);
        let twice = algorithms.iter().any(|(known, _)| *known == algorithm);
        if twice || bytes > DIGEST_BYTES_MAX || (algorithm == TPM_ALG_SHA384 && bytes != 48) {
            return Err(malformed(format!("whose digest algorithm {algorithm:#x} is not as it should be")));
        }
        algorithms.push((algorithm, usize::from(bytes)));
    }
    let vendor_bytes = usize::from(inside.u8()?);
    inside.take(vendor_bytes)?;
    if inside.rest().is_empty() {
        Ok(algorithms)
    } else {
        Err(malformed("whose first event is too long".to_owned()))
    }
}

fn event<'a>(from: &mut Bytes<'a>, algorithms: &[Algorithm]) -> Result<Event<'a>, Rejection> {
    let (index, kind, count) = (from.u32()?, from.u32()?, from.u32()?);
    if count > ALGORITHMS_MAX {
        return Err(malformed(format!("with an event of {count} digests")));
    }
    let mut sha384 = None;
    for _ in 0..count {
        let algorithm = from.u16()?;
        let known = algorithms.iter().find(|(known, _)| *known == algorithm);
        let (_, bytes) = known.ok_or_else(|| malformed(format!("with a digest of {algorithm:#x}")))?;
        let digest = from.take(*bytes)?;
        if algorithm == TPM_ALG_SHA384 && sha384.replace(digest).is_some() {
            return Err(malformed("with two SHA-384 digests of one event".to_owned()));
        }
    }
    let length = from.u32()? as usize;
    let data = from.take(length)?;
    let mut digest = [0; 48];
    match sha384 {
        Some(found) => digest.copy_from_slice(found),
        None if kind == EV_NO_ACTION => {}
        None => return Err(malformed("with an event without a SHA-384 digest".to_owned())),
    }
    let register = match (kind, index) {
        (EV_NO_ACTION, _) => None,
        (_, 1..=4) => Some(index as usize - 1),
        _ => return Err(malformed(format!("that extends register {index}"))),
    };
    Ok(Event { register, kind, digest, data })
}

fn malformed(what: String) -> Rejection {
    reject(Reason::Malformed, format!("an event log {what}"))
}
