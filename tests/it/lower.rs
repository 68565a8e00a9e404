//! Lowering: what the shape of a file keeps of its text.

use onward::ast::{self, BinaryOp, ClauseKind, DeclKind, ExprKind, JourneyItem, StepKind};
use onward::source::FileId;

fn lower(text: &str) -> ast::File {
    let tree = onward::syntax::parse(FileId(0), text);
    ast::lower(FileId(0), &tree, text)
}

fn segment_condition(condition: &str) -> ast::Expr {
    let text = format!("segment s {{\n  {condition}\n}}\n");
    let file = lower(&text);
    match &file.decls[0].kind {
        DeclKind::Segment { condition, .. } => condition.clone().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_of_a_shipped_journey_is_lost() {
    let mut files = 0;
    insta::glob!("../../journeys", "**/*.journey", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let shape = format!("{:?}", lower(&text));
        for lost in
            ["Broken", "Missing", "message: None", "condition: None, window: None, name: None", "duration: None", "otherwise: None, what"]
        {
            assert!(!shape.contains(lost), "{}: {lost}", path.display());
        }
        files += 1;
    });
    assert!(files >= 8, "the glob found {files} files");
}

#[test]
fn operators_bind_as_the_reference_says() {
    // `not` is looser than a comparison, `*` tighter than `+`.
    let ExprKind::Not(inner) = segment_condition("not customer.a is 1 + 2 * 3").kind else { panic!("not is outermost") };
    let ExprKind::Binary { op, right, .. } = inner.kind else { panic!("then the comparison") };
    assert_eq!(op.value, BinaryOp::Is);
    let ExprKind::Binary { op, right, .. } = right.kind else { panic!("then the sum") };
    assert_eq!(op.value, BinaryOp::Plus);
    assert!(matches!(right.kind, ExprKind::Binary { op, .. } if op.value == BinaryOp::Times));
}

#[test]
fn texts_know_where_their_letters_stand() {
    let text = "let a be \"x\\\"y {{ z | default: 'q' }}\"\n";
    let file = lower(text);
    let DeclKind::Const { value: Some(value), .. } = &file.decls[0].kind else { panic!() };
    let ExprKind::Text(literal) = &value.kind else { panic!() };
    assert_eq!(literal.text, "x\"y {{ z | default: 'q' }}");
    // Behind the escape the offsets differ by one more.
    assert_eq!(literal.map, [(0, 10), (2, 13)]);
    assert_eq!(&text[literal.content.span.range()], "x\\\"y {{ z | default: 'q' }}");
}

#[test]
fn a_long_text_loses_its_common_indent() {
    let file = lower("let a be \"\"\"\n    one\n      two\n    \"\"\"\n");
    let DeclKind::Const { value: Some(value), .. } = &file.decls[0].kind else { panic!() };
    let ExprKind::Text(literal) = &value.kind else { panic!() };
    assert_eq!(literal.text, "one\n  two");
}

#[test]
fn documentation_belongs_to_what_follows_it_directly() {
    let file = lower("## about nothing\n\n## Good customers.\n## allow W0101: on purpose\nsegment s { customer.a is 1 }\n");
    let docs = &file.decls[0].docs;
    assert_eq!(docs.text.as_deref(), Some("Good customers."));
    assert_eq!(docs.allow.len(), 1);
    assert_eq!((docs.allow[0].code.as_str(), docs.allow[0].why.as_deref()), ("W0101", Some("on purpose")));
}

#[test]
fn a_broken_step_keeps_the_steps_inside_it() {
    let file = lower("journey j {\n  enter when requested\n  iff customer.a is 1 {\n    exit \"x\"\n  }\n}\n");
    let DeclKind::Journey(journey) = &file.decls[0].kind else { panic!() };
    assert!(matches!(&journey.items[0], JourneyItem::Clause(clause) if matches!(clause.kind, ClauseKind::Enter(_))));
    let JourneyItem::Step(step) = &journey.items[1] else { panic!() };
    let StepKind::Broken { block: Some(block) } = &step.kind else { panic!("{:?}", step.kind) };
    assert!(matches!(block[0].kind, StepKind::Exit(Some(_))));
}
