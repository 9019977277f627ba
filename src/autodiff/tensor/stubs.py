"""What type checkers are told of operations: stub files, made from the registry.

`python -m autodiff.tensor.stubs` writes them; a test holds them equal to what it would write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autodiff.graph.dtypes import ALIASES, DTYPES
from autodiff.graph.kinds import REQUIRED
from autodiff.graph.lookup import find_method
from autodiff.graph.op import ATTRIBUTES, REGISTRY, Operation
from autodiff.graph.signature import Param

HERE = Path(__file__).parent
NUMBER = "Tensor | _float"
TYPES = {
    "Tensor": NUMBER,
    "Tensors": "Sequence[Tensor]",
    "Number": "_float",
    "int": "_int",
    "bool": "_bool",
    "str": "_str",
    "dtype": "dtype",
    "dim": "_int",
    "dims": "_int | Sequence[_int]",
    "newdim": "_int",
    "sizes": "_int | Sequence[_int]",
    "ints": "_int | Sequence[_int]",
    "any": "Any",
}
ALIASED = "_bool = bool\n_float = float\n_int = int\n_str = str\n"  # operations go by these names
# Operations that give several tensors, or what Python has.
SEVERAL = frozenset(
    "chunk split split_with_sizes tensor_split unbind hsplit vsplit dsplit meshgrid broadcast_tensors atleast_1d"  # noqa: SIM905
    " atleast_2d atleast_3d unsafe_split unsafe_chunk nonzero unravel_index gradient".split()
)
PLAIN = {"equal": "_bool", "allclose": "_bool", "is_contiguous": "_bool", "is_same_size": "_bool"}
FACTORIES = ("zeros", "ones", "full", "empty", "eye", "arange", "range", "linspace", "logspace", "scalar_tensor")
HEADER = '"""Made by `python -m autodiff.tensor.stubs` from the operations; do not edit."""\n\n'
KEYWORDS = frozenset(("lambda", "from", "in", "is", "not", "or", "and", "if", "else", "class", "def", "for"))


# Where the package's own names come from.
HOMES = {
    "functions": "*",
    "modes": "enable_grad get_default_dtype is_grad_enabled no_grad set_default_dtype set_grad_enabled",
    "modules": "MODULES",
    "namespace": "as_tensor detach from_numpy is_tensor numel stack tensor",
    "random": "Generator initial_seed manual_seed rand rand_like randint randint_like randn randn_like randperm",
    "small": "Size",
    "tensor": "Tensor",
}


def _parameter(param: Param) -> str:
    kind = TYPES[param.kind] + (" | None" if param.optional else "")
    text = f"{param.public_name}: {kind}"
    return text if param.default is REQUIRED else f"{text} = ..."


def _parameters(operation: Operation, method: bool) -> str:
    """Parameters as Python writes them; those that may come one after another are starred."""
    params = operation.signature.params[1 if method else 0 :]
    parts = ["self"] if method else []
    starred = False
    for i, param in enumerate(params):
        rest = params[i + 1 :]
        if param.keyword_only and not starred:
            parts.append("*")
            starred = True
        if param.kind in ("sizes", "ints") and not starred and all(p.keyword_only for p in rest):
            parts.append(f"*{param.public_name}: {TYPES[param.kind]}")
            starred = True
        else:
            parts.append(_parameter(param))
    made = operation.name.rpartition(".")[2]
    more = []
    if made.startswith(FACTORIES) or "new_" in made or made.endswith("_like"):
        more += ["requires_grad: _bool = ...", "device: Any = ..."]
    more.append("out: Tensor | None = ...")
    known = {param.name for param in params}
    more = [text for text in more if text.partition(":")[0] not in known]
    if more and not starred:
        parts.append("*")
    return ", ".join(parts + more)


def _gives(name: str, operation: Operation) -> str:
    if name in PLAIN:
        return PLAIN[name]
    if name in SEVERAL:
        return "Any" if name in ("nonzero", "atleast_1d", "atleast_2d", "atleast_3d") else "tuple[Tensor, ...]"
    several = getattr(operation, "results", None) is not None or any(
        other is not operation and getattr(other, "fields", ()) and other.name == operation.name
        for other in _primitives()
    )
    return "Any" if several or name in ("item", "tolist", "size", "stride", "result_type") else "Tensor"


def _primitives() -> list[Any]:
    from autodiff.graph.primitive import PRIMITIVES

    return list(PRIMITIVES)


def _function(name: str, operation: Operation) -> str:
    return f"def {name}({_parameters(operation, False)}) -> {_gives(name, operation)}: ..."


def _method(name: str, operation: Operation, gives: str = "") -> str:
    return f"    def {name}({_parameters(operation, True)}) -> {gives or _gives(name, operation)}: ..."


def functions() -> str:
    """The stub of all operations as functions of `torch`."""
    import autodiff.tensor as torch

    lines = [
        HEADER + "from collections.abc import Sequence\nfrom typing import Any\n",
        "from autodiff.graph.dtypes import DType as dtype\nfrom autodiff.tensor.tensor import Tensor\n",
        ALIASED,
    ]
    taken = {*DTYPES, *ALIASES, *torch._HOMES, *(name for names in HOMES.values() for name in names.split())}
    for name in sorted(REGISTRY):
        if name.isidentifier() and name not in KEYWORDS and name not in taken and name[0] != "_":
            lines.append(_function(name, REGISTRY[name]))
    return "\n".join(lines) + "\n"


def methods() -> str:
    """The stub of all operations as methods and attributes of tensors, those that change them in place included."""
    from autodiff.tensor.tensor import Tensor

    own = set(vars(Tensor)["__annotations__"]) | _written_out()
    lines = [
        HEADER + "from collections.abc import Sequence\nfrom typing import Any\n",
        "from autodiff.graph.dtypes import DType as dtype\nfrom autodiff.tensor.tensor import Tensor\n",
        ALIASED,
        "class Operations:",
    ]
    names = {key.rpartition(".")[2] for key, operation in REGISTRY.items() if operation.takes_tensor}
    for name in sorted(names | set(ATTRIBUTES)):
        if name in own or not hasattr(Tensor, name) or not name.isidentifier() or name[0] == "_":
            continue
        if name == "type":  # without a dtype it says which there is
            lines.append("    def type(self, dtype: Any = ...) -> Any: ...")
            continue
        if name in ATTRIBUTES:
            lines.append(f"    @property\n    def {name}(self) -> Tensor: ...")
            continue
        operation = find_method(name)
        if operation is None:
            continue
        lines.append(_method(name, operation))
        if hasattr(Tensor, f"{name}_") and f"{name}_" not in names | own:
            lines.append(_method(f"{name}_", operation, "Tensor"))
    known = names | {f"{name}_" for name in names} | own | set(ATTRIBUTES)
    for name in sorted(set(dir(Tensor)) - known - set(dir(object))):
        if name.startswith("_"):
            continue
        member = getattr(Tensor, name)
        if isinstance(member, property):
            lines.append(f"    @property\n    def {name}(self) -> Any: ...")
        else:
            lines.append(f"    def {name}(self, *args: Any, **kwargs: Any) -> Any: ...")
    return "\n".join([*lines, *_operators()]) + "\n"


def package() -> str:
    """The stub of the package: what `import autodiff.tensor as torch` gives."""
    import autodiff.tensor as torch

    lines = [HEADER + "import builtins\nfrom typing import Any\n", "from autodiff.graph.dtypes import DType\n"]
    homes = {home: names.split() for home, names in HOMES.items()}
    for name, home in torch._HOMES.items():
        homes.setdefault(home, []).append(name)
    for home, names in sorted(homes.items()):
        lines += [
            f"from autodiff.tensor.{home} import {name}" + (f" as {name}" if name != "*" else "") for name in names
        ]
    lines.append("")
    lines += [f"{name}: Any" for name in ["autograd", "func", "linalg", "nn", "optim", "special", "utils"]]
    lines += [f"{name}: DType" for name in sorted({**DTYPES, **ALIASES})]
    lines += [f"{name}: builtins.float" for name in ("e", "inf", "nan", "pi")]
    lines += [
        "newaxis: None", "strided: builtins.str", "__version__: builtins.str", "FloatTensor = Tensor", "dtype = DType",
        "_HOMES: builtins.dict[builtins.str, builtins.str]",
    ]  # fmt: skip
    changing = (name for name in dir(torch.Tensor) if name.endswith("_") and name[0] != "_" and name[:-1] in REGISTRY)
    lines += [f"def {name}(input: Tensor, *args: Any, **kwargs: Any) -> Tensor: ..." for name in sorted(changing)]
    return "\n".join(lines) + "\n"


def _operators() -> list[str]:
    binary = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"]
    lines = []
    for name in binary:
        for form in (f"__{name}__", f"__r{name}__"):
            lines.append(f"    def {form}(self, other: Any) -> Tensor: ...")
    lines += [f"    def __{name}__(self, other: Any) -> Tensor: ..." for name in ("lt", "le", "gt", "ge")]
    lines += [f"    def __{name}__(self, other: Any) -> Tensor: ...  # type: ignore[override]" for name in ("eq", "ne")]
    lines += [f"    def __{name}__(self) -> Tensor: ..." for name in ("neg", "pos", "abs", "invert")]
    return [*lines, "    def __getitem__(self, items: Any) -> Tensor: ...", "    def __hash__(self) -> _int: ..."]


def _written_out() -> set[str]:
    """What the class of tensors says of itself, in its source."""
    import ast

    tree = ast.parse((HERE / "tensor.py").read_text(encoding="utf-8"))
    (found,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Tensor")
    return {node.name for node in found.body if isinstance(node, ast.FunctionDef)}


def main() -> None:
    """Write the stubs."""
    import autodiff.tensor  # noqa: F401  (registers the operations, equips tensors)

    for name, text in FILES.items():
        (HERE / name).write_text(text(), encoding="utf-8")


FILES = {"functions.pyi": functions, "operations.pyi": methods, "__init__.pyi": package}


if __name__ == "__main__":
    main()
