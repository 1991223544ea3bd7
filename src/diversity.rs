//! `quorate-diversity`: requirement levels and pools of candidates.
//!
//! Indexes of candidates cross as numbers; TypeScript holds the ids. Sentences are TypeScript's too: from
//! here come rules, axes and figures only.

use std::sync::Arc;

use napi::bindgen_prelude::{Float64ArraySlice, Uint8ArraySlice, Uint16ArraySlice, Uint32ArraySlice};
use napi_derive::napi;
use quorate_diversity::confidence::Evidence;
use quorate_diversity::{
    AXIS_COUNT, AxisRule, Columns, DiversityError, Pool, Requirement, SelectOptions, power_region,
};

use crate::failure::{Outcome, guard};

pub mod answers;

use answers::{
    NativeDomainFailure, NativeMeasures, NativeRecommendation, NativeRemedy, NativeRepair, NativeSelection,
    NativeValidation, NativeVerdict,
};

/// A level.
#[napi(object)]
pub struct NativeRequirement {
    /// Public name.
    pub name: String,
    /// One rule per axis, in the order of the axes.
    pub axes: Vec<NativeAxisRule>,
    /// Basis points.
    pub confidence_min: u32,
    /// Evidence must be fresh.
    pub fresh_evidence: bool,
    /// Whether the minimum of TEE vendors holds.
    pub require_tee_diversity: bool,
}

/// What a level asks on one axis; 0 asks for nothing.
#[napi(object)]
#[derive(Clone, Copy)]
pub struct NativeAxisRule {
    /// Different known values.
    pub distinct_min: u32,
    /// Members per value.
    pub per_value_max: u32,
    /// Whether that limit lets unknown values in.
    pub unknown_allowed: bool,
}

/// The shipped levels, weakest first.
#[napi]
pub fn diversity_levels() -> Vec<NativeRequirement> {
    Requirement::shipped().iter().map(NativeRequirement::from).collect()
}

impl From<&Requirement> for NativeRequirement {
    fn from(level: &Requirement) -> Self {
        let rule = |rule: &AxisRule| NativeAxisRule {
            distinct_min: rule.distinct_min,
            per_value_max: rule.per_value_max,
            unknown_allowed: rule.unknown_allowed,
        };
        Self {
            name: level.name.clone(),
            axes: level.axes.iter().map(rule).collect(),
            confidence_min: u32::from(level.confidence_min),
            fresh_evidence: level.fresh_evidence,
            require_tee_diversity: level.require_tee_diversity,
        }
    }
}

impl From<NativeRequirement> for Requirement {
    fn from(level: NativeRequirement) -> Self {
        let mut requirement = Self::unconstrained(&level.name);
        for (own, given) in requirement.axes.iter_mut().zip(level.axes) {
            let NativeAxisRule { distinct_min, per_value_max, unknown_allowed } = given;
            *own = AxisRule { distinct_min, per_value_max, unknown_allowed };
        }
        // A confidence that does not fit is refused by the requirement's own check.
        requirement.confidence_min = u16::try_from(level.confidence_min).unwrap_or(u16::MAX);
        requirement.fresh_evidence = level.fresh_evidence;
        requirement.require_tee_diversity = level.require_tee_diversity;
        requirement
    }
}

/// Every country that the tables know: ISO 3166-1 codes of two letters, in order.
#[napi]
pub fn country_codes() -> Vec<String> {
    power_region::countries().into_iter().map(str::to_owned).collect()
}

/// The confidence of a classification, in basis points, from the confidence of each axis.
#[napi]
pub fn classification_confidence(
    axes: Uint16ArraySlice,
    asn_name_only: bool,
    attested: bool,
    bound_facts: u32,
) -> u32 {
    let mut evidence = Evidence { asn_name_only, attested, ..Evidence::default() };
    for (own, given) in evidence.axes.iter_mut().zip(axes.iter()) {
        *own = *given;
    }
    evidence.bound_facts = u16::try_from(bound_facts).unwrap_or(u16::MAX);
    u32::from(evidence.score())
}

/// Candidates in columns; see `Columns` of the crate.
#[napi(object)]
pub struct NativePoolColumns<'a> {
    /// Unique ids.
    pub device_ids: Vec<String>,
    /// Value ids per axis; empty for power regions.
    pub values: Vec<Uint32ArraySlice<'a>>,
    /// Names of the value ids per axis; the first is `UNKNOWN`.
    pub names: Vec<Vec<String>>,
    /// Where each candidate's power regions begin.
    pub region_offsets: Uint32ArraySlice<'a>,
    /// Power region ids.
    pub region_ids: Uint32ArraySlice<'a>,
    /// Parts per million.
    pub region_share_ppm: Uint32ArraySlice<'a>,
    /// Basis points per candidate.
    pub confidence: Uint16ArraySlice<'a>,
    /// Basis points per candidate and axis, or empty.
    pub axis_confidence: Uint16ArraySlice<'a>,
    /// 0 or 1: `confidence` holds for the candidate as a whole.
    pub judged_whole: Uint8ArraySlice<'a>,
    /// 0 or 1.
    pub asn_name_only: Uint8ArraySlice<'a>,
    /// 0 or 1.
    pub attested: Uint8ArraySlice<'a>,
    /// Facts the verdict binds.
    pub bound_facts: Uint16ArraySlice<'a>,
    /// 0 or 1.
    pub evidence_fresh: Uint8ArraySlice<'a>,
    /// Numbers of physical machines; 0 is unknown.
    pub machines: Uint32ArraySlice<'a>,
    /// Whole numbers.
    pub weight: Float64ArraySlice<'a>,
    /// UTC milliseconds per candidate and axis; infinity never expires.
    pub expires: Float64ArraySlice<'a>,
}

