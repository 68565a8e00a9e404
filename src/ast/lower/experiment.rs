//! Experiments.

use super::Lowerer;
use crate::ast::{Experiment, SplitPath, TextLit, WinnerRule};
use crate::syntax::{Kind as K, NodeId};

impl<'a> Lowerer<'a> {
    pub(super) fn experiment(&'a self, node: NodeId) -> Experiment {
        let mut experiment = Experiment {
            name: self.text_in(node),
            by: self.path_in(node),
            measured_by: self.trigger_in(node),
            within: self.duration_in(node),
            arms: Vec::new(),
            controls: Vec::new(),
            rules: Vec::new(),
        };
        let Some(block) = self.child(node, K::ArmBlock) else { return experiment };
        self.with_docs(block, |line, docs| {
            if self.kind(line) != K::Arm {
                return;
            }
            let place = self.head(line);
            if self.has(line, K::KwAdaptive) {
                experiment.rules.push(WinnerRule::Adaptive(place));
                return;
            }
            if self.has(line, K::KwWinnerWhen) {
                experiment.rules.push(WinnerRule::Winner { sure: self.percent_in(line), each: self.number_in(line), place });
                return;
            }
            let name = match self.child(line, K::KwControl) {
                Some(word) => {
                    let word = self.place(word);
                    experiment.controls.push(word);
                    let map = vec![(0, word.span.start)];
                    Some(TextLit { text: "control".to_owned(), place: word, content: word, long: false, map })
                }
                None => self.text_in(line),
            };
            let percent = self.percent_in(line);
            experiment.arms.push(SplitPath { docs, name, percent, block: self.block_in(line), place: self.place(line), head: place });
        });
        experiment
    }
}
