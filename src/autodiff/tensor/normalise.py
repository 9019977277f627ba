"""`torch.nn`: normalisations and dropout. Source: PyTorch documentation, `torch.nn`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.tensor.initialise import constant_
from autodiff.tensor.module import Module
from autodiff.tensor.parts import MODULES, blank, operation, plain_layer, several
from autodiff.tensor.sampled import bernoulli_, dropout
from autodiff.tensor.storage import overwrite
from autodiff.tensor.tensor import Tensor, of_array


class _Norm(Module):
    """What normalisations with statistics that run along share."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name in ("weight", "bias"):
            self.register_parameter(name, blank(num_features, dtype=dtype) if affine else None)
        if affine:
            constant_(self.weight, 1.0)
        if track_running_stats:
            self.register_buffer("running_mean", blank(num_features, dtype=dtype).detach())
            self.register_buffer("running_var", blank(num_features, dtype=dtype).detach() + 1)
            self.register_buffer("num_batches_tracked", of_array(np.zeros((), np.int64)))
        else:
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                self.register_buffer(name, None)

    def reset_running_stats(self) -> None:
        """Forget the statistics."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def _follow(self, mean: Any, var: Any) -> None:
        """Move the running statistics towards those of the batch."""
        self.num_batches_tracked += 1
        part = self.momentum if self.momentum is not None else 1 / self.num_batches_tracked.item()
        for buffer, now in ((self.running_mean, mean), (self.running_var, var)):
            overwrite(buffer, (1 - part) * buffer._array + part * now)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine},"
            f" bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


def _wanted(ranks: tuple[int, ...], input: Tensor) -> None:
    if input.ndim not in ranks:
        wanted = " or ".join(f"{rank}D" for rank in ranks)
        raise ValueError(f"expected {wanted} input (got {input.ndim}D input)")


class _BatchNorm(_Norm):
    """Features with mean 0 and variance 1 over the batch (Ioffe and Szegedy, 2015)."""

    ranks: tuple[int, ...] = (2, 3)

    def forward(self, input: Tensor) -> Any:
        _wanted(self.ranks, input)
        batch = self.training or self.running_mean is None
        if batch and input.numel() == (input.shape[1] if input.ndim > 1 else 1):
            raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
        mean, var = (None, None) if batch else (self.running_mean, self.running_var)
        result = operation("batch_norm")(input, mean, var, self.weight, self.bias, training=batch, eps=self.eps)
        if self.training and self.track_running_stats:
            array = input._array
            axes = (0, *range(2, array.ndim))
            count = array.size // array.shape[1]
            self._follow(
                array.mean(axis=axes, dtype=np.float64),
                array.var(axis=axes, dtype=np.float64) * (count / max(count - 1, 1)),
            )
        return result


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of [N, C] or [N, C, L]."""

    __module__ = MODULES + "batchnorm"


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of [N, C, H, W]."""

    __module__ = MODULES + "batchnorm"
    ranks = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of [N, C, D, H, W]."""

    __module__ = MODULES + "batchnorm"
    ranks = (5,)


class _InstanceNorm(_Norm):
    """Channels with mean 0 and variance 1 in every instance (Ulyanov, Vedaldi and Lempitsky, 2016)."""

    ranks: tuple[int, ...] = (2, 3)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype=dtype)

    def forward(self, input: Tensor) -> Any:
        _wanted(self.ranks, input)
        batch = self.training or not self.track_running_stats
        one = input.ndim == self.ranks[0]  # an instance without a batch
        given = input.unsqueeze(0) if one else input
        mean, var = (None, None) if batch else (self.running_mean, self.running_var)
        result = operation("instance_norm")(given, mean, var, self.weight, self.bias, batch, eps=self.eps)
        if self.training and self.track_running_stats:
            array = given._array
            axes = tuple(range(2, array.ndim))
            count = array[0, 0].size
            self._follow(
                array.mean(axis=axes, dtype=np.float64).mean(0),
                array.var(axis=axes, dtype=np.float64).mean(0) * (count / max(count - 1, 1)),
            )
        return result.squeeze(0) if one else result


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of [N, C, L] or [C, L]."""

    __module__ = MODULES + "instancenorm"


class InstanceNorm2d(_InstanceNorm):
    """Instance normalisation of [N, C, H, W] or [C, H, W]."""

    __module__ = MODULES + "instancenorm"
    ranks = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of [N, C, D, H, W] or [C, D, H, W]."""

    __module__ = MODULES + "instancenorm"
    ranks = (4, 5)


