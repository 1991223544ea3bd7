//! The candidates as columns: what crosses the seam, and the checks it has to pass.

use quorate_types::{BASIS_POINTS_MAX, BasisPoints, FieldPath, PPM_MAX, UnixMillis};

use crate::axis::{AXIS_COUNT, Axis, UNKNOWN, UNKNOWN_NAME};
use crate::error::DiversityError;

/// The most candidates one pool can hold.
pub const CANDIDATES_MAX: usize = 1_000_000;
/// The most power regions one candidate can lie in.
pub const REGIONS_PER_CANDIDATE_MAX: usize = 16;
/// The largest weight of a candidate. The total of a whole pool stays below 2^60, so sums cannot overflow.
pub const WEIGHT_MAX: u64 = 1 << 40;
/// The longest device id or value name, in bytes.
pub const NAME_BYTES_MAX: usize = 256;
/// The expiry of a value that does not expire.
pub const EXPIRES_NEVER: UnixMillis = UnixMillis::MAX;

/// Candidates as columns, one entry per candidate; `n` is the number of device ids.
///
/// An optional column may be left empty. Value ids index the dictionary of their axis; id 0 means unknown.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Ids of the devices, unique and not empty.
    pub device_ids: Vec<String>,
    /// Per axis, `n` value ids, or empty where nothing is known. Must be empty for the power axis, which is
    /// set-valued.
    pub values: [Vec<u32>; AXIS_COUNT],
    /// Per axis, the name of each value id. Entry 0 is `UNKNOWN`; names of one axis are unique, as two ids of
    /// one name would count as diverse.
    pub names: [Vec<String>; AXIS_COUNT],
    /// Candidate `i` lies in `region_ids[region_offsets[i]..region_offsets[i + 1]]`: `n + 1` offsets, or
    /// empty.
    pub region_offsets: Vec<u32>,
    /// Power region ids; never 0.
    pub region_ids: Vec<u32>,
    /// Share of the candidate in each region, in parts per million; a candidate's shares sum to at most 1 000
    /// 000.
    pub region_share_ppm: Vec<u32>,
    /// Classification confidence, `n` values.
    pub confidence: Vec<BasisPoints>,
    /// Confidence per axis, `n * 8` values, row by row; empty: `confidence` holds for the candidate as a
    /// whole.
    pub axis_confidence: Vec<BasisPoints>,
    /// Whether `confidence` holds for the candidate as a whole although there are confidences per axis: it
    /// was stated without evidence. Read only beside `axis_confidence`; empty: no.
    pub judged_whole: Vec<bool>,
    /// Whether only the name of the network is known. Read only beside `axis_confidence`; empty: no.
    pub asn_name_only: Vec<bool>,
    /// Whether a verified attestation is present. Read only beside `axis_confidence`; empty: no.
    pub attested: Vec<bool>,
    /// Facts the verdict binds. Read only beside `axis_confidence`; empty: none.
    pub bound_facts: Vec<u16>,
    /// Whether the attestation evidence is fresh; empty: no.
    pub evidence_fresh: Vec<bool>,
    /// Numbers of physical machines: candidates with one number are one machine under several names, whatever
    /// else they claim, so at most one of them, the heaviest, may be a member. 0: not known. Empty: none is.
    pub machines: Vec<u32>,
    /// What a selection maximises, at most [`WEIGHT_MAX`]; empty: the confidence.
    pub weight: Vec<u64>,
    /// When the value of each axis expires, `n * 8` UTC milliseconds, row by row; empty: never.
    pub expires: Vec<UnixMillis>,
}

impl Columns {
    /// Number of candidates.
    pub fn len(&self) -> usize {
        self.device_ids.len()
    }

    /// Whether there is no candidate.
    pub fn is_empty(&self) -> bool {
        self.device_ids.is_empty()
    }