impl From<NativePoolColumns<'_>> for Columns {
    fn from(given: NativePoolColumns<'_>) -> Self {
        Self {
            device_ids: given.device_ids,
            values: per_axis(given.values.iter().map(|ids| ids.to_vec())),
            names: per_axis(given.names.into_iter()),
            region_offsets: given.region_offsets.to_vec(),
            region_ids: given.region_ids.to_vec(),
            region_share_ppm: given.region_share_ppm.to_vec(),
            confidence: given.confidence.to_vec(),
            axis_confidence: given.axis_confidence.to_vec(),
            judged_whole: flags(&given.judged_whole),
            asn_name_only: flags(&given.asn_name_only),
            attested: flags(&given.attested),
            bound_facts: given.bound_facts.to_vec(),
            evidence_fresh: flags(&given.evidence_fresh),
            machines: given.machines.to_vec(),
            weight: whole(&given.weight),
            expires: whole(&given.expires),
        }
    }
}

/// One column per axis; an axis without one is empty.
fn per_axis<T: Default>(mut columns: impl Iterator<Item = T>) -> [T; AXIS_COUNT] {
    std::array::from_fn(|_| columns.next().unwrap_or_default())
}

fn flags(column: &[u8]) -> Vec<bool> {
    column.iter().map(|&flag| flag != 0).collect()
}

/// `as` saturates: infinity becomes the largest number there is.
fn whole(column: &[f64]) -> Vec<u64> {
    column.iter().map(|&value| value as u64).collect()
}

/// A pool of candidates, ready to be asked.
#[napi]
pub struct NativePool {
    pool: Arc<Pool>,
}

#[napi]
impl NativePool {
    /// Checks the columns; `now` decides what has expired.
    #[napi]
    pub fn build(columns: NativePoolColumns, now: f64) -> Outcome<NativePool> {
        guard(|| Pool::new(columns.into(), now as u64).map(|pool| Self { pool: Arc::new(pool) }))
    }

    /// Chooses `size` members.
    #[napi]
    pub fn select(&self, level: NativeRequirement, size: u32, greedy: bool) -> Outcome<NativeSelection> {
        guard(|| {
            let size = size as usize;
            let options = if greedy { SelectOptions::greedy(size) } else { SelectOptions::exact(size) };
            quorate_diversity::select(&self.pool, &level.into(), &options).map(NativeSelection::from)
        })
    }

    /// What would make an impossible selection possible.
    #[napi]
    pub fn remedies(&self, level: NativeRequirement, size: u32) -> Outcome<Vec<NativeRemedy>> {
        guard(|| {
            let found = quorate_diversity::remedies(&self.pool, &level.into(), size as usize)?;
            Ok::<_, DiversityError>(found.into_iter().map(NativeRemedy::from).collect())
        })
    }

    /// Checks members against a level; a size of 0 takes them as they are.
    #[napi]
    pub fn validate(
        &self,
        level: NativeRequirement,
        members: Uint32ArraySlice,
        size: u32,
    ) -> Outcome<NativeValidation> {
        guard(|| {
            let size = size as usize;
            quorate_diversity::validate(&self.pool, &level.into(), &members, size).map(NativeValidation::from)
        })
    }

    /// What to add or swap so that members become valid.
    #[napi]
    pub fn recommend(
        &self,
        level: NativeRequirement,
        members: Uint32ArraySlice,
        size: u32,
    ) -> Outcome<NativeRecommendation> {
        guard(|| {
            let size = size as usize;
            quorate_diversity::recommend(&self.pool, &level.into(), &members, size)
                .map(NativeRecommendation::from)
        })
    }

    /// Why each candidate is or is not a member.
    #[napi]
    pub fn explain(
        &self,
        level: NativeRequirement,
        members: Uint32ArraySlice,
    ) -> Outcome<Vec<NativeVerdict>> {
        guard(|| {
            let found = quorate_diversity::explain(&self.pool, &level.into(), &members)?;
            Ok::<_, DiversityError>(found.into_iter().map(NativeVerdict::from).collect())
        })
    }

    /// Replaces lost members by the smallest change.
    #[napi]
    pub fn repair(
        &self,
        level: NativeRequirement,
        members: Uint32ArraySlice,
        lost: Uint32ArraySlice,
    ) -> Outcome<NativeRepair> {
        guard(|| {
            quorate_diversity::repair(&self.pool, &level.into(), &members, &lost).map(NativeRepair::from)
        })
    }

    /// Lets every failure domain of the members fail once.
    #[napi]
    pub fn what_if(
        &self,
        level: NativeRequirement,
        members: Uint32ArraySlice,
    ) -> Outcome<Vec<NativeDomainFailure>> {
        guard(|| {
            let found = quorate_diversity::what_if(&self.pool, &level.into(), &members)?;
            Ok::<_, DiversityError>(found.failures.into_iter().map(NativeDomainFailure::from).collect())
        })
    }

    /// Measures members on every axis.
    #[napi]
    pub fn measures(&self, members: Uint32ArraySlice) -> Outcome<Vec<NativeMeasures>> {
        guard(|| {
            let found = quorate_diversity::measures(&self.pool, &members)?;
            Ok::<_, DiversityError>(found.iter().map(NativeMeasures::from).collect())
        })
    }
}
