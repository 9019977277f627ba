"""How each target of `derive --code` writes the language's calls.

A rule is the target's name of the function, or makes the text from the arguments; `@@` is what the module is called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from autodiff.formula.refusal import no_formula

if TYPE_CHECKING:
    from autodiff.formula.reading import Called

Make = Callable[[Any, "Called"], str]
Rule = str | Make


class Target(NamedTuple):
    """A library: its module and short name, whether its functions take tensors alone, its rules and helpers.

    `picks` are rules for one of several results, such as `max(x, 0)[0]`; helpers are functions that rules call.
    """

    title: str
    name: str
    short: str
    wants_tensors: bool
    rule: Callable[[str], Rule | None]
    picks: dict[tuple[str, int | None], Make]
    helpers: dict[str, str]


def _reduction(name: str) -> Make:
    def make(a: Any, called: Called) -> str:
        a.unknown("dim", "axis", "keepdim", "keepdims")
        dim, keep = a.plain(1, "dim"), a.plain(2, "keepdim")
        along = f", axis={dim}" if dim else ""
        return f"{name}({a[0]}{along}{', keepdims=True' if keep == 'True' else ''})"

    return make


def _extreme(name: str, of_two: str) -> Make:
    """max and min: of all elements, or of two tensors."""
    whole = _reduction(f"@@.{name}")

    def make(a: Any, called: Called) -> str:
        return f"@@.{of_two}({a[0]}, {a[1]})" if a.count() == 2 and a.is_tensor(1) else whole(a, called)

    return make


def _spread(name: str) -> Make:
    def make(a: Any, called: Called) -> str:
        a.unknown("dim", "keepdim", "correction")
        dim, keep = a.plain(1, "dim"), a.plain(3, "keepdim")
        along = f", axis={dim}" if dim else ""
        kept = ", keepdims=True" if keep == "True" else ""
        return f"@@.{name}({a[0]}{along}, ddof={a.plain(9, 'correction', '1')}{kept})"

    return make


def _along(function: str) -> Make:
    """A function with an axis: softmax, cumsum."""
    return lambda a, called: f"{function}({a[0]}, axis={a.plain(1, 'dim')})"


def _norm(a: Any, called: Called) -> str:
    a.unknown("p", "dim", "keepdim")
    order, dim, keep = a.plain(1, "p"), a.plain(2, "dim"), a.plain(3, "keepdim")
    if dim:
        along = f", axis={dim}{', keepdims=True' * (keep == 'True')}"
        return f"@@.linalg.norm({a[0]}{', ' + order if order else ''}{along})"
    if order and a.rank(0) != 1:
        raise no_formula("the p-norm of a matrix has no form in code")
    x = a[0] if a.rank(0) in (1, 2) else f"@@.ravel({a[0]})"
    return f"@@.linalg.norm({x}{', ' + order if order else ''})"


def _in_order(function: str, *names: str) -> Make:
    """A helper of a tensor and other arguments, none of which may be left out."""

    def make(a: Any, called: Called) -> str:
        a.unknown(*names)
        return f"{function}({', '.join([a[0], *[a.plain(i, name) for i, name in enumerate(names, 1)]])})"

    return make


def _roll(a: Any, called: Called) -> str:
    dim = a.plain(2, "dims")
    return f"@@.roll({a[0]}, {a.plain(1, 'shifts')}{', axis=' + dim if dim else ''})"


def _mse_loss(a: Any, called: Called) -> str:
    if a.plain(4, "reduction", "'mean'") != "'mean'":
        raise no_formula("this reduction of mse_loss has no form in code")
    return f"@@.mean(({a.atom(0)} - {a.atom(1)})**2)"


def _list_of(function: str) -> Make:
    return lambda a, called: f"{function}({a.plain(0, 'tensors')}, axis={a.plain(1, 'dim', '0')})"


def _clip(a: Any, called: Called) -> str:
    return f"@@.clip({a[0]}, {a.plain(1, 'min', 'None')}, {a.plain(2, 'max', 'None')})"


def _squeeze(a: Any, called: Called) -> str:
    dim = a.plain(1, "dim")
    return f"@@.squeeze({a[0]}{', axis=' + dim if dim else ''})"


def _unary(text: str) -> Make:
    """A text with {x} for the operand."""
    return lambda a, called: text.replace("{x}", a[0])


def _renamed(**names: str) -> dict[str, Rule]:
    return {name: f"@@.{new}" for name, new in names.items()}


# What NumPy and jax.numpy have alike.
SAME = """exp log sin cos tan sinh cosh tanh sqrt sign log1p expm1 log2 log10 exp2 floor ceil trunc round maximum
minimum outer trace hypot logaddexp isnan isinf isfinite square abs logical_not logical_and logical_or logical_xor
fmax fmin deg2rad rad2deg ones_like zeros_like where tril triu diag diagonal sinc signbit copysign eye
nan_to_num cross kron"""
SHARED: dict[str, Rule] = {name: f"@@.{name}" for name in SAME.split()}
SHARED.update(_renamed(asin="arcsin", acos="arccos", atan="arctan", asinh="arcsinh", acosh="arccosh", atanh="arctanh"))
SHARED.update(_renamed(atan2="arctan2", neg="negative", mm="matmul", mv="matmul", dot="dot", matmul="matmul"))
SHARED.update({name: f"@@.{name}" for name in ("linalg.det", "linalg.inv", "linalg.solve", "linalg.slogdet")})
SHARED.update(dict.fromkeys(("matrix_power", "linalg.matrix_power"), "@@.linalg.matrix_power"))
SHARED.update(
    {
        "sum": _reduction("@@.sum"),
        "mean": _reduction("@@.mean"),
        "prod": _reduction("@@.prod"),
        "amax": _reduction("@@.max"),
        "amin": _reduction("@@.min"),
        "max": _extreme("max", "maximum"),
        "min": _extreme("min", "minimum"),
        "std": _spread("std"),
        "var": _spread("var"),
        "cumsum": _along("@@.cumsum"),
        "norm": _norm,
        "roll": _roll,
        "mse_loss": _mse_loss,
        "linalg.norm": _norm,
        "logdet": _unary("@@.linalg.slogdet({x})[1]"),
        "rsqrt": _unary("(1/@@.sqrt({x}))"),
        "reciprocal": _unary("(1/({x}))"),
        "relu": _unary("@@.maximum({x}, 0)"),
        "clamp": _clip,
        "clip": _clip,
        "unsqueeze": lambda a, called: f"@@.expand_dims({a[0]}, {a.plain(1, 'dim')})",
        "squeeze": _squeeze,
        "reshape": lambda a, called: f"@@.reshape({a[0]}, {a.sizes(1)})",
        "view": lambda a, called: f"@@.reshape({a[0]}, {a.sizes(1)})",
        "permute": lambda a, called: f"@@.transpose({a[0]}, {a.sizes(1)})",
        "transpose": lambda a, called: f"@@.swapaxes({a[0]}, {a.plain(1, 'dim0')}, {a.plain(2, 'dim1')})",
        "flip": lambda a, called: f"@@.flip({a[0]}, {a.sizes(1)})",
        "cat": _list_of("@@.concatenate"),
        "stack": _list_of("@@.stack"),
        "ones": lambda a, called: f"@@.ones({a.sizes(0)})",
        "zeros": lambda a, called: f"@@.zeros({a.sizes(0)})",
        "tensor": lambda a, called: f"@@.array({a.plain(0, 'data')})",
        "numel": _unary("@@.size({x})"),
        "size": lambda a, called: f"@@.shape({a[0]})[{a.plain(1, 'dim')}]",
        "long": _unary("@@.asarray({x}).astype(@@.int64)"),
        "movedim": lambda a, called: f"@@.moveaxis({a[0]}, {a.plain(1, 'source')}, {a.plain(2, 'destination')})",
        "gather": lambda a, called: f"@@.take_along_axis({a[0]}, {a.plain(2, 'index')}, {a.plain(1, 'dim')})",
        "index_select": lambda a, called: f"@@.take({a[0]}, {a.plain(2, 'index')}, axis={a.plain(1, 'dim')})",
        "argmax": _reduction("@@.argmax"),
        "argmin": _reduction("@@.argmin"),
        "clamp_min": lambda a, called: f"@@.maximum({a[0]}, {a.plain(1, 'min')})",
        "clamp_max": lambda a, called: f"@@.minimum({a[0]}, {a.plain(1, 'max')})",
        "cumprod": _along("@@.cumprod"),
        "index_add": _in_order("_index_add", "dim", "index", "source"),
        "scatter_add": _in_order("_scatter_add", "dim", "index", "src"),
        "cross_entropy": "_cross_entropy",
        "nll_loss": "_nll_loss",
        "to": lambda a, called: f"@@.asarray({a[0]}).astype({a.plain(1, 'dtype')})",
    }
)
PICKS: dict[tuple[str, int | None], Make] = {
    ("max", 0): _reduction("@@.max"),
    ("min", 0): _reduction("@@.min"),
    ("linalg.slogdet", 1): _unary("@@.linalg.slogdet({x})[1]"),
}

NUMPY: dict[str, Rule] = {
    **SHARED,
    "sigmoid": "_sigmoid",
    "softmax": _along("_softmax"),
    "log_softmax": _along("_log_softmax"),
    "logsumexp": _reduction("_logsumexp"),
    "erf": "_erf",
    "erfc": _unary("(1 - _erf({x}))"),
    "gelu": "_gelu",
    "silu": _unary("(({x})*_sigmoid({x}))"),
    "softplus": _unary("@@.logaddexp(0, {x})"),
    "logsigmoid": _unary("(-@@.logaddexp(0, -({x})))"),
    "leaky_relu": "_leaky_relu",
    "elu": "_elu",
    "select_scatter": "_select_scatter",
    "pad": "_pad",
    "one_hot": lambda a, called: f"@@.eye({a.plain(1, 'num_classes')})[{a.plain(0, 'x')}]",
    "matrix_exp": _unary("scipy.linalg.expm({x})"),
    "linalg.matrix_exp": _unary("scipy.linalg.expm({x})"),
}
PAD = """
def _pad(x, pad):
    widths = [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    return @@.pad(x, [(0, 0)]*(x.ndim - len(widths)) + widths)
"""
NLL_LOSS = """
def _nll_loss(x, target, weight=None, ignore_index=-100, reduction="mean"):
    axis = 0 if @@.ndim(x) == 1 else 1
    counts = target != ignore_index
    labels = @@.where(counts, target, 0)
    losses = -@@.squeeze(@@.take_along_axis(x, @@.expand_dims(labels, axis), axis), axis)
    weights = counts*(1.0 if weight is None else weight[labels])
    if reduction == "none":
        return weights*losses
    return @@.sum(weights*losses)/(@@.sum(weights) if reduction == "mean" else 1)
"""
CROSS_ENTROPY = NLL_LOSS.replace("_nll_loss", "_cross_entropy").replace(
    "    counts =",
    """    shifted = x - @@.max(x, axis=axis, keepdims=True)
    x = shifted - @@.log(@@.sum(@@.exp(shifted), axis=axis, keepdims=True))
    counts =""",
)
NUMPY_HELPERS = {
    "_pad": PAD,
    "_nll_loss": NLL_LOSS,
    "_cross_entropy": CROSS_ENTROPY,
    "_index_add": """
def _index_add(x, dim, index, source):
    result = @@.array(x)
    @@.add.at(@@.moveaxis(result, dim, 0), index, @@.moveaxis(source, dim, 0))
    return result
""",
    "_scatter_add": """
def _scatter_add(x, dim, index, src):
    result = @@.array(x)
    places = list(@@.indices(index.shape))
    src = src[tuple(slice(size) for size in index.shape)]
    places[dim] = index
    @@.add.at(result, tuple(places), src)
    return result
""",
    "_sigmoid": '''
def _sigmoid(x):
    """1/(1 + exp(-x)), without an overflow."""
    return 0.5*(1 + @@.tanh(0.5*@@.asarray(x)))
''',
    "_softmax": """
def _softmax(x, axis):
    raised = @@.exp(x - @@.max(x, axis=axis, keepdims=True))
    return raised/@@.sum(raised, axis=axis, keepdims=True)
""",
    "_log_softmax": """
def _log_softmax(x, axis):
    shifted = x - @@.max(x, axis=axis, keepdims=True)
    return shifted - @@.log(@@.sum(@@.exp(shifted), axis=axis, keepdims=True))
""",
    "_logsumexp": """
def _logsumexp(x, axis, keepdims=False):
    largest = @@.max(x, axis=axis, keepdims=True)
    summed = @@.log(@@.sum(@@.exp(x - largest), axis=axis, keepdims=True)) + largest
    return summed if keepdims else @@.squeeze(summed, axis=axis)
""",
    "_erf": """
def _erf(x):
    from math import erf

    return @@.vectorize(erf, otypes=[float])(x)
""",
    "_gelu": """
def _gelu(x):
    from math import erf, sqrt

    return x*0.5*(1 + @@.vectorize(erf, otypes=[float])(x/sqrt(2)))
""",
    "_leaky_relu": """
def _leaky_relu(x, negative_slope=0.01):
    return @@.where(x > 0, x, negative_slope*x)
""",
    "_elu": """
def _elu(x, alpha=1.0):
    return @@.where(x > 0, x, alpha*@@.expm1(@@.minimum(x, 0)))
""",
    "_select_scatter": """
def _select_scatter(x, src, dim, index):
    result = @@.array(x)
    @@.moveaxis(result, dim, 0)[index] = src
    return result
""",
}

JAX: dict[str, Rule] = {
    **SHARED,
    "sigmoid": "jax.nn.sigmoid",
    "softmax": _along("jax.nn.softmax"),
    "log_softmax": _along("jax.nn.log_softmax"),
    "logsumexp": _reduction("jax.nn.logsumexp"),
    "erf": "jax.lax.erf",
    "erfc": "jax.lax.erfc",
    "digamma": "jax.lax.digamma",
    "lgamma": "jax.lax.lgamma",
    "gelu": _unary("jax.nn.gelu({x}, approximate=False)"),
    "silu": "jax.nn.silu",
    "softplus": "jax.nn.softplus",
    "logsigmoid": "jax.nn.log_sigmoid",
    "leaky_relu": "jax.nn.leaky_relu",
    "elu": "jax.nn.elu",
    "select_scatter": "_select_scatter",
    "pad": "_pad",
    "one_hot": "jax.nn.one_hot",
    "matrix_exp": "jax.scipy.linalg.expm",
    "linalg.matrix_exp": "jax.scipy.linalg.expm",
}
JAX_HELPERS = {
    "_pad": PAD,
    "_nll_loss": NLL_LOSS,
    "_cross_entropy": CROSS_ENTROPY,
    "_index_add": """
def _index_add(x, dim, index, source):
    return @@.moveaxis(@@.moveaxis(x, dim, 0).at[index].add(@@.moveaxis(source, dim, 0)), 0, dim)
""",
    "_scatter_add": """
def _scatter_add(x, dim, index, src):
    places = list(@@.indices(index.shape))
    places[dim] = index
    return x.at[tuple(places)].add(src[tuple(slice(size) for size in index.shape)])
""",
    "_select_scatter": """
def _select_scatter(x, src, dim, index):
    return @@.moveaxis(@@.moveaxis(x, dim, 0).at[index].set(src), 0, dim)
""",
}

# Of PyTorch's functions, those that are in torch.nn.functional alone, and those that are methods alone.
FUNCTIONAL = """leaky_relu elu silu gelu logsigmoid softplus mish hardswish hardsigmoid hardtanh relu6 softsign
tanhshrink hardshrink softshrink glu mse_loss l1_loss smooth_l1_loss huber_loss cross_entropy nll_loss kl_div
binary_cross_entropy binary_cross_entropy_with_logits normalize softmin linear layer_norm one_hot pad"""
METHODS = "view to long expand repeat masked_fill new_zeros type_as float double"


def _torch_where(a: Any, called: Called) -> str:
    """PyTorch gives two numbers its default dtype, so they are made tensors."""
    numbers = a.count() == 3 and not a.is_tensor(1) and not a.is_tensor(2)
    x, y = (a[1], a[2]) if numbers else (a.plain(1, "x"), a.plain(2, "y"))
    return f"torch.where({a.plain(0, 'condition')}, {x}, {y})"


def _torch_sum(a: Any, called: Called) -> str:
    """Counts are of the variables' dtype: 1/count would be of PyTorch's default one."""
    dim, keep = a.plain(1, "dim"), a.plain(2, "keepdim")
    along = f", dim={dim}" if dim else ""
    kept = ", keepdim=True" if keep == "True" else ""
    return f"@@.sum({a[0]}{along}{kept}{_dtype(a) if a.is_whole(0) else ''})"


def _filled(function: str) -> Make:
    return lambda a, called: f"@@.{function}({a.sizes(0)}{_dtype(a)})"


def _dtype(a: Any) -> str:
    return f", dtype={a.first}.dtype" if a.first else ""


def _torch_tensor(a: Any, called: Called) -> str:
    """Integers are places and truth values are conditions: they stay what they are."""
    data = a.plain(0, "data")
    whole = set(data.replace("True", "").replace("False", "")) <= set("0123456789-[], ")
    return f"@@.tensor({data}{'' if whole else _dtype(a)})"


def _method(name: str) -> Make:
    return lambda a, called: f"{a.atom(0)}.{name}({', '.join(a.plain(i, '') for i in range(1, a.count()))})"


TORCH: dict[str, Rule] = {
    **{name: f"@@.nn.functional.{name}" for name in FUNCTIONAL.split()},
    **{name: _method(name) for name in METHODS.split()},
    "where": lambda a, called: _torch_where(a, called).replace("torch.", "@@.", 1),
    "sum": _torch_sum,
    "flip": lambda a, called: f"@@.flip({a[0]}, {a.sizes(1)})",
    "eye": lambda a, called: f"@@.eye({a.plain(0, 'n')}{_dtype(a)})",
    "ones": _filled("ones"),
    "zeros": _filled("zeros"),
    "tensor": _torch_tensor,
    "numel": lambda a, called: f"{a.atom(0)}.numel()",
    "size": lambda a, called: f"{a.atom(0)}.shape[{a.plain(1, 'dim')}]",
    "clamp": lambda a, called: f"@@.clamp({a[0]}, {a.plain(1, 'min', 'None')}, {a.plain(2, 'max', 'None')})",
}

TARGETS = {
    "numpy": Target("NumPy", "numpy", "np", False, NUMPY.get, PICKS, NUMPY_HELPERS),
    "torch": Target("PyTorch", "torch", "torch", True, lambda name: TORCH.get(name, f"@@.{name}"), {}, {}),
    "jax": Target("JAX", "jax.numpy", "jnp", False, JAX.get, PICKS, JAX_HELPERS),
}
