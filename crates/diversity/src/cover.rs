//! Which values of two capped axes are scarce: a smallest cover of all candidates, from a largest flow.

use std::collections::BTreeMap;

/// Values and candidates that together contain every candidate, but hold fewer members than are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cover {
    /// Scarce values of the first axis.
    pub(crate) left: Vec<u32>,
    /// Scarce values of the second axis.
    pub(crate) right: Vec<u32>,
    /// Positions of candidates outside of those values.
    pub(crate) edges: Vec<usize>,
    /// The most members that values and candidates can hold.
    pub(crate) capacity: usize,
}

/// Looks for a cover that holds fewer than `size` members; `edges` are the candidates' values on both axes,
/// `caps` the most members per value.
///
/// Largest flow, smallest cut (Ford and Fulkerson 1956): source, values of the first axis, candidates, values
/// of the second axis, sink. At most `size` augmenting paths are needed.
pub(crate) fn cover_below(size: usize, edges: &[(u32, u32)], caps: [u32; 2]) -> Option<Cover> {
    let mut flow = Flow::new(edges, caps);
    for _ in 0..size {
        if !flow.augment() {
            return Some(flow.smallest_cut());
        }
    }
    None
}

struct Flow<'edges> {
    edges: &'edges [(u32, u32)],
    caps: [u32; 2],
    used: Vec<bool>,
    left: BTreeMap<u32, Vertex>,
    right: BTreeMap<u32, Vertex>,
}

#[derive(Default)]
struct Vertex {
    edges: Vec<usize>,
    used: u32,
    /// Reached by the search from the source; `Some(None)` directly, else over this edge.
    reached: Option<Option<usize>>,
}

impl<'edges> Flow<'edges> {
    fn new(edges: &'edges [(u32, u32)], caps: [u32; 2]) -> Self {
        let (mut left, mut right) = (BTreeMap::<u32, Vertex>::new(), BTreeMap::<u32, Vertex>::new());
        for (position, &(a, b)) in edges.iter().enumerate() {
            left.entry(a).or_default().edges.push(position);
            right.entry(b).or_default().edges.push(position);
        }
        Self { edges, caps, used: vec![false; edges.len()], left, right }
    }

    /// Breadth-first from the source; returns a reachable value of the second axis that has room.
    fn reach(&mut self) -> Option<u32> {
        let mut queue: Vec<u32> = Vec::new();
        for (&value, vertex) in &mut self.left {
            vertex.reached = (vertex.used < self.caps[0]).then_some(None);
            if vertex.reached.is_some() {
                queue.push(value);
            }
        }
        self.right.values_mut().for_each(|vertex| vertex.reached = None);
        let mut head = 0;
        while let Some(&value) = queue.get(head) {
            head += 1;
            // Put back below: the edges of a value do not change while it is looked at.
            let out =
                self.left.get_mut(&value).map(|vertex| std::mem::take(&mut vertex.edges)).unwrap_or_default();
            let end = self.follow(&out, &mut queue);
            if let Some(vertex) = self.left.get_mut(&value) {
                vertex.edges = out;
            }
            if end.is_some() {
                return end;
            }
        }
        None
    }

    /// Goes on from one value of the first axis; returns a value of the second that has room.
    fn follow(&mut self, out: &[usize], queue: &mut Vec<u32>) -> Option<u32> {
        for &edge in out {
            let Some(right) = self.right.get_mut(&self.edges[edge].1) else { continue };
            if self.used[edge] || right.reached.is_some() {
                continue;
            }
            right.reached = Some(Some(edge));
            if right.used < self.caps[1] {
                return Some(self.edges[edge].1);
            }
            for &back in right.edges.iter().filter(|&&back| self.used[back]) {
                let Some(left) = self.left.get_mut(&self.edges[back].0) else { continue };
                if left.reached.is_none() {
                    left.reached = Some(Some(back));
                    queue.push(self.edges[back].0);
                }
            }
        }
        None
    }

    fn augment(&mut self) -> bool {
        let Some(mut right) = self.reach() else { return false };
        if let Some(vertex) = self.right.get_mut(&right) {
            vertex.used += 1;
        }
        while let Some(Some(forward)) = self.right.get(&right).and_then(|vertex| vertex.reached) {
            self.used[forward] = true;
            let Some(left) = self.left.get_mut(&self.edges[forward].0) else { break };
            let Some(Some(back)) = left.reached else {
                left.used += 1;
                break;
            };
            self.used[back] = false;
            right = self.edges[back].1;
        }
        true
    }

    /// After a search that found no path: what separates the reachable from the sink.
    fn smallest_cut(&self) -> Cover {
        let reached = |side: &BTreeMap<u32, Vertex>, value: u32| {
            side.get(&value).is_some_and(|vertex| vertex.reached.is_some())
        };
        let left: Vec<u32> = self.left.keys().copied().filter(|&value| !reached(&self.left, value)).collect();
        let right: Vec<u32> =
            self.right.keys().copied().filter(|&value| reached(&self.right, value)).collect();
        let crosses = |&edge: &usize| {
            reached(&self.left, self.edges[edge].0) && !reached(&self.right, self.edges[edge].1)
        };
        let edges: Vec<usize> = (0..self.edges.len()).filter(crosses).collect();
        let capacity = left.len() * self.caps[0] as usize + right.len() * self.caps[1] as usize + edges.len();
        Cover { left, right, edges, capacity }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scarce_asn_and_region_are_named() {
        // Everything lies in ASN 1 or in region 7.
        let edges = [(1, 5), (1, 6), (2, 7), (3, 7), (4, 7)];
        let cover = cover_below(3, &edges, [1, 1]).expect("no three fit");
        assert_eq!((cover.left, cover.right, cover.edges, cover.capacity), (vec![1], vec![7], vec![], 2));
        assert_eq!(cover_below(2, &edges, [1, 1]), None);
    }

    #[test]
    fn a_lone_candidate_can_be_part_of_the_cover() {
        let cover = cover_below(2, &[(1, 5)], [2, 2]).expect("one candidate is not two");
        assert_eq!((cover.edges, cover.capacity), (vec![0], 1));
    }
}
