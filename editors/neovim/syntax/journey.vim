" Vim syntax of Onward's journey files. The words of the language by their role; longer phrases stand before shorter ones.
if exists("b:current_syntax")
  finish
endif
syntax case match
setlocal iskeyword=@,48-57,_,192-255
syntax sync minlines=200

" A later match wins over an earlier one at the same place: names and the words inside a line first, then what leads a line.
syntax match journeyOperator /[<>=+*\/-]/

syntax match journeyModifier /\v[.`]@1<!<%(about|add|always|and|answers|as|be|because|by|changes|containing|drops|entries|event|everything|exit|file|for|high|if|ignore|it|keep|list|low|message|messages|missing|never|normal|of|on|otherwise|past|priority|reaches|repeat|restart|rises|segment|skip|subtract|then|to|transactional|wait|when|where)>`@!%(\s*:)@!/
syntax match journeyOperator /\v[.`]@1<!<%(and|contains|exactly|has|in|is|matches|no|not|or)>`@!%(\s*:)@!/
syntax match journeyReport /\v[.`]@1<!<%(answered|bounced|clicked|complained|delivered|opened|received|refuse|replied|requested|seen|sent)>`@!%(\s*:)@!/
syntax match journeyMoment /\v[.`]@1<!<%(after|ago|at|before|day|every|first|from|last|since|times|until|within|yearly)>`@!%(\s*:)@!/
syntax match journeyFunction /\v[.`]@1<!<%(top)>`@!%(\s*:)@!/
syntax match journeyModifier /\v[.`]@1<!<%(continue\s+if|drops\s+below|drops\s+by|enter\s+now|exit\s+if|for\s+any|if\s+past|list\s+of|measured\s+by|no\s+message|no\s+messages|not\s+entered|on\s+request|one\s+of|opt\s+in|opt\s+out|preferred\s+channel|rises\s+above|rises\s+by|skip\s+if|sure\s+after|then\s+exit|those\s+of|to\s+team|update\s+entry|waiting\s+at|when\s+joins|when\s+leaves|when\s+requested|without\s+waiting)>`@!%(\s*:)@!/
syntax match journeyOperator /\v[.`]@1<!<%(at\s+least|at\s+most|ends\s+with|ignoring\s+case|in\s+journey|in\s+list|in\s+segment|in\s+stage|is\s+gone|is\s+missing|is\s+not|is\s+set|not\s+in|reachable\s+by|starts\s+with|subscribed\s+to|unsubscribed\s+from)>`@!%(\s*:)@!/
syntax match journeyReport /\v[.`]@1<!<%(any\s+message|joins\s+list|leaves\s+list|replied\s+to)>`@!%(\s*:)@!/
syntax match journeyMoment /\v[.`]@1<!<%(after\s+entry|in\s+the|it\s+is|of\s+entry|up\s+to|yearly\s+on)>`@!%(\s*:)@!/
syntax match journeyFunction /\v[.`]@1<!<%(any\s+of|average\s+of|count\s+of|earliest\s+of|first\s+of|largest\s+of|last\s+of|latest\s+of|none\s+of|smallest\s+of|sum\s+of)>`@!%(\s*:)@!/
syntax match journeyModifier /\v[.`]@1<!<%(customers\s+in\s+each|double\s+opt\s+in|finish\s+as\s+started|first\s+reachable\s+of|for\s+the\s+same|from\s+this\s+journey|ignoring\s+quiet\s+hours|or\s+continue\s+if|or\s+exit\s+if|or\s+skip\s+if|when\s+reaches\s+stage|with\s+the\s+first|without\s+the\s+first)>`@!%(\s*:)@!/
syntax match journeyReport /\v[.`]@1<!<%(by\s+a\s+machine|hard\s+bounce\s+of)>`@!%(\s*:)@!/
syntax match journeyMoment /\v[.`]@1<!<%(after\s+the\s+end|best\s+time\s+within|in\s+the\s+last|one\s+calendar\s+day)>`@!%(\s*:)@!/
syntax match journeyFunction /\v[.`]@1<!<%(most\s+frequent\s+of|time\s+since\s+latest)>`@!%(\s*:)@!/
syntax match journeyModifier /\v[.`]@1<!<%(including\s+those\s+already\s+in|or\s+exit\s+if\s+missing|then\s+first\s+listed\s+of)>`@!%(\s*:)@!/
syntax match journeyModifier /\v[.`]@1<!<%(continue\s+in\s+the\s+new\s+version|or\s+exit\s+if\s+not\s+sent)>`@!%(\s*:)@!/
syntax match journeyFlow /\v<%(else\s+if|else|otherwise)>/
syntax match journeyType /\v%([^ \t{(,.]\s+)@<=<%(text|number|boolean|date|time|datetime|duration|email|phone|url|country|language|timezone|customer)>\ze\??\s*%([,)}=]|$)/
syntax match journeyType /\v<money\ze\s+[A-Z]{3}>/
syntax match journeyType /\v<%(list\s+of|one\s+of)>/
syntax match journeyRoot /\v[.`]@1<!<%(customer|entry|now|today)>\ze%(\.|\s*[^:])/
syntax match journeyClause /\v%(^|[{}])\s*\zs<%(address\s+people\s+as|one\s+run\s+per|when\s+in\s+doubt|accept\s+late|always\s+write|at\s+most|enter\s+again|exit\s+on|exit\s+when|halve\s+every|hold\s+out|link\s+domains|never\s+say|only\s+while|postal\s+address|quiet\s+hours|reply\s+to|runs\s+from|skip\s+when|when\s+edited|while\s+running|answers|colours|enter|footer|goal|priority|start|timeout|timezone|url)>`@!%(\s*:)@!/
syntax match journeyScene /\v%(^|[{}])\s*\zs<%(in\s+the\s+run\s+of|given\s+subscribed\s+to|given\s+has|after|at|choosing|expect|given|starting)>`@!%(\s*:)@!/
syntax match journeyFlow /\v%(^|[{}]|otherwise|,)\s*\zs<%(wait\s+the\s+full|wait\s+up\s+to|else\s+if|for\s+each|wait\s+until|winner\s+when|adaptive|break|collect|control|else|exit|experiment|if|on|otherwise|path|repeat|split|variant|wait|when)>`@!%(\s*:)@!/
syntax match journeyAction /\v%(^|[{}]|otherwise|,)\s*\zs<%(add\s+to\s+audience|add\s+to\s+list|move\s+to\s+stage|remove\s+from\s+audience|remove\s+from\s+list|draw\s+code|start\s+journey|add|call|clear|confirm|decrease|emit|increase|remove|send|set|subscribe|suppress|unsubscribe)>`@!%(\s*:)@!/
syntax match journeyChannel /\v^\s*\zs<%(email|sms|push|line|whatsapp|web|inbox|webhook|audience|task|print)>\ze\s*%([{"]|in\s+")/
syntax match journeyDeclaration /\v^\s*\zs<%(custom\s+channel|audience|block|brand|catalog|channel|codes|customer|event|hook|journey|let|list|message|policy|route|scenario|score|segment|stages|survey|team|topic)>\ze%(\s+[^ \t:]|\s*\{)/ nextgroup=journeyName skipwhite
syntax match journeyName /\v%([^ \t{}()"`:,.#]+|`[^`]+`)/ contained
syntax match journeyKey /\v%([^][ \t{}()":,.#`]+|`[^`]+`)\ze\s*:/
syntax match journeyQuoted /`[^`]\+`/

syntax match journeyNumber /\v<\d[0-9_]*%(\.\d+)?>/
syntax match journeyNumber /\v<\d[0-9_]*%(\.\d+)?\s*\%/
syntax match journeyMoney /\v<\d[0-9_]*%(\.\d+)?\s+[A-Z]{3}>/
syntax match journeyDuration /\v<\d[0-9_]*%(\.\d+)?\s+%(second|minute|hour|day|week|month|year)s?>/
syntax match journeyDate /\v<\d\d:\d\d>/
syntax match journeyDate /\v<\d{4}-\d\d-\d\d%(\s+\d\d:\d\d)?>/
syntax match journeyDay /\v[.`]@1<!<%(monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekdays?|weekends?|day|week|month|year)>/
syntax match journeyBoolean /\v<%(true|false)>/

syntax match journeyEscape /\\./ contained
syntax region journeyHole matchgroup=journeyDelimiter start=/{{-\?/ end=/-\?}}/ contained oneline contains=journeyFilter,journeyInner
syntax region journeyTag matchgroup=journeyDelimiter start=/{%-\?/ end=/-\?%}/ contained oneline contains=journeyFilter,journeyInner,journeyTagName
syntax match journeyTagName /\v\{\%-?\s*\zs\w+/ contained
syntax match journeyFilter /|\s*\zs\k\+/ contained
syntax match journeyInner /'[^']*'/ contained
syntax region journeyText start=/"/ skip=/\\./ end=/"/ oneline contains=journeyEscape,journeyHole,journeyTag,@Spell
syntax region journeyText start=/"""/ end=/"""/ contains=journeyHole,journeyTag,@Spell

syntax match journeyComment /#.*$/ contains=@Spell
syntax match journeyDoc /##.*$/ contains=@Spell

highlight default link journeyDeclaration Structure
highlight default link journeyName Identifier
highlight default link journeyClause PreProc
highlight default link journeyScene PreProc
highlight default link journeyFlow Conditional
highlight default link journeyAction Statement
highlight default link journeyOperator Operator
highlight default link journeyFunction Function
highlight default link journeyReport Special
highlight default link journeyMoment Keyword
highlight default link journeyModifier Keyword
highlight default link journeyType Type
highlight default link journeyChannel Type
highlight default link journeyRoot Special
highlight default link journeyKey Label
highlight default link journeyQuoted Identifier
highlight default link journeyNumber Number
highlight default link journeyMoney Number
highlight default link journeyDuration Number
highlight default link journeyDate Number
highlight default link journeyDay Constant
highlight default link journeyBoolean Boolean
highlight default link journeyText String
highlight default link journeyEscape SpecialChar
highlight default link journeyDelimiter Delimiter
highlight default link journeyHole Identifier
highlight default link journeyTag Identifier
highlight default link journeyTagName Keyword
highlight default link journeyFilter Function
highlight default link journeyInner String
highlight default link journeyComment Comment
highlight default link journeyDoc SpecialComment

let b:current_syntax = "journey"
