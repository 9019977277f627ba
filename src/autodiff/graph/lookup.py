"""Finding an operation by the name a user wrote, with or without a module in front."""

from __future__ import annotations

from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import ALIASES, DTYPES, DType
from autodiff.graph.op import ATTRIBUTES, REGISTRY, Operation

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


# What other tools call it.
SYNONYMS = {
    "average": "mean",
    "avg": "mean",
    "length": "numel",
    "len": "numel",
    "stdev": "std",
    "variance": "var",
    "tg": "tan",
}
SYNONYMS |= {
    "arctg": "atan",
    "magnitude": "norm",
    "transp": "T",
    "inverse_of": "inv",
    "total": "sum",
    "product": "prod",
}


# Of PyTorch, but not of expressions.
ELSEWHERE = {
    "grad": "gradients are printed without being asked for; --only x.grad prints one alone",
    "backward": "backward runs without being asked for, from the result of the whole expression",
    "requires_grad": "every floating-point variable requires grad; --wrt x chooses",
    "requires_grad_": "every floating-point variable requires grad; --wrt x chooses",
    "retain_grad": "--let y=… with --retain-grad y reports the gradient of a sub-expression",
    "numpy": "the value is printed as it is; --json and --only value print numbers",
    "tolist": "the value is printed as it is; --json and --only value print numbers",
}
OTHER_MODULES = frozenset(("math", "cmath", "scipy", "sp", "tf", "tensorflow", "jax", "jnp", "cp", "cupy", "mx"))


def not_a_value(name: str) -> list[str]:
    """Help for a name without a value: a function, a module, a constant in another alphabet; else none."""
    if name in ("π", "Π"):
        return ["write pi"]
    if name in MODULES:
        return [f"{name} is a module: {name}.sum(…) and the like are its functions"]
    if name in OTHER_MODULES:
        return ["functions stand alone, exp(x), or behind torch., F., linalg., special. or np."]
    return [f"{name} is a function: call it, {name}(…)"] if find("", name) else []


def _synonym(name: str) -> list[str]:
    return [f"did you mean '{SYNONYMS[name]}'?"] if name in SYNONYMS else []


def unknown_function(name: str, module: str = "") -> AutodiffError:
    """The error for a call of something that does not exist, in a module or without one."""
    return AutodiffError(
        "unknown-function",
        f"module '{FULL_NAMES.get(module, module)}' has no attribute '{name}'"
        if module
        else f"name '{name}' is not defined",
        type="AttributeError" if module else "NameError",
        says="there is no such function",
        help=_synonym(name) or did_you_mean(name, {n.rpartition(".")[2] for n in REGISTRY}),
    )


def unknown_attribute(name: str) -> AutodiffError:
    """The error for an attribute or method that tensors do not have."""
    methods = {n.rpartition(".")[2] for n, operation in REGISTRY.items() if operation.takes_tensor}
    known = methods | set(ATTRIBUTES)
    return AutodiffError(
        "unknown-attribute",
        f"'Tensor' object has no attribute '{name}'",
        type="AttributeError",
        help=[ELSEWHERE[name]] if name in ELSEWHERE else _synonym(name) or did_you_mean(name, known),
    )


def did_you_mean(name: str, known: set[str] | list[str]) -> list[str]:
    """A suggestion, as a list of none or one."""
    from difflib import get_close_matches

    folded = {other.lower(): other for other in sorted(known)}
    close = get_close_matches(name.lower(), folded, 1, 0.6)
    return [f"did you mean '{folded[close[0]]}'?"] if close else []
