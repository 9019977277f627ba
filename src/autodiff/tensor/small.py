"""What tensors hand out that is no tensor: shapes, several results, handles of hooks, long messages."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

NOT_A_LEAF = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be"
    " populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor,"
    " use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the"
    " leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information."
)
CHANGE_NON_LEAF = "you can only change requires_grad flags of leaf variables."
DETACH_INSTEAD = (
    " If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad ="
    " var.detach()."
)


class Device:
    """`torch.device`: there is only the CPU; raises RuntimeError for others."""

    __slots__ = ()
    type = "cpu"
    index = None

    def __new__(cls, type: object = "cpu", index: int | None = None) -> Device:
        if not isinstance(type, Device) and str(type).partition(":")[0] != "cpu":
            raise RuntimeError(f"there is only the CPU here, no device {type!r}")
        return super().__new__(cls)

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device)

    def __hash__(self) -> int:
        return 0


CPU = Device()
PRINT: dict[str, Any] = {}  # what `set_printoptions` has said
device = Device


class Size(tuple[int, ...]):
    """A shape, printed as `torch.Size([2, 2])`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def numel(self) -> int:
        elements = 1
        for size in self:
            elements *= size
        return elements


class Named(tuple[Any, ...]):
    """The results of an operation that has several, by position or by name."""

    fields: tuple[str, ...] = ()
    function = ""

    def __getattr__(self, name: str) -> Any:
        if name in self.fields:
            return self[self.fields.index(name)]
        raise AttributeError(name)

    def __repr__(self) -> str:
        if not self.fields:
            return super().__repr__()
        body = ",\n".join(f"{name}={value!r}" for name, value in zip(self.fields, self, strict=True))
        return f"torch.return_types.{self.function.replace('.', '_')}(\n{body})"


_ids = count()


class Handle:
    """What registering a hook gives: `remove()` takes it off again."""

    def __init__(self, hooks: dict[int, Any], hook: Callable[..., Any]) -> None:
        self._hooks = hooks
        self.id = next(_ids)  # never one that was there before: a handle may be removed twice
        hooks[self.id] = hook

    def remove(self) -> None:
        self._hooks.pop(self.id, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
