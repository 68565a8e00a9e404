//! `onward plan`: what the journeys compile to, for a person or a program.

use super::Exit;
use super::output::Output;
use crate::plan::{self, Plan};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  onward plan shop                                     a table of every step\n  \
                        onward plan shop --svg --journey cart > cart.svg     a picture for the meeting\n  \
                        onward plan shop --mermaid                           a picture for a page in Markdown\n  \
                        onward plan shop --json                              the whole plan, for programs\n  \
                        onward plan shop --against shop/data                 what this edit would change for the customers of a store\n  \
                        onward plan shop --against http://127.0.0.1:8080     the same, asked of the daemon that runs")]
pub(super) struct Arguments {
    /// A project's folder, or one journey file
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The plan as it is stored and run
    #[arg(long, conflicts_with_all = ["mermaid", "svg", "journey"])]
    json: bool,
    /// A flow chart in Mermaid
    #[arg(long, conflicts_with = "svg")]
    mermaid: bool,
    /// A picture
    #[arg(long)]
    svg: bool,
    /// Only this journey
    #[arg(long, value_name = "NAME")]
    journey: Option<String>,
    #[cfg(feature = "daemon")]
    #[command(flatten)]
    against: super::apply::Against,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    let compiled = match output.compile(&arguments.path) {
        Ok(compiled) => compiled,
        Err(exit) => return exit,
    };
    #[cfg(feature = "daemon")]
    if let Some(against) = &arguments.against.against {
        return super::apply::plan_against(&arguments.against, against, compiled.plan, output);
    }
    let plan = &compiled.plan;
    if let Some(name) = &arguments.journey
        && plan.journey(name).is_none()
    {
        return unknown_journey(plan, name, output);
    }
    let only = arguments.journey.as_deref();
    let text = if arguments.json {
        match plan::encode::to_json(plan) {
            Ok(text) => format!("{text}\n"),
            Err(error) => return output.fail(Exit::Internal, &format!("the plan cannot be written: {error}")),
        }
    } else if arguments.mermaid {
        plan::picture::mermaid(plan, only)
    } else if arguments.svg {
        plan::picture::svg(plan, only)
    } else {
        plan::table::table(plan, only)
    };
    output.print(&text);
    Exit::Fine
}

fn unknown_journey(plan: &Plan, name: &str, output: &Output) -> Exit {
    let names = plan.journeys.iter().map(|journey| journey.name.as_str());
    let hint = match crate::diagnostic::suggest::best(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`onward plan` without `--journey` shows them all".to_owned(),
    };
    output.fail(Exit::Usage, &format!("there is no journey `{name}`; {hint}"))
}
