//! Addresses: strict parsing, one form, and which of them can be looked up at all.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use quorate_types::FieldPath;

use crate::error::IpdataError;

/// Longest text of an IPv6 address: eight groups, the last two written as IPv4.
const ADDRESS_TEXT_BYTES_MAX: usize = 45;

/// What an address says about where its machine can be.
///
/// Source: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and later entries) and the
/// IANA multicast registries. Only [`AddressKind::Public`] addresses are looked up: any other answer of a
/// database would be a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressKind {
    /// Globally reachable unicast.
    Public,
    /// RFC 1918 or unique local (RFC 4193).
    Private,
    /// Shared by the customers of one carrier: 100.64.0.0/10 (RFC 6598).
    Shared,
    /// The machine itself.
    Loopback,
    /// One link only (RFC 3927, RFC 4291).
    LinkLocal,
    /// Set aside for examples and benchmarks (RFC 5737, 3849, 9637, 2544, 5180).
    Documentation,
    /// A group of machines.
    Multicast,
    /// Set aside for protocols, tunnels and translators, or not given out: it does not say where a machine
    /// is.
    Reserved,
    /// No address at all: 0.0.0.0 or ::.
    Unspecified,
}

impl AddressKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 9] = [
        Self::Public,
        Self::Private,
        Self::Shared,
        Self::Loopback,
        Self::LinkLocal,
        Self::Documentation,
        Self::Multicast,
        Self::Reserved,
        Self::Unspecified,
    ];

    /// Public name, as TypeScript and REST spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "PUBLIC",
            Self::Private => "PRIVATE",
            Self::Shared => "SHARED",
            Self::Loopback => "LOOPBACK",
            Self::LinkLocal => "LINK_LOCAL",
            Self::Documentation => "DOCUMENTATION",
            Self::Multicast => "MULTICAST",
            Self::Reserved => "RESERVED",
            Self::Unspecified => "UNSPECIFIED",
        }
    }
}

/// Reads an address as text; IPv4-mapped IPv6 (`::ffff:192.0.2.1`) becomes the IPv4 address it stands for.
///
/// Strict: no surrounding space, no leading zeros in IPv4, no zone, no prefix length, no port.
///
/// # Errors
/// [`IpdataError::Address`], naming `field`.
pub fn parse_address(text: &str, field: &FieldPath) -> Result<IpAddr, IpdataError> {
    if text.len() <= ADDRESS_TEXT_BYTES_MAX
        && let Ok(address) = text.parse::<IpAddr>()
    {
        return Ok(unmapped(address));
    }
    let shown: String = text.chars().take(ADDRESS_TEXT_BYTES_MAX).filter(|c| !c.is_control()).collect();
    Err(IpdataError::Address { text: shown, field: field.clone() })
}

/// The IPv4 address of an IPv4-mapped IPv6 address, every other address as it is.
pub fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// The prefix that holds an address and the rest of its site: `/24` for IPv4, the longest that is routed
/// between networks, and `/48` for IPv6, what a site gets (RFC 6177).
///
/// ```
/// # use quorate_ipdata::site_prefix;
/// assert_eq!(site_prefix("203.0.113.77".parse()?), "203.0.113.0/24");
/// assert_eq!(site_prefix("2001:db8:1:2::3".parse()?), "2001:db8:1::/48");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub fn site_prefix(address: IpAddr) -> String {
    match unmapped(address) {
        IpAddr::V4(four) => format!("{}/24", Ipv4Addr::from(u32::from(four) & (u32::MAX << 8))),
        IpAddr::V6(six) => format!("{}/48", Ipv6Addr::from(u128::from(six) & (u128::MAX << 80))),
    }
}

/// Which kind an address is; IPv4-mapped IPv6 counts as its IPv4 address.
pub fn address_kind(address: IpAddr) -> AddressKind {
    match unmapped(address) {
        IpAddr::V4(four) => kind_of_ipv4(four),
        IpAddr::V6(six) => kind_of_ipv6(six),
    }
}

/// A prefix of the registry and the kind of what lies in it. The first match counts, so narrow rows stand
/// first.
type Row<K> = (K, u32, AddressKind);

const fn four(a: u8, b: u8, c: u8, d: u8) -> u32 {
    u32::from_be_bytes([a, b, c, d])
}

/// IANA IPv4 Special-Purpose Address Registry, plus multicast.
const SPECIAL_IPV4: &[Row<u32>] = &[
    (four(0, 0, 0, 0), 32, AddressKind::Unspecified),
    (four(0, 0, 0, 0), 8, AddressKind::Reserved),
    (four(10, 0, 0, 0), 8, AddressKind::Private),
    (four(100, 64, 0, 0), 10, AddressKind::Shared),
    (four(127, 0, 0, 0), 8, AddressKind::Loopback),
    (four(169, 254, 0, 0), 16, AddressKind::LinkLocal),
    (four(172, 16, 0, 0), 12, AddressKind::Private),
    // Port Control Protocol and TURN anycast: globally reachable, but whoever is nearest answers.
    (four(192, 0, 0, 0), 24, AddressKind::Reserved),
    (four(192, 0, 2, 0), 24, AddressKind::Documentation),
    (four(192, 88, 99, 0), 24, AddressKind::Reserved),
    (four(192, 168, 0, 0), 16, AddressKind::Private),
    (four(198, 18, 0, 0), 15, AddressKind::Documentation),
    (four(198, 51, 100, 0), 24, AddressKind::Documentation),
    (four(203, 0, 113, 0), 24, AddressKind::Documentation),
    (four(224, 0, 0, 0), 4, AddressKind::Multicast),
    (four(240, 0, 0, 0), 4, AddressKind::Reserved),
];

