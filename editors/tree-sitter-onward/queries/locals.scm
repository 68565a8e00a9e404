(declaration) @local.scope
(declaration name: (name) @local.definition)
(parameter name: (name) @local.definition)
(path . (name) @local.reference)
