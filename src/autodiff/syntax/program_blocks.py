"""Compound statements: those that hold others."""

from __future__ import annotations

from typing import Any, NoReturn

from autodiff.errors import Source, Span
from autodiff.syntax.program_expressions import split_arguments
from autodiff.syntax.program_parameters import checked_parameters
from autodiff.syntax.program_source import (
    AsItem,
    Places,
    ProgramSource,
    V,
    allowed,
    identifier,
    outside,
    refuse,
    whole,
)
from autodiff.syntax.program_targets import describe, target
from autodiff.syntax.statements import (
    Class,
    Def,
    DoubleStarred,
    For,
    Handler,
    If,
    Parameter,
    Starred,
    Try,
    While,
    With,
)
from autodiff.syntax.tree import (
    Name,
    Tree,
    TupleOf,
)


def take(source: Source, v: V, s: Places, e: Places) -> Any:
    return v[0]


def second(source: Source, v: V, s: Places, e: Places) -> Any:
    return v[1]


def third(source: Source, v: V, s: Places, e: Places) -> Any:
    return v[2]


def suite(source: Source, v: V, s: Places, e: Places) -> Any:
    return v[2]


def extend(source: Source, v: V, s: Places, e: Places) -> list[Tree]:
    block: list[Tree] = v[0]
    block.extend(v[1])
    return block


def append(source: Source, v: V, s: Places, e: Places) -> list[Tree]:
    items: list[Tree] = v[0]
    items.append(v[1])
    return items


def if_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return If(whole(source, s, e), allowed(v[1], -1), v[3], v[4] if len(v) > 4 else [])


def elif_(source: ProgramSource, v: V, s: Places, e: Places) -> list[Tree]:
    return [if_(source, v, s, e)]


def while_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    _close_loop(source, s[3], e[3])
    return While(whole(source, s, e), allowed(v[1], -1), v[3], v[4] if len(v) > 4 else [])


def for_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    _close_loop(source, s[5], e[5])
    return For(whole(source, s, e), v[1], allowed(v[3], s[3]), v[5], v[6] if len(v) > 6 else [])


def _close_loop(source: ProgramSource, start: int, end: int) -> None:
    """A loop's body may break and continue; its `else` belongs to the loop around."""
    jumps = source.jumps
    first = len(jumps)
    while first and jumps[first - 1][1].start >= start:
        first -= 1
    jumps[first:] = [jump for jump in jumps[first:] if jump[1].start >= end]


def loop_targets(source: Source, v: V, s: Places, e: Places) -> Tree:
    targets: list[Tree] = v[0]
    if len(v) == 1 and len(targets) == 1:
        return target(targets[0])
    return target(TupleOf(whole(source, s, e), targets))


def with_header(source: ProgramSource, v: V, s: Places, e: Places) -> list[tuple[Tree, Tree | None]]:
    items: list[Tree] = v[1]
    if len(items) == 1 and isinstance(items[0], TupleOf) and items[0].items:
        items = items[0].items
    pairs: list[tuple[Tree, Tree | None]] = []
    for item in items:
        if isinstance(item, AsItem):
            source.as_items.remove(item)
            pairs.append((item.value, target(item.target)))
        else:
            pairs.append((allowed(item, -1), None))
    return pairs


def with_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return With(whole(source, s, e), v[0], v[1])


def except_header(source: ProgramSource, v: V, s: Places, e: Places) -> tuple[Tree | None, str | None]:
    if len(v) == 2:
        return None, None
    kind = v[1]
    if isinstance(kind, AsItem) and kind.span.start == s[1]:
        source.as_items.remove(kind)
        if not isinstance(kind.target, Name):
            refuse(kind.target.span, f"cannot use except statement with {_noun(kind.target)}", "not a name")
        return kind.value, kind.target.id
    if isinstance(kind, Starred):
        refuse(kind.span, "except* is not part of the language", "unknown", "write except")
    return allowed(kind, s[1]), None


def except_several(source: ProgramSource, v: V, s: Places, e: Places) -> NoReturn:
    span = Span(source, s[1], e[3])
    source.as_items.clear()
    refuse(span, "multiple exception types must be parenthesized", "need brackets", "write except (A, B) as e:")


def _noun(tree: Tree) -> str:
    return {"Attribute": "attribute", "Index": "subscript"}.get(type(tree).__name__) or describe(tree)


def handler(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return Handler(whole(source, s, e), v[0][0], v[0][1], v[1])


def finally_(source: ProgramSource, v: V, s: Places, e: Places) -> tuple[list[Tree]]:
    return (v[2],)  # in a tuple: so `try_` tells it from an else


def try_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    rest = v[3:]
    finalbody = rest.pop()[0] if isinstance(rest[-1], tuple) else []
    handlers: list[Handler] = rest.pop(0) if rest else []
    for bare in handlers[:-1]:
        if bare.kind is None:
            refuse(Span(source, bare.span.start, bare.span.start + 6), "default 'except:' must be last", "catches all")
    return Try(whole(source, s, e), v[2], handlers, rest[0] if rest else [], finalbody)


def decorator(source: ProgramSource, v: V, s: Places, e: Places) -> Any:
    return allowed(v[1], -1)


def decorated(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    node: Def | Class = v[1]
    node.decorators = v[0]
    return node


def def_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return _definition(source, [], v, s, e)


def def_parameters(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return _definition(source, checked_parameters(v[3]), v, s, e)


def _definition(source: ProgramSource, parameters: list[Parameter], v: V, s: Places, e: Places) -> Tree:
    while source.returns and source.returns[-1][1].start >= s[-1]:
        source.returns.pop()
    _refuse_jumps(source, s[-1])
    name = Span(source, s[1], e[1])
    return Def(whole(source, s, e), identifier(source, s[1], e[1]), name, parameters, v[-1], [])


def class_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return _class(source, [], v, s, e)


def class_arguments(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    bases, keywords = split_arguments(v[3])
    for extra in [*keywords, *(base for base in bases if isinstance(base, (Starred, DoubleStarred)))]:
        refuse(extra.span, "a class has bases alone here", "not part of the language", "leave it out")
    return _class(source, bases, v, s, e)


def _class(source: ProgramSource, bases: list[Tree], v: V, s: Places, e: Places) -> Tree:
    if source.returns and source.returns[-1][1].start >= s[-1]:
        outside(*source.returns[-1])
    _refuse_jumps(source, s[-1])
    return Class(whole(source, s, e), identifier(source, s[1], e[1]), Span(source, s[1], e[1]), bases, v[-1], [])


def _refuse_jumps(source: ProgramSource, start: int) -> None:
    """A function's or a class's body is outside of the loop that it stands in."""
    if source.jumps and source.jumps[-1][1].start >= start:
        outside(*source.jumps[-1])


ACTIONS: tuple[Any, ...] = (
    take,
    second,
    third,
    suite,
    extend,
    append,
    if_,
    elif_,
    while_,
    for_,
    loop_targets,
    with_header,
    with_,
    except_header,
    except_several,
    handler,
    finally_,
    try_,
    decorator,
    decorated,
    def_,
    def_parameters,
    class_,
    class_arguments,
)
