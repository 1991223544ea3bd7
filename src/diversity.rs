//! `quorate-diversity`: requirement levels and pools of candidates.
//!
//! Indexes of candidates cross as numbers; TypeScript holds the ids. Sentences are TypeScript's too: from here come rules,
//! axes and figures only.

use std::sync::Arc;

use napi::bindgen_prelude::{
    Float64ArraySlice, Uint8ArraySlice, Uint16ArraySlice, Uint32Array, Uint32ArraySlice,
};
use napi_derive::napi;
use quorate_diversity::certificate::AxisValue;
use quorate_diversity::confidence::Evidence;
use quorate_diversity::{
    Axis, AxisMeasures, AxisRule, Certificate, Change, Columns, DiversityError, Method, Pool, Reason,
    Recommendation, Remedy, Repair, Requirement, Rule, SelectOptions, Selection, Verdict, Violation,
};

use crate::failure::{Outcome, guard};

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
            *own = AxisRule { distinct_min: given.distinct_min, per_value_max: given.per_value_max };
        }
        // A confidence that does not fit is refused by the requirement's own check.
        requirement.confidence_min = u16::try_from(level.confidence_min).unwrap_or(u16::MAX);
        requirement.fresh_evidence = level.fresh_evidence;
        requirement.require_tee_diversity = level.require_tee_diversity;
        requirement
    }
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
    /// 0 or 1.
    pub asn_name_only: Uint8ArraySlice<'a>,
    /// 0 or 1.
    pub attested: Uint8ArraySlice<'a>,
    /// Facts the verdict binds.
    pub bound_facts: Uint16ArraySlice<'a>,
    /// 0 or 1.
    pub evidence_fresh: Uint8ArraySlice<'a>,
    /// Whole numbers.
    pub weight: Float64ArraySlice<'a>,
    /// UTC milliseconds per candidate and axis; infinity never expires.
    pub expires: Float64ArraySlice<'a>,
}

impl From<NativePoolColumns<'_>> for Columns {
    fn from(given: NativePoolColumns<'_>) -> Self {
        let flags = |column: &[u8]| column.iter().map(|&flag| flag != 0).collect();
        // `as` saturates: infinity becomes the largest time there is.
        let whole = |column: &[f64]| column.iter().map(|&value| value as u64).collect();
        let mut columns = Self {
            device_ids: given.device_ids,
            region_offsets: given.region_offsets.to_vec(),
            region_ids: given.region_ids.to_vec(),
            region_share_ppm: given.region_share_ppm.to_vec(),
            confidence: given.confidence.to_vec(),
            axis_confidence: given.axis_confidence.to_vec(),
            asn_name_only: flags(&given.asn_name_only),
            attested: flags(&given.attested),
            bound_facts: given.bound_facts.to_vec(),
            evidence_fresh: flags(&given.evidence_fresh),
            weight: whole(&given.weight),
            expires: whole(&given.expires),
            ..Self::default()
        };
        for (own, ids) in columns.values.iter_mut().zip(given.values) {
            *own = ids.to_vec();
        }
        for (own, names) in columns.names.iter_mut().zip(given.names) {
            *own = names;
        }
        columns
    }
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
            let found = quorate_diversity::validate(&self.pool, &level.into(), &members, size as usize)?;
            Ok::<_, DiversityError>(NativeValidation {
                valid: found.valid,
                violations: found.violations.into_iter().map(NativeViolation::from).collect(),
                measures: found.measures.iter().map(NativeMeasures::from).collect(),
                score: u32::from(found.score.total),
                axis_scores: found.score.axes.iter().map(|score| score.map(u32::from)).collect(),
            })
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
            let found = quorate_diversity::recommend(&self.pool, &level.into(), &members, size as usize)?;
            let (change, remedies) = match found {
                Recommendation::Keep => (None, Vec::new()),
                Recommendation::Swap(change) => (Some(change.into()), Vec::new()),
                Recommendation::Remedies(remedies) => (None, remedies),
            };
            let remedies = remedies.into_iter().map(NativeRemedy::from).collect();
            Ok::<_, DiversityError>(NativeRecommendation { change, remedies })
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

