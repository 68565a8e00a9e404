// The shape of journey files for tree-sitter: declarations, statements, blocks and what stands in a line, for painting, folding and
// moving about. It takes more than the language allows: what is wrong is for `onward lsp` to say.

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

// The words of the language by their role. One that stands in two lists is lexed by where it stands: what leads a line has a list of its own.
const WORDS = {
  declaration: [
    "custom channel", "audience", "block", "brand", "catalog", "channel", "codes", "customer", "event", "hook",
    "journey", "let", "list", "message", "policy", "route", "scenario", "score", "segment", "stages", "survey",
    "team", "topic",
  ],
  clause: [
    "address people as", "one run per", "when in doubt", "accept late", "always write", "at most", "enter again",
    "exit on", "exit when", "halve every", "hold out", "link domains", "never say", "only while", "postal address",
    "quiet hours", "reply to", "runs from", "skip when", "when edited", "while running", "answers", "colours",
    "enter", "footer", "goal", "priority", "start", "timeout", "timezone", "url",
  ],
  flow: [
    "wait the full", "wait up to", "else if", "for each", "wait until", "winner when", "adaptive", "break", "collect",
    "control", "else", "exit", "experiment", "if", "on", "otherwise", "path", "repeat", "split", "variant", "wait",
    "when",
  ],
  action: [
    "add to audience", "add to list", "move to stage", "remove from audience", "remove from list", "draw code",
    "start journey", "add", "call", "clear", "confirm", "decrease", "emit", "increase", "remove", "send", "set",
    "subscribe", "suppress", "unsubscribe",
  ],
  scene: [
    "in the run of", "given subscribed to", "given has", "after", "at", "choosing", "expect", "given", "starting",
  ],
  function: [
    "most frequent of", "time since latest", "any of", "average of", "count of", "earliest of", "first of",
    "largest of", "last of", "latest of", "none of", "smallest of", "sum of", "top",
  ],
  moment: [
    "after the end", "best time within", "in the last", "one calendar day", "after entry", "in the", "it is",
    "of entry", "up to", "yearly on", "after", "ago", "at", "before", "day", "every", "first", "from", "last",
    "since", "times", "until", "within", "yearly",
  ],
  report: [
    "by a machine", "hard bounce of", "any message", "joins list", "leaves list", "replied to", "answered", "bounced",
    "clicked", "complained", "delivered", "opened", "received", "refuse", "replied", "requested", "seen", "sent",
  ],
  operator: [
    "at least", "at most", "ends with", "ignoring case", "in journey", "in list", "in segment", "in stage", "is gone",
    "is missing", "is not", "is set", "not in", "reachable by", "starts with", "subscribed to", "unsubscribed from",
    "and", "contains", "exactly", "has", "in", "is", "matches", "no", "not", "or",
  ],
  modifier: [
    "continue in the new version", "or exit if not sent", "including those already in", "or exit if missing",
    "then first listed of", "customers in each", "double opt in", "finish as started", "first reachable of",
    "for the same", "from this journey", "ignoring quiet hours", "or continue if", "or exit if", "or skip if",
    "when reaches stage", "with the first", "without the first", "continue if", "drops below", "drops by", "else if",
    "enter now", "exit if", "for any", "if past", "list of", "measured by", "no message", "no messages",
    "not entered", "on request", "one of", "opt in", "opt out", "preferred channel", "rises above", "rises by",
    "skip if", "sure after", "then exit", "those of", "to team", "update entry", "waiting at", "when joins",
    "when leaves", "when requested", "without waiting", "about", "add", "always", "and", "answers", "as", "be",
    "because", "by", "changes", "containing", "drops", "else", "entries", "event", "everything", "exit", "file",
    "for", "high", "if", "ignore", "it", "keep", "list", "low", "message", "messages", "missing", "never", "normal",
    "of", "on", "otherwise", "past", "priority", "reaches", "repeat", "restart", "rises", "segment", "skip",
    "subtract", "then", "to", "transactional", "wait", "when", "where",
  ],
};

