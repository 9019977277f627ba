"""The gradient of an expression as a formula, verified.

    Question ──build──▶ graph ──backward──▶ gradient ──terms──▶ candidates ──verify──▶ the first that is right

A formula is right when, read again and evaluated at random points in several sizes, it gives the gradient's values.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from autodiff import ops as _operations  # noqa: F401  (registers them)
from autodiff.errors import AutodiffError
from autodiff.formula import from_graph, order, sums
from autodiff.formula import term as t
from autodiff.formula.printing import LONG, PartsPrinter, Printer, length
from autodiff.formula.question import Built, Question, build, names_of
from autodiff.formula.simplify import Simplifier, shortest
from autodiff.formula.verify import Points, gradient_of, hessian_of
from autodiff.graph.build import CONSTANTS, Builder
from autodiff.graph.dtypes import float64, using_default_dtype
from autodiff.graph.lookup import did_you_mean, find_dtype
from autodiff.graph.node import Node, ancestors
from autodiff.graph.op import CONVERT, Elementwise
from autodiff.graph.sizes import Shape, Size, show
from autodiff.solve import parsed
from autodiff.syntax import tree as T  # noqa: N812

READ = 5_000  # characters that are read again as they stand; a longer formula is read in parts
DEPTH = 20_000  # of Python's stack, for terms that are nested deeply


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
    with _deep(), using_default_dtype(float64):
        shapes, assumes = _shapes(question)
        wrt = _wanted(question, shapes)
        built = build(question, shapes, wrt)
        elementwise = _elementwise(question, built, wrt)
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


@contextmanager
def _deep() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


# Shapes


def _free_names(question: Question) -> list[str]:
    """Names that the expression has and nobody declared, in order."""
    sizes = {name for shape in question.shapes.values() for size in shape for name in names_of(size)}
    known = {*question.shapes, *sizes, *question.let}
    found: dict[str, None] = {}
    for text in (*question.let.values(), question.expr):
        builder = Builder(dict.fromkeys(known))
        order: list[T.Tree] = []
        stack: list[T.Tree] = [parsed(text)]
        while stack:
            item = stack.pop()
            order.append(item)
            stack.extend(reversed(builder._operands(item)))
        for item in order:
            if isinstance(item, T.Name) and not (item.id in known or item.id in CONSTANTS or find_dtype(item.id)):
                found[item.id] = None
    found.pop(question.gradient or "", None)
    return list(found)


WHOLE = ("sum", "mean", "prod", "vector_norm", "var", "std", "nansum", "amax", "amin", "max", "min")


def _shapes(question: Question) -> tuple[dict[str, Shape], dict[str, str]]:
    """The shape of every variable, with what was assumed of those that have none declared."""
    shapes = dict(question.shapes)
    free = _free_names(question)
    if not free:
        return shapes, {}
    scalars: dict[str, Shape] = dict.fromkeys(free, ())
    try:
        output = build(question, {**shapes, **scalars}, ()).output
    except AutodiffError as error:
        if error.code in ("bad-rank", "matmul-shape", "dim-out-of-range", "too-many-indices", "shape-mismatch"):
            raise _needs_shape(free, f"the expression does not hold for numbers: {error.message}") from None
        raise
    reductions = [node for node in ancestors([output]) if node.op.name in (*WHOLE, "logsumexp", "softmax", "numel")]
    if not reductions:
        return {**shapes, **scalars}, dict.fromkeys(free, "a number")
    over = {n.params[0] for r in reductions for n in ancestors([r]) if n.op.name == "variable"} & set(free)
    if not over:
        return {**shapes, **scalars}, dict.fromkeys(free, "a number")
    if len(free) > 1 or any(shapes.values()):
        raise _needs_shape(free, "several variables stand under one reduction, and their shapes decide the answer")
    if any(node.params and node.params[0] not in (None, (), 2, 1) for node in reductions if node.op.name != "numel"):
        raise _needs_shape(free, "a reduction along a dim needs to know how many there are")
    (name,) = free
    shapes[name] = (Size.named(f"{name}_rows"), Size.named(f"{name}_columns"))
    return shapes, {name: "a tensor of any shape"}


def _needs_shape(names: Sequence[str], why: str) -> AutodiffError:
    example = " ".join(f"{name}:n" for name in names)
    return AutodiffError(
        "needs-shape",
        f"the shape of {', '.join(names)} is not known",
        type="ValueError",
        says=why,
        help=f"declare it: {example}, or with other sizes, such as {names[0]}:m,n or {names[0]}:scalar",
    )


def _wanted(question: Question, shapes: Mapping[str, Shape]) -> list[str]:
    if question.wrt is None:
        return [name for name in shapes if name != question.gradient]
    for name in question.wrt:
        if name not in shapes:
            raise AutodiffError(
                "unknown-wrt",
                f"cannot differentiate with respect to {name!r}: there is no such variable",
                type="ValueError",
                help=did_you_mean(name, list(shapes)),
            )
    return list(question.wrt)


def _elementwise(question: Question, built: Built, wrt: Sequence[str]) -> dict[str, str]:
    """For a result that is no scalar: that its derivative is taken element by element, or an error."""
    output = built.output
    if question.gradient is not None or all(size == 1 for size in output.shape):
        return {}
    for name in wrt:
        leaf = built.variables[name]
        for node in ancestors([output], lambda node: node.requires_grad):
            if node is leaf or leaf not in ancestors([node], lambda node: node.requires_grad):
                continue
            if not (isinstance(node.op, Elementwise) or node.op is CONVERT) or node.shape != leaf.shape:
                raise AutodiffError(
                    "non-scalar-output",
                    "grad can be implicitly created only for scalar outputs",
                    says=f"this has shape {show(output.shape)}, and is not computed element by element from {name}",
                    span=output.span,
                    help="make it a scalar with sum(…), or name the weights of its elements: --gradient g",
                )
    return {"gradient": "the derivative of each element by its own element of the variable"}


# Formulas


def _formula(
    question: Question, shapes: Mapping[str, Shape], printed: Mapping[str, Shape], name: str, gradient: Node | None
) -> str:
    nothing = "0" if not shapes[name] else f"zeros_like({name})"
    if gradient is None:
        return nothing
    t.forget()
    try:
        raw = from_graph.convert([gradient])[0]
        found = _first_right(raw, Printer(printed, name), Points(shapes, gradient_of(question, name)), nothing)
    except RecursionError:
        raise from_graph.no_formula("the expression is nested too deeply for a formula") from None
    if found is None:
        raise from_graph.no_formula(f"no formula was found that gives the gradient for {name}")
    return found


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
        raise from_graph.no_formula("the expression is nested too deeply for a formula") from None
    if found is None:
        raise from_graph.no_formula(f"no formula was found that gives the second derivative for {x} and {y}")
    return found


def _needs_sizes(shapes: Mapping[str, Shape], assumes: Mapping[str, str], wrt: Sequence[str]) -> None:
    for name in wrt:
        if shapes[name] and name in assumes:
            raise _needs_shape([name], "the Hessian is a matrix for a vector, and a number for a number")


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
    return points.agree(parts.text(term), parts.parts)


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
