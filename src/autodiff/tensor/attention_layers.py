"""`torch.nn`: attention with several heads, and the encoder of the transformer.

Sources: PyTorch documentation, `torch.nn.MultiheadAttention`; Vaswani et al., 2017.
"""

from __future__ import annotations

import copy
import math
from typing import Any

from autodiff.tensor.containers import ModuleList
from autodiff.tensor.initialise import constant_, xavier_uniform_
from autodiff.tensor.linear import Linear
from autodiff.tensor.module import Module
from autodiff.tensor.normalise import Dropout, LayerNorm
from autodiff.tensor.parts import MODULES, blank, operation
from autodiff.tensor.sampled import dropout as drop
from autodiff.tensor.tensor import Tensor


class NonDynamicallyQuantizableLinear(Linear):
    """A linear layer under the name that PyTorch has for it in attention."""

    __module__ = MODULES + "linear"


class MultiheadAttention(Module):
    """Attention of several heads between queries, keys and values of one size."""

    __module__ = MODULES + "activation"

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim % num_heads:
            raise AssertionError("embed_dim must be divisible by num_heads")
        if add_bias_kv or add_zero_attn or kdim not in (None, embed_dim) or vdim not in (None, embed_dim):
            raise NotImplementedError("attention here has queries, keys and values of one size, and no extra ones")
        super().__init__()
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.in_proj_weight = blank(3 * embed_dim, embed_dim, dtype=dtype)
        self.register_parameter("in_proj_bias", blank(3 * embed_dim, dtype=dtype) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, dtype=dtype)
        xavier_uniform_(self.in_proj_weight)
        if bias:
            constant_(self.out_proj.bias, 0.0)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> Any:
        """The outputs, and the weights (mean over the heads, unless told otherwise) where they are wanted."""
        batched = query.ndim == 3
        given: list[Any] = [query, key, value]
        if not batched:
            given = [t.unsqueeze(1) for t in given]
        elif self.batch_first:
            given = [t.transpose(0, 1) for t in given]
        count, batch = given[0].shape[0], given[0].shape[1]
        weights = self.in_proj_weight.chunk(3)
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        q, k, v = (
            operation("linear")(t, w, b).view(t.shape[0], batch * self.num_heads, self.head_dim).transpose(0, 1)
            for t, w, b in zip(given, weights, biases, strict=True)
        )
        scores = (q * math.sqrt(1.0 / self.head_dim)) @ k.transpose(-2, -1)
        mask = self._mask(attn_mask, key_padding_mask, scores)
        if mask is not None:
            scores = scores + mask
        attention = scores.softmax(-1)
        if self.dropout and self.training:
            attention = drop(attention, self.dropout)
        heads = (attention @ v).transpose(0, 1).contiguous().view(count * batch, self.embed_dim)
        out: Any = self.out_proj(heads).view(count, batch, self.embed_dim)
        shown: Any = None
        if need_weights:
            shown = attention.view(batch, self.num_heads, count, k.shape[1])
            if average_attn_weights:
                shown = shown.mean(1)
            if not batched:
                shown = shown.squeeze(0)
        if not batched:
            out = out.squeeze(1)
        elif self.batch_first:
            out = out.transpose(0, 1)
        return out, shown

    def _mask(self, attn_mask: Any, key_padding_mask: Any, scores: Any) -> Any:
        """What is added to the scores: nothing, or minus infinity where nobody may look."""
        total = None
        for mask, keys in ((attn_mask, False), (key_padding_mask, True)):
            if mask is None:
                continue
            if mask.dtype.name == "bool":
                mask = scores.detach().new_zeros(mask.shape).masked_fill(mask, -math.inf)
            if keys:
                batch = mask.shape[0] if mask.ndim == 2 else 1
                mask = mask.view(batch, 1, 1, -1).expand(-1, self.num_heads, -1, -1)
                mask = mask.reshape(batch * self.num_heads, 1, -1)
            total = mask if total is None else total + mask
        return total


class TransformerEncoderLayer(Module):
    """Attention to itself, and a network of two layers, each added to what comes in."""

    __module__ = MODULES + "transformer"

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = operation(activation) if isinstance(activation, str) else activation

    def forward(
        self, src: Tensor, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Any:
        x: Any = src
        if self.norm_first:
            x = x + self._attend(self.norm1(x), src_mask, src_key_padding_mask)
            return x + self._feed(self.norm2(x))
        x = self.norm1(x + self._attend(x, src_mask, src_key_padding_mask))
        return self.norm2(x + self._feed(x))

    def _attend(self, x: Any, mask: Any, padding: Any) -> Any:
        return self.dropout1(self.self_attn(x, x, x, padding, False, mask)[0])

    def _feed(self, x: Any) -> Any:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoder(Module):
    """Several copies of an encoder layer, one after another."""

    __module__ = MODULES + "transformer"

    def __init__(
        self, encoder_layer: Module, num_layers: int, norm: Module | None = None, enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(encoder_layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self, src: Tensor, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Any:
        output: Any = src
        for layer in self.layers:
            output = layer(output, mask, src_key_padding_mask)
        return output if self.norm is None else self.norm(output)
