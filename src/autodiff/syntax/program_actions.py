"""The functions that grammar/program.lark names beyond those of `actions`: simple statements here, the rest gathered.

They read as those of `actions` do: the values of a rule's symbols, with the start and end of what each covers.
"""

from __future__ import annotations

from typing import Any

from autodiff.errors import Source, Span
from autodiff.syntax import actions, program_blocks, program_expressions, program_parameters, program_strings
from autodiff.syntax.program_source import (
    Places,
    ProgramSource,
    V,
    allowed,
    identifier,
    refuse,
    whole,
)
from autodiff.syntax.program_targets import describe, target
from autodiff.syntax.statements import (
    AnnAssign,
    Assert,
    Assign,
    AugAssign,
    Break,
    Continue,
    Delete,
    ExprStatement,
    Import,
    ImportFrom,
    Pass,
    Raise,
    Return,
    Scope,
    Yield,
)
from autodiff.syntax.tree import (
    Attribute,
    Index,
    ListOf,
    Name,
    Tree,
    TupleOf,
)


def bare_tuple(source: Source, v: V, s: Places, e: Places) -> Tree:
    first = allowed(v[0], s[0], starred=True)
    return TupleOf(whole(source, s, e), [first, *v[2]] if len(v) > 2 else [first])


def expression_statement(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return ExprStatement(whole(source, s, e), allowed(v[0], s[0]))


def target_more(source: Source, v: V, s: Places, e: Places) -> list[Tree]:
    targets: list[Tree] = v[0]
    targets.append(v[1])
    return targets


def assign(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    for part in v[0]:
        target(part, equals=True)
    return Assign(whole(source, s, e), v[0], allowed(v[1], s[1]))


def augmented(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    op = source.text[s[1] : e[1] - 1]
    if not isinstance(v[0], (Name, Attribute, Index)):
        what = {TupleOf: "tuple", ListOf: "list"}.get(type(v[0])) or describe(v[0])
        refuse(v[0].span, f"'{what}' is an illegal expression for augmented assignment", "cannot be changed")
    value = allowed(v[2], s[2])
    return AugAssign(whole(source, s, e), v[0], actions.NORMAL.get(op, op), Span(source, s[1], e[1]), value)


def annotated(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    if isinstance(v[0], (TupleOf, ListOf)):
        what = "tuple" if isinstance(v[0], TupleOf) else "list"
        refuse(v[0].span, f"only single target (not {what}) can be annotated", "more than one")
    if not isinstance(v[0], (Name, Attribute, Index)):
        refuse(v[0].span, "illegal target for annotation", "cannot be annotated")
    allowed(v[2], s[2])
    return AnnAssign(whole(source, s, e), v[0], allowed(v[4], s[4]) if len(v) > 3 else None)


def return_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    span = whole(source, s, e)
    source.returns.append(("return", span))
    return Return(span, allowed(v[1], s[1]) if len(v) > 1 else None)


def yield_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    span = whole(source, s, e)
    source.returns.append(("yield", span))
    return Yield(span, allowed(v[1], s[1]) if len(v) > 1 else None)


def yield_from(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    span = whole(source, s, e)
    source.returns.append(("yield", span))
    return Yield(span, allowed(v[2], s[2]), all=True)


def raise_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    value = allowed(v[1], s[1]) if len(v) > 1 else None
    return Raise(whole(source, s, e), value, allowed(v[3], s[3]) if len(v) > 3 else None)


def assert_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return Assert(whole(source, s, e), allowed(v[1], s[1]), allowed(v[3], s[3]) if len(v) > 3 else None)


def delete(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    targets: list[Tree] = v[1]
    for part in targets:
        target(part, "delete")
    return Delete(whole(source, s, e), targets)


def scope(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Scope(whole(source, s, e), source.text[s[0] : e[0]], v[1])


def pass_(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Pass(whole(source, s, e))


def break_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    source.jumps.append(("break", whole(source, s, e)))
    return Break(whole(source, s, e))


def continue_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    source.jumps.append(("continue", whole(source, s, e)))
    return Continue(whole(source, s, e))


def word(source: Source, v: V, s: Places, e: Places) -> str:
    return identifier(source, s[0], e[0])


def word_first(source: Source, v: V, s: Places, e: Places) -> list[str]:
    return [identifier(source, s[0], e[0])]


def word_more(source: Source, v: V, s: Places, e: Places) -> list[str]:
    words: list[str] = v[0]
    words.append(identifier(source, s[2], e[2]))
    return words


def dotted(source: Source, v: V, s: Places, e: Places) -> str:
    return f"{v[0]}.{identifier(source, s[2], e[2])}"


def module(source: Source, v: V, s: Places, e: Places) -> tuple[str, str | None, Span]:
    return v[0], identifier(source, s[2], e[2]) if len(v) > 1 else None, whole(source, s, e)


def module_name(source: Source, v: V, s: Places, e: Places) -> tuple[str, str | None, Span]:
    alias = identifier(source, s[2], e[2]) if len(v) > 1 else None
    return identifier(source, s[0], e[0]), alias, whole(source, s, e)


def import_(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Import(whole(source, s, e), v[1])


def import_star(source: Source, v: V, s: Places, e: Places) -> list[tuple[str, None, Span]]:
    return [("*", None, whole(source, s, e))]


def dots(source: Source, v: V, s: Places, e: Places) -> int:
    return (v[0] or 0) + e[-1] - s[-1] if len(v) > 1 else e[0] - s[0]


def import_from(source: Source, v: V, s: Places, e: Places) -> Tree:
    level = v[1] if isinstance(v[1], int) else 0
    dotted = v[-3] if isinstance(v[-3], str) else ""
    return ImportFrom(whole(source, s, e), dotted, Span(source, s[1], e[-3]), level, v[-1])


ACTIONS: tuple[Any, ...] = (
    bare_tuple,
    expression_statement,
    target_more,
    assign,
    augmented,
    annotated,
    return_,
    yield_,
    yield_from,
    raise_,
    assert_,
    delete,
    scope,
    pass_,
    break_,
    continue_,
    word,
    word_first,
    word_more,
    dotted,
    module,
    module_name,
    import_,
    import_star,
    dots,
    import_from,
)

BUILDERS: dict[str, Any] = {**actions.BUILDERS, **program_expressions.COMPREHENSIONS}
for _family in (ACTIONS, program_blocks.ACTIONS, program_expressions.ACTIONS, program_parameters.ACTIONS):
    BUILDERS.update((function.__name__, function) for function in _family)
BUILDERS.update((function.__name__, function) for function in program_strings.ACTIONS)
