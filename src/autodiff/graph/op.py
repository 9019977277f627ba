"""Operations: what all share, and the registry in which they are found.

A *primitive* makes a node and has derivative rules; a *composite* is a short function over primitives, so that the
visible graph is PyTorch's.  Both are declared in one place with everything there is to say about them:

    exp = elementwise("exp(x)", np.exp, vjp=[lambda g, out, x: g * out], doc="e to the power of each element.")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph.signature import Signature

REGISTRY: dict[str, Operation] = {}
ATTRIBUTES: dict[str, Callable[..., Any]] = {}


class Operation:
    """What primitives and composites share: a signature, documentation, a place in the registry."""

    __slots__ = ("_signature", "aliases", "doc", "domain", "example", "kinks", "name", "samples", "signature_text")

    def __init__(
        self,
        signature: str,
        *,
        doc: str,
        aliases: Iterable[str] = (),
        example: str = "",
        samples: Iterable[str] = (),
        domain: tuple[float, float] = (-2.0, 2.0),
        kinks: str = "",
    ) -> None:
        self.signature_text = signature
        self.name = signature.partition("(")[0]
        self.doc = doc
        self.aliases = tuple(aliases)
        self.example = example
        self.samples = tuple(samples)
        self.domain = domain
        self.kinks = kinks
        self._signature: Signature | None = None

    @property
    def signature(self) -> Signature:
        """Parsed when first needed: most runs of the command use a few of the operations."""
        if self._signature is None:
            self._signature = Signature(self.signature_text)
        return self._signature

    @property
    def takes_tensor(self) -> bool:
        """Whether it can be called as a method: its first argument is a tensor."""
        first = self.signature_text.partition("(")[2].partition(",")[0].partition("=")[0]
        name, _, kind = first.partition(":")  # not parsed, because it is asked of all operations at once
        return name.strip(" )") not in ("", "*") and kind.strip(" ?)") in ("", "Tensor")

    def bind(self, args: list[Any], kwargs: dict[str, Any], method: bool = False) -> Any:
        """A call as users write it, the receiver of a method first: lists are taken for tensors."""
        signature = self.signature
        try:
            values = signature.bind(args, kwargs, method)
            for i in signature.tensors:
                if signature.params[i].kind == "Tensors":
                    values[i] = [_tensor_of(value) for value in values[i]]
                else:
                    values[i] = _tensor_of(values[i])
            return self.apply(values)
        except AutodiffError as error:
            from autodiff.graph.overloads import refused

            raise refused(error, signature, args, kwargs, method) from error.__cause__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """A call from a rule or a composite: arguments have the right kinds."""
        return self.apply(self.signature.complete(args, kwargs))

    def apply(self, values: list[Any]) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


def _tensor_of(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    from autodiff.graph.values import tensor

    return tensor(value)


def register(operation: Operation) -> None:
    for name in (operation.name, *operation.aliases):
        assert name not in REGISTRY, f"{name} is declared twice"
        REGISTRY[name] = operation


def attribute(name: str, function: Callable[..., Any]) -> None:
    """Declare `x.name`, an attribute that is no method (`x.T`)."""
    ATTRIBUTES[name] = function


class _Registered:
    """Operations as attributes, so that rules of one family can use those of another: `ops.where`, `ops.linalg_inv`."""

    def __getattr__(self, name: str) -> Any:
        operation = REGISTRY[name] if name in REGISTRY else REGISTRY[name.replace("_", ".", 1)]
        setattr(self, name, operation)
        return operation


ops = _Registered()
