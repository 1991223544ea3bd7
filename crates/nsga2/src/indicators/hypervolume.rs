//! Exact hypervolume for up to five objectives.
//!
//! All dimensions above two are swept along the last objective: a point adds, to the volume of those before
//! it, what it alone dominates in the other objectives, times its distance from the reference in the last
//! (While, Bradstreet and Barone, "A fast way of calculating exact hypervolumes", 2012, call this the
//! exclusive hypervolume). In two objectives that is the area cut off a staircase, in three a sweep over such
//! staircases clipped to the box of the point, in four the box less the volume of all earlier points clipped
//! to it.

use crate::error::Error;
use quorate_types::FieldPath;

/// Largest number of objectives.
pub const HYPERVOLUME_OBJECTIVES_MAX: usize = 5;
/// Most points of one call.
pub const HYPERVOLUME_POINTS_MAX: usize = 1 << 20;

/// Volume of the space that `points` dominate up to `reference`, exact but for rounding.
///
/// `points` is row-major with as many values per point as `reference` has, 1 to
/// [`HYPERVOLUME_OBJECTIVES_MAX`]. Points that are not better than the reference in every objective count
/// nothing, nor do points that others dominate.
///
/// ```
/// let volume = quorate_nsga2::indicators::hypervolume(&[1.0, 2.0, 2.0, 1.0], &[3.0, 3.0])?;
/// assert_eq!(volume, 3.0);
/// # Ok::<(), quorate_nsga2::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] for another number of objectives, lengths that do not fit, more than
/// [`HYPERVOLUME_POINTS_MAX`] points, or a value that is not finite (plus infinity is allowed in `points`).
pub fn hypervolume(points: &[f64], reference: &[f64]) -> Result<f64, Error> {
    check(points, reference)?;
    let count = reference.len();
    let mut rows: Vec<[f64; HYPERVOLUME_OBJECTIVES_MAX]> = points
        .chunks_exact(count)
        .filter(|point| point.iter().zip(reference).all(|(value, limit)| value < limit))
        .map(|point| std::array::from_fn(|index| point.get(index).copied().unwrap_or(0.0)))
        .collect();
    let limit = std::array::from_fn(|index| reference.get(index).copied().unwrap_or(0.0));
    // In the order of the last objective a point can only be dominated by an earlier one, given that ties are
    // broken by the other objectives.
    rows.sort_unstable_by(|a, b| {
        let last = a[count - 1].total_cmp(&b[count - 1]);
        a[..count - 1].iter().zip(&b[..count - 1]).fold(last, |order, (a, b)| order.then(a.total_cmp(b)))
    });
    Ok(match count {
        1 => rows.first().map_or(0.0, |best| limit[0] - best[0]),
        2 => area(&rows, &limit),
        3 => volume_3(&rows, &limit),
        4 => volume_4(&rows, &limit),
        _ => volume_5(&rows, &limit),
    })
}

type Row = [f64; HYPERVOLUME_OBJECTIVES_MAX];

fn check(points: &[f64], reference: &[f64]) -> Result<(), Error> {
    let count = reference.len();
    if count == 0 || count > HYPERVOLUME_OBJECTIVES_MAX {
        let reason = format!("use 1 to {HYPERVOLUME_OBJECTIVES_MAX} values, not {count}");
        return Err(Error::shape(FieldPath::new("reference"), reason));
    }
    if !points.len().is_multiple_of(count) || points.len() / count > HYPERVOLUME_POINTS_MAX {
        let reason =
            format!("{} values are not at most {HYPERVOLUME_POINTS_MAX} rows of {count}", points.len());
        return Err(Error::shape(FieldPath::new("points"), reason));
    }
    super::check_finite("reference", reference)?;
    match points.iter().position(|value| value.is_nan() || *value == f64::NEG_INFINITY) {
        Some(index) => Err(Error::shape(FieldPath::new("points").index(index), "use a finite number")),
        None => Ok(()),
    }
}

fn area(rows: &[Row], limit: &Row) -> f64 {
    let (mut total, mut left) = (0.0, limit[0]);
    for row in rows {
        if row[0] < left {
            total += (left - row[0]) * (limit[1] - row[1]);
            left = row[0];
        }
    }
    total
}

