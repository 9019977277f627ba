"""The commands, from Python: an expression with a method for each.

Variables are NumPy arrays, numbers or lists, by keyword; shapes are what follows the colon of `X:m,n`. Whatever the
command would print as an error is raised as `AutodiffError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.solve import Leaf, Problem, parsed, solve

if TYPE_CHECKING:
    from autodiff.formula.steps import Sheet
    from autodiff.functional import Derivatives
    from autodiff.gradcheck import Checked
    from autodiff.graph.sizes import Shape
    from autodiff.homework.question import Verdict
    from autodiff.report.curves import Curve
    from autodiff.report.tree import Entry

Grads = dict[str, np.ndarray | None]
Shapes = Mapping[str, str | Sequence[str | int]]


class Expression:
    """An expression to be evaluated and differentiated from Python, on NumPy arrays.

    Arrays keep their dtype; numbers and lists become float64.  Raises `AutodiffError`, what the command would print.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        parsed(text)

    def __repr__(self) -> str:
        return f"autodiff.expression({self.text!r})"

    # Numbers

    def value(self, **variables: Any) -> np.ndarray:
        """The value, as an array of the result's shape."""
        return self._solve(variables, False)[0]

    def value_and_grad(self, **variables: Any) -> tuple[np.ndarray, Grads]:
        """The value and, for each floating-point variable, the gradient of the (scalar) result: an array of its shape.

        A variable that the result does not depend on has the gradient None.
        """
        return self._solve(variables, True)

    def _solve(self, variables: Mapping[str, Any], backward: bool) -> tuple[np.ndarray, Grads]:
        answer = solve(self._problem(variables, backward=backward))
        if answer.error is not None:
            raise answer.error
        assert answer.value is not None
        return answer.value, answer.grads or {}

    def _problem(self, variables: Mapping[str, Any], **options: Any) -> Problem:
        return Problem(self.text, {name: Leaf(_as_array(value)) for name, value in variables.items()}, **options)

    def jacobian(self, **variables: Any) -> dict[str, np.ndarray]:
        """All first derivatives: for each variable x an array of shape [*result, *x]."""
        from autodiff.functional import jacobian

        return {name: part for (name,), part in _parts(jacobian(self._problem(variables))).items()}

    def hessian(self, **variables: Any) -> dict[str, dict[str, np.ndarray]]:
        """All second derivatives of a scalar: for each pair of variables an array of shape [*x, *y]."""
        from autodiff.functional import hessian

        found: dict[str, dict[str, np.ndarray]] = {}
        for (x, y), part in _parts(hessian(self._problem(variables))).items():
            found.setdefault(x, {})[y] = part
        return found

    def jvp(self, tangents: Mapping[str, Any], **variables: Any) -> np.ndarray:
        """The derivative of the result along `tangents`, arrays of the variables' shapes: an array of its shape."""
        from autodiff.functional import jvp

        (part,) = _parts(jvp(self._problem(variables), _arrays(tangents))).values()
        return part

    def vjp(self, weights: Any, **variables: Any) -> dict[str, np.ndarray]:
        """The gradients of the result weighed by `weights`, of its shape: for each variable an array of its shape."""
        from autodiff.functional import vjp

        found = _parts(vjp(self._problem(variables, gradient=_as_array(weights))))
        return {name: part for (name,), part in found.items()}

    def hvp(self, tangents: Mapping[str, Any], **variables: Any) -> dict[str, np.ndarray]:
        """The Hessian of a scalar times `tangents`: for each variable an array of its shape."""
        from autodiff.functional import hvp

        found = _parts(hvp(self._problem(variables), _arrays(tangents)))
        return {name: part for (name,), part in found.items()}

    def gradcheck(self, **variables: Any) -> Checked:
        """How the derivatives compare with finite differences at these values; true in `ok` where they agree."""
        from autodiff.gradcheck import gradcheck

        checked = gradcheck(self._problem(variables))
        if checked.error is not None:
            raise checked.error
        return checked

    # Formulas

    def derive(
        self, shapes: Shapes | None = None, *, wrt: Sequence[str] | None = None, gradient: str | None = None
    ) -> dict[str, str]:
        """The gradient for each variable as a formula of the same language.

        `shapes` are such as {"X": "m,n", "s": "scalar"}; `gradient` names the weights of a result that is no scalar.
        """
        from autodiff.formula.derive import derive
        from autodiff.formula.question import Question

        return derive(Question(self.text, _shapes(shapes), wrt, gradient)).gradient

    def steps(self, shapes: Shapes | None = None, **variables: Any) -> Sheet:
        """The work, forwards and backwards: with numbers where variables are given, with formulas for `shapes`."""
        from autodiff.formula.question import Question
        from autodiff.formula.steps import steps

        asked = self._problem(variables)
        known = {name: leaf.array.shape for name, leaf in asked.variables.items()}
        return steps(Question(self.text, {**known, **_shapes(shapes)}), asked if variables else None)

    def check(
        self,
        answer: Any,
        *,
        wrt: str | None = None,
        shapes: Shapes | None = None,
        seed: int = 0,
        **variables: Any,
    ) -> Verdict:
        """Whether `answer`, a formula or numbers, is the gradient for `wrt`, and if not, where it went wrong."""
        from autodiff.homework.check import check
        from autodiff.homework.prepare import prepare
        from autodiff.homework.question import Question

        return check(prepare(Question(self.text, wrt, _shapes(shapes), variables, seed=seed)), answer)

    # Pictures

    def graph(self, **variables: Any) -> list[Entry]:
        """The nodes of the grad_fn graph, each once, the result first."""
        from autodiff.report.tree import entries
        from autodiff.solve import Graph

        return entries(Graph(self._problem(variables)).output)

    def plot(self, name: str, start: float, stop: float, *, order: int = 1, **variables: Any) -> list[Curve]:
        """The function and its derivatives up to an order, at 241 points of the variable `name`; others are numbers."""
        from autodiff.report.curves import curves

        return curves(self._problem(variables), name, np.linspace(start, stop, 241), order)


def _parts(found: Derivatives) -> dict[tuple[str, ...], np.ndarray]:
    if found.error is not None:
        raise found.error
    assert found.parts is not None
    return found.parts


def _arrays(values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {name: _as_array(value) for name, value in values.items()}


def _as_array(value: Any) -> np.ndarray:
    if isinstance(value, np.ndarray):
        return value
    array = np.asarray(value)
    return array.astype(np.float64) if array.dtype.kind in "iuf" else array


def _shapes(shapes: Shapes | None) -> dict[str, Shape]:
    from autodiff.request.shapes import shape_of

    return {
        name: shape_of(name, shape if isinstance(shape, str) else ",".join(map(str, shape)))
        for name, shape in (shapes or {}).items()
    }


def expression(text: str) -> Expression:
    """Parse an expression; raises `AutodiffError` when it does not parse."""
    return Expression(text)


__all__ = ["Expression", "expression"]
