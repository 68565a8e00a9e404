//! Functions over list values.

use super::histories::{extreme, most_frequent, sum};
use super::{Context, MISSING, Subject, Values};
use crate::condition::{Expr, ListFn};
use crate::value::{Decimal, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

impl Context<'_> {
    pub(super) fn list_fn<'e>(
        &'e self,
        function: ListFn,
        list: &'e Expr,
        condition: Option<&'e Expr>,
        subject: Option<&'e Subject<'e>>,
    ) -> Cow<'e, Value> {
        let list = self.eval(list, subject);
        let items: &[Value] = match &*list {
            Value::List(items) => items,
            _ => &[],
        };
        let meets = |item: &&Value| {
            condition.is_none_or(|condition| self.holds(condition, Some(&Subject { values: Values::Item(item), outer: subject })))
        };
        let mut met = items.iter().filter(meets);
        let answer = match function {
            ListFn::Any => Value::Boolean(met.next().is_some()),
            ListFn::None => Value::Boolean(met.next().is_none()),
            ListFn::Count => Value::Number(Decimal::from(met.count() as u64)),
            ListFn::First => met.next().unwrap_or(MISSING).clone(),
            ListFn::Last => met.next_back().unwrap_or(MISSING).clone(),
            ListFn::Sum => sum(met),
            ListFn::Average => {
                let numbers: Vec<&Value> = met.filter(|item| !item.is_missing()).collect();
                match sum(numbers.iter().copied()) {
                    Value::Number(sum) => sum.checked_div(Decimal::from(numbers.len() as u64)).map_or(Value::Missing, Value::Number),
                    _ => Value::Missing,
                }
            }
            ListFn::Smallest => extreme(met, Ordering::Less),
            ListFn::Largest => extreme(met, Ordering::Greater),
            ListFn::MostFrequent => most_frequent(met),
        };
        Cow::Owned(answer)
    }
}