/// The answer to a selection.
#[napi(object, use_nullable = true)]
pub struct NativeSelection {
    /// `feasible`, `infeasible` or `undecided`.
    pub answer: String,
    /// Indexes of the members.
    pub members: Uint32Array,
    /// Sum of their weights.
    pub total_weight: f64,
    /// Whether no valid set is heavier.
    pub optimal: bool,
    /// No valid set is heavier than this.
    pub bound: f64,
    /// Search nodes visited.
    pub nodes: f64,
    /// `exact` or `greedy`: what the members come from.
    pub method: String,
    /// Why there are none.
    pub certificate: Option<NativeCertificate>,
}

impl From<Selection> for NativeSelection {
    fn from(selection: Selection) -> Self {
        let none = |answer: &str, bound: u64, nodes: u64, certificate| Self {
            answer: answer.to_owned(),
            members: Uint32Array::new(Vec::new()),
            total_weight: 0.0,
            optimal: false,
            bound: bound as f64,
            nodes: nodes as f64,
            method: "exact".to_owned(),
            certificate,
        };
        match selection {
            Selection::Infeasible(certificate) => none("infeasible", 0, 0, Some((*certificate).into())),
            Selection::Undecided { nodes, bound } => none("undecided", bound, nodes, None),
            Selection::Feasible(chosen) => Self {
                members: Uint32Array::new(chosen.members),
                total_weight: chosen.total_weight as f64,
                optimal: chosen.optimal,
                method: if chosen.method == Method::Greedy { "greedy" } else { "exact" }.to_owned(),
                ..none("feasible", chosen.bound, chosen.nodes, None)
            },
        }
    }
}

/// A value of an axis, by name.
#[napi(object)]
pub struct NativeAxisValue {
    /// The axis.
    pub axis: String,
    /// The value.
    pub value: String,
}

impl From<AxisValue> for NativeAxisValue {
    fn from(found: AxisValue) -> Self {
        Self { axis: found.axis.name().to_owned(), value: found.value }
    }
}

/// A rule, of an axis where it is about one.
#[napi(object, use_nullable = true)]
pub struct NativeRule {
    /// The rule.
    pub rule: String,
    /// The axis.
    pub axis: Option<String>,
}

fn rule(rule: Rule, axis: Option<Axis>) -> NativeRule {
    NativeRule { rule: rule.name().to_owned(), axis: axis.map(|axis| axis.name().to_owned()) }
}

/// The proof that no valid members exist.
#[napi(object)]
pub struct NativeCertificate {
    /// Members asked for.
    pub size: u32,
    /// Candidates in the pool.
    pub candidates: u32,
    /// Candidates that break no rule by themselves.
    pub eligible: u32,
    /// How many candidates each rule rejects.
    pub rejected: Vec<NativeRejected>,
    /// Each of these alone makes the selection impossible.
    pub reasons: Vec<NativeReason>,
}

/// Candidates that a rule rejects.
#[napi(object)]
pub struct NativeRejected {
    /// The rule.
    pub rule: NativeRule,
    /// How many.
    pub count: u32,
}

/// Something that alone makes the selection impossible.
#[napi(object)]
pub struct NativeReason {
    /// `size`, `eligible_candidates`, `distinct_values`, `capacity`, `cover` or `combination`.
    pub kind: String,
    /// What there is.
    pub have: u32,
    /// What is needed.
    pub need: u32,
    /// The axes it is about.
    pub axes: Vec<String>,
    /// The values concerned.
    pub values: Vec<NativeAxisValue>,
    /// Indexes of the candidates concerned.
    pub candidates: Vec<u32>,
    /// Rules that exclude each other.
    pub rules: Vec<NativeRule>,
}

