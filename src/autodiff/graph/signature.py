"""Signatures: how the arguments of a call find their parameters.

A signature is one line of text, `softplus(x, beta: Number = 1, threshold: Number = 20)`; it is what users see and what
calls are checked against.  The annotation is the parameter's *kind* (`kinds` lists them), with `?` where None may be
given.  What follows `*` is given by name only.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph.kinds import (
    CONVERTERS,
    KIND_NAMES,
    LISTED,
    REQUIRED,
    TENSOR_KINDS,
    as_size,
    plain,
    type_name,
    wrong_element,
)
from autodiff.graph.node import Node
from autodiff.graph.sizes import normalize_dim, normalize_dims

# Other spellings of a parameter's name: PyTorch's own for operands, and NumPy's.
SPELLINGS = {
    "input": "x",
    "self": "x",
    "other": "y",
    "axis": "dim",
    "keepdims": "keepdim",
    "a": "x",
}

# What functions that make tensors are also given, with the only values that it can have in an expression.
USUAL: dict[str, tuple[Any, ...]] = {"device": (None, "cpu"), "requires_grad": (False,), "pin_memory": (False, None)}
CREATING = (
    "zeros", "ones", "full", "empty", "eye(", "arange(", "range(", "linspace(", "logspace(", "tensor(", "scalar_tensor",
    "tril_indices(", "triu_indices(", "new_",
)  # fmt: skip


class Param:
    """One parameter: `kind` as listed above, `optional` where None may be given."""

    __slots__ = ("default", "keyword_only", "kind", "name", "optional")

    def __init__(self, name: str, kind: str, optional: bool, default: Any, keyword_only: bool) -> None:
        self.name = name
        self.kind = kind
        self.optional = optional
        self.default = default
        self.keyword_only = keyword_only

    @property
    def public_name(self) -> str:
        """The name PyTorch uses in messages."""
        return {"x": "input", "y": "other"}.get(self.name, self.name)


class Signature:
    """A parsed signature line."""

    __slots__ = ("defaults", "name", "params", "tensors", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.name, _, inner = text.removesuffix(")").partition("(")
        self.params = _parse_params(inner)
        self.defaults = [p.default for p in self.params]
        self.tensors = [i for i, p in enumerate(self.params) if p.kind in TENSOR_KINDS]

    @property
    def shown(self) -> str:
        """The signature as Python writes it: names and defaults."""
        parts = []
        for param in self.params:
            if param.keyword_only and "*" not in parts:
                parts.append("*")
            parts.append(param.name if param.default is REQUIRED else f"{param.name}={param.default!r}")
        return f"{self.name}({', '.join(parts)})"

    def complete(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Arguments in the order of the signature, for calls from rules: right by construction, defaults filled in."""
        values = self.defaults.copy()
        values[: len(args)] = args
        for name, value in kwargs.items():
            values[next(i for i, p in enumerate(self.params) if p.name == name)] = value
        return values

    @property
    def shown_name(self) -> str:
        """The name in PyTorch's messages: `linalg_inv`, and no prefix for what is in `F`."""
        return self.name.removeprefix("F.").removeprefix("Tensor.").replace(".", "_")

    def bind(self, args: list[Any], kwargs: dict[str, Any], method: bool = False) -> list[Any]:
        """Arguments in the order of the signature, for calls from users; raises PyTorch's errors.

        The first argument of a `method` is its receiver, which PyTorch does not count.
        """
        params = self.params
        values = [REQUIRED] * len(params)
        positional = [i for i, p in enumerate(params) if not p.keyword_only]
        for place, i in enumerate(positional[: len(args)]):
            values[i] = args[place]
        if len(args) > len(positional) or _is_spread(params, positional, args):
            last = positional[-1] if positional else None
            if last is None or params[last].kind not in ("sizes", "ints") or len(args) < len(positional):
                raise self._too_many(positional, len(args), method)
            values[last] = tuple(args[len(positional) - 1 :])
            if isinstance(values[last][0], (float, Fraction, str)):  # one after another, sizes begin with an int
                raise self._too_many(positional, len(args), method, wrong_element(values[last]))
        unknown: AutodiffError | None = None
        for name, value in kwargs.items():
            if name in USUAL and value in USUAL[name] and self.text.startswith(CREATING):
                continue
            found = self._index_of(name)
            if found is None:
                unknown = unknown or self._unknown(name, len(positional) == 1 and method)
                continue
            if values[found] is not REQUIRED:
                raise AutodiffError(
                    "unknown-argument",
                    f"{self.shown_name}() got multiple values for argument '{name}'",
                    type="TypeError",
                )
            values[found] = value
        self._fill(values, len(args), method)
        checked = [self._checked(i, value, len(args), method) for i, value in enumerate(values)]
        if unknown is not None:
            raise unknown
        return checked

    def _index_of(self, name: str) -> int | None:
        for wanted in (name, SPELLINGS.get(name)):
            for i, p in enumerate(self.params):
                if p.name == wanted:
                    return i
        return None

    def _unknown(self, name: str, alone: bool) -> AutodiffError:
        """The error for a name that no parameter has: Python raises it at once, PyTorch's own functions in the end."""
        from autodiff.graph import overloads

        names = ", ".join(p.name for p in self.params)
        shown = overloads.python_name(self.name, self.shown_name)
        message = f"{shown}() got an unexpected keyword argument '{name}'"
        in_python = self.name in overloads.in_python()
        if alone and not in_python and len(self.params) == 1 and self.name not in overloads.WITH_FORMAT:
            message = f"TensorBase.{self.shown_name}() takes no keyword arguments"
        help_ = _did_you_mean(name, [p.name for p in self.params]) or f"its arguments are {names}"
        error = AutodiffError("unknown-argument", message, type="TypeError", help=help_)
        if in_python:
            raise error
        return error

    def _fill(self, values: list[Any], given: int, method: bool) -> None:
        """Put the defaults in place; raises for what has none, unless what comes before it is wrong."""
        missing: list[str] = []
        first = -1
        for i, p in enumerate(self.params):
            if values[i] is REQUIRED:
                values[i] = p.default
                first = i if first < 0 and p.default is REQUIRED else first
            if first >= 0 and p.default is REQUIRED:
                missing.append(p.public_name)  # PyTorch names all that are needed from the first missing one on
        if missing:
            from autodiff.graph import overloads

            if self.name not in overloads.in_python():
                for i in range(first):
                    self._checked(i, values[i], given, method)
            raise AutodiffError(
                "missing-argument",
                overloads.missing(self.name, self.shown_name, missing),
                type="TypeError",
                help=f"its signature is {self.shown}",
            )

    def _too_many(self, positional: list[int], given: int, method: bool, why: str = "") -> AutodiffError:
        from autodiff.graph import overloads

        least = sum(self.defaults[i] is REQUIRED for i in positional) - method
        shown = overloads.python_name(self.name, self.shown_name)
        message = overloads.too_many(shown, least, len(positional) - method, given - method)
        if method and len(positional) == 1 and self.name not in overloads.WITH_FORMAT:
            message = f"TensorBase.{self.shown_name}() takes no arguments ({given - method} given)"
        code = "argument-type" if why else "too-many-arguments"
        return AutodiffError(code, message, type="TypeError", help=why or f"its signature is {self.shown}")

    def _checked(self, i: int, value: Any, given: int, method: bool) -> Any:
        param = self.params[i]
        if value is None and (param.optional or param.default is None):
            return None
        converted = CONVERTERS[param.kind](value if param.kind in (*TENSOR_KINDS, "any") else plain(value))
        if converted is REQUIRED:
            raise AutodiffError(
                "argument-type",
                self.mismatch(i, value, given, method),
                type="TypeError",
                operands=(i,),
                help=wrong_element(value, param.kind == "Tensors") if param.kind in LISTED else (),
            )
        return converted

    def mismatch(self, i: int, value: Any, given: int, method: bool) -> str:
        """PyTorch's words for an argument of the wrong kind, or for the first wrong element of a list."""
        param = self.params[i]
        fits = LISTED.get(param.kind)
        elements = value if fits is not None and isinstance(value, (list, tuple)) else ()
        wrong = next((k for k, element in enumerate(elements) if fits and fits(plain(element)) is REQUIRED), None)
        if wrong is not None and param.kind == "Tensors":
            return f"expected Tensor as element {wrong} in argument {i}, but got {type_name(elements[wrong])}"
        kind = KIND_NAMES.get(param.kind, param.kind)
        argument = f"{self.shown_name}(): argument '{param.public_name}'"
        if wrong:
            reason = f"type must be {kind},but got {type_name(elements[wrong])}"
            return f'{argument} failed to unpack the object at pos {wrong + 1} with error "{reason}"'
        position = f" (position {i + 1 - method})" if i < given else ""
        if wrong == 0:
            return f"{argument}{position} must be {kind}, but found element of type {type_name(elements[0])} at pos 0"
        return f"{argument}{position} must be {kind}, not {type_name(value)}"

    def normalize(self, values: list[Any]) -> None:
        """Count dimensions from the front, in place."""
        for i, param in enumerate(self.params):
            value = values[i]
            if param.kind not in ("dim", "dims", "newdim") or value is None:
                continue
            rank = self._rank(values)
            if param.kind == "dim":
                values[i] = normalize_dim(value, rank)
            elif param.kind == "newdim":
                values[i] = normalize_dim(value, rank + 1)
            else:
                values[i] = normalize_dims((value,) if isinstance(value, int) else value, rank)

    def _rank(self, values: list[Any]) -> int:
        first = values[self.tensors[0]]
        if isinstance(first, Node):
            return len(first.shape)
        return len(first[0].shape) if first else 0


