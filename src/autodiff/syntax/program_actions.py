"""The functions that grammar/program.lark names beyond those of `actions`: each builds the node of its rule.

The grammar reads more than Python allows where Python would have to look further ahead than one token, and the
functions here refuse what is too much (`allowed`, `targets`). What depends on the statements around (a `return` outside
a function, an `as` outside a `with`) waits in the `ProgramSource` until the statement that may hold it is complete.
"""

from __future__ import annotations

from typing import Any, NoReturn

from autodiff.errors import AutodiffError, Source, Span
from autodiff.syntax import actions, literals, program_strings
from autodiff.syntax.statements import (
    AnnAssign,
    Assert,
    Assign,
    AugAssign,
    Break,
    Class,
    Clause,
    Comprehension,
    Conditional,
    Continue,
    Def,
    Delete,
    DictOf,
    DoubleStarred,
    ExprStatement,
    For,
    Handler,
    If,
    Import,
    ImportFrom,
    Lambda,
    Named,
    Parameter,
    Pass,
    Raise,
    Return,
    FString,
    Scope,
    SetOf,
    Starred,
    Try,
    While,
    With,
    Yield,
)
from autodiff.syntax.tree import Attribute, Binary, Call, Compare, Constant, Index, Keyword, ListOf, Name, Number, String, Tree, TupleOf, Unary

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


def _whole(source: Source, s: Places, e: Places) -> Span:
    return Span(source, s[0], e[-1])


# ------------------------------------------------------------------------------------- expressions and their places


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


