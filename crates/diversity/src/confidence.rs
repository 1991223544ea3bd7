//! How sure a classification is, as one integer.
//!
//! The weights are those of the heterogeneous quorum document's classifier, in basis points and with sum 10
//! 000; each axis contributes `weight * confidence of that axis`, and the sum is divided once, rounding down.
//! Adding evidence or raising the confidence of an axis never lowers a score.
//!
//! Two scores come from the same evidence. [`Evidence::score`] is the document's: how much is known of a
//! machine at all. [`Evidence::score_for`] judges a machine by what a level asks: only the components of the
//! axes the level names count, renormalised by their weights. A Silver service, which asks for ASNs and
//! countries, does not refuse a machine because nobody attested its TEE; Gold names every weighted axis, so
//! for Gold the two scores are one.

use quorate_types::{BASIS_POINTS_MAX, BasisPoints};

use crate::axis::{AXIS_COUNT, Axis};
use crate::requirement::Requirement;

/// Weight of an ASN with its number.
pub const ASN_WEIGHT: u32 = 2_500;
/// Weight of a network of which only the name is known.
pub const ASN_NAME_ONLY_WEIGHT: u32 = 1_500;
/// Weight of the country.
pub const COUNTRY_WEIGHT: u32 = 1_500;
/// Weight of the power region.
pub const REGION_WEIGHT: u32 = 1_000;
/// Weight of the TEE vendor.
pub const TEE_VENDOR_WEIGHT: u32 = 2_000;
/// Weight of the TEE version (TCB).
pub const TCB_WEIGHT: u32 = 1_000;
/// Weight of a verified attestation being present.
pub const ATTESTATION_WEIGHT: u32 = 1_000;
/// Weight of a verdict that binds more than [`BOUND_FACTS_MIN`] facts.
pub const BOUND_FACTS_WEIGHT: u32 = 1_000;
/// A verdict has to bind more facts than this to earn [`BOUND_FACTS_WEIGHT`].
pub const BOUND_FACTS_MIN: u16 = 3;

/// What is known of one machine, as far as it says how sure its classification is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Confidence of each axis, by [`Axis::index`]; 0 where the value is unknown, and never above 10 000.
    pub axes: [BasisPoints; AXIS_COUNT],
    /// Only the name of the network is known, not its number.
    pub asn_name_only: bool,
    /// A verified attestation is present.
    pub attested: bool,
    /// How many facts the attestation's verdict binds.
    pub bound_facts: u16,
}

impl Evidence {
    /// The document's score over all components.
    pub fn score(&self) -> BasisPoints {
        self.weighted(|_| true)
    }

    /// The score over the components of the axes that `requirement` names.
    ///
    /// A level that names none of the weighted axes (ASN, country, power region, TEE vendor, TCB) is judged
    /// by the whole score. TCB, attestation and bound facts are components of the TEE: they count where the
    /// level names `tee_vendor` or `tcb`.
    pub fn score_for(&self, requirement: &Requirement) -> BasisPoints {
        let weighted = [Axis::Asn, Axis::Country, Axis::PowerRegion, Axis::TeeVendor, Axis::Tcb];
        if weighted.into_iter().any(|axis| requirement.names(axis)) {
            self.weighted(|axis| requirement.names(axis))
        } else {
            self.score()
        }
    }