    /// Makes every value unknown whose expiry is at or before `now`.
    ///
    /// Its axis confidence becomes 0. An expired TEE vendor takes the attestation, its freshness and the
    /// machine's identity with it: what has expired is the verdict. Where no axis confidences are given the
    /// confidence of the whole candidate stays: the caller stated it as one figure, and the value itself no
    /// longer counts.
    fn expire(&mut self, now: UnixMillis) {
        for (position, _) in self.expires.iter().enumerate().filter(|&(_, &expires)| expires <= now) {
            let (candidate, axis) = (position / AXIS_COUNT, Axis::ALL[position % AXIS_COUNT]);
            if let Some(value) = self.values[axis.index()].get_mut(candidate) {
                *value = UNKNOWN;
            }
            if axis == Axis::PowerRegion && !self.region_offsets.is_empty() {
                let range =
                    self.region_offsets[candidate] as usize..self.region_offsets[candidate + 1] as usize;
                self.region_share_ppm[range].fill(0);
            }
            if let Some(confidence) = self.axis_confidence.get_mut(position) {
                *confidence = 0;
            }
            if axis == Axis::TeeVendor {
                for flags in [&mut self.attested, &mut self.evidence_fresh] {
                    if let Some(flag) = flags.get_mut(candidate) {
                        *flag = false;
                    }
                }
                if let Some(machine) = self.machines.get_mut(candidate) {
                    *machine = UNKNOWN;
                }
            }
        }
    }

    /// Checks every column, fills the optional ones that have a default and resolves expiry.
    pub(crate) fn prepare(mut self, now: UnixMillis) -> Result<Self, DiversityError> {
        let candidates = self.len();
        within("candidates", CANDIDATES_MAX as u64, candidates as u64)?;
        self.check_lengths()?;
        for (axis, names) in Axis::ALL.into_iter().zip(&mut self.names) {
            check_names(axis, names)?;
        }
        self.check_ids()?;
        self.check_values()?;
        self.check_regions()?;
        if self.weight.is_empty() {
            self.weight = self.confidence.iter().map(|&confidence| u64::from(confidence)).collect();
        }
        for (index, &weight) in self.weight.iter().enumerate() {
            if weight > WEIGHT_MAX {
                let field = FieldPath::new("weight").index(index);
                return Err(DiversityError::Limit { field, limit: WEIGHT_MAX, found: weight });
            }
        }
        self.expire(now);
        Ok(self)
    }

    fn check_lengths(&self) -> Result<(), DiversityError> {
        let n = self.len();
        let rows = n * AXIS_COUNT;
        length("confidence", self.confidence.len(), n)?;
        let optional = [
            ("axisConfidence", self.axis_confidence.len(), rows),
            ("judgedWhole", self.judged_whole.len(), n),
            ("asnNameOnly", self.asn_name_only.len(), n),
            ("attested", self.attested.len(), n),
            ("boundFacts", self.bound_facts.len(), n),
            ("evidenceFresh", self.evidence_fresh.len(), n),
            ("machines", self.machines.len(), n),
            ("weight", self.weight.len(), n),
            ("expires", self.expires.len(), rows),
            ("regionOffsets", self.region_offsets.len(), n + 1),
        ];
        for (name, found, expected) in optional.into_iter().filter(|column| column.1 > 0) {
            length(name, found, expected)?;
        }
        for axis in Axis::ALL {
            let found = self.values[axis.index()].len();
            let expected = if axis == Axis::PowerRegion { 0 } else { n };
            if found > 0 && found != expected {
                let field = FieldPath::new("values").field(axis.name());
                return Err(DiversityError::Length { field, expected, found });
            }
        }
        length("regionSharePpm", self.region_share_ppm.len(), self.region_ids.len())
    }

    fn check_ids(&self) -> Result<(), DiversityError> {
        let mut order: Vec<u32> = (0..self.device_ids.len() as u32).collect();
        for (index, id) in self.device_ids.iter().enumerate() {
            let field = || FieldPath::new("deviceIds").index(index);
            if id.is_empty() {
                return Err(DiversityError::EmptyId { field: field() });
            }
            if id.len() > NAME_BYTES_MAX {
                let found = id.len() as u64;
                return Err(DiversityError::Limit { field: field(), limit: NAME_BYTES_MAX as u64, found });
            }
        }
        order.sort_by(|&a, &b| (&self.device_ids[a as usize], a).cmp(&(&self.device_ids[b as usize], b)));
        for pair in order.windows(2) {
            let (first, second) = (pair[0] as usize, pair[1] as usize);
            if self.device_ids[first] == self.device_ids[second] {
                let field = FieldPath::new("deviceIds").index(second);
                return Err(DiversityError::Duplicate { field, id: self.device_ids[first].clone(), first });
            }
        }
        Ok(())
    }

