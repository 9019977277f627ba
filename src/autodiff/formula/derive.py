"""The gradient of an expression as a formula, verified.

    Question ──build──▶ graph ──backward──▶ gradient ──terms──▶ candidates ──verify──▶ the first that is right

A formula is right when, read again and evaluated at random points in several sizes, it gives the gradient's values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from autodiff import ops as _operations  # noqa: F401  (registers them)
from autodiff.errors import AutodiffError
from autodiff.formula import from_graph, order, sums
from autodiff.formula import term as t
from autodiff.formula.assumed import assumed_elementwise, deep_stack, needs_shape, shapes_for, variables_wanted
from autodiff.formula.conditions import at_poles
from autodiff.formula.printing import LONG, PartsPrinter, Printer, length
from autodiff.formula.question import Question, build
from autodiff.formula.refusal import no_formula
from autodiff.formula.simplify import Simplifier, shortest
from autodiff.formula.verify import Points, gradient_of, hessian_of
from autodiff.graph.dtypes import float64, using_default_dtype
from autodiff.graph.node import Node, ancestors
from autodiff.graph.sizes import Shape

READ = 5_000  # characters that are read again as they stand; a longer formula is read in parts
READ_IN_PARTS = 150_000  # characters of these parts together

CUTTING = ("slice", "slice_scatter", "select", "select_scatter")
LARGEST = 100  # indices; for larger ones, nothing is computed


class Derived(NamedTuple):
    """Formulas by variable, second derivatives by two, what was assumed of which, and everybody's shape."""

    gradient: dict[str, str]
    assumes: dict[str, str]
    hessian: dict[str, dict[str, str]] | None = None
    shapes: Mapping[str, Shape] = {}


def derive(question: Question) -> Derived:
    """The gradient for each variable, and with order 2 the Hessian.

    Raises what building raises, `needs-shape`, `no-formula`, `non-scalar-output`.
    """
    with deep_stack(), using_default_dtype(float64):
        shapes, assumes = shapes_for(question)
        wrt = variables_wanted(question, shapes)
        built = build(question, shapes, wrt)
        elementwise = assumed_elementwise(question, built, wrt)
        assumes.update(elementwise)
        printed = dict(shapes)
        if question.gradient is not None:
            printed[question.gradient] = built.output.shape
        found = {}
        for name, gradient in zip(wrt, built.gradients, strict=True):
            found[name] = _formula(question, shapes, printed, name, gradient)
        hessian: dict[str, dict[str, str]] | None = None
        if question.order == 2:
            _needs_sizes(shapes, assumes, wrt)
            diagonal = bool(elementwise)
            hessian = {x: {} for x in wrt}
            for x in wrt:
                for y in wrt:
                    # Of a number and a vector, one order is a gradient: the other is the same.
                    first, other = (y, x) if shapes[x] and not shapes[y] else (x, y)
                    hessian[x][y] = _second(question, found[first], printed, first, other, diagonal)
        return Derived(found, assumes, hessian, printed)


# Formulas


def _formula(
    question: Question, shapes: Mapping[str, Shape], printed: Mapping[str, Shape], name: str, gradient: Node | None
) -> str:
    nothing = "0" if not shapes[name] else f"zeros_like({name})"
    if gradient is None:
        return nothing
    points = Points(shapes, gradient_of(question, name), not _needs_regular(gradient), _least_size(gradient))
    try:
        t.forget()
        found = _first_right(from_graph.convert([gradient])[0], Printer(printed, name), points, nothing)
        if found is None:
            t.forget()
            with at_poles():
                found = _first_right(from_graph.convert([gradient])[0], Printer(printed, name), points, nothing)
    except RecursionError:
        raise no_formula("the expression is nested too deeply for a formula") from None
    if found is None:
        raise no_formula(f"no formula was found that gives the gradient for {name}")
    return found


def _needs_regular(gradient: Node) -> bool:
    """Whether matrices must be regular, as products of thin ones are not."""
    return any(
        node.op.name.startswith(("linalg.", "inv", "cholesky", "cofactor", *CUTTING)) for node in ancestors([gradient])
    )


def _least_size(gradient: Node) -> int:
    """The smallest size at which what slices and indices take is there."""
    cutting = (node for node in ancestors([gradient]) if node.op.name in CUTTING)
    places = [abs(place) for node in cutting for place in node.params[1:] if isinstance(place, int)]
    return max([2, *(place + 1 for place in places if place <= LARGEST)])


def _second(question: Question, text: str, shapes: Mapping[str, Shape], x: str, y: str, diagonal: bool) -> str:
    """The second derivative for x and y, where the first for x is `text`; shapes are the cotangent's as well."""
    asked = {name: shape for name, shape in shapes.items() if name != question.gradient}
    printer = Printer(shapes, x)
    t.forget()
    try:
        raw = order.second(text, shapes, x, y, diagonal)
        nothing = printer.text(t.zeros(asked[x] if diagonal else (*asked[x], *asked[y])))
        if raw is None:
            return nothing
        found = _first_right(raw, printer, Points(asked, hessian_of(question, x, y, diagonal)), nothing)
    except RecursionError:
        raise no_formula("the expression is nested too deeply for a formula") from None
    if found is None:
        raise no_formula(f"no formula was found that gives the second derivative for {x} and {y}")
    return found


def _needs_sizes(shapes: Mapping[str, Shape], assumes: Mapping[str, str], wrt: Sequence[str]) -> None:
    for name in wrt:
        if shapes[name] and name in assumes:
            raise needs_shape([name], "the Hessian is a matrix for a vector, and a number for a number")


def _first_right(raw: t.Term, printer: Printer, points: Points, nothing: str) -> str | None:
    """The best form of a term that has the right values."""
    refused: AutodiffError | None = None
    for form in (_best, lambda term, printer: term):
        t.allow(t.WORK)
        try:
            term = form(raw, printer)
            text = printer.text(term)
            agrees = points.agree(text) if len(text) <= READ else _parts_agree(term, printer, points)
        except AutodiffError as error:
            if error.code != "no-formula":
                raise
            refused = error
            continue
        if agrees:
            return text
    if refused is not None:
        raise refused
    return nothing if points.agree(nothing) and not points.underflow() else None


def _parts_agree(term: t.Term, printer: Printer, points: Points) -> bool:
    """Whether a term whose text is long has the right values: its parts are read one by one."""
    parts = PartsPrinter(printer.shapes)
    text = parts.text(term)
    if sum(map(len, parts.parts.values())) > READ_IN_PARTS:
        raise no_formula("the formula is too long to be verified")
    return points.agree(text, parts.parts)


def _best(raw: t.Term, printer: Printer) -> t.Term:
    """The term simplified, and of its forms the shortest that a bounded search finds."""
    simplifier = Simplifier()
    term = simplifier.simplify(sums.over_each(raw))
    text = printer.text(term)
    try:
        for _ in range(4):
            if len(text) > LONG:
                break
            shorter = shortest(term, printer, simplifier.simplify)
            if shorter is term or length(printer.text(shorter)) > length(text):
                break
            term, text = shorter, printer.text(shorter)
    except t.ExhaustedError:
        pass
    return term


__all__ = ["Derived", "Question", "derive"]
