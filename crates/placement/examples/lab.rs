#![allow(clippy::all, clippy::disallowed_methods, missing_docs)]
#[path = "../tests/support/openb.rs"]
mod openb;
use quorate_placement::*;
use std::time::Instant;
fn hv(points: &[ObjectiveValues], reference: &ObjectiveValues) -> f64 {
    fn rec(mut pts: Vec<Vec<f64>>, r: &[f64]) -> f64 {
        let d = r.len();
        pts.retain(|p| p.iter().zip(r).all(|(a, b)| a < b));
        if pts.is_empty() { return 0.0; }
        if d == 1 { return r[0] - pts.iter().map(|p| p[0]).fold(f64::MAX, f64::min); }
        pts.sort_by(|a, b| a[d - 1].total_cmp(&b[d - 1]));
        let mut total = 0.0;
        let mut front: Vec<Vec<f64>> = vec![];
        let mut i = 0;
        while i < pts.len() {
            let p = pts[i][..d - 1].to_vec();
            if !front.iter().any(|q| q.iter().zip(&p).all(|(a, b)| a <= b)) {
                front.retain(|q| !p.iter().zip(q).all(|(a, b)| a <= b));
                front.push(p);
            }
            let next = if i + 1 < pts.len() { pts[i + 1][d - 1] } else { r[d - 1] };
            let h = next - pts[i][d - 1];
            if h > 0.0 { total += h * rec(front.clone(), &r[..d - 1]); }
            i += 1;
        }
        total
    }
    rec(points.iter().map(|p| p.to_vec()).collect(), reference)
}
fn main() {
    let pods: usize = std::env::args().nth(1).map_or(1000, |a| a.parse().unwrap());
    let pop: usize = std::env::args().nth(2).map_or(100, |a| a.parse().unwrap());
    let mutation: f64 = std::env::args().nth(3).map_or(0.1, |a| a.parse().unwrap());
    let gens: u32 = std::env::args().nth(4).map_or(100, |a| a.parse().unwrap());
    let (fleet, jobs) = openb::load(pods).unwrap();
    let rules = [("bestfit", Greedy::BestFit), ("spread", Greedy::Spread), ("wsum", Greedy::WeightedSum([0.2; 5])), ("rr", Greedy::RoundRobin),
      ("lat", Greedy::Single(Objective::Latency)),("load", Greedy::Single(Objective::LoadBalance)),("trust", Greedy::Single(Objective::Trust)),("cost", Greedy::Single(Objective::Cost)),("price", Greedy::Single(Objective::Price))];
    let mut base = vec![];
    for (n, r) in rules {
        let t = Instant::now();
        let p = schedule_greedily(&fleet, &jobs, r).unwrap(); let (v, u) = (p.front.points[0], p.unplaced.len());
        println!("{n:8} {:.1} ms unplaced {u} {v:.4?}", t.elapsed().as_secs_f64() * 1e3);
        base.push(v);
    }
    let reference: ObjectiveValues = std::array::from_fn(|k| base.iter().map(|v| v[k]).fold(0.0, f64::max) * 1.1);
    let ideal: ObjectiveValues = std::array::from_fn(|k| base.iter().map(|v| v[k]).fold(f64::MAX, f64::min)*0.9);
    let norm = |v: &ObjectiveValues| -> ObjectiveValues { std::array::from_fn(|k| (v[k] - ideal[k]) / (reference[k] - ideal[k])) };
    
    
    for seed in 1..=20 {
        let t = Instant::now();
        let s = Settings { population: pop, generations: gens, mutation, seed, ..Settings::default() };
        let plan = schedule(&fleet, &jobs, &s, &quorate_types::NoControl).unwrap();
        let ms = t.elapsed().as_secs_f64() * 1e3;
        let pts: Vec<_> = plan.front.points.iter().map(norm).collect();
        let best: ObjectiveValues = std::array::from_fn(|k| plan.front.points[plan.extremes[k].best][k]);
        println!("nsga seed {seed}: {ms:.1} ms, front {} best {best:.4?}", pts.len());
    }
}
