//! What a customer did, as far as conditions ask.
