"""What compiling needs to know, and the types of what it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.errors import AutodiffError, Span
from autodiff.program.scopes import Scope, Scopes
from autodiff.syntax.tree import Tree

Frame = list[Any]
Run = Callable[[Frame], Any]  # of an expression: gives its value
Store = Callable[[Frame, Any], None]
Step = Callable[[Frame], Any]  # of a statement: gives a signal, None to go on

NESTING = 400  # of expressions and blocks


class Unbound:
    """What lies in the slot of a variable that has no value."""

    __slots__ = ()


UNBOUND = Unbound()


class Signal:
    """Why a block ends before its end."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


BREAK, CONTINUE, RETURN = Signal("break"), Signal("continue"), Signal("return")  # RETURN: the value is in slot 0
RESULT = 0
NAMESPACE = 1  # the slot of a class body's frame that holds what the class will have


class Unit:
    """One scope that is being compiled, within a program."""

    __slots__ = ("depth", "globals", "known", "scope", "scopes")

    def __init__(self, scope: Scope, scopes: Scopes, globals: dict[str, Any], known: dict[str, Any]) -> None:
        self.scope = scope
        self.scopes = scopes
        self.globals = globals
        self.known = known  # what names mean that the program has not defined
        self.depth = 0

    def within(self, tree: Tree) -> Unit:
        """For the function, class or comprehension that a tree is."""
        inner = Unit(self.scopes[tree], self.scopes, self.globals, self.known)
        inner.depth = self.depth
        return inner

    def enter(self, span: Span) -> None:
        """One level further in; raises `limit-nesting`."""
        self.depth += 1
        if self.depth > NESTING:
            raise AutodiffError("limit-nesting", "too many levels of nesting", type="SyntaxError", span=span)

    def leave(self) -> None:
        """And out again."""
        self.depth -= 1
