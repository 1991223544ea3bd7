//! NSGA-II, non-dominated sorting and quality indicators; knows nothing of machines.
