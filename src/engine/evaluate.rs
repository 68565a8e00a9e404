//! Evaluation of conditions, with the instant until which the answer holds.
