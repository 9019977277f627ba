"""Attention: values averaged with the weights that queries give to keys."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.kinds import plain
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Shape, normalize_dim
from autodiff.ops.arithmetic import MUL_NUMBER
from autodiff.ops.matmul import matrix_product, transposed, type_text
from autodiff.ops.reduce import SUM


def _safe_softmax_kernel(x: Any) -> Any:
    top = np.max(x, axis=-1, keepdims=True) if x.shape[-1] else x.dtype.type(0)
    powers = np.exp(x - np.where(np.isneginf(top), 0, top))
    total = np.sum(powers, axis=-1, keepdims=True)
    return np.divide(powers, total, out=np.zeros_like(powers), where=total != 0)


SAFE_SOFTMAX = Primitive(
    "safe_softmax(x)",
    _safe_softmax_kernel,
    shape=lambda x: x.shape,
    vjp=[lambda g, out, x: out * (g - SUM(g * out, (len(x.shape) - 1,), True))],
    batches=True,
    grad_fn="SafeSoftmaxBackward0",
    doc="softmax along the last dim; zeros, not NaN, for rows of minus infinity alone.",
)


def _flash_kernel(query: Any, key: Any, value: Any, mask: Any, scale: float) -> Any:
    scores = np.matmul(query, np.swapaxes(key, -1, -2)) * query.dtype.type(scale)
    if mask is not None:
        scores = scores + mask
    return np.matmul(_safe_softmax_kernel(scores), value)


def _flash_rule(g: Node, out: Node, query: Node, key: Node, value: Node, mask: Node | None, scale: float) -> list[Any]:
    """Source: Dao et al., FlashAttention, 2022, appendix B.2."""
    scores = MUL_NUMBER(matrix_product(query, transposed(key)), scale)
    weights = SAFE_SOFTMAX(scores if mask is None else scores + mask)
    onto = matrix_product(g, transposed(value))
    onto = MUL_NUMBER(weights * (onto - SUM(onto * weights, (3,), True)), scale)
    cotangents = [matrix_product(onto, key), matrix_product(transposed(onto), query)]
    return [*cotangents, matrix_product(transposed(weights), g), *([] if mask is None else [None])]


FLASH = Primitive(
    "attention(query, key, value, mask: Tensor?, scale: Number)",
    _flash_kernel,
    shape=lambda query, key, value, mask, scale: (*query.shape[:-1], value.shape[-1]),
    vjp_all=_flash_rule,
    edges=lambda query, key, value, mask, scale: [query, key, value],
    grad_fn="ScaledDotProductFlashAttentionForCpuBackward0",
    doc="softmax(query @ key.mT*scale + mask) @ value, for rows of heads.",
)


def _check(query: Node, key: Node, value: Node, mask: Node | None, is_causal: bool) -> None:
    operands = (query, key, value)
    if any(node.dtype is not query.dtype for node in operands):
        kinds = [type_text(node.dtype) for node in operands]
        raise AutodiffError(
            "bad-dtype",
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {kinds[0]} key.dtype:"
            f" {kinds[1]} and value.dtype: {kinds[2]} instead.",
            operands=(0, 1, 2),
        )
    if any(len(node.shape) < 2 for node in operands):
        ranks = [len(node.shape) for node in operands]
        raise AutodiffError(
            "bad-rank",
            f"Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: {ranks[0]} key.dim:"
            f" {ranks[1]} and value.dim: {ranks[2]} instead.",
            operands=(0, 1, 2),
        )
    if mask is not None and mask.dtype not in (dtypes.bool_, query.dtype):
        raise AutodiffError(
            "bad-dtype",
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype:"
            f" {type_text(mask.dtype)} and  query.dtype: {type_text(query.dtype)} instead.",
            operands=(3,),
        )
    if mask is not None and is_causal:
        raise AutodiffError(
            "bad-value",
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True",
            operands=(3,),
        )


def _for_flash(query: Node, key: Node, value: Node, mask: Node | None) -> bool:
    """Whether PyTorch has one kernel for it: four dims, of equal sizes where they meet, and no gradient to the mask."""
    if any(len(x.shape) != 4 or 0 in x.shape for x in (query, key, value)):
        return False
    alike = all(a.shape[:2] == b.shape[:2] and a.shape[3] == b.shape[3] for a, b in ((query, key), (query, value)))
    if not alike or key.shape[2] != value.shape[2]:
        return False
    if mask is None:
        return True
    own = (query.shape[2], key.shape[2])
    wide = len(mask.shape) in (2, 4) and all(
        given in (1, wanted) for given, wanted in zip(mask.shape[-2:], own, strict=True)
    )
    lead = len(mask.shape) == 2 or all(
        given in (1, wanted) for given, wanted in zip(mask.shape[:2], query.shape[:2], strict=True)
    )
    return wide and lead and not mask.requires_grad


def _as_bias(mask: Node | None, query: Node) -> Node | None:
    """A mask of truth values as what is added to the scores: minus infinity where it is false."""
    if mask is None or mask.dtype is not dtypes.bool_:
        return mask
    zeros = ops.zeros(mask.shape, dtype=query.dtype)
    return ops.masked_fill(zeros, ops.logical_not(mask), -math.inf)  # type: ignore[no-any-return]


def _causal(query: Node, key: Node) -> Node:
    shape: Shape = (query.shape[-2], key.shape[-2])
    return ops.tril(ops.ones(shape, dtype=dtypes.bool_))  # type: ignore[no-any-return]


def _repeated(x: Node, query: Node) -> Node:
    """Each head of keys and values for a group of queries."""
    normalize_dim(-3, min(len(query.shape), len(x.shape)))
    heads, own = query.shape[-3], x.shape[-3]
    if not isinstance(heads, int) or not isinstance(own, int) or heads == own:
        return x
    if not own or heads % own:
        raise AutodiffError(
            "shape-mismatch",
            "Number of heads in key and value must divide the number of heads in query",
            operands=(0, 1),
        )
    return ops.repeat_interleave(x, heads // own, len(x.shape) - 3)  # type: ignore[no-any-return]


def _attention(
    query: Node, key: Node, value: Node, mask: Node | None, dropout_p: Any, is_causal: bool, scale: Any,
    enable_gqa: bool,
) -> Node:  # fmt: skip
    _check(query, key, value, mask, is_causal)
    if plain(dropout_p):
        raise AutodiffError("bad-value", "dropout draws random numbers, and an expression has none", operands=(4,))
    size = query.shape[-1]
    factor = float(scale) if scale is not None else 1 / math.sqrt(size) if isinstance(size, int) and size else 1.0
    if enable_gqa:
        key, value = _repeated(key, query), _repeated(value, query)
    bias = _as_bias(mask, query)
    if _for_flash(query, key, value, bias):
        if is_causal:
            bias = _as_bias(_causal(query, key), query)
        return FLASH(query, key, value, bias, factor)  # type: ignore[no-any-return]
    if is_causal:
        bias = _as_bias(_causal(query, key), query)
    root = math.sqrt(factor) if factor >= 0 else math.nan
    left, right = MUL_NUMBER(query, root), MUL_NUMBER(ops.transpose(key, -2, -1), root)
    scores = ops.matmul(left, right)
    weights = SAFE_SOFTMAX(scores + bias) if bias is not None else SAFE_SOFTMAX(scores)
    return ops.matmul(weights, value)  # type: ignore[no-any-return]


composite(
    "scaled_dot_product_attention(query, key, value, attn_mask: Tensor? = None, dropout_p: Number = 0.0,"
    " is_causal: bool = False, *, scale: Number? = None, enable_gqa: bool = False)",
    _attention,
    doc="softmax(query @ key.mT*scale + attn_mask) @ value; scale is 1/sqrt(query.size(-1)) unless given, and a mask of"
    " truth values, or is_causal, says what each query may look at.",
    example="F.scaled_dot_product_attention([[1., 0.]], [[1., 0.], [0., 1.]], [[1., 2.], [3., 4.]])",
    samples=[
        "F.scaled_dot_product_attention(x, y, z); x:2,3, y:4,3, z:4,2",
        "F.scaled_dot_product_attention(x, y, z, is_causal=True); x:2,3,2, y:2,3,2, z:2,3,2",
        "F.scaled_dot_product_attention(x, y, z, m); x:2,2, y:3,2, z:3,2, m:2,3",
        "F.scaled_dot_product_attention(x, y, z, scale=0.5); x:1,2,3,2, y:1,2,3,2, z:1,2,3,2",
        "F.scaled_dot_product_attention(x, y, z, ones(3, 4) > 0); x:1,2,3,2, y:1,2,4,2, z:1,2,4,2",
        "F.scaled_dot_product_attention(x, y, z, enable_gqa=True); x:1,2,3,2, y:1,1,3,2, z:1,1,3,2",
    ],
)
