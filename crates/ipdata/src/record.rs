//! What a row of a source says, whatever its format.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest organisation or subdivision name that is kept, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 160;

/// Addresses of one family, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    V4(u32, u32),
    V6(u128, u128),
}

impl Range {
    /// A range from two addresses, `None` if they are of two families or the wrong way round. IPv4-mapped
    /// ends become IPv4.
    pub(crate) fn between(first: IpAddr, last: IpAddr) -> Option<Self> {
        match (crate::address::unmapped(first), crate::address::unmapped(last)) {
            (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
                Some(Self::V4(first.into(), last.into()))
            }
            (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
                Some(Self::V6(first.into(), last.into()))
            }
            _ => None,
        }
    }

    /// The range of a prefix, `None` if the length is too large for the family. Host bits are cleared.
    pub(crate) fn of_prefix(address: IpAddr, length: u32) -> Option<Self> {
        match address {
            IpAddr::V4(four) if length <= 32 => {
                let host = u32::MAX.checked_shr(length).unwrap_or(0);
                let first = u32::from(four) & !host;
                Some(Self::V4(first, first | host))
            }
            IpAddr::V6(six) if length <= 128 => {
                let host = u128::MAX.checked_shr(length).unwrap_or(0);
                let first = u128::from(six) & !host;
                Some(Self::V6(first, first | host))
            }
            _ => None,
        }
    }
}

/// The value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Record<'a> {
    /// Routed by this autonomous system.
    Network {
        asn: u32,
        organisation: &'a str,
        /// More than one origin is announced; the first one was kept.
        multi_origin: bool,
    },
    /// Lies here.
    Place(PlaceRecord<'a>),
    /// The row is sound and says that nothing is known.
    Nothing,
}

/// A place as a source gives it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlaceRecord<'a> {
    pub(crate) country: [u8; 2],
    pub(crate) subdivision: &'a str,
    /// Latitude and longitude in tenths of a degree.
    pub(crate) position: Option<(i16, i16)>,
}

/// Two letters of ISO 3166-1, upper case; `None` for what stands for "unknown".
pub(crate) fn country_code(text: &str) -> Option<[u8; 2]> {
    match text.as_bytes() {
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            let code = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
            (code != *b"ZZ" && code != *b"XX").then_some(code)
        }
        _ => None,
    }
}

/// A position in tenths of a degree; `None` where it is not on Earth. 0, 0 is what sources write for
/// "unknown".
pub(crate) fn position_tenths(latitude: f64, longitude: f64) -> Option<(i16, i16)> {
    let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    // NaN fails both comparisons.
    let known = on_earth && (latitude != 0.0 || longitude != 0.0);
    known.then(|| ((latitude * 10.0).round() as i16, (longitude * 10.0).round() as i16))
}

/// The start of a name that fits [`NAME_BYTES_MAX`], without control characters at its ends.
pub(crate) fn bounded_name(name: &str) -> &str {
    let name = name.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    &name[..name.floor_char_boundary(NAME_BYTES_MAX)]
}

/// An address as text or as a decimal number; numbers up to 2^32 - 1 are IPv4.
pub(crate) fn address_or_number(text: &str) -> Option<IpAddr> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = text.parse::<u128>().ok()?;
        return Some(match u32::try_from(number) {
            Ok(four) => IpAddr::V4(Ipv4Addr::from(four)),
            Err(_) => IpAddr::V6(Ipv6Addr::from(number)),
        });
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_become_ranges() {
        let range = |text: &str, length| Range::of_prefix(text.parse().unwrap(), length);
        assert_eq!(range("10.1.2.3", 8), Some(Range::V4(0x0a00_0000, 0x0aff_ffff)));
        assert_eq!(range("0.0.0.0", 0), Some(Range::V4(0, u32::MAX)));
        assert_eq!(range("1.2.3.4", 32), Some(Range::V4(0x0102_0304, 0x0102_0304)));
        assert_eq!(range("1.2.3.4", 33), None);
        assert_eq!(range("::", 0), Some(Range::V6(0, u128::MAX)));
        assert_eq!(range("::1", 128), Some(Range::V6(1, 1)));
        assert_eq!(range("::1", 129), None);
    }

    #[test]
    fn unknown_places_are_not_invented() {
        assert_eq!(country_code("us"), Some(*b"US"));
        assert_eq!(country_code("ZZ"), None);
        assert_eq!(country_code("-"), None);
        assert_eq!(position_tenths(37.7749, -122.4194), Some((378, -1224)));
        assert_eq!(position_tenths(f64::NAN, 1.0), None);
        assert_eq!(position_tenths(90.01, 1.0), None);
        assert_eq!(position_tenths(0.0, 0.0), None);
    }

    #[test]
    fn names_are_cut_between_characters() {
        assert_eq!(bounded_name(&"ä".repeat(100)).len(), NAME_BYTES_MAX);
        assert_eq!(bounded_name("\u{0} Example \n"), "Example");
    }
}
