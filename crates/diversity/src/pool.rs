//! The candidates, checked once and then immutable.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use quorate_types::{BASIS_POINTS_MAX, BasisPoints, FieldPath, UnixMillis};

use crate::axis::{AXIS_COUNT, Axis, UNKNOWN};
use crate::columns::Columns;
use crate::confidence::{BOUND_FACTS_MIN, Evidence};
use crate::error::DiversityError;
use crate::index::Index;
use crate::requirement::Requirement;

/// How sure a network or place is supposed to be once it is found out: what a fresh address source is worth.
const FOUND_OUT_CONFIDENCE: BasisPoints = 8_000;

/// How many indexes a pool keeps, one per requirement; the least recently made is dropped first.
pub const INDEX_CACHE_MAX: usize = 8;

/// An immutable set of candidates, with everything that does not depend on a requirement prepared.
///
/// Outside, a candidate is named by its index in the [`Columns`] the pool was built from. Inside, candidates
/// stand in order of weight, largest first, and then of device id (bytewise), so that ties break the same way
/// on every run and in every order of input; such a position is called a rank.
#[derive(Debug)]
pub struct Pool {
    pub(crate) ids: Vec<String>,
    /// Value ids per rank; the power axis holds the id of a region set, 0 where none is known.
    pub(crate) rows: Vec<[u32; AXIS_COUNT]>,
    pub(crate) names: [Vec<String>; AXIS_COUNT],
    pub(crate) confidence: Vec<BasisPoints>,
    /// Per rank, empty where no confidences per axis were given; `None` for a candidate judged as a whole.
    pub(crate) evidence: Vec<Option<Evidence>>,
    pub(crate) fresh: Vec<bool>,
    /// Numbers of physical machines per rank, 0 where not known; empty where none is.
    machines: Vec<u32>,
    /// Whether a heavier candidate is the same machine, per rank; empty where no machine is known.
    twins: Vec<bool>,
    pub(crate) weight: Vec<u64>,
    pub(crate) sets: RegionSets,
    /// Shares per rank: `(region id, ppm)` in order of the region's id.
    pub(crate) shares: Vec<(u32, u32)>,
    pub(crate) share_offsets: Vec<u32>,
    index_of_rank: Vec<u32>,
    rank_of_index: Vec<u32>,
    ranks_by_id: Vec<u32>,
    indexes: Mutex<Vec<(Requirement, Arc<Index>)>>,
}

/// The different sets of power regions that occur. Set 0 is the empty one: region unknown.
#[derive(Clone, Debug)]
pub(crate) struct RegionSets {
    offsets: Vec<u32>,
    regions: Vec<u32>,
}

impl RegionSets {
    /// The region ids of a set, ascending.
    pub(crate) fn of(&self, set: u32) -> &[u32] {
        &self.regions[self.offsets[set as usize] as usize..self.offsets[set as usize + 1] as usize]
    }

    /// Adds a set of one region that no set has yet.
    pub(crate) fn push_single(&mut self, region: u32) {
        self.regions.push(region);
        self.offsets.push(self.regions.len() as u32);
    }

    /// How many sets there are, the empty one counted.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }
}