def _is_spread(params: list[Param], positional: list[int], args: list[Any]) -> bool:
    """Whether the last positional parameter takes `view(2, 3)` style ints."""
    if not positional or len(args) < len(positional):
        return False
    last = params[positional[-1]]
    return last.kind in ("sizes", "ints") and as_size(args[len(positional) - 1]) is not REQUIRED


def _parse_params(inner: str) -> list[Param]:
    params = []
    keyword_only = False
    for piece in _split(inner):
        if piece == "*":
            keyword_only = True
            continue
        head, equals, default = piece.partition("=")
        name, _, kind = head.partition(":")
        kind = kind.strip() or "Tensor"
        params.append(
            Param(
                name.strip(),
                kind.rstrip("?"),
                kind.endswith("?"),
                _literal(default.strip()) if equals else REQUIRED,
                keyword_only,
            )
        )
    return params


def _split(inner: str) -> list[str]:
    pieces, depth, piece = [], 0, ""
    for char in inner:
        depth += (char in "([") - (char in ")]")
        if char == "," and not depth:
            pieces.append(piece.strip())
            piece = ""
        else:
            piece += char
    return [*pieces, piece.strip()] if piece.strip() else pieces


def _literal(text: str) -> Any:
    constants = {"None": None, "True": True, "False": False, "()": (), "[]": ()}
    if text in constants:
        return constants[text]
    if text[0] in "'\"":
        return text[1:-1]
    if text[0] in "([":
        return tuple(_literal(piece) for piece in _split(text[1:-1]))
    return float(text) if any(c in text for c in ".en") else int(text)


def _did_you_mean(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    return f"did you mean '{close[0]}'?" if close else ""
