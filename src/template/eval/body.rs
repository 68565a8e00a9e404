//! Tags: what each op does.
//!
//! In: ops. Out: text, and how the body ended. **Invariant:** a mistake in one op is said there and the next goes on; a limit ends all.

use super::looping::Items;
use super::{Flow, Machine, Scope, Stopped};
use crate::template::data::{Value, compare};
use crate::template::escape::Medium;
use crate::template::filter::{Failure, fail};
use crate::template::out::Out;
use crate::template::program::{Arm, Case, CycleGroup, Expr, Op, Partial, Render, Which};
use std::sync::Arc;

/// Partials inside each other, also one inside itself; bodies in them nest besides.
const PARTIALS_DEEP: usize = 20;

/// What ends an op: a mistake that is shown where it is met, or the end of everything.
pub(super) enum Ends {
    Fails(Failure),
    Stops(Stopped),
}

impl From<Failure> for Ends {
    fn from(failure: Failure) -> Ends {
        Ends::Fails(failure)
    }
}

impl From<Stopped> for Ends {
    fn from(stopped: Stopped) -> Ends {
        Ends::Stops(stopped)
    }
}

impl From<crate::template::budget::Spent> for Ends {
    fn from(spent: crate::template::budget::Spent) -> Ends {
        Ends::Stops(Stopped::Spent(spent))
    }
}

impl<'p> Machine<'p> {
    pub(super) fn body(&mut self, ops: &'p [Op], out: &mut Out) -> Result<Flow, Stopped> {
        for op in ops {
            self.budget.step()?;
            let ended = match op {
                Op::Text(text) => {
                    out.literal(text)?;
                    continue;
                }
                Op::Output { value, .. } => match self.output(value, out) {
                    Ok(()) => continue,
                    Err(ends) => Err(ends),
                },
                op => self.op(op, out),
            };
            match ended {
                Ok(Flow::Goes) => {}
                Ok(flow) => return Ok(flow),
                Err(Ends::Stops(stopped)) => return Err(stopped),
                Err(Ends::Fails(failure)) => self.handle(failure, op.line(), out)?,
            }
        }
        Ok(Flow::Goes)
    }

    fn op(&mut self, op: &'p Op, out: &mut Out) -> Result<Flow, Ends> {
        match op {
            Op::Text(text) => out.literal(text)?,
            Op::Output { value, .. } => self.output(value, out)?,
            Op::If { arms, otherwise, .. } => return self.choice(arms, otherwise, out),
            Op::Case { subject, arms, .. } => return self.case(subject, arms, out),
            Op::For(head) if head.table.is_some() => return self.table(head, out),
            Op::For(head) => return self.each(head, out),
            Op::Assign { name, value, .. } => {
                let value = self.pipe(value, out.medium() == Medium::Html)?;
                self.scope.outer[*name as usize] = Some(value);
            }
            Op::Capture { name, body } => {
                let mut inner = out.inner(self.budget.limits().output_bytes);
                let flow = self.body(body, &mut inner)?;
                self.budget.bytes(inner.text.len())?;
                let text: Arc<str> = inner.text.into();
                let value = if out.medium() == Medium::Html { Value::Html(text) } else { Value::Text(text) };
                self.scope.outer[*name as usize] = Some(value);
                return Ok(flow);
            }
            Op::Cycle { group, values, .. } => self.cycle(group, values, out)?,
            Op::Count { name, up } => {
                let count = self.scope.rare().counters.entry(*name).or_insert(0);
                let shown = if *up { *count } else { *count - 1 };
                *count += if *up { 1 } else { -1 };
                out.value(&Value::Integer(shown))?;
            }
            Op::IfChanged { body, .. } => {
                let mut inner = out.inner(self.budget.limits().output_bytes);
                let flow = self.body(body, &mut inner)?;
                self.budget.bytes(inner.text.len())?;
                let shown = &mut self.scope.rare().shown;
                if shown.as_deref() != Some(&inner.text) {
                    out.literal(&inner.text)?;
                    *shown = Some(inner.text);
                }
                return Ok(flow);
            }
            Op::Break => return Ok(Flow::Break),
            Op::Continue => return Ok(Flow::Continue),
            Op::Render(render) => return self.render(render, out),
            Op::Fail { message, .. } => return Err(Failure::Message(message.to_string().into()).into()),
        }
        Ok(Flow::Goes)
    }

    fn choice(&mut self, arms: &'p [Arm], otherwise: &'p [Op], out: &mut Out) -> Result<Flow, Ends> {
        for arm in arms {
            if self.holds(&arm.condition)? != arm.negated {
                return Ok(self.body(&arm.body, out)?);
            }
        }
        Ok(self.body(otherwise, out)?)
    }

    /// Every `when` that fits is shown; `else` only if none did before it.
    fn case(&mut self, subject: &'p Expr, arms: &'p [Case], out: &mut Out) -> Result<Flow, Ends> {
        let subject = self.eval(subject)?.into_owned();
        let mut found = false;
        for arm in arms {
            let Some(values) = &arm.values else {
                if !found {
                    match self.body(&arm.body, out)? {
                        Flow::Goes => {}
                        flow => return Ok(flow),
                    }
                }
                continue;
            };
            for value in values {
                if !compare::equal(&subject, &*self.eval(value)?) {
                    continue;
                }
                found = true;
                match self.body(&arm.body, out)? {
                    Flow::Goes => {}
                    flow => return Ok(flow),
                }
            }
        }
        Ok(Flow::Goes)
    }

