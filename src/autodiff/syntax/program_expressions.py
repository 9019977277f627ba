"""The expressions that programs have beyond those of `actions`.

The grammar reads more than Python allows where Python would have to look further ahead than one token, and the
functions here refuse what is too much.
"""

from __future__ import annotations

from typing import Any

from autodiff.errors import Source, Span
from autodiff.syntax import actions, literals
from autodiff.syntax.program_parameters import checked_parameters
from autodiff.syntax.program_source import (
    AsItem,
    GeneratorArgument,
    Places,
    ProgramSource,
    V,
    allowed,
    identifier,
    refuse,
    whole,
)
from autodiff.syntax.statements import (
    Clause,
    Comprehension,
    Conditional,
    DictOf,
    DoubleStarred,
    Lambda,
    Named,
    SetOf,
    Starred,
)
from autodiff.syntax.tree import (
    Attribute,
    Call,
    Compare,
    Index,
    Keyword,
    Name,
    Number,
    Tree,
)


def conditional(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    orelse = v[4]
    if type(orelse) is AsItem and orelse.span.start == s[4]:  # `a if b else c as d` means `(a if b else c) as d`
        value = orelse.value
        inner = Conditional(Span(source, s[0], value.span.end), v[2], v[0], value)
        item = AsItem(whole(source, s, e), inner, orelse.target)
        source.as_items[source.as_items.index(orelse)] = item
        return item
    return Conditional(whole(source, s, e), v[2], v[0], allowed(orelse, s[4]))


def lambda_(source: Source, v: V, s: Places, e: Places) -> Tree:
    parameters = checked_parameters(v[1]) if len(v) > 3 else []
    return Lambda(whole(source, s, e), parameters, allowed(v[-1], s[-1]))


def named(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Named(whole(source, s, e), identifier(source, s[0], e[0]), allowed(v[2], s[2]))


def starred(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Starred(whole(source, s, e), v[1])


def double_starred(source: Source, v: V, s: Places, e: Places) -> Tree:
    return DoubleStarred(whole(source, s, e), allowed(v[1], s[1]))


def as_item(source: ProgramSource, v: V, s: Places, e: Places) -> Tree:
    item = AsItem(whole(source, s, e), v[0], v[2])
    source.as_items.append(item)
    return item


def compare_word(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Compare(whole(source, s, e), [v[1]], [v[0], v[2]])


def compare_word_more(source: Source, v: V, s: Places, e: Places) -> Tree:
    chain: Compare = v[0]
    chain.ops.append(v[1])
    chain.operands.append(v[2])
    chain.span = whole(source, s, e)
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
    return GeneratorArgument(whole(source, s, e), Comprehension(whole(source, s, e), "generator", None, value, v[1]))


def _comprehension(kind: str) -> Any:
    def build(source: Source, v: V, s: Places, e: Places) -> Tree:
        if type(v[1]) is Starred:
            refuse(v[1].span, "iterable unpacking cannot be used in comprehension", "cannot be unpacked here")
        return Comprehension(whole(source, s, e), kind, None, v[1], v[2])

    return build


def dict_comprehension(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Comprehension(whole(source, s, e), "dict", allowed(v[1], s[1]), allowed(v[3], s[3]), v[4])


def clause(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Clause(whole(source, s, e), v[1], v[3], [])


def clause_condition(source: Source, v: V, s: Places, e: Places) -> Tree:
    v[0].conditions.append(v[2])
    v[0].span = whole(source, s, e)
    clause: Tree = v[0]
    return clause


def dict_of(source: Source, v: V, s: Places, e: Places) -> Tree:
    return DictOf(whole(source, s, e), v[1] if len(v) > 2 else [])


def set_of(source: Source, v: V, s: Places, e: Places) -> Tree:
    return SetOf(whole(source, s, e), v[1])


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
    args, keywords = split_arguments(v[2] if len(v) > 3 else [])
    return Call(whole(source, s, e), function, args, keywords)


def split_arguments(arguments: list[Tree]) -> tuple[list[Tree], list[Keyword]]:
    args: list[Tree] = []
    keywords: list[Keyword] = []
    names: set[str] = set()
    unpacked = False
    for argument in arguments:
        kind = type(argument)
        if kind is Keyword:
            assert isinstance(argument, Keyword)
            if argument.name in names:
                refuse(argument.name_span, f"keyword argument repeated: {argument.name}", "given again", "remove one")
            names.add(argument.name)
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
    return Index(whole(source, s, e), v[0], v[2], several)


def name(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Name(Span(source, s[0], e[0]), identifier(source, s[0], e[0]))


def attribute(source: Source, v: V, s: Places, e: Places) -> Tree:
    return Attribute(whole(source, s, e), v[0], identifier(source, s[2], e[2]), Span(source, s[2], e[2]))


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


ACTIONS: tuple[Any, ...] = (
    conditional,
    lambda_,
    named,
    starred,
    double_starred,
    as_item,
    compare_word,
    compare_word_more,
    operator_word,
    operator_words,
    parenthesised,
    generator_argument,
    dict_comprehension,
    clause,
    clause_condition,
    dict_of,
    set_of,
    pair_first,
    pair_more,
    keyword,
    slice,
    call,
    index,
    name,
    attribute,
    number,
)
COMPREHENSIONS: dict[str, Any] = {
    "generator": _comprehension("generator"),
    "list_comprehension": _comprehension("list"),
    "set_comprehension": _comprehension("set"),
}
