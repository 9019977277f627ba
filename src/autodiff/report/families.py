"""Operations by family, in the order in which a person would look for them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from autodiff.graph.composite import Composite
from autodiff.graph.op import REGISTRY, Operation
from autodiff.graph.primitive import Primitive

PACKAGE = "autodiff.ops."

# The families, and the modules of `autodiff.ops` that they are made of.
FAMILIES: dict[str, tuple[str, ...]] = {
    "Arithmetic": ("arithmetic", "division", "powers", "combine"),
    "Functions of each element": (
        "elementwise",
        "trigonometry",
        "special",
        "incomplete",
        "bessel",
        "polynomials",
        "clamp",
    ),
    "Activations": ("activations", "shrinkage", "softmax"),
    "Comparison, logic and choice": ("compare", "select"),
    "Reductions": ("reduce", "extremes", "statistics", "covariance", "cumulative", "quantiles", "norms"),
    "Order and search": ("ordering", "search", "distinct"),
    "Products of vectors and matrices": ("matmul", "addmm", "contractions", "einsum", "cross"),
    "Linear algebra": (
        "linalg",
        "decompose",
        "householder",
        "cholesky",
        "lu",
        "triangular",
        "pseudo",
        "matrix_functions",
        "triangle",
        "matrices",
    ),
    "Shape and order of dims": ("layout", "axes", "expand", "repeat", "contiguity", "copies", "strided"),
    "Joining and taking apart": ("join", "split", "grids"),
    "Indexing": ("index", "index_select", "indices", "gather", "accumulate", "slices", "places", "embedding"),
    "Creation and conversion": ("create", "ranges", "tapers", "convert", "operands"),
    "Layers": ("nn", "attention", "conv", "normalization", "channel_norms", "native", "pad", "fold", "windows"),
    "Pooling and resampling": ("pool", "maxpool", "resample", "sampling"),
    "Losses and distances": ("losses", "labels", "classification", "margins", "distances", "pairs", "differences"),
}
_FAMILY = {module: family for family, modules in FAMILIES.items() for module in modules}


def operations() -> list[Operation]:
    """Every operation once, aliases left out."""
    return list(dict.fromkeys(REGISTRY.values()))


def by_family() -> dict[str, list[Operation]]:
    """Operations by family, in each by name."""
    found: dict[str, list[Operation]] = {family: [] for family in FAMILIES}
    homes = _homes()
    for operation in operations():
        found[_FAMILY[homes[operation]]].append(operation)
    return {family: sorted(listed, key=lambda op: op.name.rpartition(".")[2]) for family, listed in found.items()}


def family(operation: Operation) -> str:
    """The family of an operation."""
    return _FAMILY[_homes()[operation]]


def _homes() -> dict[Operation, str]:
    """The module in which each operation is declared; where nothing says so, that of its neighbour."""
    named = {
        value: module
        for module in reversed(_FAMILY)
        for value in vars(sys.modules[PACKAGE + module]).values()
        if isinstance(value, Operation)
    }
    homes: dict[Operation, str] = {}
    latest = "arithmetic"
    for operation in operations():
        latest = _of_functions(operation) or named.get(operation) or latest
        homes[operation] = latest
    return homes


def _of_functions(operation: Operation) -> str | None:
    """The module of the functions that an operation is made of."""
    while isinstance(operation, Composite) and isinstance(operation.function, Operation):
        operation = operation.function
    functions: list[Callable[..., Any] | Any] = []
    if isinstance(operation, Composite):
        functions = [operation.function]
    elif isinstance(operation, Primitive):
        functions = [*(operation.vjp or ()), operation.vjp_all, operation.kernel, operation.shape, operation.check]
    for function in functions:
        module = str(getattr(function, "__module__", "")).removeprefix(PACKAGE)
        if module in _FAMILY:
            return module
    return None