fn volume_3(rows: &[Row], limit: &Row) -> f64 {
    let mut stairs = Stairs::default();
    stairs.start([f64::NEG_INFINITY; 2], [limit[0], limit[1]]);
    rows.iter().map(|row| stairs.cut(row[0], row[1]) * (limit[2] - row[2])).sum()
}

fn volume_4(rows: &[Row], limit: &Row) -> f64 {
    let (mut layer, mut stairs) = (Layer::default(), Stairs::default());
    let mut total = 0.0;
    for row in rows {
        let point = [row[0], row[1], row[2]];
        let alone = layer.exclusive(&mut stairs, point, limit);
        if alone > 0.0 {
            total += alone * (limit[3] - row[3]);
            layer.insert(point);
        }
    }
    total
}

fn volume_5(rows: &[Row], limit: &Row) -> f64 {
    let (mut layer, mut stairs) = (Layer::default(), Stairs::default());
    // Earlier points that no other dominates in the first four objectives, in the order of the third and of
    // the fourth.
    let (mut by_third, mut by_fourth) = (Vec::<[f64; 4]>::new(), Vec::<[f64; 4]>::new());
    let mut total = 0.0;
    for row in rows {
        let point = [row[0], row[1], row[2], row[3]];
        let covers = |other: &[f64; 4]| other.iter().zip(&point).all(|(a, b)| a <= b);
        let first_above = by_fourth.partition_point(|other| other[3] <= point[3]);
        if by_fourth[..first_above].iter().any(covers) {
            continue;
        }
        // Clipped to the box of the point, all that is not above it in the fourth objective is a single
        // slice.
        let mut covered = layer.fill(&mut stairs, &by_third, point, limit) * (limit[3] - point[3]);
        for other in &by_fourth[first_above..] {
            let clipped = [other[0].max(point[0]), other[1].max(point[1]), other[2].max(point[2])];
            let alone = layer.exclusive(&mut stairs, clipped, limit);
            if alone > 0.0 {
                covered += alone * (limit[3] - other[3]);
                layer.insert(clipped);
            }
        }
        let whole: f64 = point.iter().zip(limit).map(|(value, limit)| limit - value).product();
        total += (whole - covered).max(0.0) * (limit[4] - row[4]);
        for (order, axis) in [(&mut by_third, 2), (&mut by_fourth, 3)] {
            order.retain(|other| !point.iter().zip(other).all(|(a, b)| a <= b));
            let slot = order.partition_point(|other| other[axis] <= point[axis]);
            order.insert(slot, point);
        }
    }
    total
}

/// Points in three objectives of which none dominates another, in the order of the third.
#[derive(Default)]
struct Layer {
    first: Vec<f64>,
    second: Vec<f64>,
    third: Vec<f64>,
}

impl Layer {
    fn clear(&mut self) {
        self.first.clear();
        self.second.clear();
        self.third.clear();
    }

    /// Becomes the points that are not above `point` in the fourth objective, clipped to its box in the other
    /// three, and returns their volume there. `points` are in the order of the third objective.
    fn fill(&mut self, stairs: &mut Stairs, points: &[[f64; 4]], point: [f64; 4], limit: &Row) -> f64 {
        let [a, b, c, d] = point;
        self.clear();
        stairs.start([a, b], [limit[0], limit[1]]);
        let (mut right, mut top) = (limit[0], limit[1]);
        let mut volume = 0.0;
        for &[first, second, third, fourth] in points {
            if (fourth <= d) & (first < right) & (second < top) {
                let (first, second, third) = (first.max(a), second.max(b), third.max(c));
                let cut = stairs.cut(first, second);
                if cut > 0.0 {
                    volume += cut * (limit[2] - third);
                    (right, top) = stairs.corner();
                    self.first.push(first);
                    self.second.push(second);
                    self.third.push(third);
                }
            }
        }
        volume
    }

