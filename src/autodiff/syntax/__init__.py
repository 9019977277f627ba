"""Text → syntax tree, every node with its span.

`parse` is the way in. Data flows grammar/expression.lark → `generate` → `tables` (committed), and at run time
text → `lalr` (driver) → `actions` (nodes) → `tree`; `mistakes` words the errors and is imported when there is one.
"""
