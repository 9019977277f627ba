"""Formulas as LaTeX, for amsmath."""

from __future__ import annotations

from collections.abc import Mapping

from autodiff.formula.latex_calls import call
from autodiff.formula.latex_tree import Latex
from autodiff.formula.printing import Printer
from autodiff.formula.reading import Reading
from autodiff.formula.term import Term
from autodiff.graph.sizes import Shape


def latex(term: Term) -> str:
    """A term as LaTeX, over the variables that occur in it."""
    shapes: dict[str, Shape] = {}
    seen: set[Term] = set()
    stack = [term]
    while stack:
        inner = stack.pop()
        if inner not in seen:
            seen.add(inner)
            stack.extend(reversed(inner.args))
            if inner.kind == "var":
                shapes[inner.data] = inner.shape
    return latex_text(Printer(shapes).text(term), shapes)


def latex_text(text: str, shapes: Mapping[str, Shape]) -> str:
    """An expression of the language as LaTeX, over variables of these shapes; raises what parsing raises."""
    return Latex(Reading(text, shapes), call).render()
