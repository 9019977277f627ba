"""A two-layer perceptron with all gradients, and one small call, against the peers in the same run.

python tests/benchmarks/matmul.py [--runs 10] [--size 1024] [--json]
"""

from __future__ import annotations

import numpy as np
from peers import Contest, Variables, arguments

PERCEPTRON = "mean((relu(x @ A + a) @ B + b - y)^2)"
SMALL = "mean(2*(x+1)^2)"
CALLS = 300


def perceptron(size: int) -> Variables:
    """A batch of half as many rows as the layers are wide."""
    generator = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape, np.float32) / np.float32(size**0.5)

    layers = {"A": normal(size, size), "a": normal(size), "B": normal(size, size), "b": normal(size)}
    return {"x": normal(size // 2, size), "y": normal(size // 2, size), **layers}


def main() -> None:
    options = arguments(__doc__, 10, 1024, "width of the layers").parse_args()
    contest = Contest("value and all gradients", options.runs)
    contest.differentiate(
        f"perceptron, {options.size} x {options.size}, batch {options.size // 2}",
        PERCEPTRON,
        lambda f, x, y, A, a, B, b: f.mean((f.relu(x @ A + a) @ B + b - y) ** 2),  # noqa: N803
        perceptron(options.size),
        1e-4,
        warmups=3,
    )
    contest.differentiate(
        f"one call of {SMALL}, x 2 x 3",
        SMALL,
        lambda f, x: f.mean(2 * (x + 1) ** 2),
        {"x": np.arange(1.0, 7.0).reshape(2, 3)},
        1e-12,
        calls=CALLS,
    )
    contest.report(options.json)


if __name__ == "__main__":
    main()
