"""What the actions of programs share: the text with what waits in it, and refusals.

What depends on the statements around (a `return` outside a function, an `as` outside a `with`) waits in the
`ProgramSource` until the statement that may hold it is complete.
"""

from __future__ import annotations

from typing import Any, NoReturn

from autodiff.errors import AutodiffError, Source, Span
from autodiff.syntax import literals
from autodiff.syntax.statements import (
    Named,
    Starred,
)
from autodiff.syntax.tree import (
    Tree,
)

V = list[Any]
Places = list[int]


class AsItem(Tree):
    """`value as target`, until a `with` or an `except` takes it."""

    __slots__ = ("target", "value")

    def __init__(self, span: Span, value: Tree, target: Tree) -> None:
        self.span = span
        self.value = value
        self.target = target


class GeneratorArgument(Tree):
    """A generator without brackets of its own, which must be a call's only argument."""

    __slots__ = ("value",)

    def __init__(self, span: Span, value: Tree) -> None:
        self.span = span
        self.value = value


class ProgramSource(Source):
    """A program's text, and what was read in it that only a statement around can allow."""

    __slots__ = ("as_items", "jumps", "returns")

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name, text)
        self.as_items: list[AsItem] = []
        self.jumps: list[tuple[str, Span]] = []
        self.returns: list[tuple[str, Span]] = []


def refuse(span: Span, message: str, says: str = "", *help: str, code: str = "syntax") -> NoReturn:
    raise AutodiffError(code, message, type="SyntaxError", span=span, says=says, help=help)


def whole(source: Source, s: Places, e: Places) -> Span:
    return Span(source, s[0], e[-1])


def identifier(source: Source, start: int, end: int) -> str:
    span = Span(source, start, end)
    id = literals.identifier(source.text[start:end], span)
    if id in literals.PYTHON_WORDS:
        refuse(span, f"{id} is not part of the language", "cannot be used here")
    return id


def allowed(value: Any, start: int, starred: bool = False) -> Any:
    """The value, unless it is one of the forms that count as expressions and have no brackets around them here."""
    kind = type(value)
    if kind is Starred and not starred:
        refuse(value.span, "can't use starred expression here", "nothing unpacks it", "put it into a list: [*x]")
    if kind is Named and value.span.start == start:
        refuse(
            value.span,
            "invalid syntax. Maybe you meant '==' or '=' instead of ':='?",
            ":= needs brackets here",
            f"write ({value.span.text})",
        )
    return value


def outside(kind: str, span: Span) -> NoReturn:
    """Refuse a jump that nothing around it takes."""
    if kind in ("return", "yield"):
        refuse(span, f"'{kind}' outside function", "not in a function", "at the top of a program, print the value")
    message = "'break' outside loop" if kind == "break" else "'continue' not properly in loop"
    refuse(span, message, "not in a for or while loop")
