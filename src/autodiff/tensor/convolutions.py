"""`torch.nn`: convolutions, and windows as columns. Source: PyTorch documentation, `torch.nn`."""

from __future__ import annotations

import math
from typing import Any

from autodiff.tensor.initialise import kaiming_uniform_, uniform_
from autodiff.tensor.module import Module
from autodiff.tensor.parts import MODULES, blank, operation, plain_layer, several
from autodiff.tensor.tensor import Tensor


class _Conv(Module):
    """A convolution; weight [out, in / groups, …] and bias begin within 1/sqrt of the numbers that go into a result."""

    __module__ = MODULES + "conv"
    dims = 1
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        output_padding: Any = 0,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        modes = {"zeros", "reflect", "replicate", "circular"}
        if padding_mode not in modes:
            raise ValueError(f"padding_mode must be one of {modes}, but got padding_mode='{padding_mode}'")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = several(kernel_size, self.dims)
        self.stride = several(stride, self.dims)
        self.padding = padding if isinstance(padding, str) else several(padding, self.dims)
        self.dilation = several(dilation, self.dims)
        self.output_padding = several(output_padding, self.dims)
        self.groups = groups
        self.padding_mode = padding_mode
        channels = (in_channels, out_channels // groups) if self.transposed else (out_channels, in_channels // groups)
        self.weight = blank(*channels, *self.kernel_size, dtype=dtype)
        self.register_parameter("bias", blank(out_channels, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Begin anew."""
        kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            inputs = self.weight.shape[1] * math.prod(self.kernel_size)
            if inputs:
                uniform_(self.bias, -1 / math.sqrt(inputs), 1 / math.sqrt(inputs))

    def forward(self, input: Tensor) -> Any:
        padding = self.padding
        if self.padding_mode != "zeros":
            sides = self._sides()
            input = operation("pad")(input, sides, mode=self.padding_mode)
            padding = (0,) * self.dims
        convolve = operation(f"conv{self.dims}d")
        return convolve(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _sides(self) -> list[int]:
        """How much to pad on both sides of each dim, the last dim first."""
        if not isinstance(self.padding, str):
            return [size for size in reversed(self.padding) for _ in range(2)]
        sides = []
        for size, step in zip(reversed(self.kernel_size), reversed(self.dilation), strict=True):
            total = step * (size - 1) if self.padding == "same" else 0
            sides += [total // 2, total - total // 2]
        return sides

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * self.dims:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.dims:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * self.dims:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        text += ", bias=False" if self.bias is None else ""
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class Conv1d(_Conv):
    """`F.conv1d` with weights."""

    __module__ = MODULES + "conv"


class Conv2d(_Conv):
    """`F.conv2d` with weights."""

    __module__ = MODULES + "conv"
    dims = 2


class Conv3d(_Conv):
    """`F.conv3d` with weights."""

    __module__ = MODULES + "conv"
    dims = 3


class _ConvTranspose(_Conv):
    """The transpose of a convolution; weight [in, out / groups, …]."""

    __module__ = MODULES + "conv"
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, dtype=dtype,
            output_padding=output_padding,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Any = None) -> Any:
        extra = self.output_padding if output_size is None else self._wanted(input, output_size)
        transpose = operation(f"conv_transpose{self.dims}d")
        return transpose(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)

    def _wanted(self, input: Tensor, output_size: Any) -> tuple[int, ...]:
        """The padding of the output that makes it so large."""
        sizes = tuple(output_size)[-self.dims :]
        found = []
        for d, size in enumerate(sizes):
            least = (input.shape[d - self.dims] - 1) * self.stride[d] - 2 * self.padding[d]
            found.append(size - least - self.dilation[d] * (self.kernel_size[d] - 1) - 1)
        return tuple(found)


class ConvTranspose1d(_ConvTranspose):
    """`F.conv_transpose1d` with weights."""

    __module__ = MODULES + "conv"


class ConvTranspose2d(_ConvTranspose):
    """`F.conv_transpose2d` with weights."""

    __module__ = MODULES + "conv"
    dims = 2


class ConvTranspose3d(_ConvTranspose):
    """`F.conv_transpose3d` with weights."""

    __module__ = MODULES + "conv"
    dims = 3


Unfold = plain_layer(
    "Unfold", "unfold", "fold", "kernel_size dilation padding stride", kernel_size=..., dilation=1, padding=0, stride=1
)
Fold = plain_layer(
    "Fold", "fold", "fold", "output_size kernel_size dilation padding stride", output_size=..., kernel_size=...,
    dilation=1, padding=0, stride=1,
)  # fmt: skip