    /// What `point` dominates up to `limit` and no point of the layer does.
    fn exclusive(&self, stairs: &mut Stairs, point: [f64; 3], limit: &Row) -> f64 {
        let [a, b, c] = point;
        let below = self.third.partition_point(|&third| third <= c);
        stairs.start([a, b], [limit[0], limit[1]]);
        // Only what lies left of the last and below the first step can cover anything that is still open.
        let (mut right, mut top) = (limit[0], limit[1]);
        // The newest points are the likeliest to be close.
        for (&first, &second) in self.first[..below].iter().zip(&self.second[..below]).rev() {
            if (first < right) & (second < top) {
                if (first <= a) & (second <= b) {
                    return 0.0;
                }
                stairs.cut(first.max(a), second.max(b));
                (right, top) = stairs.corner();
            }
        }
        let mut open = stairs.open_area();
        let (mut volume, mut level) = (0.0, c);
        for index in below..self.third.len() {
            let (first, second) = (self.first[index], self.second[index]);
            if (first < right) & (second < top) {
                let cut = stairs.cut(first.max(a), second.max(b));
                if cut > 0.0 {
                    volume += open * (self.third[index] - level);
                    level = self.third[index];
                    open -= cut;
                    (right, top) = stairs.corner();
                    if (first <= a) & (second <= b) {
                        return volume;
                    }
                }
            }
        }
        volume + open.max(0.0) * (limit[2] - level)
    }

    /// Adds a point that none of the layer dominates and drops those that it dominates.
    fn insert(&mut self, point: [f64; 3]) {
        let [a, b, c] = point;
        let slot = self.third.partition_point(|&third| third < c);
        let mut kept = slot;
        for index in slot..self.third.len() {
            if !(self.first[index] >= a && self.second[index] >= b) {
                self.first[kept] = self.first[index];
                self.second[kept] = self.second[index];
                self.third[kept] = self.third[index];
                kept += 1;
            }
        }
        self.first.truncate(kept);
        self.second.truncate(kept);
        self.third.truncate(kept);
        self.first.insert(slot, a);
        self.second.insert(slot, b);
        self.third.insert(slot, c);
    }
}

/// The border of what is covered within a box in the plane: the first value ascends, the second descends.
/// The first and the last step are the corners of the box or, later, what covers it from there.
#[derive(Default)]
struct Stairs {
    steps: Vec<[f64; 2]>,
}

impl Stairs {
    /// Nothing of the box from `origin` to `limit` is covered.
    fn start(&mut self, origin: [f64; 2], limit: [f64; 2]) {
        self.steps.clear();
        self.steps.push([origin[0], limit[1]]);
        self.steps.push([limit[0], origin[1]]);
    }

    /// Where the last step begins and how high the first one is.
    #[inline]
    fn corner(&self) -> (f64, f64) {
        let last = self.steps.last().map_or(f64::NEG_INFINITY, |step| step[0]);
        (last, self.steps.first().map_or(f64::NEG_INFINITY, |step| step[1]))
    }

    /// Covers everything right of `first` and above `second`; returns the area that was not covered before.
    fn cut(&mut self, first: f64, second: f64) -> f64 {
        let end = self.steps.partition_point(|step| step[0] <= first);
        if end == 0 || end == self.steps.len() || self.steps[end - 1][1] <= second {
            return 0.0;
        }
        let (mut left, mut height) = (first, self.steps[end - 1][1]);
        let mut next = end;
        let mut area = 0.0;
        while let Some(&[step, below]) = self.steps.get(next) {
            area += (step - left) * (height - second);
            if below < second {
                break;
            }
            (left, height) = (step, below);
            next += 1;
        }
        // A step at the same place is replaced, unless it is the corner of an endless box.
        let start = if self.steps[end - 1][0] == first { end - 1 } else { end };
        if next > start {
            self.steps[start] = [first, second];
            self.steps.drain(start + 1..next);
        } else {
            self.steps.insert(start, [first, second]);
        }
        area
    }

    fn open_area(&self) -> f64 {
        let origin = self.steps.last().map_or(0.0, |bottom| bottom[1]);
        self.steps.windows(2).map(|pair| (pair[1][0] - pair[0][0]) * (pair[0][1] - origin)).sum()
    }
}
