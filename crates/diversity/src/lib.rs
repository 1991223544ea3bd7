//! Failure domains: requirement levels, diverse selection, certificates, measures; knows nothing of jobs.
//!
//! Machines that share a network, a power grid, a TEE vendor or a country can fail together. This crate picks
//! the members of a group so that they do not, and says why, or why it cannot be done. It decides with
//! integers alone, and the same input gives the same answer in whatever order it comes.
//!
//! # A tour
//!
//! Candidates come as columns: value ids per axis, each with a dictionary of names. Id 0 is unknown, and what
//! is unknown never counts as diverse.
//!
//! ```
//! use quorate_diversity::*;
//!
//! let names = |names: &[&str]| -> Vec<String> {
//!     std::iter::once(&"UNKNOWN").chain(names).map(|name| name.to_string()).collect()
//! };
//! let mut columns = Columns {
//!     device_ids: ["ams-1", "dal-1", "fra-1", "fra-2"].map(String::from).to_vec(),
//!     confidence: vec![9_100, 9_000, 8_800, 8_900],
//!     evidence_fresh: vec![true; 4],
//!     // The power axis is set-valued: candidate i lies in the regions from offset i to offset i + 1.
//!     region_offsets: vec![0, 1, 2, 3, 4],
//!     region_ids: vec![1, 2, 3, 3],
//!     region_share_ppm: vec![1_000_000; 4],
//!     ..Columns::default()
//! };
//! columns.names[Axis::Asn.index()] = names(&["64500", "64501", "64502"]);
//! columns.values[Axis::Asn.index()] = vec![1, 2, 3, 1];
//! columns.names[Axis::Country.index()] = names(&["NL", "US", "DE"]);
//! columns.values[Axis::Country.index()] = vec![1, 2, 3, 3];
//! columns.names[Axis::TeeVendor.index()] = names(&["AMD_SEV_SNP", "INTEL_TDX"]);
//! columns.values[Axis::TeeVendor.index()] = vec![1, 2, 1, 1];
//! columns.names[Axis::PowerRegion.index()] = names(&["NL", "NERC_TRE", "DE"]);
//!
//! // Checked once, then immutable. The time is an argument: what has expired by then counts as unknown.
//! let pool = Pool::new(columns, 1_700_000_000_000)?;
//!
//! // The heaviest valid members, proved. The weight defaults to the confidence.
//! let gold = Requirement::gold();
//! let Selection::Feasible(chosen) = select(&pool, &gold, &SelectOptions::exact(3))? else { unreachable!() };
//! assert_eq!(chosen.members, [0, 1, 2]);
//! assert!(chosen.optimal && chosen.total_weight == 26_900);
//! assert!(validate(&pool, &gold, &chosen.members, 3)?.valid);
//!
//! // Why not fra-2, which weighs more than fra-1? It shares a network with ams-1 and a grid with fra-1.
//! let verdicts = explain(&pool, &gold, &chosen.members)?;
//! assert!(matches!(&verdicts[3], Verdict::Conflicts { with } if with.len() == 2));
//!
//! // Which single failure breaks the quorum? The loss of the vendor that two of three members share.
//! let played = what_if(&pool, &gold, &chosen.members)?;
//! let fatal = played.breaks_majority.iter().map(|&failure| &played.failures[failure]);
//! assert!(fatal.clone().any(|failure| failure.value == "AMD_SEV_SNP"));
//!
//! // dal-1 is lost, and with it the other vendor: there is no repair, and the certificate can be checked.
//! let Repair::Impossible(why) = repair(&pool, &gold, &chosen.members, &[1])? else { unreachable!() };
//! assert!(matches!(why.reasons[0], Reason::DistinctValues { have: 2, need: 3, .. }));
//! assert_eq!(why.check(&pool, &gold)?, Check::Confirmed);
//!
//! // Four members are one more than the grids can hold; one machine elsewhere would do.
//! let Selection::Infeasible(_) = select(&pool, &gold, &SelectOptions::exact(4))? else { unreachable!() };
//! let remedies = remedies(&pool, &gold, 4)?;
//! assert!(matches!(remedies[0], Remedy::AddMachines { count: 1, .. }));
//! # Ok::<(), DiversityError>(())
//! ```
//!
//! # Where things are
//!
//! [`requirement`] holds the levels as data, [`columns`] and [`pool`] the candidates, [`confidence`] how sure
//! a classification is. [`select()`] answers with members or a [`certificate`]; [`remedy`] says what would
//! help. [`validate()`], [`score()`], [`measures()`], [`recommend()`], [`explain()`], [`repair()`] and
//! [`what_if()`] ask about given members.

pub mod axis;
pub mod certificate;
mod check;
pub mod columns;
pub mod confidence;
mod cover;
pub mod error;
mod exact;
pub mod explain;
pub mod greedy;
mod hitting;
pub mod index;
mod matching;
pub mod measures;
pub mod operators;
pub mod pool;
pub mod power_region;
pub mod recommend;
pub mod remedy;
pub mod repair;
pub mod requirement;
pub mod score;
pub mod select;
mod state;
pub mod validate;
pub mod what_if;

pub use axis::{AXIS_COUNT, Axis};
pub use certificate::{Certificate, Check, Reason};
pub use columns::Columns;
pub use confidence::Evidence;
pub use error::DiversityError;
pub use explain::{Verdict, explain};
pub use greedy::greedy;
pub use index::Index;
pub use measures::{AxisMeasures, measures};
pub use pool::Pool;
pub use recommend::{Recommendation, recommend};
pub use remedy::{Remedy, remedies};
pub use repair::{Change, Repair, repair, repair_to};
pub use requirement::{AxisRule, Requirement};
pub use score::{Score, score};
pub use select::{Chosen, Method, SelectOptions, Selection, select, select_with};
pub use validate::{Rule, Validation, Violation, validate};
pub use what_if::{Failure, WhatIf, what_if};
