//! Requirement levels as data: what a set of members has to keep, axis by axis.
//!
//! Source of the four shipped levels: the sections "Quorum Manager" and "SLA Tier Specifications" of the
//! heterogeneous quorum document, with two countries and one member per operator added to Gold
//! (docs/design/placement.md).

use quorate_types::{BASIS_POINTS_MAX, BasisPoints, FieldPath};

use crate::axis::{AXIS_COUNT, Axis};
use crate::error::DiversityError;

/// The largest number of members one selection can have.
pub const SIZE_MAX: usize = 100;

/// The largest figure of a rule. A fleet that is checked can be larger than what can be selected.
pub const RULE_MAX: u32 = 1_000;

/// The longest name of a level, in bytes.
pub const LEVEL_NAME_BYTES_MAX: usize = 64;

/// What a level asks on one axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AxisRule {
    /// Members must have at least this many different known values; 0 and 1 with no cap: unconstrained.
    ///
    /// On the set-valued power axis a count is the size of the smallest set of regions that touches every
    /// member (a minimum hitting set): the fewest grid failures that could explain the loss of all of them.
    pub distinct_min: u32,
    /// At most this many members may share a value; 0: no cap. On a capped axis a member must have a known
    /// value, unless `unknown_allowed`.
    pub per_value_max: u32,
    /// Whether a member whose value is unknown may be one on a capped axis: it is then in nobody's way, and
    /// still no different value.
    pub unknown_allowed: bool,
}

/// A diversity level: the rules a set of members has to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Public name, such as `GOLD`.
    pub name: String,
    /// One rule per axis, by [`Axis::index`].
    pub axes: [AxisRule; AXIS_COUNT],
    /// Every member's classification confidence relative to this level is at least this.
    pub confidence_min: BasisPoints,
    /// Every member's attestation evidence must be fresh (answering a nonce of ours, not a file).
    pub fresh_evidence: bool,
    /// Whether the minimum number of TEE vendors holds. Off lifts that minimum and nothing else.
    pub require_tee_diversity: bool,
}

impl Requirement {
    /// `NONE`: any selection.
    pub fn none() -> Self {
        Self::unconstrained("NONE")
    }

    /// `BASIC`: 2 countries, confidence 0.6.
    pub fn basic() -> Self {
        Self { confidence_min: 6_000, ..Self::unconstrained("BASIC") }.with(Axis::Country, 2, 0)
    }

    /// `ENHANCED`: 2 ASNs, 2 countries, at most 2 members per ASN, confidence 0.7.
    pub fn enhanced() -> Self {
        Self { confidence_min: 7_000, ..Self::unconstrained("ENHANCED") }.with(Axis::Asn, 2, 2).with(
            Axis::Country,
            2,
            0,
        )
    }

    /// `GOLD`: 3 ASNs, 2 TEE vendors, 2 power regions, 2 countries, at most 1 member per ASN, per power
    /// region and per known operator, confidence 0.8, fresh evidence.
    ///
    /// Who holds a machine can take keys out of it, which no evidence shows; so no operator may hold two. An
    /// operator that is not known is let in, because the cap on ASNs holds for it too.
    ///
    /// With 3 members and at most 1 per region the 2 regions become 3: see [`Requirement::effective_min`].
    pub fn gold() -> Self {
        Self {
            confidence_min: 8_000,
            fresh_evidence: true,
            require_tee_diversity: true,
            ..Self::unconstrained("GOLD")
        }
        .with(Axis::Asn, 3, 1)
        .with(Axis::Operator, 0, 1)
        .allowing_unknown(Axis::Operator)
        .with(Axis::Country, 2, 0)
        .with(Axis::PowerRegion, 2, 1)
        .with(Axis::TeeVendor, 2, 0)
    }

    /// The four levels that are shipped, weakest first.
    pub fn shipped() -> [Self; 4] {
        [Self::none(), Self::basic(), Self::enhanced(), Self::gold()]
    }

