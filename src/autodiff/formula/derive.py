"""The gradient of an expression as a formula, verified.

    Question ──build──▶ graph ──backward──▶ gradient ──terms──▶ candidates ──verify──▶ the first that is right

A formula is right when, read again and evaluated at random points in several sizes, it gives the gradient's values.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autodiff import ops as _operations  # noqa: F401  (registers them)
from autodiff.backward import gradients, initial_cotangent
from autodiff.errors import AutodiffError
from autodiff.execute.run import evaluate
from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.printing import Printer, length
from autodiff.formula.simplify import Simplifier, shortest
from autodiff.graph.build import CONSTANTS, Builder
from autodiff.graph.dtypes import float64, using_default_dtype
from autodiff.graph.lookup import did_you_mean, find_dtype
from autodiff.graph.node import Node, ancestors, placed
from autodiff.graph.op import CONVERT, Elementwise, ops, strengthen, variable
from autodiff.graph.sizes import Dim, Shape, Size, show
from autodiff.ops.create import SIZE
from autodiff.solve import parsed
from autodiff.syntax import tree as T  # noqa: N812

DEPTH = 20_000  # of Python's stack, for terms that are nested deeply
# Random points: each draws numbers between two bounds; the last two make square matrices easy to invert.
RANGES = ((0.3, 1.7), (-1.8, 1.8), (0.1, 0.9), (1.1, 3.0), (-0.9, -0.1))
RTOL = 1e-6
LARGEST = 1e6  # gradients beyond are of matrices that are nearly singular, where rounding decides


class Question(NamedTuple):
    """What is asked: shapes of variables (None in `shapes` is not there), and whom to differentiate for."""

    expr: str
    shapes: Mapping[str, Shape]
    wrt: Sequence[str] | None = None
    gradient: str | None = None  # the name that stands for the cotangent
    let: Mapping[str, str] = {}


class Derived(NamedTuple):
    """Formulas by variable, and what was assumed of which."""

    gradient: dict[str, str]
    assumes: dict[str, str]


class _Built(NamedTuple):
    output: Node
    variables: dict[str, Node]
    gradients: list[Node | None]


def derive(question: Question) -> Derived:
    """The gradient for each variable; raises what building raises, `needs-shape`, `no-formula`, `non-scalar-output`."""
    with _deep(), using_default_dtype(float64):
        shapes, assumes = _shapes(question)
        wrt = _wanted(question, shapes)
        built = _build(question, shapes, wrt)
        assumes.update(_elementwise(question, built, wrt))
        found = {}
        for name, gradient in zip(wrt, built.gradients, strict=True):
            found[name] = _formula(question, shapes, name, gradient, wrt)
        return Derived(found, assumes)


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
    sizes = {name for shape in question.shapes.values() for size in shape for name in _names_of(size)}
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


def _names_of(size: Dim) -> set[str]:
    return set() if isinstance(size, int) else {name for names, _ in size.terms for name in names}


WHOLE = ("sum", "mean", "prod", "vector_norm", "var", "std", "nansum", "amax", "amin", "max", "min")


def _shapes(question: Question) -> tuple[dict[str, Shape], dict[str, str]]:
    """The shape of every variable, with what was assumed of those that have none declared."""
    shapes = dict(question.shapes)
    free = _free_names(question)
    if not free:
        return shapes, {}
    scalars: dict[str, Shape] = dict.fromkeys(free, ())
    try:
        output = _build(question, {**shapes, **scalars}, ()).output
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


# Graphs


def _build(question: Question, shapes: Mapping[str, Shape], wrt: Sequence[str], tensors: Any = None) -> _Built:
    """The expression over variables of these shapes, and its gradients; names of sizes are integers."""
    variables = {name: variable(name, shape, float64, name in wrt) for name, shape in shapes.items()}
    scope: dict[str, Any] = dict(variables)
    for name, shape in shapes.items():
        for dim, size in enumerate(shape):
            if isinstance(size, Size) and len(size.terms) == 1 and str(size) not in scope:
                scope[str(size)] = SIZE(variables[name], dim)
    scope.update(tensors or {})
    builder = Builder(scope)
    for name, text in question.let.items():
        scope[name] = builder.build(parsed(text))
    tree = parsed(question.expr)
    result = builder.tensor(tree)
    with placed(tree.span):
        output = strengthen(result, result.dtype)
    if not wrt:
        return _Built(output, variables, [])
    if not output.requires_grad:
        return _Built(output, variables, [None for _ in wrt])
    if question.gradient is not None:
        g = variable(question.gradient, output.shape, float64, False)
        variables[question.gradient] = g
        start = initial_cotangent(output, g)
    elif output.shape and all(size == 1 for size in output.shape):
        start = initial_cotangent(output, None)
    elif output.shape:
        start = ops.ones_like(output)
    else:
        start = initial_cotangent(output, None)
    return _Built(output, variables, gradients([output], [start], [variables[name] for name in wrt]))


def _elementwise(question: Question, built: _Built, wrt: Sequence[str]) -> dict[str, str]:
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
    question: Question, shapes: Mapping[str, Shape], name: str, gradient: Node | None, wrt: Sequence[str]
) -> str:
    shape = shapes[name]
    printed = dict(shapes)
    if gradient is None:
        return "0" if not shape else f"zeros_like({name})"
    t.forget()
    try:
        if question.gradient is not None:
            printed[question.gradient] = _build(question, shapes, wrt).output.shape
        raw = from_graph.convert([gradient])[0]
        printer = Printer(printed, name)
        points = Points(question, shapes, name, wrt)
        for candidate in _candidates(raw, printer):
            text = candidate()
            if points.agree(text):
                return text
    except RecursionError:
        raise from_graph.no_formula("the expression is nested too deeply for a formula") from None
    raise from_graph.no_formula(f"no formula was found that gives the gradient for {name}")


def _candidates(raw: t.Term, printer: Printer) -> list[Callable[[], str]]:
    """Formulas to try, best first."""

    def simplified() -> str:
        term = Simplifier().simplify(raw)
        text = printer.text(term)
        for _ in range(4):
            if len(text) > 2000:
                break
            shorter = shortest(term, printer)
            if shorter is term or length(printer.text(shorter)) > length(text):
                break
            term, text = shorter, printer.text(shorter)
        return text

    return [simplified, lambda: printer.text(raw)]


class Points:
    """Random points, with the gradient at each; drawn when first asked for."""

    def __init__(self, question: Question, shapes: Mapping[str, Shape], name: str, wrt: Sequence[str]) -> None:
        self.question = question
        self.shapes = shapes
        self.name = name
        self.wrt = [name]
        self._drawn: list[tuple[dict[str, Node], dict[str, Any], dict[str, np.ndarray], np.ndarray]] | None = None

    def agree(self, text: str) -> bool:
        """Whether the formula gives the gradient at every point where that is finite."""
        checked = 0
        for variables, scope, feeds, wanted in self._points():
            try:
                node = Builder({**variables, **scope}).tensor(parsed(text))
                value = evaluate([strengthen(node, node.dtype)], feeds)[0]
            except AutodiffError:
                return False
            if np.shape(value) != np.shape(wanted):
                return False
            if not wanted.any() and np.isnan(value).all():
                continue  # all is zero, and the formula has 0/0: it holds where it has a value
            finite = np.isfinite(wanted)
            checked += bool(finite.any())
            scale = max(1.0, float(np.max(np.abs(wanted[finite]), initial=0.0)))
            if not np.all(np.abs(value[finite] - wanted[finite]) <= RTOL * scale):
                return False
        return checked > 0

    def _points(self) -> list[tuple[dict[str, Node], dict[str, Any], dict[str, np.ndarray], np.ndarray]]:
        if self._drawn is None:
            self._drawn = [point for point in self._draw() if point is not None]
        return self._drawn

    def _draw(self) -> Iterator[Any]:
        random = np.random.default_rng(20)
        names = sorted({name for shape in self.shapes.values() for size in shape for name in _names_of(size)})
        unknown = {name for name in self.shapes if f"{name}_rows" in names}
        found = 0
        for round_ in range(4 * len(RANGES)):
            low, high = RANGES[round_ % len(RANGES)]
            sizes = {name: int(random.integers(2, 6)) for name in names}
            shapes = {name: tuple(_value_of(size, sizes) for size in shape) for name, shape in self.shapes.items()}
            for name in unknown:
                shapes[name] = tuple(int(n) for n in random.integers(2, 5, size=(2, 1, 3, 0, 2)[round_ % 5]))
            for name in names:
                if any(name in (f"{x}_rows", f"{x}_columns") for x in unknown):
                    del sizes[name]
            point = self._point(shapes, sizes, low, high, random)
            if point is not None:
                found += 1
                yield point
            if found == len(RANGES):
                return

    def _point(self, shapes: dict[str, Any], sizes: dict[str, int], low: float, high: float, random: Any) -> Any:
        scope = {name: value for name, value in sizes.items() if name not in shapes}
        try:
            built = _build(self.question, shapes, self.wrt, scope)
            feeds = {}
            for name, node in built.variables.items():
                value = random.uniform(low, high, size=node.shape)
                if len(node.shape) == 2 and node.shape[0] == node.shape[1]:
                    value = value + 3 * np.eye(*value.shape)
                feeds[name] = np.asarray(value)
            (gradient,) = built.gradients
            if gradient is None:
                return None
            wanted = evaluate([gradient], feeds)[0]
            near = evaluate([gradient], {name: value * (1 + 1e-10) for name, value in feeds.items()})[0]
        except AutodiffError:
            return None
        if not np.isfinite(wanted).any() or np.max(np.abs(wanted[np.isfinite(wanted)])) > LARGEST:
            return None
        finite = np.isfinite(wanted)
        if np.max(np.abs(near[finite] - wanted[finite])) > RTOL / 10 * max(1.0, float(np.max(np.abs(wanted[finite])))):
            return None  # rounding decides here
        return dict(built.variables), scope, feeds, np.asarray(wanted)


def _value_of(size: Dim, sizes: Mapping[str, int]) -> int:
    if isinstance(size, int):
        return size
    total = 0
    for names, coefficient in size.terms:
        product = coefficient
        for name in names:
            product *= sizes[name]
        total += product
    return total


__all__ = ["Derived", "Question", "derive"]