def conditional(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    orelse = v[4]
    if type(orelse) is AsItem and orelse.span.start == s[4]:  # `a if b else c as d` means `(a if b else c) as d`
        value = orelse.value
        inner = Conditional(Span(source, s[0], value.span.end), v[2], v[0], value)
        item = AsItem(_whole(source, s, e), inner, orelse.target)
        source.as_items[source.as_items.index(orelse)] = item
        return item
    return Conditional(_whole(source, s, e), v[2], v[0], allowed(orelse, s[4]))


def lambda_(source: Source, v: V, s: Places, e: Places) -> Tree:
    parameters = _checked_parameters(v[1], "lambda") if len(v) > 3 else []
    return Lambda(_whole(source, s, e), parameters, allowed(v[-1], s[-1]))


def named(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Named(_whole(source, s, e), _identifier(source, s[0], e[0]), allowed(v[2], s[2]))


def starred(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Starred(_whole(source, s, e), v[1])


def double_starred(source: Source, v: V, s: Places, e: Places) -> Tree:
    return DoubleStarred(_whole(source, s, e), allowed(v[1], s[1]))


def as_item(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    item = AsItem(_whole(source, s, e), v[0], v[2])
    source.as_items.append(item)
    return item


def compare_word(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Compare(_whole(source, s, e), [v[1]], [v[0], v[2]])


def compare_word_more(source: Source, v: V, s: Places, e: Places) -> Tree:
    chain: Compare = v[0]
    chain.ops.append(v[1])
    chain.operands.append(v[2])
    chain.span = _whole(source, s, e)
    return chain


def operator_word(source: Source, v: V, s: Places, e: Places) -> str:
    return source.text[s[0] : e[0]]


def operator_words(source: Source, v: V, s: Places, e: Places) -> str:
    return f"{source.text[s[0] : e[0]]} {source.text[s[1] : e[1]]}"


def parenthesised(source: Source, v: V, s: Places, e: Places) -> Any:
    if type(v[1]) is Starred:
        refuse(v[1].span, "cannot use starred expression here", "nothing unpacks it", f"write ({v[1].span.text},)")
    return v[1]


def generator_argument(source: Source, v: V, s: Places, e: Places) -> Tree:
    value = allowed(v[0], -1)
    return GeneratorArgument(_whole(source, s, e), Comprehension(_whole(source, s, e), "generator", None, value, v[1]))


def _comprehension(kind: str) -> Any:
    def build(source: Source, v: V, s: Places, e: Places) -> Tree:
        if type(v[1]) is Starred:
            refuse(v[1].span, "iterable unpacking cannot be used in comprehension", "cannot be unpacked here")
        return Comprehension(_whole(source, s, e), kind, None, v[1], v[2])

    return build


def dict_comprehension(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Comprehension(_whole(source, s, e), "dict", allowed(v[1], s[1]), allowed(v[3], s[3]), v[4])


def clause(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Clause(_whole(source, s, e), v[1], v[3], [])


def clause_condition(source: Source, v: V, s: Places, e: Places) -> Tree:
    v[0].conditions.append(v[2])
    v[0].span = _whole(source, s, e)
    clause: Tree = v[0]
    return clause


def dict_of(source: Source, v: V, s: Places, e: Places) -> Tree:
    return DictOf(_whole(source, s, e), v[1] if len(v) > 2 else [])


def set_of(source: Source, v: V, s: Places, e: Places) -> Tree:
    return SetOf(_whole(source, s, e), v[1])


def pair_first(source: Source, v: V, s: Places, e: Places) -> list[tuple[Tree | None, Tree]]:
    return [_pair(v, s, 0)]


def pair_more(source: Source, v: V, s: Places, e: Places) -> list[tuple[Tree | None, Tree]]:
    pairs: list[tuple[Tree | None, Tree]] = v[0]
    pairs.append(_pair(v, s, 2))
    return pairs


def _pair(v: V, s: Places, i: int) -> tuple[Tree | None, Tree]:
    if v[i] is None:  # **
        return None, v[i + 1]
    return allowed(v[i], s[i]), allowed(v[i + 2], s[i + 2])


def keyword(source: Source, v: V, s: Places, e: Places) -> Tree:
    allowed(v[2], s[2])
    return actions.keyword(source, v, s, e)


def slice(source: Source, v: V, s: Places, e: Places) -> Tree:
    for value, start in zip(v, s, strict=True):
        if value is not None:
            allowed(value, start)
    return actions.slice(source, v, s, e)


def call(source: Source, v: V, s: Places, e: Places) -> Tree:
    function = v[0]
    if type(function) is Number:
        return actions.call(source, v, s, e)
    args, keywords = _arguments(v[2] if len(v) > 3 else [])
    return Call(_whole(source, s, e), function, args, keywords)


def _arguments(arguments: list[Tree]) -> tuple[list[Tree], list[Keyword]]:
    args: list[Tree] = []
    keywords: list[Keyword] = []
    unpacked = False
    for argument in arguments:
        kind = type(argument)
        if kind is Keyword:
            assert isinstance(argument, Keyword)
            if any(argument.name == other.name for other in keywords):
                refuse(argument.name_span, f"keyword argument repeated: {argument.name}", "given again", "remove one")
            keywords.append(argument)
            continue
        if kind is DoubleStarred:
            unpacked = True
        elif kind is GeneratorArgument:
            if len(arguments) > 1:
                refuse(argument.span, "Generator expression must be parenthesized", "", f"write ({argument.span.text})")
            assert isinstance(argument, GeneratorArgument)
            argument = argument.value
        elif unpacked:
            what = "iterable argument unpacking" if kind is Starred else "positional argument"
            refuse(argument.span, f"{what} follows keyword argument unpacking", "", "move it before the **")
        elif keywords and kind is not Starred:
            refuse(argument.span, "positional argument follows keyword argument", "has no name", "move it before them")
        args.append(argument)
    return args, keywords


def index(source: Source, v: V, s: Places, e: Places) -> Tree:
    several = len(v[2]) > 1 or type(v[2][0]) is Starred
    return Index(_whole(source, s, e), v[0], v[2], several)


def name(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Name(Span(source, s[0], e[0]), _identifier(source, s[0], e[0]))


def _identifier(source: Source, start: int, end: int) -> str:
    span = Span(source, start, end)
    id = literals.identifier(source.text[start:end], span)
    if id in literals.PYTHON_WORDS:
        refuse(span, f"{id} is not part of the language", "cannot be used here")
    return id


def attribute(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Attribute(_whole(source, s, e), v[0], _identifier(source, s[2], e[2]), Span(source, s[2], e[2]))


def number(source: Source, v: V, s: Places, e: Places) -> Tree:
    text = source.text[s[0] : e[0]]
    span = Span(source, s[0], e[0])
    if text[0] == "0" and len(text) > 1:
        if text[1] in "xXoObB":
            return Number(span, literals.based(text, span), False)
        if text.replace("_", "").isdigit() and text.strip("0_"):
            refuse(
                span,
                "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
                "starts with 0",
                f"write {text.lstrip('0_')}",
                code="bad-number",
            )
    value, decimal = literals.number(text, span)
    return Number(span, value, decimal)


# ---------------------------------------------------------------------------------------------------------- targets

_WHAT = {
    "Number": "literal",
    "String": "literal",
    "FString": "f-string expression",
    "Constant": "literal",
    "Call": "function call",
    "Compare": "comparison",
    "Unary": "expression",
    "Binary": "expression",
    "Conditional": "conditional expression",
    "Lambda": "lambda",
    "Comprehension": "comprehension",
    "DictOf": "dict literal",
    "SetOf": "set display",
    "Named": "named expression",
    "Yield": "yield expression",
}


def describe(tree: Tree) -> str:
    """What Python calls an expression that cannot be assigned to."""
    kind = type(tree).__name__
    if kind == "Constant":
        value = tree.value  # type: ignore[attr-defined]
        return "ellipsis" if value is ... else str(value)
    if kind == "Comprehension":
        which: str = tree.kind  # type: ignore[attr-defined]
        return "generator expression" if which == "generator" else f"{which} comprehension"
    return _WHAT.get(kind, "expression")


def _compares(tree: Tree) -> bool:
    """Whether Python takes the `=` after such an expression for a `==`."""
    if isinstance(tree, (Binary, Unary)):
        return tree.op not in ("and", "or", "not")
    if isinstance(tree, Comprehension):
        return tree.kind != "generator"
    if isinstance(tree, Constant):
        return tree.value is ...
    return isinstance(tree, (Number, String, FString, Call, DictOf, SetOf))


def target(tree: Tree, verb: str = "assign to", *, equals: bool = False, starred: bool = False) -> Tree:
    """The tree, if it can be assigned to (or deleted: then nothing is starred)."""
    waiting: list[tuple[Tree, bool]] = [(tree, starred)]
    while waiting:
        part, may_star = waiting.pop()
        if isinstance(part, (Name, Attribute, Index)):
            continue
        if isinstance(part, (TupleOf, ListOf)):
            if verb == "assign to" and sum(type(item) is Starred for item in part.items) > 1:
                refuse(part.span, "multiple starred expressions in assignment", "only one can take what is left")
            waiting.extend((item, verb == "assign to") for item in reversed(part.items))
        elif isinstance(part, AsItem):
            return tree  # nothing takes it, and so it is refused at the end
        elif isinstance(part, Starred):
            if verb != "assign to":
                refuse(part.span, f"cannot {verb} starred", "cannot stand here")
            if not may_star:
                refuse(
                    part.span,
                    "starred assignment target must be in a list or tuple",
                    "stands alone",
                    f"write {part.span.text}, with a comma",
                )
            waiting.append((part.value, False))
        else:
            what = describe(part)
            message = f"cannot {verb} {what}"
            if equals and part is tree and _compares(part):
                message += " here. Maybe you meant '==' instead of '='?"
            refuse(part.span, message, "cannot be changed", *(["to compare, write =="] if equals else []))
    return tree


# ------------------------------------------------------------------------------------------------- simple statements


def bare_tuple(source: Source, v: V, s: Places, e: Places) -> Tree:
    first = allowed(v[0], s[0], starred=True)
    return TupleOf(_whole(source, s, e), [first, *v[2]] if len(v) > 2 else [first])


def expression_statement(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return ExprStatement(_whole(source, s, e), allowed(v[0], s[0]))


def target_more(source: Source, v: V, s: Places, e: Places) -> list[Tree]:
    targets: list[Tree] = v[0]
    targets.append(v[1])
    return targets


def assign(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    for part in v[0]:
        target(part, equals=True)
    return Assign(_whole(source, s, e), v[0], allowed(v[1], s[1]))


def augmented(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    op = source.text[s[1] : e[1] - 1]
    if not isinstance(v[0], (Name, Attribute, Index)):
        what = {TupleOf: "tuple", ListOf: "list"}.get(type(v[0])) or describe(v[0])
        refuse(v[0].span, f"'{what}' is an illegal expression for augmented assignment", "cannot be changed")
    value = allowed(v[2], s[2])
    return AugAssign(_whole(source, s, e), v[0], actions.NORMAL.get(op, op), Span(source, s[1], e[1]), value)


def annotated(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    if isinstance(v[0], (TupleOf, ListOf)):
        what = "tuple" if isinstance(v[0], TupleOf) else "list"
        refuse(v[0].span, f"only single target (not {what}) can be annotated", "more than one")
    if not isinstance(v[0], (Name, Attribute, Index)):
        refuse(v[0].span, "illegal target for annotation", "cannot be annotated")
    allowed(v[2], s[2])
    return AnnAssign(_whole(source, s, e), v[0], allowed(v[4], s[4]) if len(v) > 3 else None)


def return_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    span = _whole(source, s, e)
    source.returns.append(("return", span))
    return Return(span, allowed(v[1], s[1]) if len(v) > 1 else None)


def yield_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    span = _whole(source, s, e)
    source.returns.append(("yield", span))
    return Yield(span, allowed(v[1], s[1]) if len(v) > 1 else None)


def yield_from(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    refuse(
        Span(source, s[0], e[1]),
        "yield from is not part of the language",
        "unknown",
        f"write for item in {v[2].span.text}: yield item",
    )


def raise_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    value = allowed(v[1], s[1]) if len(v) > 1 else None
    return Raise(_whole(source, s, e), value, allowed(v[3], s[3]) if len(v) > 3 else None)


def assert_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return Assert(_whole(source, s, e), allowed(v[1], s[1]), allowed(v[3], s[3]) if len(v) > 3 else None)


def delete(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    targets: list[Tree] = v[1]
    for part in targets:
        target(part, "delete")
    return Delete(_whole(source, s, e), targets)


def scope(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Scope(_whole(source, s, e), source.text[s[0] : e[0]], v[1])


def pass_(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Pass(_whole(source, s, e))


def break_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    source.jumps.append(("break", _whole(source, s, e)))
    return Break(_whole(source, s, e))


def continue_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    source.jumps.append(("continue", _whole(source, s, e)))
    return Continue(_whole(source, s, e))


def word(source: Source, v: V, s: Places, e: Places) -> str:
    return _identifier(source, s[0], e[0])


def word_first(source: Source, v: V, s: Places, e: Places) -> list[str]:
    return [_identifier(source, s[0], e[0])]


def word_more(source: Source, v: V, s: Places, e: Places) -> list[str]:
    return [*v[0], _identifier(source, s[2], e[2])]


def dotted(source: Source, v: V, s: Places, e: Places) -> str:
    return f"{v[0]}.{_identifier(source, s[2], e[2])}"


def module(source: Source, v: V, s: Places, e: Places) -> tuple[str, str | None, Span]:
    return v[0], _identifier(source, s[2], e[2]) if len(v) > 1 else None, _whole(source, s, e)


def module_name(source: Source, v: V, s: Places, e: Places) -> tuple[str, str | None, Span]:
    alias = _identifier(source, s[2], e[2]) if len(v) > 1 else None
    return _identifier(source, s[0], e[0]), alias, _whole(source, s, e)


def import_(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Import(_whole(source, s, e), v[1])


def import_star(source: Source, v: V, s: Places, e: Places) -> list[tuple[str, None, Span]]:
    return [("*", None, _whole(source, s, e))]


def dots(source: Source, v: V, s: Places, e: Places) -> int:
    return (v[0] or 0) + e[-1] - s[-1] if len(v) > 1 else e[0] - s[0]


def import_from(source: Source, v: V, s: Places, e: Places) -> Tree:
    level = v[1] if isinstance(v[1], int) else 0
    dotted = v[-3] if isinstance(v[-3], str) else ""
    return ImportFrom(_whole(source, s, e), dotted, Span(source, s[1], e[-3]), level, v[-1])


# ----------------------------------------------------------------------------------------------- compound statements


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
    return If(_whole(source, s, e), allowed(v[1], -1), v[3], v[4] if len(v) > 4 else [])


def elif_(source: ProgramSource, v: V, s: Places, e: Places) -> list[Tree]:
    return [if_(source, v, s, e)]


def while_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    _close_loop(source, s[3], e[3])
    return While(_whole(source, s, e), allowed(v[1], -1), v[3], v[4] if len(v) > 4 else [])


def for_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    _close_loop(source, s[5], e[5])
    return For(_whole(source, s, e), v[1], allowed(v[3], s[3]), v[5], v[6] if len(v) > 6 else [])


def _close_loop(source: ProgramSource, start: int, end: int) -> None:
    """A loop's body may break and continue; its `else` belongs to the loop around."""
    source.jumps[:] = [jump for jump in source.jumps if not start <= jump[1].start < end]


def loop_targets(source: Source, v: V, s: Places, e: Places) -> Tree:
    targets: list[Tree] = v[0]
    if len(v) == 1 and len(targets) == 1:
        return target(targets[0])
    return target(TupleOf(_whole(source, s, e), targets))


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
    return With(_whole(source, s, e), v[0], v[1])


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
    return Handler(_whole(source, s, e), v[0][0], v[0][1], v[1])


def finally_(source: ProgramSource, v: V, s: Places, e: Places) -> tuple[list[Tree]]:
    return (v[2],)  # in a tuple: so `try_` tells it from an else


def try_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    rest = v[3:]
    finalbody = rest.pop()[0] if isinstance(rest[-1], tuple) else []
    handlers: list[Handler] = rest.pop(0) if rest else []
    for bare in handlers[:-1]:
        if bare.kind is None:
            refuse(Span(source, bare.span.start, bare.span.start + 6), "default 'except:' must be last", "catches all")
    return Try(_whole(source, s, e), v[2], handlers, rest[0] if rest else [], finalbody)


def decorator(source: ProgramSource, v: V, s: Places, e: Places) -> Any:
    return allowed(v[1], -1)


def decorated(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    node: Def | Class = v[1]
    node.decorators = v[0]
    return node


def def_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return _definition(source, [], v, s, e)


def def_parameters(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return _definition(source, _checked_parameters(v[3], "function"), v, s, e)


def _definition(source: ProgramSource, parameters: list[Parameter], v: V, s: Places, e: Places) -> Tree:
    while source.returns and source.returns[-1][1].start >= s[-1]:
        source.returns.pop()
    _refuse_jumps(source, s[-1])
    name = Span(source, s[1], e[1])
    return Def(_whole(source, s, e), _identifier(source, s[1], e[1]), name, parameters, v[-1], [])


def class_(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    return _class(source, [], v, s, e)


def class_arguments(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    bases, keywords = _arguments(v[3])
    for extra in [*keywords, *(base for base in bases if isinstance(base, (Starred, DoubleStarred)))]:
        refuse(extra.span, "a class has bases alone here", "not part of the language", "leave it out")
    return _class(source, bases, v, s, e)


def _class(source: ProgramSource, bases: list[Tree], v: V, s: Places, e: Places) -> Tree:
    for kind, span in source.returns:
        if span.start >= s[-1]:
            refuse(span, f"'{kind}' outside function", "not in a function")
    _refuse_jumps(source, s[-1])
    return Class(_whole(source, s, e), _identifier(source, s[1], e[1]), Span(source, s[1], e[1]), bases, v[-1], [])


def _refuse_jumps(source: ProgramSource, start: int) -> None:
    """A function's or a class's body is outside of the loop that it stands in."""
    for kind, span in source.jumps:
        if span.start >= start:
            outside(kind, span)


def outside(kind: str, span: Span) -> NoReturn:
    """Refuse a jump that nothing around it takes."""
    if kind in ("return", "yield"):
        refuse(span, f"'{kind}' outside function", "not in a function", "at the top of a program, print the value")
    message = "'break' outside loop" if kind == "break" else "'continue' not properly in loop"
    refuse(span, message, "not in a for or while loop")


# -------------------------------------------------------------------------------------------------------- parameters


def parameter(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Parameter(Span(source, s[0], e[0]), _identifier(source, s[0], e[0]), "plain", None)


def parameter_default(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Parameter(_whole(source, s, e), _identifier(source, s[0], e[0]), "plain", allowed(v[2], s[2]))


def parameter_annotated_default(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Parameter(_whole(source, s, e), _identifier(source, s[0], e[0]), "plain", allowed(v[4], s[4]))


def parameter_mark(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Parameter(_whole(source, s, e), "", source.text[s[0] : e[0]], None)


def parameter_rest(source: Source, v: V, s: Places, e: Places) -> Tree:
    kind = source.text[s[0] : e[0]]
    return Parameter(Span(source, s[0], e[1]), _identifier(source, s[1], e[1]), kind, None)


def _checked_parameters(written: list[Parameter], of: str) -> list[Parameter]:
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


_OWN: tuple[Any, ...] = (
    *(conditional, lambda_, named, starred, double_starred, as_item, compare_word, compare_word_more, operator_word),
    *(operator_words, parenthesised, generator_argument, dict_comprehension, clause, clause_condition, dict_of, set_of),
    *(pair_first, pair_more, keyword, slice, call, index, name, attribute, number, bare_tuple, expression_statement),
    *(target_more, assign, augmented, annotated, return_, yield_, yield_from, raise_, assert_, delete, scope, pass_),
    *(break_, continue_, word, word_first, word_more, dotted, module, module_name, import_, import_star, dots),
    *(import_from, take, second, third, suite, extend, append, if_, elif_, while_, for_, loop_targets, with_header),
    *(with_, except_header, except_several, handler, finally_, try_, decorator, decorated, def_, def_parameters, class_),
    *(class_arguments, parameter, parameter_default, parameter_annotated_default, parameter_mark, parameter_rest),
    *(program_strings.string, program_strings.strings, program_strings.strings_more, program_strings.joined_strings),
)
BUILDERS: dict[str, Any] = {
    **actions.BUILDERS,
    **{function.__name__: function for function in _OWN},
    "generator": _comprehension("generator"),
    "list_comprehension": _comprehension("list"),
    "set_comprehension": _comprehension("set"),
}
