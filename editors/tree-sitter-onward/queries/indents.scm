[(block) (field_block) (parenthesis) (arguments) (list)] @indent
["}" ")" "]"] @outdent
