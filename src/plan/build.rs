//! From a checked project to a plan.
