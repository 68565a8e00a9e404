//! Branches on an open: whom they take nobody can say for sure.
//!
//! In: a checked project. Out: findings only. **Invariant:** only where a run goes one way or another; a segment, a report and a limit may
//! count opens as they are known. Knows no customer.

use super::checked::{ArmKind, Checked, StepKind};
use super::flow::each_step;
use super::problem::problems;
use crate::condition::Expr;
use crate::diagnostic::{Code, Diagnostics};
use crate::schema::MessageVerb;

problems! {
    /// `if page is opened`, `if has opened reminder`
    OpenDecides {} = Code::new("W0370", "opens-are-uncertain");
        "mail programs open messages that nobody has read, and hide that others were", "this is decided by an open",
        "ask for `clicked`, or for what the message is meant to lead to";
}

/// Looks at every branch of every journey.
pub(super) fn check(project: &Checked, found: &mut Diagnostics) {
    for journey in &project.journeys {
        each_step(&journey.steps, &mut |step| match &step.kind {
            StepKind::If { arms, .. } if arms.iter().any(|(condition, _)| asks(condition)) => {
                found.push(OpenDecides { place: step.head });
            }
            StepKind::Await(wait) => {
                for arm in &wait.arms {
                    if matches!(&arm.kind, ArmKind::When(condition) if asks(condition)) {
                        found.push(OpenDecides { place: arm.place });
                    }
                }
            }
            _ => {}
        });
    }
}

fn asks(condition: &Expr) -> bool {
    let mut asks = false;
    condition.walk(&mut |part| {
        asks |= match part {
            Expr::Messages(history) => history.verb == MessageVerb::Opened,
            Expr::SendState { verb, .. } => *verb == MessageVerb::Opened,
            _ => false,
        };
    });
    asks
}
