//! The one form in which Intel's statements write times: `2024-03-13T00:00:00Z`.

use quorate_types::UnixMillis;

/// UTC milliseconds of a time; none for another form, a day that does not exist or a year before 1970.
pub(crate) fn parse(text: &str) -> Option<UnixMillis> {
    let bytes = text.as_bytes();
    let form = b"dddd-dd-ddTdd:dd:ddZ";
    let formed = bytes.len() == form.len()
        && bytes.iter().zip(form).all(|(byte, mark)| match mark {
            b'd' => byte.is_ascii_digit(),
            _ => byte == mark,
        });
    if !formed {
        return None;
    }
    let number = |at: std::ops::Range<usize>| {
        bytes[at].iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
    };
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let (hour, minute, second) = (number(11..13), number(14..16), number(17..19));
    let sound = year >= 1970
        && (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    sound.then_some(seconds * 1000)
}

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let years: u64 = (1970..year).map(|year| 365 + u64::from(leap(year))).sum();
    let months: u64 = (1..month).map(|month| days_of_month(year, month)).sum();
    years + months + day.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_one_form_alone() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2000-02-29T12:00:01Z"), Some(951_825_601_000));
        assert_eq!(parse("2025-06-20T12:00:00Z"), Some(1_750_420_800_000));
        for bad in [
            "",
            "2025-06-20",
            "2025-06-20T12:00:00",
            "2025-06-20T12:00:00+00:00",
            "2025-06-20t12:00:00z",
            "2025-02-29T12:00:00Z",
            "1900-02-28T12:00:00Z",
            "2025-13-01T12:00:00Z",
            "2025-00-01T12:00:00Z",
            "2025-01-00T12:00:00Z",
            "2025-01-01T24:00:00Z",
            "2025-01-01T00:60:00Z",
            "2025-01-01T00:00:60Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