const fn six(a: u16, b: u16, c: u16) -> u128 {
    ((a as u128) << 112) | ((b as u128) << 96) | ((c as u128) << 80)
}

/// IANA IPv6 Special-Purpose Address Registry, plus multicast. What lies outside 2000::/3 and stands in no
/// row is not given out.
const SPECIAL_IPV6: &[Row<u128>] = &[
    (0, 128, AddressKind::Unspecified),
    (1, 128, AddressKind::Loopback),
    // Teredo, benchmarking, ORCHID and the other protocol assignments of 2001::/23. Tunnels carry somebody
    // else's place.
    (six(0x2001, 2, 0), 48, AddressKind::Documentation),
    (six(0x2001, 0xdb8, 0), 32, AddressKind::Documentation),
    // AS112 is anycast: the nearest server answers.
    (six(0x2001, 4, 0x112), 48, AddressKind::Reserved),
    (six(0x2001, 0, 0), 23, AddressKind::Reserved),
    (six(0x2002, 0, 0), 16, AddressKind::Reserved),
    (six(0x2620, 0x4f, 0x8000), 48, AddressKind::Reserved),
    (six(0x3fff, 0, 0), 20, AddressKind::Documentation),
    (six(0x2000, 0, 0), 3, AddressKind::Public),
    (six(0xfc00, 0, 0), 7, AddressKind::Private),
    (six(0xfe80, 0, 0), 10, AddressKind::LinkLocal),
    (six(0xff00, 0, 0), 8, AddressKind::Multicast),
];

fn kind_of_ipv4(address: Ipv4Addr) -> AddressKind {
    let bits = u32::from(address);
    SPECIAL_IPV4
        .iter()
        .find(|(prefix, length, _)| (bits ^ prefix) >> (32 - length) == 0)
        .map_or(AddressKind::Public, |(_, _, kind)| *kind)
}

fn kind_of_ipv6(address: Ipv6Addr) -> AddressKind {
    let bits = u128::from(address);
    SPECIAL_IPV6
        .iter()
        .find(|(prefix, length, _)| (bits ^ prefix) >> (128 - length) == 0)
        .map_or(AddressKind::Reserved, |(_, _, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_types::Coded;

    fn kind(text: &str) -> AddressKind {
        address_kind(parse_address(text, &FieldPath::new("address")).unwrap())
    }

    #[test]
    fn special_addresses_are_told_from_public_ones() {
        let rows = [
            ("8.8.8.8", AddressKind::Public),
            ("0.0.0.0", AddressKind::Unspecified),
            ("0.1.2.3", AddressKind::Reserved),
            ("10.255.0.1", AddressKind::Private),
            ("11.0.0.0", AddressKind::Public),
            ("100.63.255.255", AddressKind::Public),
            ("100.64.0.0", AddressKind::Shared),
            ("100.128.0.0", AddressKind::Public),
            ("127.8.8.8", AddressKind::Loopback),
            ("169.254.1.1", AddressKind::LinkLocal),
            ("172.15.255.255", AddressKind::Public),
            ("172.31.255.255", AddressKind::Private),
            ("172.32.0.0", AddressKind::Public),
            ("192.0.2.55", AddressKind::Documentation),
            ("192.168.1.1", AddressKind::Private),
            ("198.19.255.255", AddressKind::Documentation),
            ("224.0.0.1", AddressKind::Multicast),
            ("239.255.255.255", AddressKind::Multicast),
            ("255.255.255.255", AddressKind::Reserved),
            ("::", AddressKind::Unspecified),
            ("::1", AddressKind::Loopback),
            ("::ffff:10.0.0.1", AddressKind::Private),
            ("::ffff:8.8.8.8", AddressKind::Public),
            ("64:ff9b::1", AddressKind::Reserved),
            ("2001::1", AddressKind::Reserved),
            ("2001:db8::1", AddressKind::Documentation),
            ("2001:200::1", AddressKind::Public),
            ("2002:808:808::1", AddressKind::Reserved),
            ("2a00:1450:4001::1", AddressKind::Public),
            ("3fff:fff::1", AddressKind::Documentation),
            ("4000::1", AddressKind::Reserved),
            ("fd00::1", AddressKind::Private),
            ("fe80::1", AddressKind::LinkLocal),
            ("ff02::1", AddressKind::Multicast),
        ];
        for (text, expected) in rows {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn text_that_is_no_address_is_refused_with_its_field() {
        let field = FieldPath::new("devices").index(2).field("ipAddress");
        let long = "1".repeat(10_000);
        for text in
            ["", " 8.8.8.8", "8.8.8", "08.8.8.8", "256.1.1.1", "fe80::1%eth0", "1.2.3.4/8", "::g", &long]
        {
            let error = parse_address(text, &field).unwrap_err();
            assert_eq!(error.code(), "QRT_ERR_IPDATA_ADDRESS", "{text}");
            assert_eq!(error.field(), Some(&field));
            assert!(error.to_string().len() < 200);
        }
    }
}
