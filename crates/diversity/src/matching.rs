//! The heaviest choice of exactly `r` candidates under two caps: a matching in a bipartite multigraph.
//!
//! A candidate is an edge between its value on one capped axis and its value on the other. The heaviest
//! matching with `r` edges comes from `r` successive longest augmenting paths (Edmonds and Karp 1972), each
//! found by Bellman and Ford's relaxation; by-product are the best totals for every smaller number of edges.
//! Only a few edges can matter, and they are the first ones by weight: see [`Matching::offer`].

/// Above this many edges in the kernel a matching is too slow to serve as a bound.
const KERNEL_EDGES_MAX: usize = 20_000;

const NOWHERE: i64 = i64::MIN;
const NONE: u32 = u32::MAX;

/// Workspace of one matching after another; keeps its allocations.
#[derive(Debug, Default)]
pub(crate) struct Matching {
    edges: Vec<Edge>,
    left: Side,
    right: Side,
    limits: Limits,
    /// Heaviest total of 0, 1, 2, ... edges.
    pub(crate) totals: Vec<i64>,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    entry: u32,
    left: u32,
    right: u32,
    weight: i64,
    /// The edge offered before this one at the same left vertex.
    before: u32,
    matched: bool,
}

/// The vertices of one side that edges touch.
#[derive(Debug, Default)]
struct Side {
    vertices: Vec<Vertex>,
    /// Position + 1 in `vertices` of each value; 0 where absent.
    of_value: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Vertex {
    value: u32,
    room: u32,
    used: u32,
    edges: u32,
    last_edge: u32,
    distance: i64,
    parent: u32,
}

/// How many edges can matter, for `r` edges to choose.
#[derive(Clone, Copy, Debug, Default)]
struct Limits {
    parallel: usize,
    per_vertex: usize,
    total: usize,
}

impl Limits {
    /// Sound by exchange: take a heaviest choice with the best ranks and suppose it contains an edge `x` that
    /// was dropped. The other `r - 1` chosen edges can fill up at most `r - 1` values on either side and use
    /// at most `r - 1` edges. So among the kept edges that caused the drop, all of them no lighter, one is
    /// free, and takes the place of `x`.
    fn new(r: usize, caps: [u32; 2]) -> Self {
        let others = r.saturating_sub(1);
        // With both caps 1 a used edge is one of those in a filled value.
        let used = if caps == [1, 1] { 0 } else { others };
        let parallel = (caps[0].min(caps[1]) as usize).min(r);
        let per_vertex = others.saturating_mul(parallel).saturating_add(used + 1);
        let total = others.saturating_mul(2).saturating_mul(per_vertex).saturating_add(used + 1);
        Self { parallel, per_vertex, total }
    }
}

impl Matching {
    /// Whether `r` edges under these caps need a kernel small enough for a matching.
    pub(crate) fn affordable(r: usize, caps: [u32; 2]) -> bool {
        Limits::new(r, caps).total <= KERNEL_EDGES_MAX
    }

    /// Starts anew: `r` edges to choose, the caps of the two axes, and how many values each axis has.
    pub(crate) fn begin(&mut self, r: usize, caps: [u32; 2], value_counts: [usize; 2]) {
        self.edges.clear();
        self.left.clear(value_counts[0]);
        self.right.clear(value_counts[1]);
        self.limits = Limits::new(r, caps);
    }

    /// Offers an edge; edges must come heaviest first. `room` is what is left of the caps at its two values.
    /// Returns whether more edges can matter.
    pub(crate) fn offer(&mut self, entry: u32, values: [u32; 2], room: [u32; 2], weight: i64) -> bool {
        let left = self.left.vertex(values[0], room[0]);
        let right = self.right.vertex(values[1], room[1]);
        let per_vertex = self.limits.per_vertex as u32;
        let at_left = self.left.vertices[left as usize];
        if at_left.edges >= per_vertex || self.right.vertices[right as usize].edges >= per_vertex {
            return true;
        }
        let mut parallel = 0;
        let mut edge = at_left.last_edge;
        while edge != NONE && parallel < self.limits.parallel {
            parallel += usize::from(self.edges[edge as usize].right == right);
            edge = self.edges[edge as usize].before;
        }
        if parallel >= self.limits.parallel {
            return true;
        }
        let vertex = &mut self.left.vertices[left as usize];
        vertex.edges += 1;
        vertex.last_edge = self.edges.len() as u32;
        self.right.vertices[right as usize].edges += 1;
        self.edges.push(Edge { entry, left, right, weight, before: at_left.last_edge, matched: false });
        self.edges.len() < self.limits.total
    }

    /// Chooses `r` edges, or as many as there can be; returns how many. The choice is read by
    /// [`Matching::chosen`].
    pub(crate) fn solve(&mut self, r: usize) -> usize {
        self.totals.clear();
        self.totals.push(0);
        for matched in 0..r {
            let Some(gain) = self.augment() else { return matched };
            self.totals.push(self.totals[matched] + gain);
        }
        r
    }

    /// The chosen entries, heaviest first.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = u32> + '_ {
        self.edges.iter().filter(|edge| edge.matched).map(|edge| edge.entry)
    }

