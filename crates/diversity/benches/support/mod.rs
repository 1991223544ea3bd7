//! Synthetic pools by a stated law: ASNs Zipf 1.2 over 200 of 150 operators, every tenth of no known one,
//! power regions Zipf 1.5 over 40, 3 vendors, 30 countries, weights uniform below 10 000, everything
//! eligible.
#![allow(dead_code, reason = "each bench uses its part")]

use quorate_diversity::{Axis, Columns, Pool};

/// SplitMix64 (Steele, Lea, Flood 2014): the same pools on every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A value of 1..=count with probability proportional to value^-exponent.
    fn zipf(&mut self, cumulative: &[f64]) -> u32 {
        let total = cumulative[cumulative.len() - 1];
        let point = (self.next() >> 11) as f64 / (1_u64 << 53) as f64 * total;
        cumulative.partition_point(|&sum| sum < point) as u32 + 1
    }
}

fn zipf_table(count: u32, exponent: f64) -> Vec<f64> {
    let mut sum = 0.0;
    (1..=count)
        .map(|value| {
            sum += f64::from(value).powf(-exponent);
            sum
        })
        .collect()
}

pub(crate) fn columns(candidates: usize, seed: u64) -> Columns {
    let mut random = Random(seed);
    let (asns, regions) = (zipf_table(200, 1.2), zipf_table(40, 1.5));
    let mut columns = Columns { region_offsets: vec![0], ..Columns::default() };
    for index in 0..candidates {
        columns.device_ids.push(format!("device-{index:06}"));
        columns.confidence.push(9_000);
        columns.evidence_fresh.push(true);
        columns.weight.push(random.below(10_000));
        let asn = random.zipf(&asns);
        let operator = if asn.is_multiple_of(10) { 0 } else { 1 + asn % 150 };
        columns.values[Axis::Asn.index()].push(asn);
        columns.values[Axis::Operator.index()].push(operator);
        columns.values[Axis::Country.index()].push(1 + random.below(30) as u32);
        columns.values[Axis::TeeVendor.index()].push(1 + random.below(3) as u32);
        columns.region_ids.push(random.zipf(&regions));
        columns.region_share_ppm.push(1_000_000);
        columns.region_offsets.push(columns.region_ids.len() as u32);
    }
    for (axis, count) in [
        (Axis::Asn, 200),
        (Axis::Operator, 150),
        (Axis::Country, 30),
        (Axis::TeeVendor, 3),
        (Axis::PowerRegion, 40),
    ] {
        let names = (1..=count).map(|value| format!("{}-{value}", axis.name()));
        columns.names[axis.index()] = std::iter::once("UNKNOWN".to_owned()).chain(names).collect();
    }
    columns
}

pub(crate) fn pool(candidates: usize, seed: u64) -> Pool {
    Pool::new(columns(candidates, seed), 0).expect("the law makes valid columns")
}