impl Pool {
    /// Checks the columns and prepares them. Values that expire at or before `now` count as unknown.
    ///
    /// # Errors
    /// A [`DiversityError`] that names the first field at fault; nothing is built then.
    pub fn new(columns: Columns, now: UnixMillis) -> Result<Self, DiversityError> {
        let mut columns = columns.prepare(now)?;
        let n = columns.len();
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_unstable_by_key(|&i| {
            (Reverse(columns.weight[i as usize]), &columns.device_ids[i as usize])
        });
        let mut rank_of_index = vec![0_u32; n];
        for (rank, &index) in order.iter().enumerate() {
            rank_of_index[index as usize] = rank as u32;
        }
        let (sets, set_of_rank, shares, share_offsets) = region_sets(&columns, &order);
        let row = |(rank, &index): (usize, &u32)| {
            std::array::from_fn(|axis| match Axis::ALL[axis] {
                Axis::PowerRegion => set_of_rank[rank],
                _ => columns.values[axis].get(index as usize).copied().unwrap_or(UNKNOWN),
            })
        };
        let rows = order.iter().enumerate().map(row).collect();
        let evidence = evidence(&columns, &order, &set_of_rank);
        let pick = |column: &[bool]| -> Vec<bool> {
            order.iter().map(|&i| column.get(i as usize).copied().unwrap_or(false)).collect()
        };
        let fresh = pick(&columns.evidence_fresh);
        let machines: Vec<u32> =
            order.iter().filter_map(|&i| columns.machines.get(i as usize).copied()).collect();
        let ids: Vec<String> = order.iter().map(|&i| take(&mut columns.device_ids[i as usize])).collect();
        let mut ranks_by_id: Vec<u32> = (0..n as u32).collect();
        ranks_by_id.sort_unstable_by_key(|&rank| &ids[rank as usize]);
        Ok(Self {
            ids,
            rows,
            confidence: order.iter().map(|&i| columns.confidence[i as usize]).collect(),
            weight: order.iter().map(|&i| columns.weight[i as usize]).collect(),
            names: columns.names,
            evidence,
            fresh,
            twins: twins(&machines),
            machines,
            sets,
            shares,
            share_offsets,
            index_of_rank: order,
            rank_of_index,
            ranks_by_id,
            indexes: Mutex::new(Vec::new()),
        })
    }

    /// Number of candidates.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no candidate.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The index of the candidate with this device id.
    pub fn find(&self, device_id: &str) -> Option<u32> {
        let found =
            self.ranks_by_id.binary_search_by(|&rank| self.ids[rank as usize].as_str().cmp(device_id));
        found.ok().map(|position| self.index_of_rank[self.ranks_by_id[position] as usize])
    }

    /// The device id of a candidate, where `index` names one.
    pub fn device_id(&self, index: u32) -> Option<&str> {
        self.rank_of_index.get(index as usize).map(|&rank| self.ids[rank as usize].as_str())
    }

    /// The weight of a candidate, where `index` names one.
    pub fn weight(&self, index: u32) -> Option<u64> {
        self.rank_of_index.get(index as usize).map(|&rank| self.weight[rank as usize])
    }

    /// The name of a value, `UNKNOWN` for 0.
    pub fn value_name(&self, axis: Axis, value: u32) -> Option<&str> {
        self.names[axis.index()].get(value as usize).map(String::as_str)
    }

    /// The confidence of a candidate as a level judges it: relative to the level where the candidate has
    /// confidences per axis (see [`Evidence::score_for`]), the stated confidence otherwise. What is known of
    /// other candidates changes nothing.
    pub fn confidence_for(&self, index: u32, requirement: &Requirement) -> Option<BasisPoints> {
        self.rank_of_index.get(index as usize).map(|&rank| self.confidence_at(rank, requirement))
    }

