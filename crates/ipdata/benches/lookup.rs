//! One lookup in an index of the size of today's routing table, by address family.
//!
//! `cargo bench -p quorate-ipdata --bench lookup`. The addresses are spread over the whole table, so that
//! each lookup misses the processor's caches, as the first one of a machine does. The real databases are
//! measured by the example `ipdata` (build, size, decode, lookup).
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use criterion::{Criterion, criterion_group, criterion_main};
use quorate_ipdata::{Builder, Index, PlaceDetail, SourceKind, SourceSpec, TextFormat};
use quorate_types::NoControl;

/// Prefixes per family: today's IPv4 table has about this many.
const PREFIXES: u32 = 1 << 20;

/// Addresses that are looked up in turn; a power of two.
const ADDRESSES: usize = 1 << 16;

/// Splits a counter into numbers that look random, by the multiplier of Knuth's MMIX generator.
fn scattered(counter: u32) -> u64 {
    u64::from(counter).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 16
}

fn index() -> Index {
    let mut builder = Builder::new(PlaceDetail::default());
    let spec = SourceSpec { name: "bench".into(), kind: SourceKind::Network, date_ms: None };
    let source = builder.add_source(spec).unwrap();
    let mut rows = String::new();
    for number in 0..PREFIXES {
        let four = Ipv4Addr::from((number << 12) | 0x0100_0000);
        let six = Ipv6Addr::from(0x2a00_u128 << 112 | u128::from(number) << 84);
        let asn = number % 80_000 + 1;
        rows.push_str(&format!("{four} 22 {asn}\n{six} 46 {asn}\n"));
    }
    let input = rows.as_bytes();
    builder.import_text(source, TextFormat::RouteViews, input, input.len() as u64, &NoControl).unwrap();
    Index::decode(builder.finish(&NoControl).unwrap()).unwrap()
}

fn lookup(criterion: &mut Criterion) {
    let index = index();
    let four: Vec<IpAddr> =
        (0..ADDRESSES as u32).map(|n| Ipv4Addr::from(scattered(n) as u32).into()).collect();
    let six: Vec<IpAddr> = (0..ADDRESSES as u32)
        .map(|n| Ipv6Addr::from(0x2a00_u128 << 112 | u128::from(scattered(n) & 0xf_ffff) << 84).into())
        .collect();
    for (name, addresses) in [("ipv4", four), ("ipv6", six)] {
        let mut at = 0;
        criterion.bench_function(&format!("lookup/{name}"), |bencher| {
            bencher.iter(|| {
                at = (at + 1) & (ADDRESSES - 1);
                black_box(index.lookup(addresses[at]));
            });
        });
    }
}

criterion_group!(benches, lookup);
criterion_main!(benches);
