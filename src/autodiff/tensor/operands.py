"""Which arguments PyTorch wants to be tensors, and what its errors call them.

The operations here also take numbers and lists, as expressions do; functions and methods of tensors refuse them as
PyTorch does.  A word an argument, in order: its name in `argument 'other' (position 2) must be Tensor`; `*` where the
error is about the combination of arguments; `.size` where it is about a missing attribute; `-` where anything goes.
Behind it, `+`: numbers are fine; `?`: None is.  Asked of PyTorch 2.13 for each operation.
"""

from __future__ import annotations

from typing import Any

_WANTED = """
input: abs absolute acos acosh adaptive_avg_pool1d adaptive_max_pool1d alias_copy alpha_dropout amax amin aminmax
    angle arccos arccosh arcsin arcsinh arctan arctanh argmax argmin argsort argwhere asin asinh atan atanh avg_pool1d
    avg_pool2d avg_pool3d bernoulli bitwise_not broadcast_to ceil celu channel_shuffle cholesky cholesky_inverse chunk
    clone combinations conj conj_physical constant_pad_nd corrcoef cos cosh count_nonzero cov cummax cummin cumprod
    cumsum deg2rad diag diag_embed diagflat diagonal diagonal_copy digamma dropout elu empty_like erf erfc erfinv exp
    exp2 expand_copy expm1 feature_alpha_dropout fix flatten flip fliplr flipud floor frac full_like gelu hardshrink
    hardsigmoid hardswish hardtanh i0 isfinite isinf isnan isneginf isposinf isreal kthvalue leaky_relu lgamma
    linalg.cholesky linalg.cond linalg.eigh linalg.eigvalsh linalg.matrix_exp linalg.matrix_power linalg.tensorinv
    linalg.vector_norm log log10 log1p log2 log_softmax logcumsumexp logdet logical_not logit logsigmoid logsumexp lu
    matrix_exp max_pool1d max_pool2d mean median mish mode msort multilabel_soft_margin_loss multinomial mvlgamma
    nan_to_num nanmean nanmedian nansum narrow_copy neg negative nonzero one_hot ones_like pad pdist permute
    permute_copy pinverse pixel_shuffle pixel_unshuffle polygamma positive prod qr rad2deg rand_like randn_like ravel
    real reciprocal relu relu6 renorm reshape resolve_conj resolve_neg roll rot90 round rrelu rsqrt select selu sgn
    sigmoid sign signbit silu sin sinc sinh softmax softplus softshrink sort special.entr special.erfcx special.expit
    special.gammaln special.i0 special.i0e special.i1 special.i1e special.log_ndtr special.log_softmax
    special.logsumexp special.multigammaln special.ndtr special.ndtri special.psi special.softmax split_with_sizes
    split_with_sizes_copy sqrt square squeeze squeeze_copy sum svd swapaxes swapdims t t_copy tan tanh threshold tile
    topk trace transpose transpose_copy tril triu trunc unbind unbind_copy unflatten unfold unfold_copy unsafe_chunk
    unsafe_split unsqueeze unsqueeze_copy zeros_like
*: addmm all any atleast_1d atleast_2d atleast_3d baddbmm clamp clamp_max clamp_min clip conv1d conv2d conv3d copysign
    cumulative_trapezoid dsplit eq fill fmod ge gradient greater greater_equal gt hsplit index_fill le less less_equal
    linalg.matrix_norm linalg.matrix_rank linalg.norm lt max min moveaxis movedim nanquantile narrow ne not_equal
    quantile randint_like repeat_interleave rsub scatter searchsorted std std_mean tensor_split trapezoid trapz var
    var_mean view_copy vsplit
input other: type_as
    allclose arctan2 atan2 cross dist equal fmax fmin gcd hypot inner isclose kron lcm ldexp linalg.cross
    linalg.matmul linalg.tensorsolve logaddexp logaddexp2 logical_and logical_or logical_xor matmul maximum minimum
    nextafter vdot
*+: bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor bucketize float_power floor_divide
    linspace logspace pow remainder special.xlog1py special.zeta true_divide where xlogy
A: inverse linalg.det linalg.diagonal linalg.inv linalg.inv_ex linalg.lu linalg.lu_factor linalg.lu_factor_ex
    linalg.qr linalg.slogdet linalg.svd linalg.svdvals
.dim: dropout2d dropout3d glu group_norm interpolate local_response_norm upsample_bilinear upsample_nearest
input target: cross_entropy hinge_embedding_loss kl_div multi_margin_loss multilabel_margin_loss nll_loss
    poisson_nll_loss soft_margin_loss
input+ other+: add div divide mul multiply sub subtract
.size: adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d adaptive_max_pool3d gaussian_nll_loss instance_norm
.size .size: binary_cross_entropy binary_cross_entropy_with_logits huber_loss l1_loss mse_loss smooth_l1_loss
input weight bias?: conv_transpose1d conv_transpose2d conv_transpose3d linear
input - index source: index_add index_copy index_reduce
input grid: grid_sample grid_sampler_2d grid_sampler_3d
input src: diagonal_scatter select_scatter slice_scatter
x1 x2: cdist cosine_similarity pairwise_distance
* * *+: lerp masked_fill
.size indices: max_unpool2d max_unpool3d
input - index: gather index_select
input - index src: scatter_add scatter_reduce
input mat2: bmm mm
input tensor1 tensor2: addcdiv addcmul
input vec2: ger outer
* .mT: linalg.pinv
.abs: softsign
.bool: bool
.byte: byte
.char: char
.contiguous: contiguous
.dim .dim: tensordot
.dim .dim .dim: margin_ranking_loss
.double: double
.dtype .size: embedding_bag
.expand: expand
.expand_as other: expand_as
.float: float
.half: half
.int: int
.is_cuda: max_pool3d
.layout: norm
.long: long
.mH: adjoint
.ndim .ndim .ndim: triplet_margin_with_distance_loss
.new_empty: new_empty
.new_full: new_full
.new_ones: new_ones
.new_zeros: new_zeros
.norm: normalize
.repeat: repeat
.reshape_as other: reshape_as
.short: short
.size .unsqueeze: max_unpool1d
.size running_mean? running_var? weight? bias?: batch_norm
.split: split
.sum_to_size: sum_to_size
.tanh: tanhshrink
.to: to
.view: view
.view_as other: view_as
A B: linalg.solve
LU pivots B: linalg.lu_solve
anchor positive negative: triplet_margin_loss
input - - prepend? append?: diff
input - values: index_put
input - weight?: rms_norm
input - weight? bias?: layer_norm
input A: triangular_solve
input B: linalg.solve_triangular
input LU_data LU_pivots: lu_solve
input b: linalg.lstsq
input batch1 batch2: addbmm
input index: take
input index source: put
input indices: take_along_dim
input input2: cholesky_solve
input mask: masked_select
input mask source: masked_scatter
input mat vec: addmv
input tensor: dot
input values: heaviside
input vec: mv
input vec1 vec2: addr
input weight: prelu
input1 input2 target: cosine_embedding_loss
input1 input2 weight bias?: bilinear
query key value: scaled_dot_product_attention
weight indices: embedding
x: linalg.vander
x y: linalg.vecdot
"""

