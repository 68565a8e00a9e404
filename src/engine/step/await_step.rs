//! `wait up to … { on … when … otherwise … }`: the work is in [`waits`](crate::engine), which also hears events.

use super::Next;
use crate::engine::turn::Turn;

pub(super) fn perform(turn: &mut Turn<'_>, at: usize) -> Next {
    let number = turn.row.runs[at].number;
    turn.begin_await(number);
    Next::Stay
}
