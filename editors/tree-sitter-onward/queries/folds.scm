[(block) (field_block) (parenthesis) (list) (long_text)] @fold
