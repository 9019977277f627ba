"""Text → syntax tree, every node with its span.

`parse` (expressions) and `program` (statements) are the ways in. Data flows grammar/expression.lark → `generate` →
`tables` (committed), and at run time text → `lalr` (driver) → `actions` (nodes) → `tree`; for programs
grammar/program.lark → `program_tables`, and text → `layout` (lines, indentation) → `lalr` → `program_actions` →
`statements`. `mistakes` and `program_mistakes` word the errors and are imported when there is one.
"""
