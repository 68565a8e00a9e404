//! Steps that draw a code from a pool.

use super::*;

/// `draw code from spring as code otherwise { … }`
#[derive(Debug, Clone)]
pub struct Draw {
    pub pool: Option<Name>,
    pub bind: Option<Name>,
    pub otherwise: Block,
}
