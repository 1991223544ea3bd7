//! The text formats: which column means what.

use std::net::IpAddr;

use crate::lines::split_csv;
use crate::record::{
    PlaceRecord, Range, Record, address_or_number, bounded_name, country_code, position_tenths,
};

/// A text format of ranges or prefixes. Addresses are dotted, colon or decimal; both ends of a range are
/// included. Empty lines and lines that begin with `#` are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    /// `start,end,asn,"organisation"`: ip-location-db ASN CSV, IPv4 and IPv6, dotted or numeric.
    AsnCsv,
    /// `start<TAB>end<TAB>asn<TAB>country<TAB>description`: iptoasn. ASN 0 means "not routed".
    /// The country is that of the registration, so it is not used as a place.
    IptoasnTsv,
    /// `prefix<blank>length<blank>asn`: RouteViews prefix2as of CAIDA. Several origins are written `1_2`
    /// (each announced) or `1,2` (an AS set); the first one is kept and the row is counted.
    RouteViews,
    /// `start,end,country[,subdivision[,latitude,longitude]]`, or the ten columns of ip-location-db's city
    /// CSV (`start,end,country,state1,state2,city,postcode,latitude,longitude,timezone`).
    PlaceCsv,
}

/// Columns of the widest format.
const COLUMNS_MAX: usize = 10;

impl TextFormat {
    /// Hands the range and the record of one line to `row`, or says why it has none.
    pub(crate) fn read(self, line: &str, mut row: impl FnMut(Range, Record<'_>)) -> Result<(), &'static str> {
        match self {
            Self::AsnCsv => {
                let fields = split_csv::<COLUMNS_MAX>(line).ok_or("quotes or columns are malformed")?;
                let range = range_of(fields.get(0), fields.get(1))?;
                row(range, network(fields.get(2), bounded_name(fields.get(3)))?);
            }
            Self::IptoasnTsv => {
                let mut fields = line.split('\t');
                let mut field = || fields.next().unwrap_or("").trim();
                let range = range_of(field(), field())?;
                let (asn, _country) = (field(), field());
                row(range, network(asn, bounded_name(field()))?);
            }
            Self::RouteViews => {
                let mut fields = line.split_ascii_whitespace();
                let mut field = || fields.next().unwrap_or("");
                let address: IpAddr = field().parse().map_err(|_| "the prefix is no address")?;
                let length = field().parse().map_err(|_| "the prefix length is no number")?;
                let range = Range::of_prefix(address, length).ok_or("the prefix length is too large")?;
                row(range, network(field(), "")?);
            }
            Self::PlaceCsv => {
                let fields = split_csv::<COLUMNS_MAX>(line).ok_or("quotes or columns are malformed")?;
                let range = range_of(fields.get(0), fields.get(1))?;
                let at = if fields.count > 6 { 7 } else { 4 };
                let coordinates = (fields.get(at), fields.get(at + 1));
                row(range, place(fields.get(2), bounded_name(fields.get(3)), coordinates)?);
            }
        }
        Ok(())
    }
}

fn range_of(first: &str, last: &str) -> Result<Range, &'static str> {
    let first = address_or_number(first).ok_or("the start is no address")?;
    let last = address_or_number(last).ok_or("the end is no address")?;
    Range::between(first, last).ok_or("the end lies before the start or is of the other family")
}

/// `15169`, `AS15169`, or the first of `1_2`, `1,2`, `{1,2}`; 0 says that nothing is routed.
fn network<'a>(asn: &str, organisation: &'a str) -> Result<Record<'a>, &'static str> {
    let text = asn.trim_start_matches('{').trim_end_matches('}');
    let text = text.strip_prefix("AS").unwrap_or(text);
    let end = text.find(['_', ',', ' ']).unwrap_or(text.len());
    let asn = text[..end].parse().map_err(|_| "the ASN is no number of 32 bits")?;
    Ok(if asn == 0 {
        Record::Nothing
    } else {
        Record::Network { asn, organisation, multi_origin: end < text.len() }
    })
}

