"""Differentiate tensor expressions, with PyTorch's answers and without PyTorch.

    >>> import autodiff
    >>> autodiff.expression("mean(2*(x+1)^2)").value_and_grad(x=[[1, 2, 3], [4, 5, 6]])

All of PyTorch's names are here as well, so that `import autodiff as torch` runs its programs (see `autodiff.tensor`):

    >>> import autodiff as torch
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> (x ** 2).sum().backward()

The layers, each importing only what stands before it: errors, syntax, graph, ops, backward, execute, solve, request,
report, cli.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from autodiff.version import VERSION

if TYPE_CHECKING:
    from autodiff.api import Expression, expression
    from autodiff.errors import AutodiffError

__version__ = VERSION

__all__ = ["AutodiffError", "Expression", "__version__", "expression"]

_HOMES = {"AutodiffError": "autodiff.errors", "Expression": "autodiff.api", "expression": "autodiff.api"}

# Looked up by `from autodiff import ops`, which asks here before it imports.
_MODULES = (
    "api", "backward", "cli", "errors", "execute", "formula", "functional", "gradcheck", "grammar", "graph",
    "homework", "ops", "program", "report", "request", "solve", "syntax", "version",
)  # fmt: skip


class _Finder:
    """Finds `autodiff.nn` and PyTorch's other modules, for `import autodiff.nn.functional as F`."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        """Where a module of PyTorch's comes from; None for any other name."""
        package, _, below = name.partition(".")
        if package != "autodiff" or not below:
            return None
        from importlib.machinery import ModuleSpec

        from autodiff.tensor.modules import MODULES

        return ModuleSpec(name, _Finder, is_package=True) if below in MODULES else None  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: Any) -> Any:
        """The module that is there already."""
        from autodiff.tensor.modules import MODULES

        return MODULES[spec.name.partition(".")[2]]

    @staticmethod
    def exec_module(module: Any) -> None:
        """Nothing: its members are found when they are asked for."""


sys.meta_path.append(_Finder)


def __getattr__(name: str) -> Any:
    """Import on first use: the command needs little of this."""
    if name.startswith("__") or name in _MODULES:
        raise AttributeError(f"module 'autodiff' has no attribute {name!r}")
    from importlib import import_module

    home = _HOMES.get(name, "autodiff.tensor")
    found = getattr(import_module(home), name, import_module)
    if found is import_module:
        raise AttributeError(f"module 'autodiff' has no attribute {name!r}")
    return found
