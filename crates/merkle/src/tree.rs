//! The tree in memory.

use rayon::prelude::*;

use crate::error::MerkleError;
use crate::hash::{Hash, node_hash};
use crate::proof::Nodes;

/// Levels between two that are kept. Every level would take 64 bytes a leaf; every second one takes 43, and
/// a proof recomputes each missing hash from the two below it: about twelve hashes at 10^7 leaves, 1.5 us.
const STRIDE: u32 = 2;
const CHILDREN: usize = 1 << STRIDE;
/// Below this many hashes handing them to the pool costs more than hashing them.
const PARALLEL_MIN: usize = 2048;

/// An append-only tree that answers roots and proofs for every size it ever had.
///
/// It keeps the hashes of the complete subtrees of every second level, `32 * 4/3` bytes a leaf: 427 MB at
/// 10^7 leaves. Subtrees that are not complete are never kept, since they change with every leaf.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// `levels[i][n]` is the hash over the leaves from `n * 4^i` to below `(n + 1) * 4^i`.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// A tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds leaves at the end. Large batches are hashed on the ambient pool, in order.
    pub fn extend(&mut self, leaves: &[Hash]) {
        if leaves.is_empty() {
            return;
        }
        if self.levels.is_empty() {
            self.levels.push(Vec::new());
        }
        self.levels[0].extend_from_slice(leaves);
        let mut level = 0;
        while self.levels[level].len() >= CHILDREN {
            if level + 1 == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let (below, above) = self.levels.split_at_mut(level + 1);
            let (below, above) = (&below[level], &mut above[0]);
            let (complete, _) = below[above.len() * CHILDREN..].as_chunks::<CHILDREN>();
            if complete.is_empty() {
                break;
            }
            if complete.len() < PARALLEL_MIN {
                above.extend(complete.iter().map(|children| fold(children)));
            } else {
                above.par_extend(complete.par_iter().map(|children| fold(children)));
            }
            level += 1;
        }
    }

    /// Bytes of the hashes it keeps.
    pub fn memory_bytes(&self) -> u64 {
        self.levels.iter().map(|level| size_of_val(level.as_slice()) as u64).sum()
    }

    /// The hash of leaf `index`, where there is one.
    pub fn leaf(&self, index: u64) -> Option<&Hash> {
        self.levels.first()?.get(usize::try_from(index).ok()?)
    }
}

impl Nodes for Tree {
    fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    fn node(&self, level: u32, index: u64) -> Result<Hash, MerkleError> {
        let missing = level % STRIDE;
        let kept = self.levels.get((level / STRIDE) as usize).and_then(|hashes| {
            let first = usize::try_from(index).ok()?.checked_mul(1 << missing)?;
            hashes.get(first..first.checked_add(1 << missing)?)
        });
        let absent = || MerkleError::Size {
            size: index.saturating_add(1).saturating_mul(1 << level.min(63)),
            min: 0,
            max: self.size(),
            field: quorate_types::FieldPath::new("size"),
        };
        kept.map(fold).ok_or_else(absent)
    }
}

/// The root over a power of two of hashes, at least one and at most a tile of them.
pub(crate) fn fold(hashes: &[Hash]) -> Hash {
    match hashes {
        [one] => *one,
        [left, right] => node_hash(left, right),
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(&fold(left), &fold(right))
        }
    }
}
