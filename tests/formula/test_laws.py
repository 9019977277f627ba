"""Every law of matrices holds at random points in several sizes, and is what turns its left side into its right."""

from __future__ import annotations

import re

import numpy as np
import pytest

from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.reading import scope_of
from autodiff.formula.term import laws
from autodiff.formula.term.laws import LAWS, Law
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import float64, using_default_dtype
from autodiff.graph.sizes import Shape, Size
from autodiff.request.shapes import shape_of
from autodiff.solve import Leaf, Problem, parsed, solve

HOLDER: Shape = (Size.named("m"), Size.named("n"))  # of a variable that has both sizes


def shapes_of(law: Law) -> dict[str, Shape]:
    parts = [text.partition(":") for text in law.shapes.split()]
    return {name: shape_of(name, sizes or "scalar") for name, _, sizes in parts if name not in ("m", "n")}


def term_of(text: str, law: Law) -> t.Term:
    """As the builder makes it, without the rules of simplification: laws are applied as terms are made."""
    with using_default_dtype(float64):
        node = Builder(scope_of({**shapes_of(law), "Z": HOLDER})[1]).tensor(parsed(text))
    return from_graph.convert([node])[0]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.left)
@pytest.mark.parametrize("sizes", [{"m": 3, "n": 2}, {"m": 1, "n": 4}, {"m": 2, "n": 1}], ids=str)
def test_both_sides_of_a_law_have_the_same_values(law: Law, sizes: dict[str, int]) -> None:
    random = np.random.default_rng(7)
    leaves = {}
    for name, shape in shapes_of(law).items():
        value = random.uniform(0.5, 1.5, [sizes[str(size)] for size in shape])
        leaves[name] = Leaf(value + 2 * np.eye(*value.shape) if value.ndim == 2 else value)
    values = []
    for side in (law.left, law.right):
        text = re.sub(r"\b[mn]\b", lambda word: f"{sizes[word[0]]}.", side) if side in ("n", "m*n") else side
        text = re.sub(r"\b[mn]\b", lambda word: str(sizes[word[0]]), text)
        values.append(solve(Problem(text, leaves, backward=False)).value)
    left, right = values
    assert left is not None
    assert right is not None
    assert np.shape(left) == np.shape(right)
    np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.left)
def test_a_law_is_applied(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    t.forget()
    assert term_of(law.left, law) is term_of(law.right, law)
    monkeypatch.setattr(laws, "LAWS", [other for other in LAWS if other != law])
    try:
        laws.forget_laws()
        t.forget()
        assert term_of(law.left, law) is not term_of(law.right, law)
    finally:
        monkeypatch.undo()
        laws.forget_laws()
