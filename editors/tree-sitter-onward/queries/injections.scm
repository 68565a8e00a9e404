; What stands in `{{ … }}` and `{% … %}` is Liquid.
((template) @injection.content
  (#set! injection.language "liquid"))

((comment) @injection.content
  (#set! injection.language "comment"))
