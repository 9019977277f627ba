"""What an operation's registered rules say of it: the derivative for each operand, as formulas.

sample "softmax(x, 1); x:2,3" ──symbolic sizes──▶ question ──derive──▶ x: softmax(x, 1)*(g - …)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from autodiff.errors import AutodiffError
from autodiff.formula.derive import derive
from autodiff.formula.question import Question
from autodiff.formula.reading import scope_of
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import float64, using_default_dtype
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.kinds import REQUIRED
from autodiff.graph.node import Node, Results
from autodiff.graph.op import Operation
from autodiff.graph.shown import grad_fn
from autodiff.graph.sizes import Dim, Shape, Size
from autodiff.solve import parsed

WEIGHTS = "g"
SIZE_NAMES = ("m", "n", "k", "l", "p", "q")


class Derivative(NamedTuple):
    """The derivatives of a call, by operand; where `weighted`, they are in terms of the incoming gradient g."""

    call: str
    formulas: dict[str, str]
    weighted: bool
    grad_fn: str | None


def derivative(operation: Operation) -> Derivative | None:
    """The derivatives of an operation in its simplest sample; None where it has none, or no formula is known."""
    unbatched: Derivative | None = None
    without_formula: tuple[int, Derivative] | None = None
    for expr, shapes in _calls(operation):
        name = _grad_fn(expr, shapes)
        if name is None:
            continue
        for chosen, gradient in _ways(shapes):
            found = _derived(expr, chosen, gradient)
            if found is not None and gradient is None:
                if _has_elements(expr, chosen):
                    found = _derived(expr, dict.fromkeys(chosen, ()), None) or found
                elif chosen is not shapes:
                    continue  # of equal shapes it is another operation, such as the dot product
            if found is not None:
                weighted = gradient is not None and any(WEIGHTS in formula for formula in found.values())
                shown = Derivative(expr, found, weighted, name)
                if not name.startswith("Squeeze") or "squeeze" in operation.name:
                    return shown
                unbatched = unbatched or shown  # batches are the common case
        rank = len(next(iter(shapes.values()), ()))
        if without_formula is None or rank > without_formula[0]:  # batches are the common case, and need no squeeze
            without_formula = rank, Derivative(expr, {}, False, name)
    return unbatched or (None if without_formula is None else without_formula[1])


def _ways(shapes: dict[str, Shape]) -> Iterator[tuple[dict[str, Shape], str | None]]:
    """Shapes to try, without and with an incoming gradient: numbers for what works element by element."""
    yield shapes, None
    uniform = dict.fromkeys(shapes, next(iter(shapes.values()), ()))
    if uniform != shapes:
        yield uniform, None  # where it works element by element
    yield shapes, WEIGHTS


def _derived(expr: str, shapes: dict[str, Shape], gradient: str | None) -> dict[str, str] | None:
    try:
        with using_default_dtype(float64):
            return derive(Question(expr, shapes, None, gradient)).gradient
    except AutodiffError:
        return None


def _has_elements(expr: str, shapes: dict[str, Shape]) -> bool:
    """Whether the result of a call is no scalar."""
    with using_default_dtype(float64):
        result = Builder(scope_of(shapes)[1]).tensor(parsed(expr))
    return bool(result.shape)


def _grad_fn(expr: str, shapes: dict[str, Shape]) -> str | None:
    """PyTorch's name for the node; None where nothing is differentiable, or the call does not hold for the shapes."""
    try:
        with using_default_dtype(float64):
            _, scope = scope_of(shapes, tuple(shapes))
            result = Builder(scope).build(parsed(expr))
    except AutodiffError:
        return None
    nodes = result if isinstance(result, (Results, list, tuple)) else [result]
    return next((grad_fn(node) for node in nodes if isinstance(node, Node) and node.requires_grad), None)


def _calls(operation: Operation) -> Iterator[tuple[str, dict[str, Shape]]]:
    """Calls to try, simplest first: over numbers for elementwise operations, over symbolic sizes, as declared."""
    samples = list(_samples(operation))
    plain = [sample for sample in samples if _is_plain(*sample)] or [*_simplified(operation, samples), *samples]
    if sum(param.kind == "Tensor" and param.default is REQUIRED for param in operation.signature.params) > 1:
        plain.sort(key=lambda sample: -sum(min(2, len(shape)) for shape in sample[1].values()))
    if isinstance(operation, Elementwise):
        for expr, shapes in plain:
            yield expr, dict.fromkeys(shapes, ())
    for expr, shapes in plain:
        names: dict[int, Dim] = {}
        yield expr, {name: tuple([_symbol(size, names) for size in shape]) for name, shape in shapes.items()}
    yield from plain
    yield from samples


def _simplified(
    operation: Operation, samples: list[tuple[str, dict[str, Shape]]]
) -> Iterator[tuple[str, dict[str, Shape]]]:
    """`linalg.inv(x)` for a sample `linalg.inv(x + 3*eye(3))`, which has operands of its own."""
    required = [param for param in operation.signature.params if param.default is REQUIRED]
    if all(param.kind == "Tensor" for param in required):
        for _, shapes in samples:
            if len(shapes) == len(required):
                yield f"{operation.name}({', '.join(shapes)})", shapes


def _symbol(size: Dim, names: dict[int, Dim]) -> Dim:
    if not isinstance(size, int) or size < 2 or (size not in names and len(names) == len(SIZE_NAMES)):
        return size
    return names.setdefault(size, Size.named(SIZE_NAMES[len(names)]))


def _is_plain(expr: str, shapes: dict[str, Shape]) -> bool:
    """Whether the operands of the call are the variables themselves."""
    inner = expr.partition("(")[2]
    return not any(sign in inner for sign in ("(", "@", "*", "+", ">", "<", "^", "=="))


def _samples(operation: Operation) -> Iterator[tuple[str, dict[str, Shape]]]:
    for text in operation.samples:
        expr, _, declared = text.rpartition(";")
        yield expr.strip(), _declared(declared)
    if operation.samples:
        return
    params = operation.signature.params
    tensors = [params[i].name for i in operation.signature.tensors]
    if tensors and not any(p.default is REQUIRED for p in params if p.name not in tensors):
        shape: Shape = () if isinstance(operation, Elementwise) else (2, 3)
        yield f"{operation.name}({', '.join(tensors)})", dict.fromkeys(tensors, shape)


def _declared(text: str) -> dict[str, Shape]:
    """`x:2,3, y:3 in 0.5..2` as shapes."""
    shapes: dict[str, Shape] = {}
    name = ""
    for piece in text.split(","):
        head, colon, size = piece.partition(" in ")[0].strip().rpartition(":")
        if colon:
            name, shapes[head.strip()] = head.strip(), ()
        if size.strip() not in ("", "scalar"):
            shapes[name] = (*shapes[name], int(size))
    return shapes
