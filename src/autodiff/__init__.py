"""Differentiate tensor expressions, with PyTorch's answers and without PyTorch.

    >>> import autodiff
    >>> autodiff.expression("mean(2*(x+1)^2)").value_and_grad(x=[[1, 2, 3], [4, 5, 6]])

The layers, each importing only what stands before it: errors, syntax, graph, ops, backward, execute, solve, request,
report, cli.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autodiff.version import VERSION

if TYPE_CHECKING:
    from autodiff.errors import AutodiffError
    from autodiff.api import Expression, expression

__version__ = VERSION

__all__ = ["AutodiffError", "Expression", "__version__", "expression"]

_HOMES = {"AutodiffError": "autodiff.errors", "Expression": "autodiff.api", "expression": "autodiff.api"}


def __getattr__(name: str) -> Any:
    """Import on first use: the command needs little of this."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'autodiff' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
