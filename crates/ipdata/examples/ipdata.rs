//! Builds a range file from downloaded sources, or looks addresses up in one.
//!
//! ```text
//! cargo run --release -p quorate-ipdata --example ipdata -- build out.bin asn-ipv4.csv asn-ipv6.csv
//! city.mmdb cargo run --release -p quorate-ipdata --example ipdata -- lookup out.bin 8.8.8.8
//! 2606:4700::1111 cargo run --release -p quorate-ipdata --example ipdata -- measure out.bin
//! ```
#![allow(clippy::disallowed_methods, reason = "an example is no core: it measures with the clock")]

use std::error::Error;
use std::io::{BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Instant;

use quorate_ipdata::{Builder, Index, PlaceDetail, PositionArea, SourceKind, SourceSpec, TextFormat};
use quorate_types::NoControl;

/// Addresses that `measure` looks up.
const LOOKUPS: u32 = 4_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut out = std::io::stdout().lock();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["build", target, files @ ..] => build(&mut out, target, files),
        ["lookup", file, addresses @ ..] => {
            let index = Index::decode(std::fs::read(file)?)?;
            for address in addresses {
                writeln!(out, "{address}: {:?}", index.lookup(address.parse()?))?;
            }
            Ok(())
        }
        ["measure", file] => measure(&mut out, file),
        _ => Err("usage: build OUT FILES.. | lookup FILE ADDRESSES.. | measure FILE".into()),
    }
}

fn build(out: &mut impl Write, target: &str, files: &[&str]) -> Result<(), Box<dyn Error>> {
    let countries = |list: &str| list.split(' ').filter_map(|c| c.as_bytes().try_into().ok()).collect();
    let states = "Arkansas|Illinois|Kentucky|Louisiana|Michigan|Missouri|Montana|Nebraska|New Mexico|\
                  South Dakota|Tennessee|Texas|Virginia|Wisconsin";
    let detail = PlaceDetail {
        // Where several power regions meet; the table itself lies in the crate `diversity`.
        subdivision: countries("AR AU CA CL CN DK ES FR GB ID IT JP MX MY PH PT RU US"),
        position: vec![PositionArea {
            country: *b"US",
            subdivisions: states.split('|').map(str::to_owned).collect(),
        }],
    };
    let mut builder = Builder::new(detail);
    let begun = Instant::now();
    let source = |builder: &mut Builder, name: &str, kind| {
        builder.add_source(SourceSpec { name: name.to_owned(), kind, date_ms: None })
    };
    let network = source(&mut builder, "asn", SourceKind::Network)?;
    let place = source(&mut builder, "city", SourceKind::Place)?;
    for file in files {
        let from = Instant::now();
        let report = if file.ends_with(".mmdb") {
            builder.import_mmdb(place, &std::fs::read(file)?, &NoControl)?
        } else {
            let input = std::fs::File::open(file)?;
            let length = input.metadata()?.len();
            builder.import_text(network, TextFormat::AsnCsv, BufReader::new(input), length, &NoControl)?
        };
        writeln!(out, "{file}: {:.2} s, {report:?}", from.elapsed().as_secs_f64())?;
    }
    let from = Instant::now();
    let bytes = builder.finish(&NoControl)?;
    writeln!(out, "finish: {:.2} s", from.elapsed().as_secs_f64())?;
    std::fs::write(target, &bytes)?;
    writeln!(out, "built {} bytes in {:.2} s", bytes.len(), begun.elapsed().as_secs_f64())?;
    Ok(())
}

fn measure(out: &mut impl Write, file: &str) -> Result<(), Box<dyn Error>> {
    let bytes = std::fs::read(file)?;
    let begun = Instant::now();
    let index = Index::decode(bytes)?;
    writeln!(out, "decode {:.1} ms", begun.elapsed().as_secs_f64() * 1e3)?;
    writeln!(out, "memory {} bytes", index.memory_bytes())?;
    for source in index.sources() {
        writeln!(out, "{source:?}")?;
    }
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 11
    };
    for family in [4, 6] {
        let addresses: Vec<IpAddr> = (0..1 << 16)
            .map(|_| match family {
                4 => IpAddr::V4(Ipv4Addr::from(random() as u32)),
                _ => IpAddr::V6(Ipv6Addr::from(
                    (0x2a00 + u128::from(random() & 15)) << 112 | u128::from(random()) << 64,
                )),
            })
            .collect();
        let begun = Instant::now();
        let mut answered = 0u64;
        for at in 0..LOOKUPS {
            let found = index.lookup(addresses[(at & 0xffff) as usize]);
            answered += (found.networks.len() + found.places.len()) as u64;
        }
        let each = begun.elapsed().as_secs_f64() * 1e9 / f64::from(LOOKUPS);
        writeln!(out, "IPv{family}: {each:.0} ns per lookup, {answered} answers to {LOOKUPS} addresses")?;
    }
    Ok(())
}