    fn cycle(&mut self, group: &'p CycleGroup, values: &'p [Expr], out: &mut Out) -> Result<(), Ends> {
        let key = match group {
            CycleGroup::State(_) => None,
            CycleGroup::Named(name) => {
                let name = self.eval(name)?;
                self.budget.bytes(name.text_bytes())?;
                Some(name.to_text().into_owned())
            }
        };
        let at = match (group, &key) {
            (CycleGroup::State(state), _) => self.scope.states[*state as usize],
            (_, Some(key)) => self.scope.rare.as_ref().and_then(|rare| rare.cycles.get(key)).copied().unwrap_or(0),
            (_, None) => 0,
        };
        if let Some(value) = values.get(at) {
            let value = self.eval(value)?;
            out.value(&value)?;
        }
        let next = if at + 1 >= values.len() { 0 } else { at + 1 };
        match (group, key) {
            (CycleGroup::State(state), _) => self.scope.states[*state as usize] = next,
            (_, Some(key)) => _ = self.scope.rare().cycles.insert(key, next),
            (_, None) => {}
        }
        Ok(())
    }

    fn render(&mut self, render: &'p Render, out: &mut Out) -> Result<Flow, Ends> {
        let mut args = Vec::with_capacity(render.args.len());
        for (name, value) in &render.args {
            args.push((*name, self.eval(value)?.into_owned()));
        }
        let with = match &render.with {
            Some((name, value, each)) => Some((*name, self.eval(value)?.into_owned(), *each)),
            None => None,
        };
        let partial = match &render.partial {
            Which::Partial(number) => &self.program.partials[*number as usize],
            Which::Named(name) => {
                let name = self.eval(name)?;
                let Some(name) = name.as_text() else { return Ok(fail("Argument error in tag 'include' - Illegal template name")?) };
                let found = self.program.partials.iter().find(|partial| &*partial.name == name);
                match found {
                    Some(partial) => partial,
                    None => return Ok(fail(format!("Could not find asset {name}"))?),
                }
            }
        };
        if render.shared && self.is_isolated {
            return Ok(fail("include usage is not allowed in this context")?);
        }
        if self.depth >= PARTIALS_DEEP {
            return Ok(fail("Nesting too deep")?);
        }
        self.depth += 1;
        let flow = if render.shared { self.include(partial, args, with, out) } else { self.apart(partial, args, with, out) };
        self.depth -= 1;
        flow
    }

    /// `render`: once, or `for` each item.
    fn apart(
        &mut self,
        partial: &'p Partial,
        args: Vec<(u32, Value)>,
        with: Option<(u32, Value, bool)>,
        out: &mut Out,
    ) -> Result<Flow, Ends> {
        let Some((name, items @ (Value::List(_) | Value::Range(..) | Value::Record(_)), true)) = &with else {
            let with = with.map(|(name, value, _)| (name, value)).filter(|(_, value)| !value.is_nil());
            self.isolated(partial, &args, with, None, out)?;
            return Ok(Flow::Goes);
        };
        let items = Items::of(items);
        let number = self.begin_loop(partial.name.clone(), items.len(), None, None);
        for at in 0..items.len() {
            self.budget.round()?;
            self.loops[number as usize].at = at;
            self.isolated(partial, &args, Some((*name, items.get(at))), Some(number), out)?;
        }
        Ok(Flow::Goes)
    }

    /// A partial with nothing but what it is given.
    fn isolated(
        &mut self,
        partial: &'p Partial,
        args: &[(u32, Value)],
        with: Option<(u32, Value)>,
        running: Option<u32>,
        out: &mut Out,
    ) -> Result<(), Stopped> {
        let program = self.program;
        self.budget.steps(program.names.len() / 8)?;
        let outer = std::mem::replace(&mut self.scope, Scope::new(program));
        for (name, value) in args.iter().cloned().chain(with) {
            self.scope.outer[name as usize] = Some(value);
        }
        if let (Some(name), Some(number)) = (self.forloop, running) {
            self.scope.outer[name] = Some(Value::Loop(number));
        }
        let caller = self.partial.replace(partial.name.clone());
        let was_isolated = std::mem::replace(&mut self.is_isolated, true);
        let result = self.body(&partial.body, out);
        self.is_isolated = was_isolated;
        self.partial = caller;
        self.scope = outer;
        result.map(|_| ())
    }

    /// A partial with the names of the template that shows it.
    fn include(
        &mut self,
        partial: &'p Partial,
        args: Vec<(u32, Value)>,
        with: Option<(u32, Value, bool)>,
        out: &mut Out,
    ) -> Result<Flow, Ends> {
        let mut saved = Vec::new();
        for (name, value) in args {
            saved.push((name, self.scope.inner[name as usize].replace(value)));
        }
        let (name, items) = match with {
            Some((name, Value::List(items), _)) => (Some(name), items.to_vec()),
            Some((name, value, _)) => (Some(name), vec![value]),
            None => (None, vec![Value::Nil]),
        };
        if let Some(name) = name {
            saved.push((name, self.scope.inner[name as usize].take()));
        }
        let caller = self.partial.replace(partial.name.clone());
        let mut flow = Ok(Flow::Goes);
        for item in items {
            if let Some(name) = name {
                self.scope.inner[name as usize] = Some(item);
            }
            flow = self.budget.round().map_err(Stopped::from).and_then(|()| self.body(&partial.body, out));
            if flow != Ok(Flow::Goes) {
                break;
            }
        }
        self.partial = caller;
        for (name, value) in saved.into_iter().rev() {
            self.scope.inner[name as usize] = value;
        }
        Ok(flow?)
    }
}
