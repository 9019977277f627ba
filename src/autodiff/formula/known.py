"""Formulas over steps and their gradients, compared with the values that these have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.execute.run import evaluate
from autodiff.formula.question import names_of
from autodiff.formula.verify import size_of
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import dtype_of
from autodiff.graph.primitive import strengthen, variable
from autodiff.graph.sizes import Shape
from autodiff.solve import parsed

GRADIENT = "__grad"  # what stands for .grad where a formula is read again
LARGE = 1_000_000  # elements beyond which it is not


def drawn(shapes: Mapping[str, Shape], seed: int = 1) -> dict[str, np.ndarray]:
    """A random value for each variable; every name of a size is another number."""
    random = np.random.default_rng(seed)
    names = sorted({name for shape in shapes.values() for size in shape for name in names_of(size)})
    sizes = {name: 2 + i for i, name in enumerate(names)}
    found = {}
    for name, shape in shapes.items():
        value = random.uniform(0.3, 0.9, [size_of(size, sizes) for size in shape])
        found[name] = value + 2 * np.eye(*value.shape) if value.ndim == 2 else np.asarray(value)
    return found


class Known:
    """Values by name, of variables, steps and gradients; formulas over these are compared with them."""

    def __init__(self, values: Mapping[str, np.ndarray | None]) -> None:
        # A formula cannot have a point in a name, and a point that is no number's stands for a gradient alone.
        self.feeds = {name.replace(".grad", GRADIENT): v for name, v in values.items() if v is not None}
        self.scope: dict[str, Any] = {
            name: variable(name, value.shape, dtype_of(value), False) for name, value in self.feeds.items()
        }

    def gives(self, formula: str, value: np.ndarray | None) -> bool:
        """Whether a formula has this value; what is too large to be computed again is believed."""
        if value is None or value.size > LARGE:
            return True
        try:
            node = Builder(self.scope).tensor(parsed(formula.replace(".grad", GRADIENT)))
            (found,) = evaluate([strengthen(node, dtype_of(value))], self.feeds)
            found = np.broadcast_to(found, value.shape)
        except (AutodiffError, ValueError):
            return False
        tolerance = 1e-6 if value.dtype == np.float64 else 1e-2
        return bool(np.allclose(found, value, tolerance, tolerance, equal_nan=True))
