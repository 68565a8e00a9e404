//! Running a project over a log of what really happened, customer by customer.
//!
//! In: a [`SmallWorld`](crate::world::SmallWorld), a stream of [`Item`](crate::ingest::mapping::Item)s, what is known of customers
//! beforehand. Out: a [`report::Report`], or one customer's [`timeline`]. **Invariant:** the result depends on the plan, the log and the
//! settings only: not on the number of threads, not on how the log is cut into chunks. Memory grows with customers, not with events:
//! events are held one chunk at a time, grouped by customer, and between chunks a customer is her encoded row.
//!
//! A provider accepts every message at once. A plan without facts has one slice, the whole period; what facts there will be change at ticks
//! only, so that a slice is then a tick and the loop over chunks stays as it is.

pub mod chunk;
pub mod compare;
pub mod customer;
pub mod driver;
pub mod needed;
pub mod report;
pub mod run;
pub mod sends;
pub mod tally;
pub mod text;
pub mod timeline;

pub use driver::{Options, Simulation};
pub use report::Report;
