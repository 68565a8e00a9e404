//! The encoding of plans and their content hash.
