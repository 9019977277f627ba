"""`torch.nn`: pools, padding and resizing. Source: PyTorch documentation, `torch.nn`."""

from __future__ import annotations

from typing import Any

from autodiff.tensor.module import Module
from autodiff.tensor.parts import MODULES, operation, plain_layer, several
from autodiff.tensor.tensor import Tensor


class _MaxPool(Module):
    """The largest element of each window."""

    __module__ = MODULES + "pooling"
    dims = 1

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        options: dict[str, Any] = {"dilation": self.dilation, "ceil_mode": self.ceil_mode}
        if self.return_indices:
            options["return_indices"] = True
        return operation(f"max_pool{self.dims}d")(input, self.kernel_size, self.stride, self.padding, **options)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation},"
            f" ceil_mode={self.ceil_mode}"
        )


class _AvgPool(Module):
    """The mean element of each window."""

    __module__ = MODULES + "pooling"
    dims = 1

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        if self.dims == 1:
            kernel_size, padding = several(kernel_size, 1), several(padding, 1)
            stride = None if stride is None else several(stride, 1)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Any:
        options: dict[str, Any] = {"ceil_mode": self.ceil_mode, "count_include_pad": self.count_include_pad}
        if self.divisor_override is not None:
            options["divisor_override"] = self.divisor_override
        return operation(f"avg_pool{self.dims}d")(input, self.kernel_size, self.stride, self.padding, **options)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _MaxUnpool(Module):
    """Elements back to where `MaxPool` found them."""

    __module__ = MODULES + "pooling"
    dims = 1

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = several(kernel_size, self.dims)
        self.stride = self.kernel_size if stride is None else several(stride, self.dims)
        self.padding = several(padding, self.dims)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Any:
        unpool = operation(f"max_unpool{self.dims}d")
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _LPPool(Module):
    """The norm of each window."""

    __module__ = MODULES + "pooling"
    dims = 1

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        pool = operation(f"lp_pool{self.dims}d")
        return pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride},"
            f" ceil_mode={self.ceil_mode}"
        )


def _each(base: Any, name: str, dims: int) -> Any:
    return type(name, (base,), {"dims": dims, "__module__": base.__module__, "__doc__": base.__doc__})


MaxPool1d, MaxPool2d, MaxPool3d = (_each(_MaxPool, f"MaxPool{d}d", d) for d in (1, 2, 3))
AvgPool1d, AvgPool2d, AvgPool3d = (_each(_AvgPool, f"AvgPool{d}d", d) for d in (1, 2, 3))
MaxUnpool1d, MaxUnpool2d, MaxUnpool3d = (_each(_MaxUnpool, f"MaxUnpool{d}d", d) for d in (1, 2, 3))
LPPool1d, LPPool2d, LPPool3d = (_each(_LPPool, f"LPPool{d}d", d) for d in (1, 2, 3))


def _adaptive(kind: str, dims: int) -> Any:
    name, function = f"Adaptive{kind}Pool{dims}d", f"adaptive_{kind.lower()}_pool{dims}d"
    return plain_layer(name, function, "pooling", "output_size", output_size=...)


AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d = (_adaptive("Avg", d) for d in (1, 2, 3))
AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d = (_adaptive("Max", d) for d in (1, 2, 3))


class _Pad(Module):
    """More elements around each of the last dims."""

    __module__ = MODULES + "padding"
    dims = 1
    mode = "constant"
    filling: Any = None

    def __init__(self, padding: Any, value: Any = None) -> None:
        super().__init__()
        if self.mode == "constant" and self.filling is None:
            if value is None:
                raise TypeError(f"{type(self).__name__}.__init__() missing 1 required positional argument: 'value'")
            self.value = value
        elif value is not None:
            raise TypeError(f"{type(self).__name__}.__init__() takes 2 positional arguments but 3 were given")
        self.padding = several(padding, 2 * self.dims)

    def forward(self, input: Tensor) -> Any:
        if self.mode == "constant":
            value = self.value if self.filling is None else self.filling
            return operation("pad")(input, self.padding, "constant", value)
        return operation("pad")(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        if self.mode == "constant" and self.filling is None:
            return f"padding={self.padding}, value={self.value}"
        return f"{self.padding}"


def _padding(name: str, dims: int, mode: str, filling: Any) -> Any:
    members = {"dims": dims, "mode": mode, "filling": filling, "__module__": _Pad.__module__, "__doc__": _Pad.__doc__}
    return type(f"{name}{dims}d", (_Pad,), members)


ConstantPad1d, ConstantPad2d, ConstantPad3d = (_padding("ConstantPad", d, "constant", None) for d in (1, 2, 3))
ZeroPad1d, ZeroPad2d, ZeroPad3d = (_padding("ZeroPad", d, "constant", 0.0) for d in (1, 2, 3))
ReflectionPad1d, ReflectionPad2d, ReflectionPad3d = (_padding("ReflectionPad", d, "reflect", None) for d in (1, 2, 3))
ReplicationPad1d, ReplicationPad2d, ReplicationPad3d = (
    _padding("ReplicationPad", d, "replicate", None) for d in (1, 2, 3)
)
CircularPad1d, CircularPad2d, CircularPad3d = (_padding("CircularPad", d, "circular", None) for d in (1, 2, 3))


class Upsample(Module):
    """`F.interpolate`."""

    __module__ = MODULES + "upsampling"

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor: Any = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Any:
        return operation("interpolate")(input, self.size, self.scale_factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        how = f"scale_factor={self.scale_factor!r}" if self.scale_factor is not None else f"size={self.size!r}"
        return f"{how}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """`F.interpolate` with the nearest elements."""

    __module__ = MODULES + "upsampling"

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """`F.interpolate` between four neighbours."""

    __module__ = MODULES + "upsampling"

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
