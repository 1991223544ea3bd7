//! Evaluates built-in problems for a script that compares them with a peer. Arguments: name, objectives. Each
//! line of the input holds one vector of variables; each line of the output its objectives and violation.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use quorate_nsga2::{RealProblem, problems};
use std::io::BufRead;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let problem = problems::by_name(&arguments[1], Some(arguments[2].parse().unwrap())).unwrap();
    for line in std::io::stdin().lock().lines() {
        let variables: Vec<f64> = line.unwrap().split(' ').map(|value| value.parse().unwrap()).collect();
        let mut objectives = vec![0.0; problem.objectives()];
        let violation = problem.evaluate(&variables, &mut objectives);
        let values: Vec<String> = objectives.iter().chain([&violation]).map(f64::to_string).collect();
        println!("{}", values.join(" "));
    }
}
