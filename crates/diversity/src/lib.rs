//! Failure domains: requirement levels, diverse selection, certificates, measures; knows nothing of jobs.