    fn weighted(&self, counts: impl Fn(Axis) -> bool) -> BasisPoints {
        let of = |axis: Axis| u32::from(self.axes[axis.index()].min(BASIS_POINTS_MAX));
        let full = u32::from(BASIS_POINTS_MAX);
        let asn = if self.asn_name_only { ASN_NAME_ONLY_WEIGHT } else { ASN_WEIGHT };
        let tee = counts(Axis::TeeVendor) || counts(Axis::Tcb);
        let bound = self.attested && self.bound_facts > BOUND_FACTS_MIN;
        // (counts, weight earned, weight attainable, confidence)
        let components = [
            (counts(Axis::Asn), asn, ASN_WEIGHT, of(Axis::Asn)),
            (counts(Axis::Country), COUNTRY_WEIGHT, COUNTRY_WEIGHT, of(Axis::Country)),
            (counts(Axis::PowerRegion), REGION_WEIGHT, REGION_WEIGHT, of(Axis::PowerRegion)),
            (tee, TEE_VENDOR_WEIGHT, TEE_VENDOR_WEIGHT, of(Axis::TeeVendor)),
            (tee, TCB_WEIGHT, TCB_WEIGHT, of(Axis::Tcb)),
            (tee, ATTESTATION_WEIGHT, ATTESTATION_WEIGHT, if self.attested { full } else { 0 }),
            (tee, BOUND_FACTS_WEIGHT, BOUND_FACTS_WEIGHT, if bound { full } else { 0 }),
        ];
        let (mut earned, mut attainable) = (0_u32, 0_u32);
        for (_, weight, most, confidence) in components.into_iter().filter(|component| component.0) {
            earned += weight * confidence;
            attainable += most;
        }
        // At most 10 000: no component earns more than its attainable weight times 10 000.
        BasisPoints::try_from(earned / attainable.max(1)).unwrap_or(BASIS_POINTS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn complete() -> Evidence {
        Evidence { axes: [10_000; AXIS_COUNT], asn_name_only: false, attested: true, bound_facts: 4 }
    }

    fn without(axes: &[Axis]) -> Evidence {
        let mut evidence = complete();
        for axis in axes {
            evidence.axes[axis.index()] = 0;
        }
        evidence
    }

    #[test]
    fn the_weights_are_those_of_the_document() {
        assert_eq!(complete().score(), 10_000);
        assert_eq!(Evidence::default().score(), 0);
        assert_eq!(without(&[Axis::Asn]).score(), 7_500);
        assert_eq!(Evidence { asn_name_only: true, ..complete() }.score(), 9_000);
        assert_eq!(without(&[Axis::Country]).score(), 8_500);
        assert_eq!(without(&[Axis::PowerRegion]).score(), 9_000);
        assert_eq!(without(&[Axis::TeeVendor]).score(), 8_000);
        assert_eq!(without(&[Axis::Tcb]).score(), 9_000);
        assert_eq!(Evidence { bound_facts: 3, ..complete() }.score(), 9_000);
        assert_eq!(Evidence { attested: false, ..complete() }.score(), 8_000);
        assert_eq!(without(&[Axis::Operator, Axis::Cloud, Axis::Kernel]).score(), 10_000);
    }

    #[test]
    fn a_level_judges_only_what_it_asks() {
        // Offline databases alone: network, country and region, no TEE.
        let mut evidence = Evidence::default();
        evidence.axes[Axis::Asn.index()] = 9_000;
        evidence.axes[Axis::Country.index()] = 8_000;
        evidence.axes[Axis::PowerRegion.index()] = 7_000;
        assert_eq!(evidence.score(), 4_150);
        assert_eq!(evidence.score_for(&Requirement::none()), 4_150);
        assert_eq!(evidence.score_for(&Requirement::basic()), 8_000);
        assert_eq!(evidence.score_for(&Requirement::enhanced()), 8_625);
        assert_eq!(evidence.score_for(&Requirement::gold()), 4_150);
    }

    #[test]
    fn the_tee_switch_does_not_change_what_is_judged() {
        let off = Requirement { require_tee_diversity: false, ..Requirement::gold() };
        let evidence = without(&[Axis::TeeVendor]);
        assert_eq!(evidence.score_for(&off), evidence.score_for(&Requirement::gold()));
    }

    fn any_evidence() -> impl Strategy<Value = Evidence> {
        (prop::array::uniform8(0_u16..=10_000), any::<bool>(), any::<bool>(), 0_u16..8).prop_map(
            |(axes, asn_name_only, attested, bound_facts)| Evidence {
                axes,
                asn_name_only,
                attested,
                bound_facts,
            },
        )
    }

    proptest! {
        #[test]
        fn scores_are_bounded_and_grow_with_evidence(
            less in any_evidence(),
            more in any_evidence(),
            level in 0_usize..4,
        ) {
            let level = &Requirement::shipped()[level];
            let joined = Evidence {
                axes: std::array::from_fn(|axis| less.axes[axis].max(more.axes[axis])),
                asn_name_only: less.asn_name_only && more.asn_name_only,
                attested: less.attested || more.attested,
                bound_facts: less.bound_facts.max(more.bound_facts),
            };
            prop_assert!(joined.score() <= BASIS_POINTS_MAX);
            prop_assert!(joined.score() >= less.score());
            prop_assert!(joined.score_for(level) >= less.score_for(level));
            prop_assert!(joined.score_for(level) <= BASIS_POINTS_MAX);
            if level.name == "GOLD" {
                prop_assert_eq!(joined.score(), joined.score_for(level));
            }
        }
    }
}
