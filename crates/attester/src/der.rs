//! Writing DER (ITU-T X.690): as much as certificates and lists need.

/// An item: tag, length, content.
pub fn item(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut out = vec![tag];
    match significant {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        _ => {
            out.push(0x80 | significant.len() as u8);
            out.extend_from_slice(significant);
        }
    }
    out.extend_from_slice(content);
    out
}

/// A sequence.
pub fn sequence(members: &[Vec<u8>]) -> Vec<u8> {
    item(0x30, &members.concat())
}

/// A set of one member.
pub fn set(member: &[u8]) -> Vec<u8> {
    item(0x31, member)
}

/// A non-negative integer of big-endian bytes; none are zero.
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    match significant {
        [] => item(2, &[0]),
        [first, ..] if *first > 0x7f => item(2, &[&[0], significant].concat()),
        _ => item(2, significant),
    }
}

/// An object identifier in its dotted form.
pub fn oid(dotted: &str) -> Vec<u8> {
    let mut numbers = dotted.split('.').filter_map(|number| number.parse::<u64>().ok());
    let (first, second) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let mut content = Vec::new();
    for number in std::iter::once(first * 40 + second).chain(numbers) {
        let groups = (u64::BITS - number.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let more = if group > 0 { 0x80 } else { 0 };
            content.push((number >> (7 * group) & 0x7f) as u8 | more);
        }
    }
    item(6, &content)
}

/// An octet string.
pub fn octets(bytes: &[u8]) -> Vec<u8> {
    item(4, bytes)
}

/// A bit string of whole bytes.
pub fn bits(bytes: &[u8]) -> Vec<u8> {
    item(3, &[&[0], bytes].concat())
}

/// A printable name.
pub fn utf8(text: &str) -> Vec<u8> {
    item(12, text.as_bytes())
}

/// An ASCII text.
pub fn ia5(text: &str) -> Vec<u8> {
    item(22, text.as_bytes())
}

/// `true`, as DER writes it.
pub fn yes() -> Vec<u8> {
    item(1, &[0xff])
}

/// A time in UTC milliseconds: UTCTime until 2049, GeneralizedTime after, as RFC 5280 asks.
pub fn time(millis: u64) -> Vec<u8> {
    let (days, seconds) = (millis / 86_400_000, millis / 1000 % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if year < 2050 {
        item(23, format!("{:02}{rest}", year % 100).as_bytes())
    } else {
        item(24, format!("{year:04}{rest}").as_bytes())
    }
}

/// A day since 1970 as year, month and day. Source: the civil-from-days algorithm of H. Hinnant's
/// "chrono-compatible low-level date algorithms".
pub fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_written_as_der_asks() {
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(oid("1.2.840.113549"), [6, 6, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]);
        assert_eq!(item(4, &[7; 200])[..4], [4, 0x81, 200, 7]);
        assert_eq!(item(4, &[7; 300])[..5], [4, 0x82, 1, 44, 7]);
        assert_eq!(time(951_782_400_000), item(23, b"000229000000Z"));
        assert_eq!(time(2_524_608_000_000), item(24, b"20500101000000Z"));
    }
}
