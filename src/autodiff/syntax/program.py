"""Text to the syntax tree of a program.

    grammar/program.lark ──generate (Lark)──▶ program_tables.py ──▶ lalr.Parser ──program_actions──▶ statements
                                                      layout (lines, indentation) ──▲

As for expressions (`autodiff.syntax.parse`), tables are committed, carry a checksum of both grammars, and are rebuilt
in memory while somebody edits one. `program_mistakes` words the errors and is imported when there is one.
"""

from __future__ import annotations

import zlib

from autodiff.errors import Source
from autodiff.syntax.lalr import Parser, Tables, UnexpectedError
from autodiff.syntax.layout import Layout
from autodiff.syntax.parse import read_grammar
from autodiff.syntax.program_actions import BUILDERS
from autodiff.syntax.program_source import ProgramSource, outside, refuse
from autodiff.syntax.statements import ExprStatement
from autodiff.syntax.tree import Tree

_layout: Layout | None = None


def parse_program(text: str, name: str = "program") -> list[Tree]:
    """The statements of a program; `name` is what spans call its text.

    Takes time proportional to the text at any depth. Raises AutodiffError with the type SyntaxError, IndentationError
    or TabError.
    """
    source = ProgramSource(name, text)
    try:
        layout = _ready()
        if layout.is_empty(source):
            return []
        statements: list[Tree] = layout.parser.run(source, layout.lines(source))
    except UnexpectedError as unexpected:
        from autodiff.syntax.program_mistakes import explain

        error = explain(source, unexpected)
    else:
        _left_over(source)
        return statements
    raise error


def parse_field(source: Source, start: int, end: int) -> Tree:
    """The expression of an f-string's field, which is part of the program's text."""
    layout = _ready()
    try:
        statements: list[Tree] = layout.parser.run(source, layout.field(start, end, source.text))
    except UnexpectedError as unexpected:
        from autodiff.syntax.program_mistakes import explain

        error = explain(source, unexpected, start, end)
        error.message = f"f-string: {error.message}"
        error.args = (error.message,)
    else:
        [statement] = statements
        if not isinstance(statement, ExprStatement):
            refuse(statement.span, "f-string: invalid syntax", "not an expression")
        return statement.value
    raise error


def _left_over(source: ProgramSource) -> None:
    """What no statement around has taken."""
    for item in source.as_items:
        refuse(item.span, "invalid syntax", "as belongs into a with, an except or an import")
    for kind, span in [*source.returns, *source.jumps]:
        outside(kind, span)


def parser() -> Parser:
    """The parser of programs, made at its first use."""
    return _ready().parser


def numbers() -> dict[str, int]:
    """The tokens' numbers by name: terminals, keywords as they are written, INDENT and DEDENT."""
    tables = parser().tables
    names = [*(name for name, _ in tables.terminals), *tables.keywords, *tables.declared]
    return {name: i for i, name in enumerate(names)}


def _ready() -> Layout:
    global _layout
    if _layout is None:
        _layout = Layout(Parser(_tables(), BUILDERS))
    return _layout


def _tables() -> Tables:
    from autodiff.syntax.program_tables import TABLES

    program, expression = read_grammar("program.lark"), read_grammar("expression.lark")
    if program is None or expression is None or zlib.crc32(program + expression) == TABLES.crc:
        return TABLES
    from autodiff.syntax.generate import compile_grammar

    return compile_grammar(program.decode(), expression.decode())


__all__ = ["numbers", "parse_field", "parse_program", "parser"]
