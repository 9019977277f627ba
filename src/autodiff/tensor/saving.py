"""What PyTorch's operations save for backward where it is not what our rules read.

Which forward values were saved is traced from the rules (`engine.values_read`); this table holds the differences, asked
of PyTorch 2.13 operation by operation: an operand that was changed in place, a result that was, a second backward.
"""

from __future__ import annotations

from typing import Any

from autodiff.graph.primitive import PICK

# Operation, or its node's name → what it saves besides: operands by position, `out`, or results by number as `out1`.
_BY_ROLES = {
    "once": "copy_slices",
    "0": "PowBackward0 avg_pool masked_select cholesky_solve gather nll_loss mirror_pad take",
    "0 1": "multi_margin_loss div_floor div_trunc prelu",
    "0 out": "copysign cumprod vector_norm prod pdist F.pdist linalg.det var_mean",
    "0 1 out": "cdist PowBackward1",
    "0 1 2 out": "scatter_reduce index_reduce scatter_with_sum scatter_with_product",
    "0 1 out0": "triangular_solve",
    "0 out1": "max_pool cummax cummin",
    "1": "masked_scatter max_unpool",
    "2": "index_copy index_add put",
    "last": "layer_norm",
    "3 4": "batch_norm",
    "out0": "std_mean linalg.slogdet linalg.lstsq linalg.cholesky_ex linalg.inv_ex linalg.solve_ex",
    "out1": "max min median nanmedian kthvalue mode sort topk",
    "out0 out1": "aminmax linalg.qr linalg.eigh linalg.lu",
    "out0 out1 out2": "linalg.svd",
    "out": "sgn LeakyReluBackward1 EluBackward1 CeluBackward1 RreluWithNoiseBackward1"
    " ormqr linalg.householder_product svdvals",
    "out out1": "linalg.lu_factor",
    "tracked": "linalg.pinv",
}
ALSO: dict[str, tuple[int | str, ...]] = {
    name: tuple(int(role) if role.isdigit() else role for role in roles.split())
    for roles, names in _BY_ROLES.items()
    for name in names.split()
}

# Operation → operands that it does not save, though our rule reads them.
NOT: dict[str, tuple[int, ...]] = {"copysign": (1,), "linalg.lu": (0,), "linalg.lu_factor": (0,)}

# Functions that save tensors which our operation does not have as operands or results: which of the arguments, or
# `results` for all of these besides the first that has a history.
LINKED: dict[str, int | str] = {"masked_select": 1} | dict.fromkeys(
    (
        "native_group_norm", "native_layer_norm", "native_batch_norm", "linalg.lu", "max_pool1d",
        "max_pool1d_with_indices", "adaptive_max_pool1d",
    ),
    "results",
)  # fmt: skip


def link(name: str, result: Any, args: Any) -> None:
    """Have backward look at the versions of what a function saved besides."""
    which = LINKED[name]
    several = result if isinstance(result, tuple) else (result,)
    tracked = [tensor for tensor in several if tensor._node.requires_grad]
    if not tracked:
        return
    node = tracked[0]._node
    while node.op.view or node.op is PICK or (node.op.hidden and node.inputs):
        node = node.inputs[0]
    others = [t for t in several if t is not tracked[0]] if which == "results" else [args[which]]
    node.eager.linked = tuple((other, other._counter.version) for other in others)