impl From<Certificate> for NativeCertificate {
    fn from(found: Certificate) -> Self {
        let rejected = found
            .rejected
            .iter()
            .map(|entry| NativeRejected { rule: rule(entry.rule, entry.axis), count: entry.count as u32 });
        Self {
            size: found.size as u32,
            candidates: found.candidates as u32,
            eligible: found.eligible as u32,
            rejected: rejected.collect(),
            reasons: found.reasons.into_iter().map(NativeReason::from).collect(),
        }
    }
}

impl NativeReason {
    fn new(kind: &str, have: usize, need: usize, axes: &[Axis]) -> Self {
        Self {
            kind: kind.to_owned(),
            have: have as u32,
            need: need as u32,
            axes: axes.iter().map(|axis| axis.name().to_owned()).collect(),
            values: Vec::new(),
            candidates: Vec::new(),
            rules: Vec::new(),
        }
    }
}

impl From<Reason> for NativeReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Size { axis, have, need } => Self::new("size", have, need as usize, &[axis]),
            Reason::EligibleCandidates { have, need } => Self::new("eligible_candidates", have, need, &[]),
            Reason::Capacity { axis, have, need } => Self::new("capacity", have, need, &[axis]),
            Reason::DistinctValues { axis, have, need, values } => {
                let named = values.into_iter().map(|value| AxisValue { axis, value }.into());
                let base = Self::new("distinct_values", have as usize, need as usize, &[axis]);
                Self { values: named.collect(), ..base }
            }
            Reason::Cover { axes, values, candidates, have, need } => {
                let named = values.into_iter().map(NativeAxisValue::from).collect();
                Self { values: named, candidates, ..Self::new("cover", have, need, &axes) }
            }
            Reason::Combination { rules } => {
                let rules = rules.into_iter().map(|(axis, broken)| rule(broken, Some(axis))).collect();
                Self { rules, ..Self::new("combination", 0, 0, &[]) }
            }
        }
    }
}

/// A change after which a selection is possible; fields that do not belong to its kind are empty.
#[napi(object, use_nullable = true)]
pub struct NativeRemedy {
    /// `add_machines`, `provide_evidence` or `relax`.
    pub kind: String,
    /// Machines to add.
    pub count: u32,
    /// Axes on which each must show a new value.
    pub new_value_on: Vec<String>,
    /// Values none of them may have.
    pub outside: Vec<NativeAxisValue>,
    /// Indexes of candidates that would be members beside them.
    pub beside: Vec<u32>,
    /// Machines that need evidence, and what they lack.
    pub machines: Vec<NativeEvidenceNeed>,
    /// The rule to relax.
    pub rule: Option<NativeRule>,
    /// What the level asks.
    pub from: f64,
    /// What would suffice.
    pub to: f64,
}

/// What one machine lacks.
#[napi(object)]
pub struct NativeEvidenceNeed {
    /// Index of the candidate.
    pub candidate: u32,
    /// Its confidence is too low.
    pub confidence: bool,
    /// Its evidence is not fresh.
    pub fresh: bool,
    /// Axes on which its value is unknown.
    pub axes: Vec<String>,
}

fn axis_names(axes: &[Axis]) -> Vec<String> {
    axes.iter().map(|axis| axis.name().to_owned()).collect()
}

impl From<Remedy> for NativeRemedy {
    fn from(remedy: Remedy) -> Self {
        let empty = |kind: &str| Self {
            kind: kind.to_owned(),
            count: 0,
            new_value_on: Vec::new(),
            outside: Vec::new(),
            beside: Vec::new(),
            machines: Vec::new(),
            rule: None,
            from: 0.0,
            to: 0.0,
        };
        match remedy {
            Remedy::AddMachines { count, new_value_on, outside, beside } => Self {
                count: count as u32,
                new_value_on: axis_names(&new_value_on),
                outside: outside.into_iter().map(NativeAxisValue::from).collect(),
                beside,
                ..empty("add_machines")
            },
            Remedy::ProvideEvidence { machines } => {
                let needs = machines.into_iter().map(|need| NativeEvidenceNeed {
                    candidate: need.candidate,
                    confidence: need.confidence,
                    fresh: need.fresh,
                    axes: axis_names(&need.axes),
                });
                Self { machines: needs.collect(), ..empty("provide_evidence") }
            }
            Remedy::Relax { rule: relaxed, axis, from, to } => {
                Self { rule: Some(rule(relaxed, axis)), from: from as f64, to: to as f64, ..empty("relax") }
            }
        }
    }
}

