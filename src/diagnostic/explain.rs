//! Explanation pages: one per code, embedded, shown by `onward explain`.
