//! From what is checked back to what is written: conditions with the places of their parts.
//!
//! In: files. Out: [`Written`], which finds a step, a header line or a segment by its place. **Invariant:** what is not found is not
//! judged. Knows no meaning.

use crate::ast::{self, Block, DeclKind, JourneyItem, Step, StepKind};
use crate::source::Place;
use std::collections::HashMap;

enum Node<'a> {
    Step(&'a Step),
    Clause(&'a ast::Clause),
    Condition(&'a ast::Expr),
    Content(&'a ast::ChannelContent),
}

/// Everything with a condition, by place.
pub(super) struct Written<'a> {
    nodes: HashMap<Place, Node<'a>>,
    /// Where journeys say from when to when they run, by the journey.
    periods: HashMap<Place, Place>,
}

impl<'a> Written<'a> {
    pub(super) fn of(files: &'a [ast::File]) -> Written<'a> {
        let mut written = Written { nodes: HashMap::new(), periods: HashMap::new() };
        for decl in files.iter().flat_map(|file| &file.decls) {
            match &decl.kind {
                DeclKind::Segment { condition: Some(condition), .. } => {
                    written.nodes.insert(decl.place, Node::Condition(condition));
                }
                DeclKind::Message(message) => written.message(message),
                DeclKind::Journey(journey) => {
                    for item in &journey.items {
                        match item {
                            JourneyItem::Clause(clause) => {
                                if matches!(clause.kind, ast::ClauseKind::RunsFrom { .. }) {
                                    written.periods.insert(journey.place, clause.place);
                                }
                                written.nodes.insert(clause.place, Node::Clause(clause));
                            }
                            JourneyItem::Step(step) => written.step_in(step),
                            JourneyItem::Message(message) => written.message(message),
                        }
                    }
                }
                _ => {}
            }
        }
        written
    }

    pub(super) fn period(&self, journey: Place) -> Option<Place> {
        self.periods.get(&journey).copied()
    }

    /// The content of a message for one channel and language.
    pub(super) fn content(&self, place: Place) -> Option<&'a ast::ChannelContent> {
        match self.nodes.get(&place) {
            Some(Node::Content(content)) => Some(content),
            _ => None,
        }
    }

    pub(super) fn step(&self, place: Place) -> Option<&'a Step> {
        match self.nodes.get(&place) {
            Some(Node::Step(step)) => Some(step),
            _ => None,
        }
    }

    pub(super) fn clause(&self, place: Place) -> Option<&'a ast::ClauseKind> {
        match self.nodes.get(&place) {
            Some(Node::Clause(clause)) => Some(&clause.kind),
            _ => None,
        }
    }

    pub(super) fn condition(&self, place: Place) -> Option<&'a ast::Expr> {
        match self.nodes.get(&place) {
            Some(Node::Condition(condition)) => Some(condition),
            _ => None,
        }
    }

    fn message(&mut self, message: &'a ast::Message) {
        for content in &message.contents {
            if let ast::Content::Channel(content) = content {
                self.nodes.insert(content.place, Node::Content(content));
            }
        }
    }

    fn block(&mut self, block: &'a Block) {
        block.iter().for_each(|step| self.step_in(step));
    }

    fn step_in(&mut self, step: &'a Step) {
        let asks = matches!(
            step.kind,
            StepKind::If { .. }
                | StepKind::WaitUntil(_)
                | StepKind::WaitUpTo { .. }
                | StepKind::WaitUpToShort { .. }
                | StepKind::WaitFull { .. }
                | StepKind::Let { .. }
                | StepKind::Send(_)
        );
        if asks {
            self.nodes.insert(step.place, Node::Step(step));
        }
        each_block(&step.kind, &mut |inner| match inner {
            Inner::Block(block) => self.block(block),
            Inner::Step(step) => self.step_in(step),
        });
    }
}

enum Inner<'a> {
    Block(&'a Block),
    Step(&'a Step),
}

fn each_block<'a>(kind: &'a StepKind, visit: &mut dyn FnMut(Inner<'a>)) {
    match kind {
        StepKind::WaitUntil(wait) => {
            wait.branches.iter().flatten().for_each(|branch| visit(Inner::Block(&branch.block)));
            wait.skip.iter().for_each(|skip| visit(Inner::Block(&skip.block)));
        }
        StepKind::WaitUpToShort { otherwise: Some(otherwise), .. } => visit(Inner::Step(otherwise)),
        StepKind::WaitUpTo { branches, .. } | StepKind::WaitFull { branches, .. } => {
            branches.iter().for_each(|branch| visit(Inner::Block(&branch.block)));
        }
        StepKind::If { arms, otherwise } => {
            arms.iter().for_each(|(_, block)| visit(Inner::Block(block)));
            otherwise.iter().for_each(|block| visit(Inner::Block(block)));
        }
        StepKind::Split { paths, .. } => paths.iter().for_each(|path| visit(Inner::Block(&path.block))),
        StepKind::Experiment(experiment) => experiment.arms.iter().for_each(|arm| visit(Inner::Block(&arm.block))),
        StepKind::Repeat { block, .. } | StepKind::ForEach { block, .. } => visit(Inner::Block(block)),
        _ => {}
    }
}

/// The branches of a wait that are no `otherwise`, in the order of the checked arms.
pub(super) fn branches(step: &Step) -> Vec<&ast::BranchKind> {
    let branches = match &step.kind {
        StepKind::WaitUpTo { branches, .. } | StepKind::WaitFull { branches, .. } => branches.as_slice(),
        StepKind::WaitUntil(wait) => wait.branches.as_deref().unwrap_or_default(),
        _ => &[],
    };
    branches.iter().map(|branch| &branch.kind).filter(|kind| !matches!(kind, ast::BranchKind::Otherwise)).collect()
}
