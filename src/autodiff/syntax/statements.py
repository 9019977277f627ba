"""The syntax tree of programs: statements, and the expressions that programs have beyond those of `tree`.

Names are those of Python's own `ast` where it has the same node. A program is a list of statements; so is every body.
"""

from __future__ import annotations

from autodiff.errors import Span
from autodiff.syntax.tree import Tree

# Expressions


class Conditional(Tree):
    """`body if test else orelse`."""

    __slots__ = ("body", "orelse", "test")

    def __init__(self, span: Span, test: Tree, body: Tree, orelse: Tree) -> None:
        self.span = span
        self.test = test
        self.body = body
        self.orelse = orelse


class Parameter(Tree):
    """Of a function: `kind` is "positional" (before a /), "plain", "*" (*args), "keyword" (after a *) or "**"."""

    __slots__ = ("default", "kind", "name")

    def __init__(self, span: Span, name: str, kind: str, default: Tree | None) -> None:
        self.span = span
        self.name = name
        self.kind = kind
        self.default = default


class Lambda(Tree):
    __slots__ = ("body", "parameters")

    def __init__(self, span: Span, parameters: list[Parameter], body: Tree) -> None:
        self.span = span
        self.parameters = parameters
        self.body = body


class Clause(Tree):
    """`for target in iterable if condition …` of a comprehension."""

    __slots__ = ("conditions", "iterable", "target")

    def __init__(self, span: Span, target: Tree, iterable: Tree, conditions: list[Tree]) -> None:
        self.span = span
        self.target = target
        self.iterable = iterable
        self.conditions = conditions


class Comprehension(Tree):
    """`kind` is "list", "set", "dict" or "generator"; `key` is there for a dict alone."""

    __slots__ = ("clauses", "key", "kind", "value")

    def __init__(self, span: Span, kind: str, key: Tree | None, value: Tree, clauses: list[Clause]) -> None:
        self.span = span
        self.kind = kind
        self.key = key
        self.value = value
        self.clauses = clauses


class DictOf(Tree):
    """`{key: value, **other}`: a key is None where `**` stands."""

    __slots__ = ("items",)

    def __init__(self, span: Span, items: list[tuple[Tree | None, Tree]]) -> None:
        self.span = span
        self.items = items


class SetOf(Tree):
    __slots__ = ("items",)

    def __init__(self, span: Span, items: list[Tree]) -> None:
        self.span = span
        self.items = items


class Starred(Tree):
    """`*value` in a call, a list, a tuple, or a target."""

    __slots__ = ("value",)

    def __init__(self, span: Span, value: Tree) -> None:
        self.span = span
        self.value = value


class DoubleStarred(Tree):
    """`**value` in a call; stands among its `args`, after the positional ones."""

    __slots__ = ("value",)

    def __init__(self, span: Span, value: Tree) -> None:
        self.span = span
        self.value = value


class Named(Tree):
    """`name := value`."""

    __slots__ = ("name", "value")

    def __init__(self, span: Span, name: str, value: Tree) -> None:
        self.span = span
        self.name = name
        self.value = value


class Formatted(Tree):
    """`{value!conversion:spec}` in an f-string; `conversion` is one of "", "r", "s", "a"; `{x=}` is text and this."""

    __slots__ = ("conversion", "spec", "value")

    def __init__(self, span: Span, value: Tree, conversion: str, spec: Tree | None) -> None:
        self.span = span
        self.value = value
        self.conversion = conversion
        self.spec = spec


class FString(Tree):
    """Texts (as String) and Formatted, in their order; a spec is one of these as well, or a String."""

    __slots__ = ("parts",)

    def __init__(self, span: Span, parts: list[Tree]) -> None:
        self.span = span
        self.parts = parts


class Yield(Tree):
    """`yield value`, or `yield from value`; only as a statement, or alone on the right of an assignment."""

    __slots__ = ("all", "value")

    def __init__(self, span: Span, value: Tree | None, all: bool = False) -> None:
        self.span = span
        self.value = value
        self.all = all


# Statements

Block = list[Tree]


class ExprStatement(Tree):
    __slots__ = ("value",)

    def __init__(self, span: Span, value: Tree) -> None:
        self.span = span
        self.value = value


class Assign(Tree):
    """`a = b = value`; targets are Name, Attribute, Index, Starred, ListOf or TupleOf of these."""

    __slots__ = ("targets", "value")

    def __init__(self, span: Span, targets: list[Tree], value: Tree) -> None:
        self.span = span
        self.targets = targets
        self.value = value


class AugAssign(Tree):
    """`target op= value`; `op` as in Binary."""

    __slots__ = ("op", "op_span", "target", "value")

    def __init__(self, span: Span, target: Tree, op: str, op_span: Span, value: Tree) -> None:
        self.span = span
        self.target = target
        self.op = op
        self.op_span = op_span
        self.value = value


