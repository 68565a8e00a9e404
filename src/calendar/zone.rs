//! zone
pub struct Zone;