    /// Moves the choice to the first of interchangeable edges, as told by `same`: equal weights can pick a
    /// later one.
    pub(crate) fn prefer_first(&mut self, same: impl Fn(u32, u32) -> bool) {
        if self.limits.parallel < 2 {
            return;
        }
        for later in 0..self.edges.len() {
            if !self.edges[later].matched {
                continue;
            }
            let entry = self.edges[later].entry;
            let first = (0..later).find(|&e| !self.edges[e].matched && same(self.edges[e].entry, entry));
            if let Some(first) = first {
                self.edges[later].matched = false;
                self.edges[first].matched = true;
            }
        }
    }

    /// Adds one edge to the choice along a heaviest augmenting path; returns what it gains.
    fn augment(&mut self) -> Option<i64> {
        for vertex in &mut self.left.vertices {
            vertex.distance = if vertex.used < vertex.room { 0 } else { NOWHERE };
            vertex.parent = NONE;
        }
        for vertex in &mut self.right.vertices {
            vertex.distance = NOWHERE;
            vertex.parent = NONE;
        }
        self.relax();
        let mut best: Option<(i64, usize)> = None;
        for (position, vertex) in self.right.vertices.iter().enumerate() {
            let reachable = vertex.used < vertex.room && vertex.distance != NOWHERE;
            if reachable && best.is_none_or(|(distance, _)| vertex.distance > distance) {
                best = Some((vertex.distance, position));
            }
        }
        let (gain, end) = best?;
        self.right.vertices[end].used += 1;
        let mut right = end;
        loop {
            let forward = self.right.vertices[right].parent as usize;
            self.edges[forward].matched = true;
            let left = &mut self.left.vertices[self.edges[forward].left as usize];
            if left.parent == NONE {
                left.used += 1;
                return Some(gain);
            }
            let backward = left.parent as usize;
            self.edges[backward].matched = false;
            right = self.edges[backward].right as usize;
        }
    }

    /// Distances of heaviest alternating paths. No cycle gains, as the choice so far is heaviest for its
    /// size, so this ends.
    fn relax(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for (position, edge) in self.edges.iter().enumerate() {
                let left = &mut self.left.vertices[edge.left as usize];
                let right = &mut self.right.vertices[edge.right as usize];
                let (from, to, weight) =
                    if edge.matched { (right, left, -edge.weight) } else { (left, right, edge.weight) };
                if from.distance != NOWHERE && from.distance + weight > to.distance {
                    to.distance = from.distance + weight;
                    to.parent = position as u32;
                    changed = true;
                }
            }
        }
    }
}

impl Side {
    fn clear(&mut self, value_count: usize) {
        for vertex in &self.vertices {
            self.of_value[vertex.value as usize] = 0;
        }
        self.vertices.clear();
        if self.of_value.len() < value_count {
            self.of_value.resize(value_count, 0);
        }
    }

    fn vertex(&mut self, value: u32, room: u32) -> u32 {
        let known = self.of_value[value as usize];
        if known > 0 {
            return known - 1;
        }
        let fresh =
            Vertex { value, room, used: 0, edges: 0, last_edge: NONE, distance: NOWHERE, parent: NONE };
        self.vertices.push(fresh);
        self.of_value[value as usize] = self.vertices.len() as u32;
        self.vertices.len() as u32 - 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The heaviest total of `r` edges by trying all subsets.
    fn enumerate(edges: &[(u32, u32, i64)], caps: [u32; 2], r: u32) -> Option<i64> {
        let fits = |mask: u32| {
            let count = |side: usize, value: u32| {
                let of = |edge: &(u32, u32, i64)| [edge.0, edge.1][side] == value;
                (0..edges.len()).filter(|&i| mask >> i & 1 == 1 && of(&edges[i])).count() as u32
            };
            mask.count_ones() == r
                && edges.iter().all(|e| count(0, e.0) <= caps[0] && count(1, e.1) <= caps[1])
        };
        let total = |mask: u32| (0..edges.len()).filter(|&i| mask >> i & 1 == 1).map(|i| edges[i].2).sum();
        (0..1 << edges.len()).filter(|&mask| fits(mask)).map(total).max()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_kernel_matching_is_the_heaviest(
            mut edges in prop::collection::vec((0_u32..5, 0_u32..5, 0_i64..6), 0..12),
            caps in prop::array::uniform2(1_u32..4),
            r in 1_usize..6,
        ) {
            edges.sort_by_key(|edge| -edge.2);
            let mut matching = Matching::default();
            matching.begin(r, caps, [5, 5]);
            for (entry, edge) in edges.iter().enumerate() {
                if !matching.offer(entry as u32, [edge.0, edge.1], caps, edge.2) {
                    break;
                }
            }
            let matched = matching.solve(r);
            let expected = enumerate(&edges, caps, r as u32);
            prop_assert_eq!((matched == r).then(|| matching.totals[r]), expected);
            let total: i64 = matching.chosen().map(|entry| edges[entry as usize].2).sum();
            prop_assert_eq!(total, matching.totals[matched]);
        }
    }
}