class AnnAssign(Tree):
    """`target: annotation = value`; annotations are read and not evaluated."""

    __slots__ = ("target", "value")

    def __init__(self, span: Span, target: Tree, value: Tree | None) -> None:
        self.span = span
        self.target = target
        self.value = value


class Delete(Tree):
    __slots__ = ("targets",)

    def __init__(self, span: Span, targets: list[Tree]) -> None:
        self.span = span
        self.targets = targets


class If(Tree):
    """An `elif` is an If alone in `orelse`."""

    __slots__ = ("body", "orelse", "test")

    def __init__(self, span: Span, test: Tree, body: Block, orelse: Block) -> None:
        self.span = span
        self.test = test
        self.body = body
        self.orelse = orelse


class While(Tree):
    __slots__ = ("body", "orelse", "test")

    def __init__(self, span: Span, test: Tree, body: Block, orelse: Block) -> None:
        self.span = span
        self.test = test
        self.body = body
        self.orelse = orelse


class For(Tree):
    __slots__ = ("body", "iterable", "orelse", "target")

    def __init__(self, span: Span, target: Tree, iterable: Tree, body: Block, orelse: Block) -> None:
        self.span = span
        self.target = target
        self.iterable = iterable
        self.body = body
        self.orelse = orelse


class Def(Tree):
    """`name_span` covers the name; annotations are dropped."""

    __slots__ = ("body", "decorators", "name", "name_span", "parameters")

    def __init__(
        self, span: Span, name: str, name_span: Span, parameters: list[Parameter], body: Block, decorators: list[Tree]
    ) -> None:
        self.span = span
        self.name = name
        self.name_span = name_span
        self.parameters = parameters
        self.body = body
        self.decorators = decorators


class Class(Tree):
    __slots__ = ("bases", "body", "decorators", "name", "name_span")

    def __init__(
        self, span: Span, name: str, name_span: Span, bases: list[Tree], body: Block, decorators: list[Tree]
    ) -> None:
        self.span = span
        self.name = name
        self.name_span = name_span
        self.bases = bases
        self.body = body
        self.decorators = decorators


class With(Tree):
    """`with context as target, …:`."""

    __slots__ = ("body", "items")

    def __init__(self, span: Span, items: list[tuple[Tree, Tree | None]], body: Block) -> None:
        self.span = span
        self.items = items
        self.body = body


class Handler(Tree):
    """`except kind as name:`."""

    __slots__ = ("body", "kind", "name")

    def __init__(self, span: Span, kind: Tree | None, name: str | None, body: Block) -> None:
        self.span = span
        self.kind = kind
        self.name = name
        self.body = body


class Try(Tree):
    __slots__ = ("body", "finalbody", "handlers", "orelse")

    def __init__(self, span: Span, body: Block, handlers: list[Handler], orelse: Block, finalbody: Block) -> None:
        self.span = span
        self.body = body
        self.handlers = handlers
        self.orelse = orelse
        self.finalbody = finalbody


class Return(Tree):
    __slots__ = ("value",)

    def __init__(self, span: Span, value: Tree | None) -> None:
        self.span = span
        self.value = value


class Raise(Tree):
    __slots__ = ("cause", "value")

    def __init__(self, span: Span, value: Tree | None, cause: Tree | None) -> None:
        self.span = span
        self.value = value
        self.cause = cause


class Assert(Tree):
    __slots__ = ("message", "test")

    def __init__(self, span: Span, test: Tree, message: Tree | None) -> None:
        self.span = span
        self.test = test
        self.message = message


class Break(Tree):
    __slots__ = ()

    def __init__(self, span: Span) -> None:
        self.span = span


class Continue(Tree):
    __slots__ = ()

    def __init__(self, span: Span) -> None:
        self.span = span


class Pass(Tree):
    __slots__ = ()

    def __init__(self, span: Span) -> None:
        self.span = span


class Scope(Tree):
    """`global a, b` or `nonlocal a, b`; `kind` is the word."""

    __slots__ = ("kind", "names")

    def __init__(self, span: Span, kind: str, names: list[str]) -> None:
        self.span = span
        self.kind = kind
        self.names = names


class Import(Tree):
    """`import a.b, c as d`: dotted names, each with what it is called here, if that is said, and its span."""

    __slots__ = ("names",)

    def __init__(self, span: Span, names: list[tuple[str, str | None, Span]]) -> None:
        self.span = span
        self.names = names


class ImportFrom(Tree):
    """`from module import a, b as c`; a star is the name `*`; `level` counts leading dots."""

    __slots__ = ("level", "module", "module_span", "names")

    def __init__(
        self, span: Span, module: str, module_span: Span, level: int, names: list[tuple[str, str | None, Span]]
    ) -> None:
        self.span = span
        self.module = module
        self.module_span = module_span
        self.level = level
        self.names = names
