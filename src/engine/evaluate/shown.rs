//! Values as texts show them.
//!
//! In: what stands in a text. Out: its value. **Invariant:** as in conditions, but that a customer's name carries no address (`template::person`).

use super::Context;
use crate::condition::Expr;
use crate::template::person;
use crate::value::{Text, Value};

impl Context<'_> {
    pub fn shown(&self, expr: &Expr) -> Value {
        let value = self.value(expr);
        if let (Expr::Customer(field), Value::Text(text)) = (expr, &value)
            && self.plan.schema.customer.get(field.index()).is_some_and(|field| person::is_name(&field.name))
        {
            let name = person::name(text);
            if name != text.as_str() {
                return Value::Text(Text::new(&name));
            }
        }
        value
    }
}
