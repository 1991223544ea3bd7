//! Three objectives: each front is a staircase in the plane of the second and the third.

use super::UNRANKED;
use super::columns::Columns;
use super::cover::Cover;

/// Per front the points that none of its others dominates in the second and third objective: the second
/// ascends and the third descends, so one binary search tells whether a front dominates a point.
#[derive(Debug, Default)]
pub(super) struct Staircases {
    /// Steps as second value in the upper and third in the lower half of a word.
    fronts: Vec<Vec<u64>>,
    used: usize,
}

impl Staircases {
    pub(super) fn rank(&mut self, columns: &mut Columns, cover: &mut Cover, ranks: &mut [u32]) {
        columns.order_lexicographically();
        self.used = 0;
        let (first, second, third) = (columns.ranks_of(0), columns.ranks_of(1), columns.ranks_of(2));
        let mut previous = None;
        for &point in columns.lexicographic() {
            let index = point as usize;
            let step = u64::from(second[index]) << 32 | u64::from(third[index]);
            let values = (first[index], step);
            let equal = previous.filter(|&(equal, _)| equal == values);
            let rank = match equal {
                Some((_, rank)) => cover.place(rank, 1),
                None => {
                    let open = cover.open(self.used);
                    let free = self.fronts[..open].partition_point(|front| dominates(front, step));
                    let rank = cover.place(free as u32, 1);
                    if rank != UNRANKED {
                        self.insert(free, step);
                    }
                    rank
                }
            };
            ranks[index] = rank;
            previous = Some((values, rank));
        }
    }

    fn insert(&mut self, front: usize, step: u64) {
        if front == self.used {
            self.used += 1;
            if front == self.fronts.len() {
                self.fronts.push(Vec::new());
            }
            self.fronts[front].clear();
        }
        let steps = &mut self.fronts[front];
        let first = steps.partition_point(|&other| other < step);
        // Steps behind the new one that are not lower than it are hidden by it from now on.
        let hidden = steps[first..].iter().take_while(|&&other| third(other) >= third(step)).count();
        if hidden == 0 {
            steps.insert(first, step);
        } else {
            steps[first] = step;
            steps.drain(first + 1..first + hidden);
        }
    }
}

#[inline]
fn third(step: u64) -> u32 {
    step as u32
}

/// Whether a step is nowhere above `step`: if any is, then the last one that is not behind it.
#[inline]
fn dominates(steps: &[u64], step: u64) -> bool {
    let end = steps.partition_point(|&other| other >> 32 <= step >> 32);
    end > 0 && third(steps[end - 1]) <= third(step)
}
