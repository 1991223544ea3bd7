//! Reference fronts, scaled so that each objective spans 0 to 1.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

/// A reference front.
pub struct Front {
    /// Scaled points, row-major.
    pub points: Vec<f64>,
    /// As read.
    pub raw: Vec<f64>,
    lowest: Vec<f64>,
    highest: Vec<f64>,
}

/// Reads `NAME.csv` or `NAME.2D.csv` of `folder`, if it is there.
pub fn read(folder: &str, name: &str, objectives: usize) -> Option<Front> {
    let text = [format!("{folder}/{name}.{objectives}D.csv"), format!("{folder}/{name}.csv")]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())?;
    let raw: Vec<f64> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .flat_map(|line| line.split(',').map(|value| value.trim().parse().unwrap()).collect::<Vec<f64>>())
        .collect();
    let column = |index: usize| raw.iter().skip(index).step_by(objectives).copied();
    let lowest = (0..objectives).map(|index| column(index).fold(f64::INFINITY, f64::min)).collect();
    let highest = (0..objectives).map(|index| column(index).fold(f64::NEG_INFINITY, f64::max)).collect();
    let mut front = Front { points: Vec::new(), raw, lowest, highest };
    front.points = front.scale(&front.raw);
    Some(front)
}

impl Front {
    /// Objectives in the scale of the front.
    pub fn scale(&self, objectives: &[f64]) -> Vec<f64> {
        objectives
            .chunks_exact(self.lowest.len())
            .flat_map(|row| row.iter().zip(self.lowest.iter().zip(&self.highest)))
            .map(|(value, (low, high))| (value - low) / (high - low))
            .collect()
    }
}
