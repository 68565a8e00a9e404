//! How a journey flows: steps that nothing reaches, repeats that rush.
//!
//! In: checked journeys. Out: findings only. **Invariant:** looks at the shape of blocks, never into conditions: a branch counts as
//! possible whatever it asks. Does not know names or types; a step that had a mistake is not there and is taken as one that goes on.

use super::checked::{Block, Checked, Step, StepKind};
use super::problem::problems;
use crate::diagnostic::{Code, Diagnostics};
use crate::source::Place;

/// Most steps of one journey, blocks included.
pub const STEPS_MAX: usize = 2_000;
/// Most branches of one step: `if`, `split`, `wait up to`.
pub const BRANCHES_MAX: usize = 100;

problems! {
    /// A step behind one that always ends the run or leaves the repeat.
    Unreachable { why: &'static str, other: Option<(Place, &'static str)> } = Code::new("E0350", "unreachable-step");
        "nothing ever reaches this step", "{why}", "take this step out, or move it before the one that leaves";

    /// A repeat in which nothing takes time or ends it.
    LoopWithoutWait {} = Code::new("E0351", "loop-without-a-wait");
        "nothing in this repeat waits, or ends it", "all its rounds would happen in the same instant",
        "let a round take its time, for example with a line `wait 1 day` in the block";

    /// A repeat whose rounds may follow each other in the same instant.
    RepeatAtOnce {} = Code::new("W0353", "repeat-at-once");
        "rounds of this repeat may happen in the same instant", "a way through the block has no `wait`",
        "let a round take its time, for example with a line `wait 1 day` in the block";

    /// Journeys that set each other off, for ever and at once.
    Storm { cycle: String, name: String } = Code::new("E0352", "endless-chain");
        "`{name}` sets itself off again at once, without end: {cycle}", "this closes the circle",
        "put a `wait` before this step, take it out, or let one of these journeys say `enter again never`";

    /// The same, where the entry of one of them has a condition that may stop it.
    StormPossible { cycle: String, name: String } = Code::new("W0356", "chain-may-not-end");
        "`{name}` may set itself off again at once, without end: {cycle}", "only a condition on the way can stop this",
        "put a `wait` before this step, or let one of these journeys say `enter again never`";

    /// More steps than a journey may have, or more branches than a step.
    TooMany { what: &'static str, count: String, most: &'static str, help: &'static str } = Code::new("E0354", "too-many-steps");
        "this has {count} {what}, and {most} are the most", "too many to be read and run as one", "{help}";
}

/// Looks at every journey alone, then at what they do to each other.
pub fn check(project: &Checked, found: &mut Diagnostics) {
    for journey in &project.journeys {
        let count = count_steps(&journey.steps);
        if count > STEPS_MAX {
            let help = "move a part of it into a journey of its own: `start journey second_part`";
            found.push(TooMany { place: journey.place, what: "steps", count: count.to_string(), most: "2,000", help });
        }
        check_block(&journey.steps, found);
        super::collect::warn(journey, found);
    }
    super::chains::check(project, found);
}

/// Whether a block can come to its end, and whether it can meet a `break` of the repeat around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passage {
    through: bool,
    pub(super) breaks: bool,
}

/// Whether a block can come to its end, so that the flow goes on behind it.
pub(crate) fn goes_on(block: &[Step]) -> bool {
    passage(block).through
}

pub(super) fn passage(block: &[Step]) -> Passage {
    let mut all = Passage { through: true, breaks: false };
    for step in block {
        let one = passage_of(step);
        all.breaks |= one.breaks;
        if !one.through {
            all.through = false;
            break;
        }
    }
    all
}

fn passage_of(step: &Step) -> Passage {
    match &step.kind {
        StepKind::Exit { .. } => Passage { through: false, breaks: false },
        StepKind::Break => Passage { through: false, breaks: true },
        StepKind::Repeat { block, .. } => {
            let inner = passage(block);
            Passage { through: inner.through || inner.breaks, breaks: false }
        }
        // Its list may be empty.
        StepKind::ForEach { .. } => Passage { through: true, breaks: false },
        // An answer goes on.
        StepKind::Call { otherwise, .. } | StepKind::Draw { otherwise, .. } => Passage { through: true, breaks: passage(otherwise).breaks },
        // What is skipped may be skipped.
        StepKind::Wait(wait) => Passage { through: true, breaks: passage(&wait.skipped).breaks },
        other => {
            let mut any = Passage { through: false, breaks: false };
            let mut branches = 0;
            each_branch(other, &mut |block| {
                let one = passage(block);
                any.through |= one.through;
                any.breaks |= one.breaks;
                branches += 1;
            });
            if branches == 0 { Passage { through: true, breaks: false } } else { any }
        }
    }
}

