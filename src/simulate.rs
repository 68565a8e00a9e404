//! Running a project over a log of what really happened, customer by customer.
//!
//! In: a [`SmallWorld`](crate::world::SmallWorld), a stream of [`Item`](crate::ingest::mapping::Item)s, what is known of customers
//! beforehand. Out: a [`report::Report`], or one customer's [`timeline`]. **Invariant:** the result depends on the plan, the log and the
//! settings only: not on the number of threads, not on how the log is cut into chunks. Memory grows with customers, not with events:
//! events are held one chunk at a time, grouped by customer, and between chunks a customer is her encoded row.
//!
//! A provider accepts every message at once. Customers are independent, so each is taken to the end alone ([`driver`]); where something is
//! decided over all of them they go tick by tick instead (`slices`), and where one's input
//! may change another's, in the order of time (`in_order`).

pub mod chunk;
mod codes;
pub mod compare;
pub mod customer;
pub mod driver;
mod hooks;
mod in_order;
pub mod needed;
pub mod report;
pub mod run;
pub mod sends;
pub mod sizes;
mod slices;
pub mod tally;
pub mod text;
pub mod timeline;

pub use driver::{Options, Simulation};
pub use report::Report;
