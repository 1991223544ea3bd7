//! What a pool answers, as data objects. Fields that do not belong to an answer's kind are empty.

use napi::bindgen_prelude::Uint32Array;
use napi_derive::napi;
use quorate_diversity::certificate::{AxisValue, Rejected};
use quorate_diversity::explain::Conflict;
use quorate_diversity::remedy::{AddedAsk, EvidenceNeed};
use quorate_diversity::{
    Axis, AxisMeasures, Certificate, Change, Failure, Method, Reason, Recommendation, Remedy, Repair, Rule,
    Selection, Validation, Verdict, Violation,
};

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
    /// Indexes of candidates that were not to be used.
    pub without: Vec<u32>,
    /// How many candidates each rule rejects.
    pub rejected: Vec<NativeRejected>,
    /// Each of these alone makes the selection impossible.
    pub reasons: Vec<NativeReason>,
}

/// Candidates that a rule rejects.
#[napi(object, use_nullable = true)]
pub struct NativeRejected {
    /// The rule.
    pub rule: NativeRule,
    /// How many.
    pub count: u32,
    /// For the rule about confidence the highest among them, in basis points.
    pub best: Option<u32>,
}

/// Something that alone makes the selection impossible.
#[napi(object)]
#[derive(Default)]
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
        Self {
            size: found.size as u32,
            candidates: found.candidates as u32,
            eligible: found.eligible as u32,
            without: found.without,
            rejected: found.rejected.iter().map(NativeRejected::from).collect(),
            reasons: found.reasons.into_iter().map(NativeReason::from).collect(),
        }
    }
}

impl From<&Rejected> for NativeRejected {
    fn from(found: &Rejected) -> Self {
        Self {
            rule: rule(found.rule, found.axis),
            count: found.count as u32,
            best: found.best.map(u32::from),
        }
    }
}

impl NativeReason {
    fn new(kind: &str, have: usize, need: usize, axes: &[Axis]) -> Self {
        let kind = kind.to_owned();
        Self { kind, have: have as u32, need: need as u32, axes: axis_names(axes), ..Self::default() }
    }
}

impl From<Reason> for NativeReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Size { axis, have, need } => Self::new("size", have, need as usize, &[axis]),
            Reason::EligibleCandidates { have, need } => Self::new("eligible_candidates", have, need, &[]),
            Reason::Capacity { axis, have, need } => Self::new("capacity", have, need, &[axis]),
            Reason::DistinctValues { axis, have, need, values } => {
                let named = values.into_iter().map(|value| AxisValue { axis, value }.into()).collect();
                Self { values: named, ..Self::new("distinct_values", have as usize, need as usize, &[axis]) }
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

/// A change after which a selection is possible.
#[napi(object, use_nullable = true)]
#[derive(Default)]
pub struct NativeRemedy {
    /// `add_machines`, `provide_evidence` or `relax`.
    pub kind: String,
    /// Machines to add.
    pub count: u32,
    /// What they have to show together.
    pub asks: Vec<NativeAddedAsk>,
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

/// What machines that are added have to show on one axis.
#[napi(object, use_nullable = true)]
pub struct NativeAddedAsk {
    /// The axis.
    pub axis: String,
    /// Different values that no member has yet, at least.
    pub new_values: u32,
    /// Members, old and new, that may share a value; null where they could not be too many.
    pub per_value_max: Option<u32>,
}

impl From<AddedAsk> for NativeAddedAsk {
    fn from(ask: AddedAsk) -> Self {
        Self {
            axis: ask.axis.name().to_owned(),
            new_values: ask.new_values,
            per_value_max: ask.per_value_max,
        }
    }
}

/// What one machine lacks.
#[napi(object)]
pub struct NativeEvidenceNeed {
    /// Index of the candidate.
    pub candidate: u32,
    /// Its confidence would be too low even if those values were known.
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
        let of = |kind: &str| Self { kind: kind.to_owned(), ..Self::default() };
        match remedy {
            Remedy::AddMachines { count, asks, outside, beside } => Self {
                count: count as u32,
                asks: asks.into_iter().map(NativeAddedAsk::from).collect(),
                outside: outside.into_iter().map(NativeAxisValue::from).collect(),
                beside,
                ..of("add_machines")
            },
            Remedy::ProvideEvidence { machines } => Self {
                machines: machines.iter().map(NativeEvidenceNeed::from).collect(),
                ..of("provide_evidence")
            },
            Remedy::Relax { rule: relaxed, axis, from, to } => {
                Self { rule: Some(rule(relaxed, axis)), from: from as f64, to: to as f64, ..of("relax") }
            }
        }
    }
}

impl From<&EvidenceNeed> for NativeEvidenceNeed {
    fn from(need: &EvidenceNeed) -> Self {
        Self {
            candidate: need.candidate,
            confidence: need.confidence,
            fresh: need.fresh,
            axes: axis_names(&need.axes),
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

impl From<Validation> for NativeValidation {
    fn from(found: Validation) -> Self {
        Self {
            valid: found.valid,
            violations: found.violations.into_iter().map(NativeViolation::from).collect(),
            measures: found.measures.iter().map(NativeMeasures::from).collect(),
            score: u32::from(found.score.total),
            axis_scores: found.score.axes.iter().map(|score| score.map(u32::from)).collect(),
        }
    }
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

impl From<Recommendation> for NativeRecommendation {
    fn from(found: Recommendation) -> Self {
        let (change, remedies) = match found {
            Recommendation::Keep => (None, Vec::new()),
            Recommendation::Swap(change) => (Some(change.into()), Vec::new()),
            Recommendation::Remedies(remedies) => (None, remedies),
        };
        Self { change, remedies: remedies.into_iter().map(NativeRemedy::from).collect() }
    }
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

/// Why a candidate is or is not a member.
#[napi(object, use_nullable = true)]
#[derive(Default)]
pub struct NativeVerdict {
    /// `chosen`, `ineligible`, `conflicts`, `outweighed`, `would_improve` or `breaks_minimum`.
    pub kind: String,
    /// Rules it breaks by itself.
    pub rules: Vec<NativeRule>,
    /// Its confidence as the level judges it, where it breaks a rule by itself; basis points.
    pub confidence: u32,
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

impl From<Conflict> for NativeConflict {
    fn from(found: Conflict) -> Self {
        Self { member: found.member, axis: found.axis.name().to_owned(), value: found.value }
    }
}

impl From<Verdict> for NativeVerdict {
    fn from(verdict: Verdict) -> Self {
        let of = |kind: &str| Self { kind: kind.to_owned(), ..Self::default() };
        let conflicts = |with: Vec<Conflict>| with.into_iter().map(NativeConflict::from).collect();
        match verdict {
            Verdict::Chosen => of("chosen"),
            Verdict::Ineligible { rules, confidence } => {
                let rules = rules.into_iter().map(|(broken, axis)| rule(broken, axis)).collect();
                Self { rules, confidence: u32::from(confidence), ..of("ineligible") }
            }
            Verdict::Conflicts { with } => Self { conflicts: conflicts(with), ..of("conflicts") },
            Verdict::Outweighed { member, by, shares } => {
                let conflicts = conflicts(shares);
                Self { member: Some(member), by: by as f64, conflicts, ..of("outweighed") }
            }
            Verdict::WouldImprove { member, by } => {
                Self { member: Some(member), by: by as f64, ..of("would_improve") }
            }
            Verdict::BreaksMinimum { axis, have, need } => {
                Self { axis: Some(axis.name().to_owned()), have, need, ..of("breaks_minimum") }
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

impl From<Failure> for NativeDomainFailure {
    fn from(found: Failure) -> Self {
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
