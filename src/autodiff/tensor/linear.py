"""`torch.nn`: linear layers, tables of rows, and changes of shape. Source: PyTorch documentation, `torch.nn`."""

from __future__ import annotations

import math
from typing import Any

from autodiff.tensor.initialise import kaiming_uniform_, normal_, uniform_
from autodiff.tensor.module import Module, Parameter
from autodiff.tensor.parts import MODULES, blank, operation, plain_layer
from autodiff.tensor.tensor import Tensor


class Linear(Module):
    """`x @ weight.T + bias`; weight [out_features, in_features] and bias begin within 1/sqrt(in_features)."""

    __module__ = MODULES + "linear"

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = blank(out_features, in_features, dtype=dtype)
        if bias:
            self.bias = blank(out_features, dtype=dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Begin anew."""
        kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Any:
        return operation("linear")(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """`x1 @ weight @ x2 + bias` for each output feature."""

    __module__ = MODULES + "linear"

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        bound = 1 / math.sqrt(in1_features)
        self.weight = blank(out_features, in1_features, in2_features, dtype=dtype)
        self.register_parameter("bias", blank(out_features, dtype=dtype) if bias else None)
        uniform_(self.weight, -bound, bound)
        if bias:
            uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Any:
        return operation("bilinear")(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features},"
            f" bias={self.bias is not None}"
        )


class Identity(Module):
    """What comes in."""

    __module__ = MODULES + "linear"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Flatten(Module):
    """Dimensions from start_dim to end_dim as one."""

    __module__ = MODULES + "flatten"

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Any:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dim as several."""

    __module__ = MODULES + "flatten"

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, input: Tensor) -> Any:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Embedding(Module):
    """Rows of a table, which begins normal."""

    __module__ = MODULES + "sparse"

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError("Padding_idx must be within num_embeddings")
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        if _weight is None:
            self.weight = blank(num_embeddings, embedding_dim, dtype=dtype)
            normal_(self.weight)
            if padding_idx is not None:
                self.weight._array[padding_idx] = 0
        else:
            self.weight = Parameter(_weight)
        if _freeze:
            self.weight.requires_grad_(False)

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None) -> Embedding:
        """A table that is given, and stays as it is unless told otherwise."""
        rows, columns = embeddings.shape
        return cls(rows, columns, padding_idx, _weight=embeddings, _freeze=freeze)

    def forward(self, input: Tensor) -> Any:
        return operation("embedding")(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, usual in (("padding_idx", None), ("max_norm", None), ("norm_type", 2.0)):
            value = getattr(self, name)
            if value != usual:
                text += f", {name}={value}"
        return text + (f", scale_grad_by_freq={self.scale_grad_by_freq}" if self.scale_grad_by_freq else "")


class LazyLinear(Linear):
    """A linear layer whose inputs are counted at the first call."""

    __module__ = MODULES + "linear"

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        Module.__init__(self)
        self.in_features = 0
        self.out_features = out_features
        self.register_parameter("weight", None)
        self.register_parameter("bias", None)
        self._options = (bias, dtype)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._parameters["weight"] is None:
            bias, dtype = self._options
            object.__setattr__(self, "__class__", Linear)
            Linear.__init__(self, args[0].shape[-1], self.out_features, bias, dtype=dtype)
        return Module.__call__(self, *args, **kwargs)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self._options[0]}"


PixelShuffle = plain_layer("PixelShuffle", "pixel_shuffle", "pixelshuffle", "upscale_factor", upscale_factor=...)
PixelUnshuffle = plain_layer(
    "PixelUnshuffle", "pixel_unshuffle", "pixelshuffle", "downscale_factor", downscale_factor=...
)
ChannelShuffle = plain_layer("ChannelShuffle", "channel_shuffle", "channelshuffle", "groups", groups=...)

__all__ = ["Bilinear", "Embedding", "Flatten", "Identity", "LazyLinear", "Linear", "Unflatten"]