class LayerNorm(Module):
    """Elements with mean 0 and variance 1 over the last dims (Ba, Kiros and Hinton, 2016)."""

    __module__ = MODULES + "normalization"

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = several(normalized_shape, 1)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        made = [blank(*self.normalized_shape, dtype=dtype) if wanted else None for wanted in (1, bias)]
        self.register_parameter("weight", made[0] if elementwise_affine else None)
        self.register_parameter("bias", made[1] if elementwise_affine else None)
        if elementwise_affine:
            constant_(self.weight, 1.0)

    def forward(self, input: Tensor) -> Any:
        return operation("layer_norm")(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine},"
            f" bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Elements with mean square 1 over the last dims (Zhang and Sennrich, 2019)."""

    __module__ = MODULES + "normalization"

    def __init__(
        self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape = several(normalized_shape, 1)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.register_parameter("weight", blank(*self.normalized_shape, dtype=dtype) if elementwise_affine else None)
        if elementwise_affine:
            constant_(self.weight, 1.0)

    def forward(self, input: Tensor) -> Any:
        return operation("rms_norm")(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Groups of channels with mean 0 and variance 1 (Wu and He, 2018)."""

    __module__ = MODULES + "normalization"

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name in ("weight", "bias"):
            self.register_parameter(name, blank(num_channels, dtype=dtype) if affine else None)
        if affine:
            constant_(self.weight, 1.0)

    def forward(self, input: Tensor) -> Any:
        return operation("group_norm")(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine},"
            f" bias={self.bias is not None}"
        )


LocalResponseNorm = plain_layer(
    "LocalResponseNorm", "local_response_norm", "normalization", size=..., alpha=1e-4, beta=0.75, k=1.0
)
LocalResponseNorm.extra_repr = lambda self: f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class Dropout(Module):
    """Elements set to zero by chance while training (Hinton et al., 2012)."""

    __module__ = MODULES + "dropout"

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


class Dropout1d(Dropout):
    """Whole channels set to zero by chance while training (Tompson et al., 2014)."""

    __module__ = MODULES + "dropout"

    def forward(self, input: Tensor) -> Any:
        if not self.training or self.p == 0:
            return input
        shape = (*input.shape[:2], *(1 for _ in input.shape[2:]))
        kept = bernoulli_(of_array(np.zeros(shape, input._array.dtype)), 1 - self.p)
        return input * (kept / (1 - self.p))


class Dropout2d(Dropout1d):
    """Whole channels of [N, C, H, W] set to zero by chance while training."""

    __module__ = MODULES + "dropout"


class Dropout3d(Dropout1d):
    """Whole channels of [N, C, D, H, W] set to zero by chance while training."""

    __module__ = MODULES + "dropout"


class AlphaDropout(Dropout):
    """Dropout that keeps mean and variance of what SELU makes (Klambauer et al., 2017)."""

    __module__ = MODULES + "dropout"

    def forward(self, input: Tensor) -> Any:
        if not self.training or self.p == 0:
            return input
        alpha = 1.7580993408473766
        a = 1.0 / np.sqrt((alpha * alpha * self.p + 1) * (1 - self.p))
        kept = bernoulli_(of_array(np.zeros(input.shape, input._array.dtype)), 1 - self.p)
        shift = (kept - 1) * (alpha * float(a)) + alpha * float(a) * self.p
        return input * (kept * float(a)) + shift