/// Whether members keep a level.
#[napi(object)]
pub struct NativeValidation {
    /// Whether no rule is broken.
    pub valid: bool,
    /// Every broken rule.
    pub violations: Vec<NativeViolation>,
    /// Per axis.
    pub measures: Vec<NativeMeasures>,
    /// Basis points.
    pub score: u32,
    /// Basis points per axis; null where the level asks for nothing.
    pub axis_scores: Vec<Option<u32>>,
}

/// A rule that is broken.
#[napi(object)]
pub struct NativeViolation {
    /// The rule.
    pub rule: NativeRule,
    /// What there is.
    pub have: f64,
    /// What there should be.
    pub need: f64,
    /// Names of the values concerned.
    pub values: Vec<String>,
    /// Indexes of the members concerned.
    pub members: Vec<u32>,
}

impl From<Violation> for NativeViolation {
    fn from(found: Violation) -> Self {
        Self {
            rule: rule(found.rule, found.axis),
            have: found.have as f64,
            need: found.need as f64,
            values: found.values,
            members: found.members,
        }
    }
}

/// The diversity of members on one axis.
#[napi(object)]
pub struct NativeMeasures {
    /// Different known values.
    pub unique: u32,
    /// Members whose value is unknown.
    pub unknown: u32,
    /// Bits.
    pub entropy_bits: f64,
    /// 2 to the entropy.
    pub effective_number: f64,
    /// At a third of the weight.
    pub nakamoto_third: u32,
    /// At two thirds of the weight.
    pub nakamoto_two_thirds: u32,
    /// Parts per million.
    pub worst_share_ppm: u32,
}

impl From<&AxisMeasures> for NativeMeasures {
    fn from(found: &AxisMeasures) -> Self {
        Self {
            unique: found.unique,
            unknown: found.unknown,
            entropy_bits: found.entropy_bits,
            effective_number: found.effective_number,
            nakamoto_third: found.nakamoto_third,
            nakamoto_two_thirds: found.nakamoto_two_thirds,
            worst_share_ppm: found.worst_share_ppm,
        }
    }
}

/// What to add or swap.
#[napi(object, use_nullable = true)]
pub struct NativeRecommendation {
    /// The change that makes the members valid.
    pub change: Option<NativeChange>,
    /// What would permit valid members where the pool does not.
    pub remedies: Vec<NativeRemedy>,
}

/// From old members to new ones, by index.
#[napi(object)]
pub struct NativeChange {
    /// The new members.
    pub members: Vec<u32>,
    /// Members that stay.
    pub kept: Vec<u32>,
    /// Members that go.
    pub removed: Vec<u32>,
    /// Candidates that join.
    pub added: Vec<u32>,
    /// Sum of the new members' weights.
    pub total_weight: f64,
    /// Whether no smaller change exists.
    pub minimal: bool,
}

impl From<Change> for NativeChange {
    fn from(found: Change) -> Self {
        Self {
            members: found.members,
            kept: found.kept,
            removed: found.removed,
            added: found.added,
            total_weight: found.total_weight as f64,
            minimal: found.minimal,
        }
    }
}

/// The answer to a repair.
#[napi(object, use_nullable = true)]
pub struct NativeRepair {
    /// Null where there is none.
    pub change: Option<NativeChange>,
    /// Why there is none; null also where the search was cut off.
    pub certificate: Option<NativeCertificate>,
}

