"""What was meant by a name that does not exist: other tools' names, products without a sign, words of mathematics.

Imported only when there is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from autodiff.graph.lookup import CONSTANTS, LONGEST_NAME, MODULES, did_you_mean, find
from autodiff.graph.op import ATTRIBUTES, REGISTRY

# What other tools and mathematicians call it: an operation of one name …
SYNONYMS = {
    "average": "mean", "avg": "mean", "length": "numel", "len": "numel", "count": "numel", "stdev": "std",
    "stddev": "std", "variance": "var", "total": "sum", "add_up": "sum", "product": "prod", "magnitude": "norm",
    "mag": "norm", "euclidean": "norm", "tg": "tan", "arctg": "atan", "sh": "sinh", "ch": "cosh", "th": "tanh",
    "arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh", "sen": "sin", "lb": "log2", "ld": "log2", "sqr": "square",
    "signum": "sign", "ceiling": "ceil", "fix": "trunc", "fabs": "abs", "tr": "trace", "transp": "transpose",
    "inverse_of": "inv", "dotproduct": "dot", "dot_product": "dot", "scalarproduct": "dot", "inner_product": "inner",
    "crossproduct": "cross", "cross_product": "cross", "tensorprod": "kron", "rank": "linalg.matrix_rank",
    "expm": "matrix_exp", "identity": "eye", "modulo": "remainder", "mod": "remainder", "range": "arange",
    "concatenate": "cat", "sig": "sigmoid", "sigm": "sigmoid", "logistic": "sigmoid", "swish": "silu",
    "lrelu": "leaky_relu", "log_sigmoid": "logsigmoid", "logsoftmax": "log_softmax", "softargmax": "softmax",
    "mse": "mse_loss", "mae": "l1_loss", "bce": "binary_cross_entropy", "crossentropy": "cross_entropy",
    "ce": "cross_entropy", "nll": "nll_loss", "huber": "huber_loss", "kl": "kl_div", "cos_sim": "cosine_similarity",
    "reduce_sum": "sum", "reduce_mean": "mean", "reduce_max": "amax", "floattensor": "tensor", "tensor": "tensor",
    "array": "tensor", "asarray": "tensor", "step": "heaviside", "maxval": "amax", "minval": "amin", "ifelse": "where",
}  # fmt: skip

# … or a way to write it, in which * stands for the argument.
REPAIRS = {
    "cot": "1/tan(*)", "ctg": "1/tan(*)", "cotan": "1/tan(*)", "sec": "1/cos(*)", "csc": "1/sin(*)",
    "cosec": "1/sin(*)", "coth": "1/tanh(*)", "sech": "1/cosh(*)", "csch": "1/sinh(*)", "arccot": "atan(1/*)",
    "acot": "atan(1/*)", "cbrt": "*^(1/3)", "root": "*^(1/n)", "nthroot": "*^(1/n)", "lg": "log10(*)",
    "gamma": "exp(lgamma(*))", "factorial": "exp(lgamma(* + 1))", "fact": "exp(lgamma(* + 1))", "beta":
    "exp(lgamma(a) + lgamma(b) - lgamma(a + b))", "binomial": "exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1))",
    "comb": "exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1))", "norm1": "norm(*, 1)", "norm2": "norm(*)",
    "l1norm": "norm(*, 1)", "l2norm": "norm(*)", "l1": "norm(*, 1)", "l2": "norm(*)", "sumsq": "sum(*^2)",
    "rms": "sqrt(mean(*^2))", "rss": "sum(*^2)", "rmse": "sqrt(mse_loss(x, y))", "quad": "x @ A @ x",
}  # fmt: skip

# Of PyTorch, mathematics or Python, but not of expressions.
DERIVATIVES = "derivatives are answered, not written: autodiff derive EXPR prints them, autodiff eval has x.grad"
PRINTED = "the value is printed as it is; --json and --only value print numbers"
CHOSEN = "every floating-point variable requires grad; --wrt x chooses"
CPU = "tensors are where they are, on the CPU: leave it out"
COMPLEX = "eigenvalues may be complex, which is not supported; linalg.eigvalsh(A) is for symmetric matrices"
ELSEWHERE = {
    "grad": "gradients are printed without being asked for; --only x.grad prints one alone",
    "backward": "backward runs without being asked for, from the result of the whole expression",
    "requires_grad": CHOSEN, "requires_grad_": CHOSEN,
    "retain_grad": "--let y=… with --retain-grad y reports the gradient of a sub-expression",
    "numpy": PRINTED, "tolist": PRINTED, "print": "leave out print: the value is printed",
    "str": PRINTED, "repr": PRINTED, "list": PRINTED, "tuple": PRINTED,
    "d": DERIVATIVES, "D": DERIVATIVES, "derivative": DERIVATIVES, "derive": DERIVATIVES, "deriv": DERIVATIVES,
    "jacobian": "autodiff jacobian EXPR prints Jacobians", "hessian": "autodiff hessian EXPR prints Hessians",
    "integrate": "integrals are not known here", "integral": "integrals are not known here",
    "lim": "limits are not known here", "limit": "limits are not known here",
    "solve_for": "equations are not solved; linalg.solve(A, b) solves A @ x = b",
    "eig": COMPLEX, "eigvals": COMPLEX, "eigenvalues": COMPLEX,
    "data": "write detach(x) for the values without their history", "cpu": CPU, "cuda": CPU, "device": CPU,
    "variable": "variables are arguments after the expression: x='[1,2,3]'",
    "if": "to choose element by element, write where(condition, a, b)",
}  # fmt: skip

VALUES = {
    "true": "True", "TRUE": "True", "false": "False", "FALSE": "False", "null": "None", "none": "None", "nil": "None",
    "NULL": "None", "NONE": "None", "NaN": "nan", "NAN": "nan", "Infinity": "inf", "infinity": "inf", "INF": "inf",
    "Inf": "inf", "oo": "inf", "π": "pi", "Π": "pi", "PI": "pi", "Pi": "pi", "E": "e", "exp": "exp(…)",
}  # fmt: skip
ARGUMENTS = ("dim", "axis", "keepdim", "keepdims", "dtype", "p", "min", "max", "reduction", "unbiased", "correction")
OTHER_MODULES = frozenset(("math", "cmath", "scipy", "sp", "tf", "tensorflow", "jax", "jnp", "cp", "cupy", "mx"))
TRANSPOSED = re.compile(r"([^\W\d]\w*)\s*(?:\^|\*\*)\s*$")


def name_help(name: str, scope: Collection[str], before: str, after: str) -> list[str]:
    """Help for a name without a value, with the text in front of it and behind it."""
    if len(name) > LONGEST_NAME:
        return [f"give it a value: {name[:10]}…=…"]
    power = TRANSPOSED.search(before[-80:])
    if name in ("T", "t", "H") and power is not None:
        return [f"to transpose, write {power[1]}.T"]
    if before.rstrip().endswith((",", "(")) and re.match(r"\s*==\s*[\w'\"]", after) and name in ARGUMENTS:
        return [f"to give the argument {name}, write {name}=…"]
    return (
        _near(name, scope)
        or _joined(name, scope)
        or did_you_mean(name, list(scope))
        or _not_a_value(name)
        or _imaginary(name)
        or did_you_mean(name, CONSTANTS)
        or [f"give it a value: {name}=…"]
    )


def _imaginary(name: str) -> list[str]:
    return [f"give it a value: {name}=…; complex numbers are not known here"] if name in ("i", "j", "I", "J") else []


def _near(name: str, scope: Collection[str]) -> list[str]:
    """A name that differs in its case, or by two letters in the wrong order."""
    same = [other for other in scope if other.lower() == name.lower()]
    same += [other for other in scope if len(name) > 2 and sorted(other) == sorted(name)]
    return [f"did you mean '{same[0]}'?"] if same else []


def _joined(name: str, scope: Collection[str]) -> list[str]:
    """`xy` for `x*y`, `sinx` for `sin(x)`, `x2` for `x^2`, `x_1` for `x[1]`."""
    factors = _factors(name, scope)
    if factors is not None and any(factor in scope for factor in factors):
        help = [f"to multiply, write {'*'.join(factors)}"]
        if len(factors) == 2 and any(factor.isupper() for factor in factors):
            help.append(f"for the product of matrices, write {' @ '.join(factors)}")
        return help
    for end in range(len(name) - 1, 1, -1):
        if name[end:] in scope and find("", name[:end]):
            return [f"to call {name[:end]}, write {name[:end]}({name[end:]})"]
    for sign, function in (("Σ", "sum"), ("Π", "prod"), ("Δ", "diff")):
        if name.startswith(sign) and name[1:] in scope:
            return [f"write {function}({name[1:]})"]
    subscript = re.fullmatch(r"(\w*?)_?(\d+|[ijkn])", name)
    if subscript is not None and subscript[1] in scope:
        base, index = subscript.groups()
        if index.isdecimal() and "_" not in name:
            return [f"to raise to a power, write {base}^{index}; an element is {base}[0], {base}[1] …"]
        return [f"an element is written {base}[0], {base}[1] …; functions take all of {base}"]
    derivative = re.fullmatch(r"d(\w*)", name)
    if derivative is not None and (derivative[1] in scope or not derivative[1]):
        return [DERIVATIVES]
    return []


def _factors(name: str, scope: Collection[str]) -> list[str] | None:
    """The fewest names of the scope (or pi, e) that make up a longer name."""
    known = {*scope, "pi", "π", "e"} - {name}
    best: list[list[str] | None] = [[]]
    for end in range(1, min(len(name), 12) + 1):
        ways = [[*way, name[i:end]] for i, way in enumerate(best) if way is not None and name[i:end] in known]
        best.append(min(ways, key=len, default=None))
    return best[-1] if len(name) <= 12 else None


def _not_a_value(name: str) -> list[str]:
    """Help for a function, a module, or a constant by another name; else none."""
    if name in VALUES:
        return [f"write {VALUES[name]}"]
    if name in MODULES:
        return [f"{name} is a module: {name}.sum(…) and the like are its functions"]
    if name in OTHER_MODULES:
        return ["functions stand alone, exp(x), or behind torch., F., linalg., special. or np."]
    return [f"{name} is a function: call it, {name}(…)"] if find("", name) else []


def function_help(name: str, module: str = "", argument: str = "x") -> list[str]:
    """Help for a call of a function that does not exist; `argument` is the text of its first one."""
    if module in ("nn", "torch.nn"):
        return _layer(name)
    folded = name.lower()
    for word in (name, folded, folded.replace("_", "")):
        if word in ELSEWHERE and (word != "d" or not module):
            return [ELSEWHERE[word]]
        if word in SYNONYMS:
            return [f"did you mean '{SYNONYMS[word]}'?"]
        if word in REPAIRS:
            plain = argument if re.fullmatch(r"[\w.]*", argument) else f"({argument})"
            return [f"write {REPAIRS[word].replace('(*)', f'({argument})').replace('*', plain)}"]
    known = {n.rpartition(".")[2] for n in REGISTRY}
    return _closest(name, known) or ["autodiff ops lists the functions"]


def attribute_help(name: str, receiver: str, scope: Collection[str], called: bool) -> list[str]:
    """Help for an attribute or method that tensors do not have; `receiver` is the text in front of the dot."""
    if name.endswith("_") and find("", name[:-1]):
        return [f"nothing is changed in place here: write .{name[:-1]}(…)"]
    if called and name in ATTRIBUTES:
        return [f"{name} is no function: write {receiver or 'x'}.{name}"]
    if name in ELSEWHERE:
        return [ELSEWHERE[name]]
    if name in scope and receiver:
        return [f"to multiply, write {receiver}*{name}; for the inner product, {receiver} @ {name}"]
    if name in SYNONYMS:
        return [f"did you mean '{SYNONYMS[name]}'?"]
    methods = {n.rpartition(".")[2] for n, operation in REGISTRY.items() if operation.takes_tensor}
    return _closest(name, methods | set(ATTRIBUTES))


def _layer(name: str) -> list[str]:
    """Help for a layer, such as `nn.ReLU`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.replace("LU", "lu")).lower()
    function = next((n for n in (name.lower(), words, words.removesuffix("_loss")) if find("F", n)), None)
    programs = "layers belong to programs: autodiff run FILE"
    return [f"as a function it is {function}(x)", programs] if function else [programs]


def _closest(name: str, known: Iterable[str]) -> list[str]:
    """The known name that is nearest: of the same letters, or begun in the same way, before others."""
    known = set(known)
    if len(name) > 2:
        same = sorted(other for other in known if sorted(other) == sorted(name.lower()))
        begun = sorted(other for other in known if len(name) > 3 and other.startswith(name.lower()))
        if same or (begun and all(other.startswith(begun[0]) for other in begun)):
            return [f"did you mean '{(same or begun)[0]}'?"]
    return did_you_mean(name, known)
