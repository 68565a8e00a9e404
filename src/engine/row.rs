//! A customer's row.

use crate::calendar::Zone;

/// Everything that is known of one customer.
#[derive(Debug, Clone, Default)]
pub struct Customer {
    pub zone: Option<Zone>,
}