    fn check_values(&self) -> Result<(), DiversityError> {
        for axis in Axis::ALL {
            let names = self.names[axis.index()].len();
            if let Some(index) = self.values[axis.index()].iter().position(|&value| value as usize >= names) {
                let field = FieldPath::new("values").field(axis.name()).index(index);
                let reason = format!("the id names nothing: the dictionary has {names} names");
                return Err(DiversityError::Value { field, reason });
            }
        }
        for (name, column) in [("confidence", &self.confidence), ("axisConfidence", &self.axis_confidence)] {
            if let Some(index) = column.iter().position(|&value| value > BASIS_POINTS_MAX) {
                let (limit, found) = (u64::from(BASIS_POINTS_MAX), u64::from(column[index]));
                return Err(DiversityError::Limit { field: FieldPath::new(name).index(index), limit, found });
            }
        }
        Ok(())
    }

    fn check_regions(&self) -> Result<(), DiversityError> {
        let Some((&last, &first)) = self.region_offsets.last().zip(self.region_offsets.first()) else {
            return length("regionIds", self.region_ids.len(), 0);
        };
        if first != 0 || last as usize != self.region_ids.len() {
            let field = FieldPath::new("regionOffsets");
            let reason = format!("offsets run from 0 to the number of region ids, {}", self.region_ids.len());
            return Err(DiversityError::Value { field, reason });
        }
        for (candidate, pair) in self.region_offsets.windows(2).enumerate() {
            let field = || FieldPath::new("regionOffsets").index(candidate + 1);
            let (start, end) = (pair[0] as usize, pair[1] as usize);
            if start > end || end > self.region_ids.len() {
                let reason = "offsets must not decrease".to_owned();
                return Err(DiversityError::Value { field: field(), reason });
            }
            if end - start > REGIONS_PER_CANDIDATE_MAX {
                let (limit, found) = (REGIONS_PER_CANDIDATE_MAX as u64, (end - start) as u64);
                return Err(DiversityError::Limit { field: field(), limit, found });
            }
            self.check_region_row(start, end)?;
        }
        Ok(())
    }

    fn check_region_row(&self, start: usize, end: usize) -> Result<(), DiversityError> {
        let names = self.names[Axis::PowerRegion.index()].len();
        let ids = &self.region_ids[start..end];
        for (position, &id) in ids.iter().enumerate() {
            let field = FieldPath::new("regionIds").index(start + position);
            if id == UNKNOWN || id as usize >= names {
                let reason = format!("a region id lies in 1..{names}: an unknown region is an empty set");
                return Err(DiversityError::Value { field, reason });
            }
            if let Some(first) = ids[..position].iter().position(|&other| other == id) {
                let id = self.names[Axis::PowerRegion.index()][id as usize].clone();
                return Err(DiversityError::Duplicate { field, id, first: start + first });
            }
        }
        let sum: u64 = self.region_share_ppm[start..end].iter().map(|&share| u64::from(share)).sum();
        if sum > u64::from(PPM_MAX) {
            let field = FieldPath::new("regionSharePpm").index(start);
            return Err(DiversityError::Limit { field, limit: u64::from(PPM_MAX), found: sum });
        }
        Ok(())
    }
}

fn length(name: &str, found: usize, expected: usize) -> Result<(), DiversityError> {
    if found == expected {
        return Ok(());
    }
    Err(DiversityError::Length { field: FieldPath::new(name), expected, found })
}

fn within(name: &str, limit: u64, found: u64) -> Result<(), DiversityError> {
    if found <= limit {
        return Ok(());
    }
    Err(DiversityError::Limit { field: FieldPath::new(name), limit, found })
}

/// Checks a dictionary; an empty one becomes `["UNKNOWN"]`.
fn check_names(axis: Axis, names: &mut Vec<String>) -> Result<(), DiversityError> {
    if names.is_empty() {
        names.push(UNKNOWN_NAME.to_owned());
    }
    let field = |index: usize| FieldPath::new("names").field(axis.name()).index(index);
    within(field(0).as_str(), CANDIDATES_MAX as u64 * REGIONS_PER_CANDIDATE_MAX as u64, names.len() as u64)?;
    if names[0] != UNKNOWN_NAME {
        let reason = format!("id 0 means unknown, so the first name must be {UNKNOWN_NAME}");
        return Err(DiversityError::Value { field: field(0), reason });
    }
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&index| (&names[index], index));
    for pair in order.windows(2) {
        if names[pair[0]] == names[pair[1]] {
            let id = names[pair[0]].clone();
            return Err(DiversityError::Duplicate { field: field(pair[1]), id, first: pair[0] });
        }
    }
    match names.iter().position(|name| name.is_empty() || name.len() > NAME_BYTES_MAX) {
        None => Ok(()),
        Some(index) => {
            let reason = format!("a name has 1 to {NAME_BYTES_MAX} bytes");
            Err(DiversityError::Value { field: field(index), reason })
        }
    }
}
