"""The operations, a file a family. Importing this package registers them all.

To add one, declare it in the file of its family: signature, shape and dtype rule, kernel, a derivative rule for each
operand, documentation, example, samples. The parser, the checks, the documentation and the tests pick it up.
"""

from autodiff.ops import (
    activations,
    arithmetic,
    clamp,
    compare,
    create,
    cumulative,
    division,
    elementwise,
    extremes,
    join,
    layout,
    losses,
    matmul,
    norms,
    reduce,
    repeat,
    select,
    softmax,
    statistics,
    triangle,
    trigonometry,
)

__all__ = [
    "activations",
    "arithmetic",
    "clamp",
    "compare",
    "create",
    "cumulative",
    "division",
    "elementwise",
    "extremes",
    "join",
    "layout",
    "losses",
    "matmul",
    "norms",
    "reduce",
    "repeat",
    "select",
    "softmax",
    "statistics",
    "triangle",
    "trigonometry",
]