/// The blocks of which exactly one is taken.
pub(super) fn each_branch<'a>(kind: &'a StepKind, visit: &mut impl FnMut(&'a Block)) {
    match kind {
        StepKind::If { arms, otherwise } => {
            arms.iter().for_each(|(_, block)| visit(block));
            visit(otherwise);
        }
        StepKind::Split { paths, .. } => paths.iter().for_each(|path| visit(&path.block)),
        StepKind::Await(wait) => {
            wait.arms.iter().for_each(|arm| visit(&arm.block));
            visit(&wait.otherwise);
        }
        _ => {}
    }
}

/// Every block directly inside a step.
pub(crate) fn each_block<'a>(kind: &'a StepKind, visit: &mut impl FnMut(&'a Block)) {
    match kind {
        StepKind::Wait(wait) => visit(&wait.skipped),
        StepKind::Call { otherwise, .. } | StepKind::Draw { otherwise, .. } => visit(otherwise),
        StepKind::Repeat { block, .. } | StepKind::ForEach { block, .. } => visit(block),
        other => each_branch(other, visit),
    }
}

/// Every step of a block, inner ones included, in source order.
pub(crate) fn each_step<'a>(block: &'a [Step], visit: &mut dyn FnMut(&'a Step)) {
    for step in block {
        visit(step);
        let mut inner = Vec::new();
        each_block(&step.kind, &mut |block| inner.push(block));
        for block in inner {
            each_step(block, visit);
        }
    }
}

fn count_steps(block: &[Step]) -> usize {
    let mut count = 0;
    each_step(block, &mut |_| count += 1);
    count
}

fn check_block(block: &[Step], found: &mut Diagnostics) {
    if let Some(at) = block.iter().position(|step| !passage_of(step).through)
        && let (Some(leaves), Some(next)) = (block.get(at), block.get(at + 1))
    {
        let why = match leaves.kind {
            StepKind::Exit { .. } => "the `exit` before it ends the journey",
            StepKind::Break => "the `break` before it leaves the repeat",
            _ => "every branch of the step before it leaves",
        };
        found.push(Unreachable { place: next.head, why, other: Some((leaves.head, "nobody comes past this")) });
    }
    for step in block {
        let branches = count_branches(&step.kind);
        if branches > BRANCHES_MAX {
            let help = "ask with a list instead: `if customer.plan in [\"free\", \"pro\"] { }`";
            found.push(TooMany { place: step.head, what: "branches", count: branches.to_string(), most: "100", help });
        }
        if let StepKind::Repeat { block, times } = &step.kind
            && *times > 1
        {
            if !takes_time(block) {
                found.push(LoopWithoutWait { place: step.head });
            } else if has_effect(block) && passes_at_once(block) {
                found.push(RepeatAtOnce { place: step.head });
            }
        }
        each_block(&step.kind, &mut |block| check_block(block, found));
    }
}

fn count_branches(kind: &StepKind) -> usize {
    match kind {
        StepKind::If { arms, .. } => arms.len(),
        StepKind::Split { paths, .. } => paths.len(),
        StepKind::Await(wait) => wait.arms.len(),
        _ => 0,
    }
}

/// Something waits in the block, or leaves it.
fn takes_time(block: &[Step]) -> bool {
    let mut any = false;
    each_step(block, &mut |step| {
        any |= matches!(
            step.kind,
            StepKind::Wait(_)
                | StepKind::Await(_)
                | StepKind::Collect(_)
                | StepKind::Break
                | StepKind::Exit { .. }
                | StepKind::LetOrExit { .. }
        );
    });
    any
}

/// Something that others notice.
fn has_effect(block: &[Step]) -> bool {
    let mut any = false;
    each_step(block, &mut |step| {
        any |= matches!(step.kind, StepKind::Send(_) | StepKind::Emit { .. } | StepKind::Start { .. });
    });
    any
}

/// Whether some way leads through the block without a wait.
pub(super) fn passes_at_once(block: &[Step]) -> bool {
    block.iter().all(|step| match &step.kind {
        StepKind::Wait(_) | StepKind::Await(_) | StepKind::Collect(_) | StepKind::Exit { .. } | StepKind::Break => false,
        StepKind::Repeat { block, .. } => passes_at_once(block),
        kind @ (StepKind::If { .. } | StepKind::Split { .. }) => {
            let mut any = false;
            each_branch(kind, &mut |block| any |= passes_at_once(block));
            any
        }
        _ => true,
    })
}