fn place<'a>(
    country: &str,
    subdivision: &'a str,
    (latitude, longitude): (&str, &str),
) -> Result<Record<'a>, &'static str> {
    if country.len() > 2 && !matches!(country, "None" | "none" | "null") {
        return Err("the country is no ISO 3166-1 code of two letters");
    }
    let Some(country) = country_code(country) else { return Ok(Record::Nothing) };
    let position = if latitude.is_empty() && longitude.is_empty() {
        None
    } else {
        let latitude = latitude.parse().map_err(|_| "the latitude is no number")?;
        let longitude = longitude.parse().map_err(|_| "the longitude is no number")?;
        position_tenths(latitude, longitude)
    };
    Ok(Record::Place(PlaceRecord { country, subdivision, position }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: TextFormat, line: &str) -> Result<(Range, String), &'static str> {
        let mut seen = Err("no row");
        format.read(line, |range, record| seen = Ok((range, format!("{record:?}"))))?;
        seen
    }

    fn network_text(asn: u32, organisation: &str, multi_origin: bool) -> String {
        format!("{:?}", Record::Network { asn, organisation, multi_origin })
    }

    #[test]
    fn ip_location_db_rows_are_read_in_all_four_forms() {
        let expected = network_text(13335, "Cloudflare, Inc.", false);
        let four = Range::V4(0x0100_0000, 0x0100_00ff);
        for line in
            [r#"1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc.""#, r#"16777216,16777471,13335,"Cloudflare, Inc.""#]
        {
            assert_eq!(read(TextFormat::AsnCsv, line), Ok((four, expected.clone())));
        }
        let six = Range::V6(0x2001_0004_0112 << 80, (0x2001_0004_0112 << 80) | ((1 << 80) - 1));
        for line in [
            "2001:4:112::,2001:4:112:ffff:ffff:ffff:ffff:ffff,112,DNS-OARC",
            "42540488479219738492182115193345540096,42540488479220947418001729822520246271,112,DNS-OARC",
        ] {
            assert_eq!(read(TextFormat::AsnCsv, line), Ok((six, network_text(112, "DNS-OARC", false))));
        }
    }

    #[test]
    fn iptoasn_rows_are_read_and_asn_0_is_nothing() {
        let row = read(TextFormat::IptoasnTsv, "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET").unwrap();
        assert_eq!(row.1, network_text(13335, "CLOUDFLARENET", false));
        let row = read(TextFormat::IptoasnTsv, "1.0.1.0\t1.0.3.255\t0\tNone\tNot routed").unwrap();
        assert_eq!(row.1, "Nothing");
    }

    #[test]
    fn routeviews_keeps_the_first_of_several_origins_and_says_so() {
        for (asn, multi) in
            [("38040", false), ("38040_23969", true), ("38040,23969", true), ("{38040,1}", true)]
        {
            let row = read(TextFormat::RouteViews, &format!("1.0.128.0\t17\t{asn}")).unwrap();
            assert_eq!(row, (Range::V4(0x0100_8000, 0x0100_ffff), network_text(38040, "", multi)));
        }
    }

    #[test]
    fn places_are_read_in_both_layouts() {
        let short = read(TextFormat::PlaceCsv, "1.0.0.0,1.0.0.255,AU,Queensland,-27.5,153.0").unwrap().1;
        let wide = "1.0.0.0,1.0.0.255,AU,Queensland,,South Brisbane,4101,-27.4767,153.017,Australia/Brisbane";
        assert_eq!(read(TextFormat::PlaceCsv, wide).unwrap().1, short);
        assert!(short.contains("Queensland") && short.contains("(-275, 1530)"), "{short}");
        let country = read(TextFormat::PlaceCsv, "1.0.0.0,1.0.0.255,AU").unwrap().1;
        assert!(country.contains("position: None"));
        assert_eq!(read(TextFormat::PlaceCsv, "1.0.0.0,1.0.0.255,ZZ").unwrap().1, "Nothing");
    }

    #[test]
    fn malformed_rows_give_a_reason() {
        for (format, line) in [
            (TextFormat::AsnCsv, "1.0.0.0,1.0.0.255"),
            (TextFormat::AsnCsv, "1.0.0.255,1.0.0.0,1,x"),
            (TextFormat::AsnCsv, "1.0.0.0,2001::,1,x"),
            (TextFormat::AsnCsv, "1.0.0.0,1.0.0.255,4294967296,x"),
            (TextFormat::AsnCsv, ",,,"),
            (TextFormat::IptoasnTsv, "1.0.0.0,1.0.0.255,1"),
            (TextFormat::RouteViews, "1.0.0.0 33 1"),
            (TextFormat::RouteViews, "1.0.0.0"),
            (TextFormat::PlaceCsv, "1.0.0.0,1.0.0.255,Australia"),
            (TextFormat::PlaceCsv, "1.0.0.0,1.0.0.255,AU,x,north,1"),
        ] {
            assert!(read(format, line).is_err(), "{line}");
        }
    }
}
