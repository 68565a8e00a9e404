//! Walking through typed conditions.
//!
//! **Invariant:** visits every sub-expression once, the outer one before its parts, in source order; a new kind of expression does not
//! compile until it is listed here.

use super::{Expr, Window};

impl Expr {
    /// Calls `visit` for this expression and everything inside it.
    pub fn walk(&self, visit: &mut dyn FnMut(&Expr)) {
        visit(self);
        self.each_child(&mut |child| child.walk(visit));
    }

    /// Calls `visit` for this expression and everything inside it, which it may change.
    pub fn walk_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        visit(self);
        self.children_mut(&mut |child| child.walk_mut(visit));
    }

    /// Calls `each` for the direct parts.
    pub fn each_child(&self, each: &mut dyn FnMut(&Expr)) {
        match self {
            Expr::Const(_)
            | Expr::Now
            | Expr::Today
            | Expr::CustomerId
            | Expr::Customer(_)
            | Expr::Score(_)
            | Expr::EntryAt
            | Expr::EntryDate
            | Expr::Entry(_)
            | Expr::Local(_)
            | Expr::Param(_)
            | Expr::Subject { .. }
            | Expr::It { .. }
            | Expr::Messages(_)
            | Expr::SendState { .. }
            | Expr::InSegment(_)
            | Expr::InJourney(_)
            | Expr::OnList(_)
            | Expr::AtStage(_)
            | Expr::SubscribedTo(_)
            | Expr::ReachableBy(_) => {}
            Expr::Item { key: of, .. } | Expr::ItemField { item: of, .. } => each(of),
            Expr::Top { condition, .. } => {
                if let Some(condition) = condition {
                    each(condition);
                }
            }
            Expr::InJourneyFor { key: of, .. }
            | Expr::Field(of, _)
            | Expr::Not(of)
            | Expr::IsMissing(of)
            | Expr::Negate(of)
            | Expr::Matches { value: of, .. } => each(of),
            Expr::List(items) | Expr::Record(items) | Expr::And(items) | Expr::Or(items) => items.iter().for_each(each),
            Expr::Compare { left, right, .. } | Expr::Text { left, right, .. } | Expr::Arithmetic { left, right, .. } => {
                each(left);
                each(right);
            }
            Expr::In { item, list, .. } => {
                each(item);
                each(list);
            }
            Expr::ListFn { list, condition, .. } => {
                each(list);
                if let Some(condition) = condition {
                    each(condition);
                }
            }
            Expr::History(history) => {
                if let Window::Before { moment, .. } | Window::Since(moment) = &history.window {
                    each(moment);
                }
                if let Some(condition) = &history.condition {
                    each(condition);
                }
            }
            Expr::Choice { choices, otherwise } => {
                for (value, condition) in choices {
                    each(value);
                    each(condition);
                }
                each(otherwise);
            }
        }
    }

    fn children_mut(&mut self, each: &mut dyn FnMut(&mut Expr)) {
        match self {
            Expr::Const(_)
            | Expr::Now
            | Expr::Today
            | Expr::CustomerId
            | Expr::Customer(_)
            | Expr::Score(_)
            | Expr::EntryAt
            | Expr::EntryDate
            | Expr::Entry(_)
            | Expr::Local(_)
            | Expr::Param(_)
            | Expr::Subject { .. }
            | Expr::It { .. }
            | Expr::Messages(_)
            | Expr::SendState { .. }
            | Expr::InSegment(_)
            | Expr::InJourney(_)
            | Expr::OnList(_)
            | Expr::AtStage(_)
            | Expr::SubscribedTo(_)
            | Expr::ReachableBy(_) => {}
            Expr::Item { key: of, .. } | Expr::ItemField { item: of, .. } => each(of),
            Expr::Top { condition, .. } => {
                if let Some(condition) = condition {
                    each(condition);
                }
            }
            Expr::InJourneyFor { key: of, .. }
            | Expr::Field(of, _)
            | Expr::Not(of)
            | Expr::IsMissing(of)
            | Expr::Negate(of)
            | Expr::Matches { value: of, .. } => each(of),
            Expr::List(items) | Expr::Record(items) | Expr::And(items) | Expr::Or(items) => items.iter_mut().for_each(each),
            Expr::Compare { left, right, .. } | Expr::Text { left, right, .. } | Expr::Arithmetic { left, right, .. } => {
                each(left);
                each(right);
            }
            Expr::In { item, list, .. } => {
                each(item);
                each(list);
            }
            Expr::ListFn { list, condition, .. } => {
                each(list);
                if let Some(condition) = condition {
                    each(condition);
                }
            }
            Expr::History(history) => {
                if let Window::Before { moment, .. } | Window::Since(moment) = &mut history.window {
                    each(moment);
                }
                if let Some(condition) = &mut history.condition {
                    each(condition);
                }
            }
            Expr::Choice { choices, otherwise } => {
                for (value, condition) in choices {
                    each(value);
                    each(condition);
                }
                each(otherwise);
            }
        }
    }
}
