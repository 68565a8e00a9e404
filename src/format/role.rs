//! What each kind of node is for the layout: what holds lines, where a line may end, which blanks go.
//!
//! In: kinds of the tree. Out: their roles. **Invariant:** a break is offered only where the grammar reads on in the next line.

use crate::syntax::Kind;

/// What brackets hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// The declarations of a file, in no brackets.
    File,
    /// Statements: each on its own line once the block has more than one.
    Statements,
    /// Fields, parts or entries of a record.
    Entries,
    /// The condition of a segment.
    Condition,
    /// Arguments, parameters, the values of a list.
    Values,
    /// A condition in parentheses.
    Parentheses,
}

impl Holds {
    /// Once something in it takes more than a line, its brackets stand apart from it.
    pub fn opens_up(self) -> bool {
        matches!(self, Holds::Statements | Holds::Entries | Holds::Condition)
    }
}

/// What a node with brackets holds; `None` for all others.
pub(super) fn holds(kind: Kind) -> Option<Holds> {
    use Kind as K;
    Some(match kind {
        K::Block | K::JourneyBlock | K::ContentBlock | K::StageBlock | K::PolicyBlock | K::BrandBlock => Holds::Statements,
        K::ScoreBlock | K::HookBlock | K::SplitBlock | K::ArmBlock | K::SceneBlock | K::BranchBlock => Holds::Statements,
        K::FieldBlock | K::Record | K::PartBlock | K::QuestionBlock => Holds::Entries,
        K::CondBlock => Holds::Condition,
        K::List | K::Args | K::Params => Holds::Values,
        K::Paren => Holds::Parentheses,
        _ => return None,
    })
}

pub(super) fn is_comment(kind: Kind) -> bool {
    matches!(kind, Kind::Comment | Kind::Doc)
}

pub(super) fn opens(kind: Kind) -> bool {
    matches!(kind, Kind::Open | Kind::Lparen | Kind::Lbracket)
}

pub(super) fn closes(kind: Kind) -> bool {
    matches!(kind, Kind::Close | Kind::Rparen | Kind::Rbracket)
}

/// A node that only a mistake makes.
pub(super) fn is_broken(kind: Kind) -> bool {
    use Kind as K;
    let junk = matches!(kind, K::Junk | K::JunkItem | K::JunkArg | K::JunkShort | K::StrayBlock | K::StrayClose);
    let bad = matches!(kind, K::BadLine | K::BadItem | K::BadArg | K::OpenText | K::OpenLongText);
    junk || bad || kind.is_missing() || kind.is_foreign()
}

/// A node after which it is not sure which block a line belongs to.
pub(super) fn loses_blocks(kind: Kind) -> bool {
    matches!(kind, Kind::StrayClose | Kind::BadLine | Kind::NoClose | Kind::NoBlock)
}

/// A word that the next line may begin with, and that is always at home there: `and` and `or`, and the `where` of anything.
pub(super) fn leads_a_line(kind: Kind, parent: Kind) -> bool {
    match kind {
        Kind::KwAnd => parent == Kind::Cond,
        Kind::KwOr => matches!(parent, Kind::Cond | Kind::Trigger),
        Kind::KwWhere => true,
        _ => false,
    }
}

/// A word that stays on the line of the `}` or of the statement before it.
pub(super) fn stays_behind(kind: Kind, parent: Kind) -> bool {
    match kind {
        Kind::KwElse | Kind::KwElseIf => true,
        Kind::KwOtherwise => matches!(parent, Kind::CallStep | Kind::DrawStep),
        _ => false,
    }
}

/// How willingly a line that is too long ends before a token: the lowest goes first. Brackets have ranks of their own, see [`rank_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The braces of a block or of entries.
    Braces,
    /// A clause of the statement.
    Clause,
    /// `and`, `or`.
    Join,
    /// Parentheses and lists.
    Brackets,
}

/// The rank of brackets.
pub(super) fn rank_of(holds: Holds) -> Rank {
    if holds.opens_up() { Rank::Braces } else { Rank::Brackets }
}

/// The rank of a token that is no bracket; `None` where a line does not end before it by itself.
pub(super) fn rank(kind: Kind, parent: Kind) -> Option<Rank> {
    use Kind as K;
    if kind != K::KwWhere && leads_a_line(kind, parent) {
        return Some(Rank::Join);
    }
    let clause = match parent {
        K::Where => kind == K::KwWhere,
        K::SendOption => matches!(kind, K::KwBy | K::KwToTeam | K::KwTo | K::KwWithoutWaiting | K::KwIgnoringQuietHours),
        K::SendStep => kind == K::KwOrExitIfNotSent,
        K::LetStep => kind == K::KwOrExitIfMissing,
        K::LetChoice | K::ShortWait => kind == K::KwOtherwise,
        K::Goal => matches!(kind, K::KwWithin | K::KwThenExit),
        K::ExperimentStep => kind == K::KwWithin,
        K::AtMost | K::QuietHours => kind == K::KwThen,
        _ => false,
    };
    clause.then_some(Rank::Clause)
}

/// Tokens that may be written with several blanks inside.
pub(super) fn has_blanks(kind: Kind) -> bool {
    matches!(kind, Kind::Duration | Kind::Money | Kind::Datetime | Kind::Percent)
}

/// Whether `-` after such a token takes away; after any other it is the sign of a number.
fn ends_a_value(kind: Kind) -> bool {
    use Kind as K;
    let bracket = matches!(kind, K::Rparen | K::Rbracket | K::Close);
    let literal = matches!(kind, K::Number | K::Percent | K::Money | K::Duration | K::Date | K::Datetime | K::Time | K::Boolean);
    bracket || literal || matches!(kind, K::Name | K::Text | K::LongText)
}

/// A blank between two tokens of a line.
pub(super) fn is_apart(before_before: Option<Kind>, before: Kind, kind: Kind, parent: Kind) -> bool {
    use Kind as K;
    let glued_left = match kind {
        K::Comma | K::Colon | K::Rparen | K::Rbracket | K::Question | K::Dot => true,
        // Of a call or of parameters; parentheses around a condition stand apart.
        K::Lparen => before == K::Name && matches!(parent, K::Args | K::Params),
        _ => false,
    };
    let sign = before == K::Minus && !before_before.is_some_and(ends_a_value);
    !glued_left && !sign && !matches!(before, K::Lparen | K::Lbracket | K::Dot)
}