impl From<Repair> for NativeRepair {
    fn from(found: Repair) -> Self {
        match found {
            Repair::Repaired(change) => Self { change: Some(change.into()), certificate: None },
            Repair::Impossible(certificate) => {
                Self { change: None, certificate: Some((*certificate).into()) }
            }
            Repair::Undecided { .. } => Self { change: None, certificate: None },
        }
    }
}

/// Why a candidate is or is not a member; fields that do not belong to its kind are empty.
#[napi(object, use_nullable = true)]
pub struct NativeVerdict {
    /// `chosen`, `ineligible`, `conflicts`, `outweighed`, `would_improve` or `breaks_minimum`.
    pub kind: String,
    /// Rules it breaks by itself.
    pub rules: Vec<NativeRule>,
    /// Values it shares with members.
    pub conflicts: Vec<NativeConflict>,
    /// Index of the member it could replace.
    pub member: Option<u32>,
    /// Difference in weight.
    pub by: f64,
    /// Axis of a minimum that would be missed.
    pub axis: Option<String>,
    /// Different values that would be left.
    pub have: u32,
    /// Different values needed.
    pub need: u32,
}

/// A value shared with a member.
#[napi(object)]
pub struct NativeConflict {
    /// Index of the member.
    pub member: u32,
    /// The axis.
    pub axis: String,
    /// The value.
    pub value: String,
}

impl From<Verdict> for NativeVerdict {
    fn from(verdict: Verdict) -> Self {
        let plain = |kind: &str| Self {
            kind: kind.to_owned(),
            rules: Vec::new(),
            conflicts: Vec::new(),
            member: None,
            by: 0.0,
            axis: None,
            have: 0,
            need: 0,
        };
        let conflicts = |with: Vec<quorate_diversity::explain::Conflict>| {
            let named = with.into_iter().map(|found| NativeConflict {
                member: found.member,
                axis: found.axis.name().to_owned(),
                value: found.value,
            });
            named.collect::<Vec<_>>()
        };
        match verdict {
            Verdict::Chosen => plain("chosen"),
            Verdict::Ineligible { rules } => {
                let rules = rules.into_iter().map(|(broken, axis)| rule(broken, axis)).collect();
                Self { rules, ..plain("ineligible") }
            }
            Verdict::Conflicts { with } => Self { conflicts: conflicts(with), ..plain("conflicts") },
            Verdict::Outweighed { member, by, shares } => {
                let shares = conflicts(shares);
                Self { member: Some(member), by: by as f64, conflicts: shares, ..plain("outweighed") }
            }
            Verdict::WouldImprove { member, by } => {
                Self { member: Some(member), by: by as f64, ..plain("would_improve") }
            }
            Verdict::BreaksMinimum { axis, have, need } => {
                Self { axis: Some(axis.name().to_owned()), have, need, ..plain("breaks_minimum") }
            }
        }
    }
}

/// What remains after one value of one axis has failed.
#[napi(object)]
pub struct NativeDomainFailure {
    /// The axis.
    pub axis: String,
    /// The value that fails.
    pub value: String,
    /// Indexes of the members that are lost.
    pub lost: Vec<u32>,
    /// Members that remain.
    pub remaining: u32,
    /// Parts per million.
    pub remaining_weight_ppm: u32,
    /// More than half of the weight remains.
    pub majority: bool,
    /// More than two thirds of the weight remain.
    pub two_thirds: bool,
    /// The remaining members keep the level.
    pub level_holds: bool,
}

impl From<quorate_diversity::Failure> for NativeDomainFailure {
    fn from(found: quorate_diversity::Failure) -> Self {
        Self {
            axis: found.axis.name().to_owned(),
            value: found.value,
            lost: found.lost,
            remaining: found.remaining as u32,
            remaining_weight_ppm: found.remaining_weight_ppm,
            majority: found.majority,
            two_thirds: found.two_thirds,
            level_holds: found.level_holds,
        }
    }
}
