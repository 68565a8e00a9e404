; What each node is painted as. Later patterns win in editors that take the last match, so the general ones stand first.

(name) @variable
(path (property) @property)
(key) @property
(field name: (name) @property)
(parameter name: (name) @variable.parameter)
(call name: (name) @function)

(comment) @comment
((comment) @comment.documentation
  (#match? @comment.documentation "^##"))

(text) @string
(long_text) @string
(escape) @string.escape
(hole ["{{" "}}"] @punctuation.special)
(tag ["{%" "%}"] @punctuation.special)
(template) @embedded

[(number) (percentage) (money) (duration)] @number
[(date) (datetime) (time)] @constant
(day) @constant.builtin
(boolean) @constant.builtin
(currency) @constant

(type) @type
(type_modifier) @keyword
((type) @type.builtin
  (#any-of? @type.builtin "text" "number" "boolean" "date" "time" "datetime" "duration" "email" "phone" "url" "country" "language" "timezone" "customer" "money"))

[(declaration_keyword) (fields_keyword)] @keyword
(declaration name: (name) @type)
(fields_declaration name: (name) @type)
[(clause_keyword) (scene_keyword)] @keyword
(flow_keyword) @keyword
(action_keyword) @function.builtin
(aggregate) @function.builtin
(report) @constant.builtin
(operator) @operator
[(modifier) (moment) (continuation)] @keyword
[(comparison) (arithmetic) "="] @operator

((path . (name) @variable.builtin)
  (#any-of? @variable.builtin "customer" "entry" "now" "today"))

["{" "}" "(" ")" "[" "]"] @punctuation.bracket
["," "."] @punctuation.delimiter
