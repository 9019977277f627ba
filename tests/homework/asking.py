"""Questions for tests, made from short texts."""

from __future__ import annotations

from functools import cache

from autodiff.graph.sizes import Shape, Size
from autodiff.homework.check import Prepared, Question, Verdict, check, prepare


def shape(text: str) -> Shape:
    """`4,3` or `m,n`; nothing is a number."""
    return tuple([int(word) if word.isdigit() else Size.named(word) for word in text.split(",") if word])


@cache
def question(expr: str, shapes: str, wrt: str | None = None) -> Prepared:
    """`x:3 A:3,3`; the first variable is the one to differentiate by, if none is named."""
    declared = {name: shape(sizes) for name, _, sizes in (word.partition(":") for word in shapes.split())}
    return prepare(Question(expr, wrt or next(iter(declared), None), declared))


def verdict(expr: str, shapes: str, answer: str) -> Verdict:
    return check(question(expr, shapes), answer)
