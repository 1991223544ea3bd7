//! Jobs onto nodes: capacities, objectives, greedy strategies and NSGA-II.
