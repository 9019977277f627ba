"""`torch.FloatTensor`, `torch.LongTensor` and the others: classes that a tensor of a dtype is said to be of."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.graph.dtypes import DTYPES
from autodiff.tensor.tensor import Tensor, of_array


class Typed(type):
    """The class of such classes: what is an instance is asked of the dtype."""

    dtype: Any

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Tensor) and value.dtype is cls.dtype

    def __call__(cls, *data: Any, device: Any = None) -> Tensor:
        """A tensor from sizes or from data; raises TypeError for a tensor of another dtype."""
        if data and all(isinstance(size, int) for size in data):
            return of_array(np.zeros(data, cls.dtype.numpy))
        given = data[0] if data else []
        if isinstance(given, Tensor):
            if given.dtype is not cls.dtype:
                raise TypeError(f"expected {cls.__name__} (got torch.{given.dtype.long_name}Tensor)")
            return given.detach()
        return of_array(np.array(_plain(given), dtype=cls.dtype.numpy))


def _plain(value: Any) -> Any:
    """Nested lists whose tensors are numbers."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, Tensor) else value


TYPED: dict[str, Typed] = {
    f"{dtype.long_name}Tensor": Typed(
        f"{dtype.long_name}Tensor", (), {"dtype": dtype, "__module__": "torch", "__doc__": f"A tensor of {dtype.name}."}
    )
    for dtype in DTYPES.values()
}
