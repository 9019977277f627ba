"""`torch.nn`: layers over space and batches: convolutions, pools, normalisations, embeddings, dropout.

Source: PyTorch documentation, `torch.nn`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.tensor.initialise import constant_, kaiming_uniform_, normal_, uniform_
from autodiff.tensor.module import Module, Parameter
from autodiff.tensor.namespace import lookup
from autodiff.tensor.sampled import dropout
from autodiff.tensor.storage import writing
from autodiff.tensor.tensor import Tensor, of_array


def _call(name: str, *args: Any, **kwargs: Any) -> Any:
    return lookup("F", name)(*args, **kwargs)


def _blank(*shape: int) -> Parameter:
    from autodiff.tensor.modes import get_default_dtype

    return Parameter(of_array(np.zeros(shape, get_default_dtype().numpy)))


def _several(value: Any, count: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * count


class _Conv(Module):
    """A convolution; weight [out, in / groups, …] and bias begin within 1/sqrt of the numbers that go into a result."""

    dims = 1

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
    ) -> None:
        super().__init__()
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _several(kernel_size, self.dims)
        self.stride = _several(stride, self.dims)
        self.padding = padding if isinstance(padding, str) else _several(padding, self.dims)
        self.dilation = _several(dilation, self.dims)
        self.groups = groups
        self.padding_mode = padding_mode
        self.weight = _blank(out_channels, in_channels // groups, *self.kernel_size)
        kaiming_uniform_(self.weight, a=math.sqrt(5))
        if bias:
            bound = 1 / math.sqrt(self.weight[0].numel())
            self.bias = _blank(out_channels)
            uniform_(self.bias, -bound, bound)
        else:
            self.register_parameter("bias", None)

    def forward(self, input: Tensor) -> Any:
        return _call(
            f"conv{self.dims}d", input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * self.dims:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.dims:
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text + (", bias=False" if self.bias is None else "")


class Conv1d(_Conv):
    """`F.conv1d` with weights."""


class Conv2d(_Conv):
    """`F.conv2d` with weights."""

    dims = 2


class _Pool(Module):
    """The largest or the mean element of each window."""

    function = "max_pool1d"
    shown = "padding={padding}, dilation={dilation}, ceil_mode={ceil_mode}"

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        return _call(
            self.function, input, self.kernel_size, self.stride, self.padding, dilation=self.dilation,
            ceil_mode=self.ceil_mode,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, " + self.shown.format(**self.__dict__)


class MaxPool1d(_Pool):
    """`F.max_pool1d`."""


class MaxPool2d(_Pool):
    """`F.max_pool2d`."""

    function = "max_pool2d"


class AvgPool2d(_Pool):
    """`F.avg_pool2d`."""

    function = "avg_pool2d"
    shown = "padding={padding}"

    def forward(self, input: Tensor) -> Any:
        return _call(self.function, input, self.kernel_size, self.stride, self.padding)


class AvgPool1d(AvgPool2d):
    """`F.avg_pool1d`."""

    function = "avg_pool1d"

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        size = _several(kernel_size, 1)
        super().__init__(size, size if stride is None else _several(stride, 1), _several(padding, 1))


class AdaptiveAvgPool2d(Module):
    """`F.adaptive_avg_pool2d`."""

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Any:
        return _call("adaptive_avg_pool2d", input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _BatchNorm(Module):
    """Features with mean 0 and variance 1 over the batch (Ioffe and Szegedy, 2015)."""

    ranks: tuple[int, ...] = (2, 3)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name in ("weight", "bias"):
            self.register_parameter(name, _blank(num_features) if affine else None)
        if affine:
            constant_(self.weight, 1.0)
        if track_running_stats:
            self.register_buffer("running_mean", _blank(num_features).detach())
            self.register_buffer("running_var", _blank(num_features).detach() + 1)
            self.register_buffer("num_batches_tracked", of_array(np.zeros((), np.int64)))
        else:
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                self.register_buffer(name, None)

    def forward(self, input: Tensor) -> Any:
        if input.ndim not in self.ranks:
            wanted = " or ".join(f"{rank}D" for rank in self.ranks)
            raise ValueError(f"expected {wanted} input (got {input.ndim}D input)")
        batch = self.training or self.running_mean is None
        mean, var = (None, None) if batch else (self.running_mean, self.running_var)
        result = _call("batch_norm", input, mean, var, self.weight, self.bias, training=batch, eps=self.eps)
        if self.training and self.track_running_stats:
            self._follow(input._array)
        return result

    def _follow(self, array: Any) -> None:
        """Move the running statistics towards those of the batch."""
        self.num_batches_tracked += 1
        axes = (0, *range(2, array.ndim))
        count = array.size // array.shape[1]
        part = self.momentum if self.momentum is not None else 1 / self.num_batches_tracked.item()
        for buffer, now in (
            (self.running_mean, array.mean(axis=axes, dtype=np.float64)),
            (self.running_var, array.var(axis=axes, dtype=np.float64) * (count / max(count - 1, 1))),
        ):
            writing(buffer._array)
            buffer._array[...] = (1 - part) * buffer._array + part * now
            buffer._counter.version += 1

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine},"
            f" bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of [N, C] or [N, C, L]."""


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of [N, C, H, W]."""

    ranks = (4,)


class LayerNorm(Module):
    """Elements with mean 0 and variance 1 over the last dims (Ba, Kiros and Hinton, 2016)."""

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True
    ) -> None:
        super().__init__()
        self.normalized_shape = _several(normalized_shape, 1)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.register_parameter("weight", _blank(*self.normalized_shape) if elementwise_affine else None)
        self.register_parameter("bias", _blank(*self.normalized_shape) if elementwise_affine and bias else None)
        if elementwise_affine:
            constant_(self.weight, 1.0)

    def forward(self, input: Tensor) -> Any:
        return _call("layer_norm", input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine},"
            f" bias={self.bias is not None}"
        )


class GroupNorm(Module):
    """Groups of channels with mean 0 and variance 1 (Wu and He, 2018)."""

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError("num_channels must be divisible by num_groups")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name in ("weight", "bias"):
            self.register_parameter(name, _blank(num_channels) if affine else None)
        if affine:
            constant_(self.weight, 1.0)

    def forward(self, input: Tensor) -> Any:
        return _call("group_norm", input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine},"
            f" bias={self.bias is not None}"
        )


class Embedding(Module):
    """Rows of a table, which begins normal."""

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.weight = _blank(num_embeddings, embedding_dim)
        normal_(self.weight)
        if padding_idx is not None:
            self.weight._array[padding_idx] = 0

    def forward(self, input: Tensor) -> Any:
        return _call("embedding", input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"


class Bilinear(Module):
    """`x1 @ weight @ x2 + bias` for each output feature."""

    def __init__(self, in1_features: int, in2_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        bound = 1 / math.sqrt(in1_features)
        self.weight = _blank(out_features, in1_features, in2_features)
        self.register_parameter("bias", _blank(out_features) if bias else None)
        uniform_(self.weight, -bound, bound)
        if bias:
            uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Any:
        return _call("bilinear", input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features},"
            f" bias={self.bias is not None}"
        )


class PReLU(Module):
    """`leaky_relu` with slopes that are learnt."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.weight = _blank(num_parameters)
        constant_(self.weight, init)

    def forward(self, input: Tensor) -> Any:
        return _call("prelu", input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class Dropout(Module):
    """Elements set to zero by chance while training (Hinton et al., 2012)."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Any:
        return dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Unflatten(Module):
    """One dim as several."""

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, input: Tensor) -> Any:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class CosineSimilarity(Module):
    """`F.cosine_similarity`."""

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Any:
        return _call("cosine_similarity", x1, x2, self.dim, self.eps)


SPATIAL: tuple[type[Module], ...] = (
    Conv1d, Conv2d, MaxPool1d, MaxPool2d, AvgPool1d, AvgPool2d, AdaptiveAvgPool2d, BatchNorm1d, BatchNorm2d, LayerNorm,
    GroupNorm, Embedding, Bilinear, PReLU, Dropout, Unflatten, CosineSimilarity,
)  # fmt: skip
