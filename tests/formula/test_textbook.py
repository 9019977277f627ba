"""Every identity of the books is right as printed, as short as the book has it, and reads back as the same formula."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.derive import Question, derive
from autodiff.formula.printing import Printer, length
from autodiff.formula.reading import scope_of
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import float64, using_default_dtype
from autodiff.graph.sizes import Shape
from autodiff.request.shapes import shape_of
from autodiff.solve import Leaf, Problem, parsed, solve
from formula import textbook, textbook_second, textbook_third
from formula.textbook import Identity

IDENTITIES = [*textbook.IDENTITIES, *textbook_second.IDENTITIES, *textbook_third.IDENTITIES]

SIZES = {"m": 3, "n": 2, "k": 4, "l": 3}


def shapes_of(identity: Identity) -> dict[str, Shape]:
    parts = (text.partition(":") for text in identity.shapes.split())
    return {name: shape_of(name, shape) for name, _, shape in parts}


def reprinted(text: str, shapes: dict[str, Shape], name: str) -> str:
    t.forget()
    with using_default_dtype(float64):
        node = Builder(scope_of(shapes)[1]).tensor(parsed(text))
    return Printer(shapes, name).text(from_graph.convert([node])[0])


def leaves_of(identity: Identity, sizes: dict[str, int], seed: int) -> dict[str, Leaf]:
    random = np.random.default_rng(seed)
    leaves = {}
    for name, shape in shapes_of(identity).items():
        numbers = [size if isinstance(size, int) else sizes[str(size)] for size in shape]
        value = random.uniform(0.2, 0.8, numbers)
        if len(numbers) == 2 and numbers[0] == numbers[1]:
            value = value + 2 * np.eye(numbers[0])
        leaves[name] = Leaf(value)
    return leaves


SOME = IDENTITIES[::4]


@pytest.mark.parametrize("identity", SOME, ids=[f"{i.expr} wrt {i.wrt}" for i in SOME])
def test_identity(identity: Identity) -> None:
    check(identity)


@pytest.mark.slow
@pytest.mark.parametrize("identity", IDENTITIES, ids=[f"{i.expr} wrt {i.wrt}" for i in IDENTITIES])
def test_every_identity(identity: Identity) -> None:
    check(identity)


def check(identity: Identity) -> None:
    shapes = shapes_of(identity)
    found = derive(Question(identity.expr, shapes, [identity.wrt])).gradient[identity.wrt]
    assert length(found) <= length(identity.textbook), found
    assert reprinted(found, shapes, identity.wrt) == found
    for seed, sizes in enumerate((SIZES, {"m": 4, "n": 3, "k": 2, "l": 5})):
        leaves = leaves_of(identity, sizes, seed)
        answer = solve(Problem(identity.expr, leaves, wrt=[identity.wrt]))
        assert answer.grads is not None
        wanted = answer.grads[identity.wrt]
        assert wanted is not None
        for text in (found, identity.textbook):
            value = solve(Problem(text, leaves, backward=False)).value
            assert value is not None
            np.testing.assert_allclose(value, wanted, rtol=1e-7, atol=1e-9, err_msg=text)
