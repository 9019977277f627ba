"""Finding an operation by the name a user wrote, with or without a module in front."""

from __future__ import annotations

import math
from collections.abc import Collection

from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import ALIASES, DTYPES, DType
from autodiff.graph.op import REGISTRY, Operation

CONSTANTS: dict[str, float] = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}

# Where a module's names are looked for; "" is the common namespace.
PREFIXES: dict[str, tuple[str, ...]] = {
    "": ("", "F.", "linalg.", "special."),
    "torch": ("", "F.", "linalg.", "special."),
    "np": ("", "F.", "linalg.", "special."),
    "numpy": ("", "F.", "linalg.", "special."),
    "F": ("F.", ""),
    "nn.functional": ("F.", ""),
    "torch.nn.functional": ("F.", ""),
    "linalg": ("linalg.", ""),
    "torch.linalg": ("linalg.", ""),
    "np.linalg": ("linalg.", ""),
    "numpy.linalg": ("linalg.", ""),
    "special": ("special.", ""),
    "torch.special": ("special.", ""),
}
FULL_NAMES = {
    "F": "torch.nn.functional",
    "nn.functional": "torch.nn.functional",
    "nn": "torch.nn",
    "linalg": "torch.linalg",
    "special": "torch.special",
    "np": "numpy",
    "np.linalg": "numpy.linalg",
}
MODULES = frozenset(part for prefix in PREFIXES for part in prefix.split(".") if part)
LONGEST_NAME = 60  # that anything like it is looked for
NUMPY_SPELLINGS = {"ln": "log"}


def find(prefix: str, name: str) -> Operation | None:
    """The operation that `prefix.name` means, None where there is none."""
    for namespace in PREFIXES[prefix]:
        operation = REGISTRY.get(namespace + name)
        if operation is not None:
            return operation
    return REGISTRY.get(NUMPY_SPELLINGS.get(name, ""))


def find_method(name: str) -> Operation | None:
    """The operation that `x.name` means: the function of that name, unless the method takes its arguments otherwise."""
    return REGISTRY.get("Tensor." + name) or find("", name)


def find_dtype(name: str) -> DType | None:
    return DTYPES.get(name) or ALIASES.get(name)


def unknown_function(name: str, module: str = "", argument: str = "x") -> AutodiffError:
    """The error for a call of something that does not exist, in a module or without one."""
    from autodiff.graph.meant import function_help

    return AutodiffError(
        "unknown-function",
        f"module '{FULL_NAMES.get(module, module)}' has no attribute '{name}'"
        if module
        else f"name '{name}' is not defined",
        type="AttributeError" if module else "NameError",
        says="there is no such function",
        help=function_help(name, module, argument),
    )


def unknown_attribute(name: str, receiver: str = "", scope: Collection[str] = (), called: bool = True) -> AutodiffError:
    """The error for an attribute or method that tensors do not have."""
    from autodiff.graph.meant import attribute_help

    return AutodiffError(
        "unknown-attribute",
        f"'Tensor' object has no attribute '{name}'",
        type="AttributeError",
        help=attribute_help(name, receiver, scope, called),
    )


def did_you_mean(name: str, known: Collection[str]) -> list[str]:
    """A suggestion, as a list of none or one."""
    from difflib import get_close_matches

    if len(name) > LONGEST_NAME:
        return []
    folded = {other.lower(): other for other in sorted(known)}
    close = get_close_matches(name.lower(), folded, 1, 0.6)
    return [f"did you mean '{folded[close[0]]}'?"] if close else []