    /// A level that asks for nothing yet, as a start for one of your own.
    pub fn unconstrained(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            axes: [AxisRule::default(); AXIS_COUNT],
            confidence_min: 0,
            fresh_evidence: false,
            require_tee_diversity: false,
        }
    }

    /// The same level with another rule on `axis`. Setting a minimum of TEE vendors also turns its switch on.
    #[must_use]
    pub fn with(mut self, axis: Axis, distinct_min: u32, per_value_max: u32) -> Self {
        self.axes[axis.index()] = AxisRule { distinct_min, per_value_max, unknown_allowed: false };
        if axis == Axis::TeeVendor {
            self.require_tee_diversity = distinct_min > 0;
        }
        self
    }

    /// The same level with members let in whose value on the capped `axis` is unknown.
    #[must_use]
    pub fn allowing_unknown(mut self, axis: Axis) -> Self {
        self.axes[axis.index()].unknown_allowed = true;
        self
    }

    /// The minimum number of different values on `axis`, after the TEE switch.
    pub fn distinct_min(&self, axis: Axis) -> u32 {
        if axis == Axis::TeeVendor && !self.require_tee_diversity {
            return 0;
        }
        self.axes[axis.index()].distinct_min
    }

    /// The most members per value on `axis`, if there is a cap.
    pub fn per_value_max(&self, axis: Axis) -> Option<u32> {
        let cap = self.axes[axis.index()].per_value_max;
        (cap > 0).then_some(cap)
    }

    /// Whether a member must have a known value on `axis` because it is capped.
    pub fn requires_known(&self, axis: Axis) -> bool {
        self.per_value_max(axis).is_some() && !self.axes[axis.index()].unknown_allowed
    }

    /// How many different values `size` members really need on `axis`: the stated minimum, or what the cap
    /// implies (`size / cap`, rounded up) where all values must be known, whichever is larger. Gold states 2
    /// power regions, but 3 members need 3.
    pub fn effective_min(&self, axis: Axis, size: usize) -> u32 {
        let implied = match self.per_value_max(axis) {
            Some(cap) if self.requires_known(axis) => {
                u32::try_from(size.div_ceil(cap as usize)).unwrap_or(u32::MAX)
            }
            _ => 0,
        };
        self.distinct_min(axis).max(implied)
    }

    /// The most members per value on `axis` among `size` members: the stated cap, or 1 where the minimum
    /// equals the size, as then all members differ. (For region sets too: of two sets that share a region
    /// both fall to one failure, so fewer regions than members touch all.) A member whose value is unknown
    /// cannot be one of them.
    pub fn effective_max(&self, axis: Axis, size: usize) -> Option<u32> {
        if self.distinct_min(axis) as usize == size && size > 0 { Some(1) } else { self.per_value_max(axis) }
    }

    /// Whether a set of members can break a rule of this level on `axis`.
    pub fn constrains(&self, axis: Axis) -> bool {
        self.distinct_min(axis) > 0 || self.per_value_max(axis).is_some()
    }

    /// Whether the level names `axis` in its data, the TEE switch left aside. Decides what evidence is
    /// judged, so that the switch does not also change the confidence of a member.
    pub fn names(&self, axis: Axis) -> bool {
        self.axes[axis.index()] != AxisRule::default()
    }

    /// Checks that the level makes sense by itself.
    ///
    /// # Errors
    /// [`DiversityError::Requirement`] for a rule that contradicts another, [`DiversityError::Limit`] for a
    /// bound above what a selection can have.
    pub fn check(&self) -> Result<(), DiversityError> {
        let root = FieldPath::new("requirement");
        if self.name.is_empty() {
            return Err(refuse(root.field("name"), "a level needs a name"));
        }
        if self.name.len() > LEVEL_NAME_BYTES_MAX {
            return Err(limit(root.field("name"), LEVEL_NAME_BYTES_MAX as u64, self.name.len() as u64));
        }
        if self.confidence_min > BASIS_POINTS_MAX {
            let found = u64::from(self.confidence_min);
            return Err(limit(root.field("confidenceMin"), u64::from(BASIS_POINTS_MAX), found));
        }
        for axis in Axis::ALL {
            let field = root.clone().field("axes").field(axis.name());
            let rule = self.axes[axis.index()];
            for (name, value) in [("distinctMin", rule.distinct_min), ("perValueMax", rule.per_value_max)] {
                if value > RULE_MAX {
                    return Err(limit(field.field(name), u64::from(RULE_MAX), u64::from(value)));
                }
            }
            if rule.unknown_allowed && rule.per_value_max == 0 {
                let reason = "there is no limit per value that would keep an unknown one out: state one";
                return Err(refuse(field.field("unknownAllowed"), reason));
            }
        }
        let vendors = self.axes[Axis::TeeVendor.index()].distinct_min;
        if self.require_tee_diversity && vendors == 0 {
            return Err(refuse(
                root.field("requireTeeDiversity"),
                "it is on, but no number of TEE vendors is required: state one or turn it off",
            ));
        }
        Ok(())
    }
}