const NAME = /[\p{L}_][\p{L}\p{N}\p{M}_]*|`[^`\n]+`/;
const DIGITS = /[0-9][0-9_]*(\.[0-9]+)?/;

/** One token of several phrases; the longest that fits is taken, and among equal ones that with the higher rank. */
function phrases(words, rank) {
  return token(prec(rank, choice(...words.map((phrase) => new RegExp(phrase.replaceAll(" ", "[ \\t]+"))))));
}

/** Things in braces, each on its line. */
function lines(thing, newline) {
  return seq(repeat(newline), optional(seq(thing, repeat(seq(repeat1(newline), thing)), repeat(newline))));
}

module.exports = grammar({
  name: "onward",

  extras: ($) => [/[ \t\r]/, $.comment],

  conflicts: ($) => [[$.one_of]],

  rules: {
    source_file: ($) => lines($._statement, $._newline),

    _newline: () => /\n/,
    // A line that begins with a joining word goes on with the one before.
    continuation: () => token(prec(8, /\n[ \t]*(and|or|where|within|then)[ \t]/)),
    comment: ($) => token(prec(-1, /#[^\n]*/)),

    _statement: ($) => choice($.fields_declaration, $.declaration, $.clause, $.step, $.scene, $.plain_statement),

    fields_declaration: ($) =>
      prec(2, seq(field("kind", $.fields_keyword), optional(field("name", $.name)), optional($.text), optional($._by), optional($._reaches), field("fields", $.field_block))),
    fields_keyword: () => token(prec(6, choice("customer", "event", "catalog", "answers", /custom[ \t]+channel/))),
    _by: ($) => seq(alias("by", $.modifier), $.name),
    _reaches: ($) => seq(alias("reaches", $.modifier), $.path),

    declaration: ($) => prec.right(seq(field("kind", $.declaration_keyword), optional(field("name", $._declared)), optional(field("parameters", $.parameters)), repeat($._element))),
    declaration_keyword: () => phrases(WORDS.declaration.filter((word) => !["customer", "event", "catalog", "custom channel"].includes(word)), 5),
    _declared: ($) => prec(3, $.name),
    clause: ($) => prec.right(seq($.clause_keyword, repeat($._element))),
    clause_keyword: () => phrases(WORDS.clause.filter((word) => word !== "answers"), 4),
    step: ($) => prec.right(seq(choice($.flow_keyword, $.action_keyword), repeat($._element))),
    flow_keyword: () => phrases(WORDS.flow, 4),
    action_keyword: () => phrases(WORDS.action, 4),
    scene: ($) => prec.right(seq($.scene_keyword, repeat($._element))),
    scene_keyword: () => phrases(WORDS.scene.filter((word) => word !== "at" && word !== "after"), 4),
    plain_statement: ($) => prec.right(choice(repeat1($._element), seq(alias($._rooted, $.path), repeat($._element)))),
    // A line that begins with `customer.plan`: the word is no declaration there.
    _rooted: ($) => seq(alias($.fields_keyword, $.name), optional($.name), repeat1(seq(token.immediate("."), alias($.name, $.property)))),

    field_block: ($) => seq("{", repeat(choice($._newline, ",")), repeat(seq($.field, repeat(choice($._newline, ",")))), "}"),
    field: ($) => prec.right(seq(field("name", $.name), optional(field("wire_name", $.text)), optional($._type), optional(seq("=", $._value)))),
    parameters: ($) => seq(token.immediate("("), repeat(choice($._newline, ",")), repeat(seq($.parameter, repeat(choice($._newline, ",")))), ")"),
    parameter: ($) => seq(field("name", $.name), $._type),
    _type: ($) => seq(optional(alias(token(prec(3, /list[ \t]+of/)), $.type_modifier)), choice($.one_of, $.money_type, $.field_block, alias($.name, $.type)), optional("?")),
    one_of: ($) => seq(alias(token(prec(3, /one[ \t]+of/)), $.type_modifier), $.text, repeat(seq(",", repeat($._newline), $.text))),
    money_type: ($) => seq(alias("money", $.type), $.currency),
    currency: () => /[A-Z]{3}/,

    _element: ($) => choice($._value, $._word, $.key, $.continuation, $.block, ",", "=", "?", $.comparison, $.arithmetic),
    _word: ($) => choice($.aggregate, $.moment, $.report, $.operator, $.modifier, $.day),
    aggregate: () => phrases(WORDS.function, 2),
    moment: () => phrases(WORDS.moment.filter((word) => word !== "day"), 2),
    report: () => phrases(WORDS.report, 2),
    operator: () => phrases(WORDS.operator, 2),
    modifier: () => phrases(WORDS.modifier, 1),
    day: () => token(prec(1, /monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekdays?|weekends?|day|week|month|year/)),
    comparison: () => choice("<", "<=", ">", ">="),
    arithmetic: () => choice("+", "-", "*", "/"),
    key: () => token(prec(7, /([\p{L}_][\p{L}\p{N}\p{M}_]*|`[^`\n]+`)[ \t]*:/)),

    block: ($) => seq("{", lines($._statement, $._newline), "}"),

    _value: ($) =>
      choice($.text, $.long_text, $.datetime, $.date, $.time, $.duration, $.money, $.percentage, $.number, $.boolean, $.call, $.path, $.parenthesis, $.list),
    call: ($) => prec(2, seq(field("name", $.name), field("arguments", alias($._arguments, $.arguments)))),
    _arguments: ($) => seq(token.immediate("("), repeat(choice($._newline, $._element)), ")"),
    path: ($) => prec.right(seq($.name, repeat(seq(token.immediate("."), alias($.name, $.property))))),
    parenthesis: ($) => seq("(", repeat(choice($._newline, $._element)), ")"),
    list: ($) => seq("[", repeat(choice($._newline, $._element)), "]"),

    name: () => NAME,
    boolean: () => token(prec(1, choice("true", "false"))),
    number: () => DIGITS,
    percentage: () => token(prec(1, seq(DIGITS, /[ \t]*%/))),
    money: () => token(prec(1, seq(DIGITS, /[ \t]+[A-Z]{3}/))),
    duration: () =>
      token(prec(1, seq(DIGITS, /[ \t]+(second|minute|hour|day|week|month|year)s?/, repeat(seq(/[ \t]+/, DIGITS, /[ \t]+(second|minute|hour|day|week|month|year)s?/))))),
    date: () => token(prec(1, /[0-9]{4}-[0-9]{2}-[0-9]{2}/)),
    datetime: () => token(prec(2, /[0-9]{4}-[0-9]{2}-[0-9]{2}[ \t]+[0-9]{2}:[0-9]{2}/)),
    time: () => token(prec(1, /[0-9]{2}:[0-9]{2}/)),

    text: ($) => seq('"', repeat(choice($.escape, $.hole, $.tag, $._plain)), token.immediate('"')),
    _plain: () => token.immediate(prec(1, /[^"\\{\n]+|\{/)),
    escape: () => token.immediate(/\\[^\n]/),
    long_text: ($) => seq(token(prec(2, '"""')), repeat(choice($.hole, $.tag, $._long_plain)), token.immediate(prec(3, '"""'))),
    _long_plain: () => token.immediate(prec(1, /[^"{]+|\{|"/)),
    hole: ($) => seq(token.immediate(prec(2, "{{")), optional($.template), token.immediate("}}")),
    tag: ($) => seq(token.immediate(prec(2, "{%")), optional($.template), token.immediate("%}")),
    template: () => token.immediate(/([^}%\n]|\}[^}\n]|%[^}\n])+/),
  },
});
