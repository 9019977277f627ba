"""What tensors hand out that is no tensor: shapes, several results, handles of hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Size(tuple[int, ...]):
    """A shape, printed as `torch.Size([2, 2])`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def numel(self) -> int:
        count = 1
        for size in self:
            count *= size
        return count


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
        return f"torch.return_types.{self.function}(\n{body})"


class Handle:
    """What registering a hook gives: `remove()` takes it off again."""

    def __init__(self, hooks: dict[int, Any], hook: Callable[..., Any]) -> None:
        self._hooks = hooks
        self.id = max(hooks, default=-1) + 1
        hooks[self.id] = hook

    def remove(self) -> None:
        self._hooks.pop(self.id, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