    /// The index of the pool for a requirement: made on first use, then kept.
    ///
    /// # Errors
    /// What [`Requirement::check`] says.
    pub fn index(&self, requirement: &Requirement) -> Result<Arc<Index>, DiversityError> {
        // A panic of another thread cannot leave the list half written: it only ever gains or loses whole
        // entries.
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, index)) = indexes.iter().find(|(made_for, _)| made_for == requirement) {
            return Ok(Arc::clone(index));
        }
        requirement.check()?;
        let index = Arc::new(Index::new(self, requirement));
        if indexes.len() == INDEX_CACHE_MAX {
            indexes.remove(0);
        }
        indexes.push((requirement.clone(), Arc::clone(&index)));
        Ok(index)
    }

    pub(crate) fn confidence_at(&self, rank: u32, requirement: &Requirement) -> BasisPoints {
        match self.evidence.get(rank as usize) {
            Some(Some(evidence)) => evidence.score_for(requirement),
            _ => self.confidence[rank as usize],
        }
    }

    /// The known value ids of a candidate on `axis`: none where unknown, several only on the power axis.
    pub(crate) fn values_at(&self, rank: u32, axis: Axis) -> &[u32] {
        let value = &self.rows[rank as usize][axis.index()];
        if axis == Axis::PowerRegion {
            self.sets.of(*value)
        } else if *value == UNKNOWN {
            &[]
        } else {
            std::slice::from_ref(value)
        }
    }

    pub(crate) fn name(&self, axis: Axis, value: u32) -> String {
        self.names[axis.index()][value as usize].clone()
    }

    /// The number of the physical machine; 0 where it is not known.
    pub(crate) fn machine(&self, rank: u32) -> u32 {
        self.machines.get(rank as usize).copied().unwrap_or(UNKNOWN)
    }

    /// Whether a heavier candidate is the same physical machine.
    pub(crate) fn is_twin(&self, rank: u32) -> bool {
        self.twins.get(rank as usize).copied().unwrap_or(false)
    }

    pub(crate) fn index_of(&self, rank: u32) -> u32 {
        self.index_of_rank[rank as usize]
    }

    /// The rank of every candidate, by index.
    pub(crate) fn ranks_of_all(&self) -> &[u32] {
        &self.rank_of_index
    }

    pub(crate) fn indexes_of(&self, ranks: &[u32]) -> Vec<u32> {
        ranks.iter().map(|&rank| self.index_of(rank)).collect()
    }

    pub(crate) fn total_weight(&self, ranks: &[u32]) -> u64 {
        ranks.iter().map(|&rank| self.weight[rank as usize]).sum()
    }

    /// The same candidates with other values, for trials. Where there are confidences per axis, a value that
    /// was unknown becomes as sure as a fresh address source makes it, and nothing else changes: what an
    /// address database is worth stays as it is.
    pub(crate) fn supposing(
        &self,
        rows: Vec<[u32; AXIS_COUNT]>,
        sets: RegionSets,
        names: [Vec<String>; AXIS_COUNT],
    ) -> Self {
        let found_out = |(rank, known): (usize, &Option<Evidence>)| {
            let mut evidence = (*known)?;
            for axis in Axis::ALL {
                if rows[rank][axis.index()] != self.rows[rank][axis.index()] {
                    evidence.axes[axis.index()] = FOUND_OUT_CONFIDENCE;
                    evidence.asn_name_only &= axis != Axis::Asn;
                }
            }
            Some(evidence)
        };
        let evidence = self.evidence.iter().enumerate().map(found_out).collect();
        Self {
            ids: self.ids.clone(),
            rows,
            names,
            confidence: self.confidence.clone(),
            evidence,
            fresh: self.fresh.clone(),
            machines: self.machines.clone(),
            twins: self.twins.clone(),
            weight: self.weight.clone(),
            sets,
            shares: self.shares.clone(),
            share_offsets: self.share_offsets.clone(),
            index_of_rank: self.index_of_rank.clone(),
            rank_of_index: self.rank_of_index.clone(),
            ranks_by_id: self.ranks_by_id.clone(),
            indexes: Mutex::new(Vec::new()),
        }
    }

    /// Gives every candidate fresh attestation evidence that binds all it can, for trials. It raises the
    /// confidences that it speaks of, which are the TEE's.
    pub(crate) fn suppose_attested(&mut self) {
        for evidence in self.evidence.iter_mut().flatten() {
            evidence.attested = true;
            evidence.bound_facts = BOUND_FACTS_MIN + 1;
            for axis in [Axis::TeeVendor, Axis::Tcb] {
                evidence.axes[axis.index()] = BASIS_POINTS_MAX;
            }
        }
        // One figure for the whole machine does not say which part of it evidence would raise.
        self.confidence.fill(BASIS_POINTS_MAX);
        self.fresh.fill(true);
    }

    /// Turns the caller's members into ranks, ascending.
    pub(crate) fn ranks(&self, field: &str, members: &[u32]) -> Result<Vec<u32>, DiversityError> {
        let mut ranks = Vec::with_capacity(members.len().min(self.len()));
        let mut first_at: BTreeMap<u32, usize> = BTreeMap::new();
        for (position, &index) in members.iter().enumerate() {
            let Some(&rank) = self.rank_of_index.get(index as usize) else {
                let field = FieldPath::new(field).index(position);
                let candidates = self.len();
                return Err(DiversityError::Member { field, index: u64::from(index), candidates });
            };
            if let Some(first) = first_at.insert(rank, position) {
                let field = FieldPath::new(field).index(position);
                return Err(DiversityError::Duplicate { field, id: self.ids[rank as usize].clone(), first });
            }
            ranks.push(rank);
        }
        ranks.sort_unstable();
        Ok(ranks)
    }
}

