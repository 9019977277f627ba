"""Text to syntax tree.

The language is written down once, in grammar/expression.lark. How it gets here:

    grammar/expression.lark ──generate (Lark)──▶ tables.py ──▶ lalr.Parser ──actions──▶ tree

Lark compiles the grammar ahead of time, because importing it costs 30 ms and a whole `autodiff eval` has little more
than that; `tables.py` is its result as plain literals, committed, and held equal to the grammar by a test. The tables
carry a checksum of the grammar: when the file beside this package no longer has it, somebody is editing the grammar,
and the tables are rebuilt in memory (then, and only then, Lark is imported). Nothing is ever cached in a folder.

A text that is not in the language raises `UnexpectedError` with a position in `lalr`; `mistakes` reads the tokens
around it and says what was meant.
"""

from __future__ import annotations

import zlib

from autodiff.errors import Source
from autodiff.syntax.actions import BUILDERS
from autodiff.syntax.lalr import Parser, Tables, UnexpectedError
from autodiff.syntax.tree import Tree

_parser: Parser | None = None


def parse(text: str, name: str = "expr") -> Tree:
    """The syntax tree of an expression; `name` is the text's place in a request, which spans refer to.

    Takes time proportional to the text at any depth. Raises AutodiffError with the type SyntaxError.
    """
    source = Source(name, text)
    try:
        tree: Tree = parser().parse(source)
    except UnexpectedError as unexpected:
        from autodiff.syntax.mistakes import explain

        error = explain(source, unexpected.start)
    else:
        return tree
    raise error


def parser() -> Parser:
    """The parser of expressions, made at its first use."""
    global _parser
    if _parser is None:
        _parser = Parser(_tables(), BUILDERS)
    return _parser


def _tables() -> Tables:
    from autodiff.syntax.tables import TABLES

    grammar = _grammar()
    if grammar is None or zlib.crc32(grammar) == TABLES.crc:
        return TABLES
    from autodiff.syntax.generate import compile_grammar

    return compile_grammar(grammar.decode())


def _grammar() -> bytes | None:
    return read_grammar("expression.lark")


def read_grammar(name: str) -> bytes | None:
    """A grammar as it is now: in the installed package, or at the top of a checkout."""
    package = __file__.rpartition("syntax")[0]
    for path in (package + "grammar/" + name, package + "../../grammar/" + name):
        try:
            with open(path, "rb") as file:
                return file.read().replace(b"\r\n", b"\n")
        except OSError:
            continue
    return None


__all__ = ["parse", "parser", "read_grammar"]