fn refuse(field: FieldPath, reason: &str) -> DiversityError {
    DiversityError::Requirement { field, reason: reason.to_owned() }
}

fn limit(field: FieldPath, limit: u64, found: u64) -> DiversityError {
    DiversityError::Limit { field, limit, found }
}

#[cfg(test)]
mod tests {
    use quorate_types::Coded;

    use super::*;

    #[test]
    fn the_shipped_levels_hold_the_figures_of_the_document() {
        let [none, basic, enhanced, gold] = Requirement::shipped();
        assert!(Axis::ALL.iter().all(|&axis| !none.constrains(axis)) && none.confidence_min == 0);
        assert_eq!((basic.distinct_min(Axis::Country), basic.confidence_min), (2, 6_000));
        let rule =
            |distinct_min, per_value_max| AxisRule { distinct_min, per_value_max, unknown_allowed: false };
        assert_eq!(enhanced.axes[Axis::Asn.index()], rule(2, 2));
        assert_eq!((enhanced.distinct_min(Axis::Country), enhanced.confidence_min), (2, 7_000));
        assert_eq!(gold.axes[Axis::Asn.index()], rule(3, 1));
        assert_eq!(gold.axes[Axis::PowerRegion.index()], rule(2, 1));
        assert_eq!(gold.axes[Axis::Operator.index()], AxisRule { unknown_allowed: true, ..rule(0, 1) });
        assert_eq!((gold.distinct_min(Axis::TeeVendor), gold.distinct_min(Axis::Country)), (2, 2));
        assert_eq!((gold.confidence_min, gold.fresh_evidence), (8_000, true));
        for level in Requirement::shipped() {
            level.check().expect("a shipped level is valid");
        }
        assert_eq!(
            quorate_types::tier::TIERS.map(|tier| tier.level),
            ["NONE", "ENHANCED", "GOLD"].map(|name| name)
        );
    }

    #[test]
    fn gold_needs_three_power_regions_although_it_states_two() {
        let gold = Requirement::gold();
        assert_eq!(gold.distinct_min(Axis::PowerRegion), 2);
        assert_eq!(gold.effective_min(Axis::PowerRegion, 3), 3);
        assert_eq!(Requirement::enhanced().effective_min(Axis::Asn, 5), 3);
        assert_eq!(gold.effective_min(Axis::Operator, 3), 0, "unknown operators are let in");
    }

    #[test]
    fn the_tee_switch_lifts_only_the_vendor_minimum() {
        let on = Requirement::gold();
        let off = Requirement { require_tee_diversity: false, ..on.clone() };
        for axis in Axis::ALL {
            let lifted = axis == Axis::TeeVendor;
            assert_eq!(off.distinct_min(axis), if lifted { 0 } else { on.distinct_min(axis) });
            assert_eq!(off.per_value_max(axis), on.per_value_max(axis));
            assert_eq!(off.names(axis), on.names(axis));
        }
    }

    #[test]
    fn contradictions_are_refused_with_the_field_at_fault() {
        let switch = Requirement { require_tee_diversity: true, ..Requirement::none() };
        let error = switch.check().expect_err("the switch needs a number of vendors");
        assert_eq!(error.code(), "QRT_ERR_DIVERSITY_REQUIREMENT");
        assert_eq!(error.field().map(FieldPath::as_str), Some("requirement.requireTeeDiversity"));
        let one = Requirement::none().with(Axis::TeeVendor, 1, 0);
        assert!(one.check().is_ok(), "at least one known vendor is a level");
        let huge = Requirement::none().with(Axis::Asn, 5_000, 0);
        let path = huge.check().expect_err("too many");
        assert_eq!(path.field().map(FieldPath::as_str), Some("requirement.axes.asn.distinctMin"));
        assert!(Requirement { confidence_min: 10_001, ..Requirement::none() }.check().is_err());
        assert!(Requirement::unconstrained("").check().is_err());
        let nothing = Requirement::basic().allowing_unknown(Axis::Operator);
        let path = nothing.check().expect_err("no cap");
        assert_eq!(path.field().map(FieldPath::as_str), Some("requirement.axes.operator.unknownAllowed"));
    }
}
