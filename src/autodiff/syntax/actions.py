"""The functions that the grammar names: each builds the node of its rule.

They get the values of the rule's symbols (None for a token) with the start and end of what each covers in the text,
and make the span of their node from these. `lalr` calls them as rules are reduced, innermost first.
"""

from __future__ import annotations

from typing import Any

from autodiff.errors import Source, Span
from autodiff.syntax import literals
from autodiff.syntax.lalr import Builder
from autodiff.syntax.tree import (
    Attribute,
    Binary,
    Call,
    Compare,
    Constant,
    Index,
    Keyword,
    ListOf,
    Name,
    Number,
    Slice,
    String,
    Tree,
    TupleOf,
    Unary,
)

NORMAL = {"^": "**", "−": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!="}
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def _sign(source: Source, start: int, end: int) -> str:
    sign = source.text[start:end]
    return NORMAL.get(sign, sign)


def binary(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    span = Span(source, s[0], e[2])
    return Binary(span, _sign(source, s[1], e[1]), Span(source, s[1], e[1]), v[0], v[2])


def unary(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return Unary(Span(source, s[0], e[1]), _sign(source, s[0], e[0]), v[1])


def compare(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return Compare(Span(source, s[0], e[2]), [_sign(source, s[1], e[1])], [v[0], v[2]])


def compare_more(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    # The chain is not finished and nobody else holds it; a new node for every link would make long chains quadratic.
    chain: Compare = v[0]
    chain.ops.append(_sign(source, s[1], e[1]))
    chain.operands.append(v[2])
    chain.span = Span(source, s[0], e[2])
    return chain


def superscript(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    sign = Span(source, s[1], e[1])
    minus = sign.text[0] == "⁻"
    digits = Span(source, s[1] + minus, e[1])
    exponent: Tree = Number(digits, literals.integer(digits.text.translate(DIGITS), digits), False)
    if minus:
        exponent = Unary(sign, "-", exponent)
    return Binary(Span(source, s[0], e[1]), "**", sign, v[0], exponent)


def attribute(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    name = Span(source, s[2], e[2])
    return Attribute(Span(source, s[0], e[2]), v[0], literals.identifier(name.text, name), name)


def call(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    function = v[0]
    if type(function) is Number or type(function) is Binary:
        from autodiff.syntax.products import called_number

        raise called_number(source, s[0], e[0], s[1], e[-1])
    arguments: list[Tree] = v[2] if len(v) > 3 else []
    args: list[Tree] = []
    keywords: list[Keyword] = []
    for argument in arguments:
        if type(argument) is Keyword:
            keywords.append(argument)
        elif keywords:
            from autodiff.syntax import mistakes

            raise mistakes.positional_after_keyword(source, s[0], e[0], argument, arguments)
        else:
            args.append(argument)
    if len(keywords) > 1 and len({keyword.name for keyword in keywords}) < len(keywords):
        from autodiff.syntax import mistakes

        raise mistakes.repeated_keyword(keywords)
    return Call(Span(source, s[0], e[-1]), function, args, keywords)


def keyword(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    name = Span(source, s[0], e[0])
    return Keyword(Span(source, s[0], e[2]), literals.identifier(name.text, name), name, v[2])


def index(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return Index(Span(source, s[0], e[-1]), v[0], v[2], len(v[2]) > 1)


def index_tuple(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return Index(Span(source, s[0], e[-1]), v[0], v[2], True)


def slice(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    parts: list[Tree | None] = [None]
    for value in v:
        if value is None:  # a colon
            parts.append(None)
        else:
            parts[-1] = value
    return Slice(Span(source, s[0], e[-1]), *[*parts, None][:3])


def first(source: Source, v: list[Any], s: list[int], e: list[int]) -> list[Tree]:
    return [v[0]]


def more(source: Source, v: list[Any], s: list[int], e: list[int]) -> list[Tree]:
    items: list[Tree] = v[0]
    items.append(v[2])
    return items


def parenthesised(source: Source, v: list[Any], s: list[int], e: list[int]) -> Any:
    return v[1]


def tuple_of(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    items = [] if len(v) == 2 else [v[1], *v[3]]
    return TupleOf(Span(source, s[0], e[-1]), items)


def tuple_of_one(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return TupleOf(Span(source, s[0], e[-1]), [v[1]])


def list_of(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return ListOf(Span(source, s[0], e[-1]), [] if len(v) == 2 else v[1])


def name(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    span = Span(source, s[0], e[0])
    id = literals.identifier(source.text[s[0] : e[0]], span)
    if id in literals.PYTHON_WORDS:
        from autodiff.syntax import mistakes

        raise mistakes.python_word(span, id)
    return Name(span, id)


def number(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    span = Span(source, s[0], e[0])
    value, decimal = literals.number(source.text[s[0] : e[0]], span)
    return Number(span, value, decimal)


def string(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    span = Span(source, s[0], e[0])
    return String(span, literals.string(source.text[s[0] : e[0]], span))


def true(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return Constant(Span(source, s[0], e[0]), True)


def false(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return Constant(Span(source, s[0], e[0]), False)


def none(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return Constant(Span(source, s[0], e[0]), None)


def ellipsis(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return Constant(Span(source, s[0], e[0]), ...)


BUILDERS: dict[str, Builder] = {
    function.__name__: function
    for function in (
        *(binary, unary, compare, compare_more, superscript, attribute, call, keyword, index, index_tuple, slice),
        *(first, more, parenthesised, tuple_of, tuple_of_one, list_of),
        *(name, number, string, true, false, none, ellipsis),
    )
}
