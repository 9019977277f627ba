"""The parameters of functions and lambdas."""

from __future__ import annotations

from typing import Any

from autodiff.errors import Source, Span
from autodiff.syntax.program_source import (
    Places,
    V,
    allowed,
    identifier,
    refuse,
    whole,
)
from autodiff.syntax.statements import (
    Parameter,
)
from autodiff.syntax.tree import (
    Tree,
)


def parameter(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Parameter(Span(source, s[0], e[0]), identifier(source, s[0], e[0]), "plain", None)


def parameter_default(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Parameter(whole(source, s, e), identifier(source, s[0], e[0]), "plain", allowed(v[2], s[2]))


def parameter_annotated_default(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Parameter(whole(source, s, e), identifier(source, s[0], e[0]), "plain", allowed(v[4], s[4]))


def parameter_mark(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Parameter(whole(source, s, e), "", source.text[s[0] : e[0]], None)


def parameter_rest(source: Source, v: V, s: Places, e: Places) -> Tree:
    kind = source.text[s[0] : e[0]]
    return Parameter(Span(source, s[0], e[1]), identifier(source, s[1], e[1]), kind, None)


def checked_parameters(written: list[Parameter]) -> list[Parameter]:
    """The parameters without the marks `/` and `*`, each with its kind."""
    parameters: list[Parameter] = []
    names: set[str] = set()
    keyword_only = slashed = defaults = False
    bare: Parameter | None = None
    for item in written:
        if parameters and parameters[-1].kind == "**":
            refuse(item.span, "arguments cannot follow var-keyword argument", "comes after **")
        if item.name:
            if item.name in names:
                message = f"duplicate argument '{item.name}' in function definition"
                refuse(item.span, message, "the name is taken", "give it another name")
            names.add(item.name)
        if item.kind == "plain":
            bare = None
            if keyword_only:
                item.kind = "keyword"
            elif item.default is not None:
                defaults = True
            elif defaults:
                message = "non-default argument follows default argument"
                refuse(item.span, message, "has no default", "move it before those with defaults")
            parameters.append(item)
        elif item.kind == "**":
            if bare is not None:
                refuse(bare.span, "named arguments must follow bare *", "nothing follows")
            parameters.append(item)
        elif item.kind == "*":
            if keyword_only:
                refuse(item.span, "* argument may appear only once", "another one")
            keyword_only = True
            if item.name:
                parameters.append(item)
            else:
                bare = item
        elif item.kind == "/":
            if slashed:
                refuse(item.span, "/ may appear only once", "another one")
            if keyword_only:
                refuse(item.span, "/ must be ahead of *", "comes too late")
            if not parameters:
                refuse(item.span, "at least one argument must precede /", "nothing stands before it")
            slashed = True
            for before in parameters:
                before.kind = "positional"
        else:
            refuse(item.span, "invalid syntax", "not a parameter")
    if bare is not None:
        refuse(bare.span, "named arguments must follow bare *", "nothing follows")
    return parameters


ACTIONS: tuple[Any, ...] = (parameter, parameter_default, parameter_annotated_default, parameter_mark, parameter_rest)
