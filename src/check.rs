//! The checker: from the shape of files to a project in which every name and type is known.
//!
//! In: [`ast::File`](crate::ast::File)s. Out: [`Checked`] and findings. Reports everything in one run, one message per mistake.

pub mod checked;

pub use checked::Checked;
