"""Second derivatives as formulas: of numbers, of vectors (a matrix), and element by element."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autodiff.backward import gradients, initial_cotangent
from autodiff.errors import AutodiffError
from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.linear import Linear
from autodiff.formula.reading import scope_of
from autodiff.formula.refusal import no_formula
from autodiff.formula.simplify import Simplifier
from autodiff.formula.term import Term
from autodiff.graph.build import Builder
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import variable
from autodiff.graph.sizes import Shape
from autodiff.solve import parsed

VECTOR = " v"  # what a Hessian is multiplied by; no variable can be called that


def second(text: str, shapes: Mapping[str, Shape], x: str, y: str, diagonal: bool) -> Term | None:
    """The derivative for y of the gradient for x, a formula, of shape x.shape + y.shape; None where it is zero.

    Raises `no-formula` where it has more than two dims, or is a matrix that is not seen.
    """
    variables, scope = scope_of(shapes, (y,))
    gradient = Builder(scope).tensor(parsed(text))
    if not gradient.requires_grad:
        return None
    if diagonal:
        return _along(gradient, ops.ones_like(gradient), variables[y])
    if not shapes[x]:
        return _along(gradient, initial_cotangent(gradient, None), variables[y])
    if len(shapes[x]) > 1 or len(shapes[y]) != 1:
        name = x if len(shapes[x]) > 1 else y
        raise AutodiffError(
            "no-formula",
            f"the Hessian for {name} has {len(shapes[x]) + len(shapes[y])} dims, and no formula here is of more than 2",
            type="NotImplementedError",
            help="--order 2 is for numbers and vectors; autodiff hessian computes it for given values",
        )
    v = variable(VECTOR, gradient.shape, gradient.dtype, False)
    product = _along(gradient, v, variables[y])
    if product is None or t.is_zero(product):
        return None
    forms: list[Callable[[Term], Term]] = [lambda term: Simplifier().simplify(term), lambda term: term]
    for form in forms:
        term = form(product)
        matrix = Linear(term, VECTOR).matrix(term)
        if matrix is not None:
            return t.transpose(matrix)
    raise no_formula(f"no formula was found for the Hessian for {x} and {y}")


def _along(gradient: Node, weights: Node, leaf: Node) -> Term | None:
    """The weighed elements of a gradient, differentiated for a variable."""
    (found,) = gradients([gradient], [weights], [leaf])
    return None if found is None else from_graph.convert([found])[0]
