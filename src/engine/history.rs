//! What a customer did, as far as conditions ask.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {}