_TABLE: dict[str, tuple[str, ...]] = {
    name: tuple(words.split())
    for line in _WANTED.replace("\n    ", " ").strip().splitlines()
    for words, _, names in (line.partition(":"),)
    for name in names.split()
}
_PLAIN = (int, float, bool, list, tuple, str, type(None))


def wanted(name: str) -> tuple[str, ...]:
    """What an operation wants of its arguments; nothing where that is not known."""
    return _TABLE.get(name) or _TABLE.get(name.rpartition(".")[2]) or ()


def check(words: tuple[str, ...], title: str, args: tuple[Any, ...], kwargs: Any, method: bool) -> None:
    """Raise PyTorch's TypeError if an argument that must be a tensor is a number, a list, or nothing."""
    for place, (word, value) in enumerate(zip(words, args, strict=False)):
        kind = value.__class__
        if kind not in _PLAIN or word == "-" or (method and not place):
            continue
        if (kind in (int, float, bool) and "+" in word) or (value is None and word[-1] == "?"):
            continue
        name = word.rstrip("+?")
        if name[0] == ".":
            raise AttributeError(f"'{kind.__name__}' object has no attribute '{name[1:]}'")
        if name == "*":
            shown = [_shown(v) for v in args[1 if method else 0 :]]
            shown += [f"{key}={_shown(v)}" for key, v in kwargs.items()]
            raise TypeError(
                f"{title}() received an invalid combination of arguments - got ({', '.join(shown)}), but expected one"
                " of:\n * those that PyTorch's documentation names"
            )
        raise TypeError(
            f"{title}(): argument '{name}' (position {place + (not method)}) must be Tensor, not {_type(value)}"
        )


def _type(value: Any) -> str:
    return "NoneType" if value is None else type(value).__name__


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__} of {_items(value)}"
    return type(value).__name__


def _items(value: Any) -> str:
    inner = ", ".join(_type(item) for item in value)
    return f"[{inner}]" if isinstance(value, list) else f"({inner})" if len(value) != 1 else f"({inner},)"
