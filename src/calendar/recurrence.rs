//! recurrence
#[derive(Debug, Clone, PartialEq)]
pub struct Rule;