/// Per rank, whether an earlier one is the same machine.
fn twins(machines: &[u32]) -> Vec<bool> {
    let mut seen = std::collections::BTreeSet::new();
    machines.iter().map(|&machine| machine != UNKNOWN && !seen.insert(machine)).collect()
}

type Regions = (RegionSets, Vec<u32>, Vec<(u32, u32)>, Vec<u32>);

/// Collects the different region sets in order of rank, and the shares. A share of 0 puts nobody into a
/// region.
fn region_sets(columns: &Columns, order: &[u32]) -> Regions {
    let mut sets = RegionSets { offsets: vec![0, 0], regions: Vec::new() };
    let mut set_of_rank = vec![UNKNOWN; order.len()];
    let mut shares: Vec<(u32, u32)> = Vec::with_capacity(columns.region_ids.len());
    let mut share_offsets = vec![0_u32];
    // Most machines lie in one region: those sets are found without a search.
    let mut single = vec![UNKNOWN; columns.names[Axis::PowerRegion.index()].len()];
    let mut several: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
    for (rank, &index) in order.iter().enumerate() {
        let start = shares.len();
        if let Some(pair) = columns.region_offsets.get(index as usize..index as usize + 2) {
            let range = pair[0] as usize..pair[1] as usize;
            let row = columns.region_ids[range.clone()].iter().zip(&columns.region_share_ppm[range]);
            shares.extend(row.filter(|&(_, &share)| share > 0).map(|(&id, &share)| (id, share)));
        }
        shares[start..].sort_unstable();
        share_offsets.push(shares.len() as u32);
        let regions = || shares[start..].iter().map(|&(id, _)| id);
        let known = match shares.len() - start {
            0 => continue,
            1 => single[shares[start].0 as usize],
            _ => several.get(&regions().collect::<Vec<u32>>()).copied().unwrap_or(UNKNOWN),
        };
        set_of_rank[rank] = if known == UNKNOWN {
            let set = sets.len() as u32;
            sets.regions.extend(regions());
            sets.offsets.push(sets.regions.len() as u32);
            if shares.len() - start == 1 {
                single[shares[start].0 as usize] = set;
            } else {
                several.insert(regions().collect(), set);
            }
            set
        } else {
            known
        };
    }
    (sets, set_of_rank, shares, share_offsets)
}

/// Evidence per rank, where confidences per axis were given. An unknown value earns nothing, whatever was
/// stated.
fn evidence(columns: &Columns, order: &[u32], set_of_rank: &[u32]) -> Vec<Option<Evidence>> {
    if columns.axis_confidence.is_empty() {
        return Vec::new();
    }
    let flag = |column: &[bool], index: usize| column.get(index).copied().unwrap_or(false);
    let of = |(rank, &index): (usize, &u32)| {
        let index = index as usize;
        if flag(&columns.judged_whole, index) {
            return None;
        }
        let stated = &columns.axis_confidence[index * AXIS_COUNT..(index + 1) * AXIS_COUNT];
        let known = |axis: usize| match Axis::ALL[axis] {
            Axis::PowerRegion => set_of_rank[rank] != UNKNOWN,
            Axis::Asn if flag(&columns.asn_name_only, index) => true,
            _ => columns.values[axis].get(index).is_some_and(|&value| value != UNKNOWN),
        };
        Some(Evidence {
            axes: std::array::from_fn(|axis| if known(axis) { stated[axis] } else { 0 }),
            asn_name_only: flag(&columns.asn_name_only, index),
            attested: flag(&columns.attested, index),
            bound_facts: columns.bound_facts.get(index).copied().unwrap_or(0),
        })
    };
    order.iter().enumerate().map(of).collect()
}
