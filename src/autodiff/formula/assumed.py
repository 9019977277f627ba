"""What a question takes for granted: the shapes of its variables, whom it asks about, and element by element or not."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from autodiff.errors import AutodiffError
from autodiff.formula.question import Built, Question, build, names_of
from autodiff.graph.build import Builder
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.lookup import CONSTANTS, did_you_mean, find_dtype
from autodiff.graph.node import ancestors
from autodiff.graph.primitive import CONVERT
from autodiff.graph.sizes import Shape, Size, show
from autodiff.solve import parsed
from autodiff.syntax import tree as T  # noqa: N812

DEPTH = 20_000  # of Python's stack, for terms that are nested deeply


@contextmanager
def deep_stack() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def free_names(question: Question) -> list[str]:
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


def shapes_for(question: Question) -> tuple[dict[str, Shape], dict[str, str]]:
    """The shape of every variable, with what was assumed of those that have none declared."""
    shapes = dict(question.shapes)
    free = free_names(question)
    if not free:
        return shapes, {}
    scalars: dict[str, Shape] = dict.fromkeys(free, ())
    try:
        output = build(question, {**shapes, **scalars}, ()).output
    except AutodiffError as error:
        if error.code in ("bad-rank", "matmul-shape", "dim-out-of-range", "too-many-indices", "shape-mismatch"):
            raise needs_shape(free, f"the expression does not hold for numbers: {error.message}") from None
        raise
    reductions = [node for node in ancestors([output]) if node.op.name in (*WHOLE, "logsumexp", "softmax", "numel")]
    if not reductions:
        return {**shapes, **scalars}, dict.fromkeys(free, "a number")
    over = {n.params[0] for r in reductions for n in ancestors([r]) if n.op.name == "variable"} & set(free)
    if not over:
        return {**shapes, **scalars}, dict.fromkeys(free, "a number")
    if len(free) > 1 or any(shapes.values()):
        raise needs_shape(free, "several variables stand under one reduction, and their shapes decide the answer")
    if any(node.params and node.params[0] not in (None, (), 2, 1) for node in reductions if node.op.name != "numel"):
        raise needs_shape(free, "a reduction along a dim needs to know how many there are")
    (name,) = free
    shapes[name] = (Size.named(f"{name}_rows"), Size.named(f"{name}_columns"))
    return shapes, {name: "a tensor of any shape"}


def needs_shape(names: Sequence[str], why: str) -> AutodiffError:
    example = " ".join(f"{name}:n" for name in names)
    return AutodiffError(
        "needs-shape",
        f"the shape of {', '.join(names)} is not known",
        type="ValueError",
        says=why,
        help=f"declare it: {example}, or with other sizes, such as {names[0]}:m,n or {names[0]}:scalar",
    )


def variables_wanted(question: Question, shapes: Mapping[str, Shape]) -> list[str]:
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


def assumed_elementwise(question: Question, built: Built, wrt: Sequence[str]) -> dict[str, str]:
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
