"""Random programs in PyTorch's language: statements that mostly work, a few that do not.

A statement is made for the tensors that there are: the program runs, on the package, while it is being written, so that
shapes and dtypes are known.  What raises is kept now and then, for its message.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import autodiff.tensor as torch
from tensor.differential.run import Session

UNARY = ["exp", "log", "sin", "cos", "tan", "tanh", "sigmoid", "relu", "sqrt", "abs", "neg", "square", "reciprocal", "rsqrt", "log1p", "expm1", "sign", "erf", "atan", "softplus?", "sinh", "cosh", "logit?", "log2", "asinh", "positive"]  # fmt: skip
UNARY_IN_PLACE = [
    "exp_",
    "sin_",
    "cos_",
    "tanh_",
    "sigmoid_",
    "relu_",
    "sqrt_",
    "abs_",
    "neg_",
    "square_",
    "reciprocal_",
    "zero_",
    "log1p_",
    "erf_",
    "sign_",
    "detach_",
    "t_",
    "expm1_",
    "rsqrt_",
    "atan_",
    "log_",
    "tan_",
]
NUMBERS = ["2", "3", "0.5", "-1.5", "1", "0", "-2", "2.0", "1e-3", "True"]
FUNCTIONS = ["Cube", "Exp", "Same", "Viewed", "Once", "Dirty"]


class Writer:
    """Writes one program."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.session = Session(torch)
        self.statements: list[str] = []
        self.count = 0

    # What there is

    def tensors(self, wanted: Callable[[Any], bool] = lambda t: True) -> list[str]:
        def fits(value: Any) -> bool:
            try:
                return wanted(value)
            except RuntimeError:  # a view that was not to be written to
                return False

        return [
            name
            for name, value in self.session.names.items()
            if isinstance(value, torch.Tensor) and name[0] == "v" and fits(value)
        ]

    def pick(self, wanted: Callable[[Any], bool] = lambda t: True) -> str:
        found = self.tensors(wanted) or self.tensors() or [self.new_leaf()]
        return self.random.choice(found[-6:] if self.random.random() < 0.6 else found)

    def floating(self) -> str:
        return self.pick(lambda t: t.dtype.is_floating)

    def tracked(self) -> str:
        return self.pick(lambda t: t.requires_grad)

    def inner(self) -> str:
        return self.pick(lambda t: t.requires_grad and not t.is_leaf)

    def value(self, name: str) -> Any:
        return self.session.names[name]

    def name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def like(self, name: str) -> str:
        """Another operand for a tensor: one that broadcasts to its shape, or a number."""
        shape = tuple(self.value(name).shape)
        if self.random.random() < 0.3:
            return self.random.choice(NUMBERS)

        def fits(t: Any) -> bool:
            if t.ndim > len(shape):
                return False
            return all(n in (1, m) for n, m in zip(reversed(t.shape), reversed(shape), strict=False))

        return self.pick(fits)

    # Writing

    def write(self, statement: str, keep: float = 0.12) -> bool:
        """Run a statement and keep it; those that raise only now and then."""
        before = len(self.session.shown)
        failed = self.session.execute(statement)
        if failed == "IndexError" and "] = " in statement or failed is not None and self.random.random() > keep:
            del self.session.shown[before:]
            return False
        self.statements.append(statement)
        return True

    def numbers(self, shape: tuple[int, ...], integer: bool = False) -> str:
        if not shape:
            value = self.random.randint(-12, 12) / 4
            return str(int(value)) if integer else str(value)
        return "[" + ", ".join(self.numbers(shape[1:], integer) for _ in range(shape[0])) + "]"

    def shape(self) -> tuple[int, ...]:
        return self.random.choice([(), (3,), (2,), (2, 3), (3, 3), (2, 2), (4,), (2, 1), (2, 3, 2), (1,), (3, 2), (6,)])

    def new_leaf(self) -> str:
        name, kind = self.name(), self.random.random()
        shape = self.shape()
        if kind < 0.62:
            dtype = self.random.choice(["", "", ", dtype=torch.float64"])
            grad = self.random.choice([", requires_grad=True"] * 3 + [""])
            text = f"torch.tensor({self.numbers(shape)}{dtype}{grad})"
        elif kind < 0.7:
            text = f"torch.tensor({self.numbers(shape, integer=True)})"
        elif kind < 0.75:
            text = f"torch.tensor({self.numbers(shape)}) > 0"
        else:
            size = ", ".join(map(str, shape)) or "()"
            text = self.random.choice([
                f"torch.ones({size}, requires_grad=True)",
                f"torch.zeros({size})",
                f"torch.full({tuple(shape)}, 2.5)",
                f"torch.randn({size}, requires_grad=True)",
                f"torch.rand({size})",
                "torch.arange(6.).view(2, 3)",
                f"torch.arange({self.random.randint(1, 6)})",
                "torch.eye(3, requires_grad=True)",
                "torch.linspace(0, 1, 4)",
            ])  # fmt: skip
        if not self.write(f"{name} = {text}") or name not in self.session.names:
            raise AssertionError(f"{text} failed: {self.session.shown[-1:]}")
        return name

    def program(self, length: int) -> list[str]:
        for _ in range(self.random.randint(1, 3)):
            self.new_leaf()
        while len(self.statements) < length:
            if not self.tensors():
                self.new_leaf()
            self.random.choices(STEPS, WEIGHTS)[0](self)
        for name in self.tensors():
            self.write(f"look({name})")
        return self.statements


# Steps


def leaf(w: Writer) -> None:
    w.new_leaf()


def unary(w: Writer) -> None:
    x, name = w.floating(), w.random.choice(UNARY)
    name = name.rstrip("?")
    text = f"{x}.{name}()" if name not in ("softplus",) else f"torch.nn.functional.{name}({x})"
    if w.random.random() < 0.2 and name not in ("softplus",):
        text = f"torch.{name}({x})"
    w.write(f"{w.name()} = {text}")


def binary(w: Writer) -> None:
    x = w.pick()
    y = w.like(x)
    if w.random.random() < 0.3:
        x, y = y, x
    sign = w.random.choice(["+", "-", "*", "/", "+", "*", "**", "<", ">=", "=="])
    w.write(f"{w.name()} = {x} {sign} {y}")


def steps_up(w: Writer) -> None:
    """Functions with jumps, on numbers that are exact: after rounding the two sides might jump apart."""
    x = w.pick(lambda t: t.is_leaf and t._version == 0)
    n = w.random.choice(["2", "0.5", "-1.5", x])
    options = [f"{x}.{name}()" for name in ("floor", "round", "trunc", "frac", "ceil", "sign")]
    options += [f"{x} // {n}", f"{x} % {n}", f"{n} % {x}", f"{x}.fmod({n})", f"{x}.clone().floor_()"]
    options += [f"{x}.clone().remainder_({n})", f"{x}.clone().round_()"]
    w.write(f"{w.name()} = {w.random.choice(options)}")


def function(w: Writer) -> None:
    x = w.floating()
    y = w.like(x)
    n = w.random.choice(NUMBERS)
    w.write(
        f"{w.name()} = "
        + w.random.choice(
            [
                f"torch.maximum({x}, {y})",
                f"torch.where({x} > 0, {x}, {y})",
                f"torch.add({x}, {y}, alpha=2)",
                f"torch.mul({x}, {y})",
                f"torch.sub({x}, {y})",
                f"torch.div({x}, {y})",
                f"torch.pow({x}, {n})",
                f"{x}.clamp(-1, 1)",
                f"{x}.clamp(min=0)",
                f"torch.minimum({x}, {y})",
                f"{x}.lerp({y}, 0.3)",
                f"torch.addcmul({x}, {y}, {y})",
                f"{x}.masked_fill({x} > 0, 1.5)",
                f"torch.atan2({x}, {y})",
                f"torch.cat([{x}, {x}])",
                f"torch.stack([{x}, {x} * 2])",
                f"{x}.to(torch.float64)",
                f"{x}.double()",
                f"{x}.float()",
                f"{x}.long()",
                f"{x}.clone()",
                f"{x}.contiguous()",
                f"{x}.tril()",
                f"{x}.flip(0)",
                f"{x}.roll(1, 0)",
                f"{x}.cumsum(0)",
                f"{x}.cumprod(0)",
                f"{x}.softmax(-1)",
                f"{x}.log_softmax(-1)",
                f"{x}.sort(0)[0]",
                f"{x}.repeat(2, 1)",
                f"{x}.outer({x})",
                f"torch.nn.functional.leaky_relu({x})",
                f"torch.nn.functional.mse_loss({x}, {y})",
                f"torch.zeros_like({x})",
                f"torch.ones_like({x})",
                f"{x}.gather(0, torch.zeros_like({x}, dtype=torch.int64))",
                f"{x}.logsumexp(0)",
                f"torch.cat([{x}, {y}], -1)",
                f"{x}.new_zeros(2)",
                f"{x}.type_as({y})",
                f"torch.as_tensor({x})",
                f"{x}.index_select(0, torch.tensor([0]))",
                f"{x}.topk(1, 0)[0]",
                f"{x}.triu()",
                f"{x}.xlogy({y})",
                f"torch.hypot({x}, {y})",
                f"{x}.var(0)",
                f"torch.logaddexp({x}, {y})",
                f"torch.rsub({x}, {y})",
                f"{x}.new_tensor([1., 2.])",
            ]
        )  # fmt: skip
    )


def reduction(w: Writer) -> None:
    x = w.floating()
    name = w.random.choice(
        [
            "sum",
            "mean",
            "prod",
            "max",
            "min",
            "amax",
            "var",
            "std",
            "norm",
            "logsumexp",
            "sum",
            "mean",
            "median",
            "argmax",
        ]
    )
    kind = w.random.random()
    if kind < 0.5 and name not in ("amax", "logsumexp"):
        text = f"{x}.{name}()"
    else:
        dim = w.random.choice([0, -1, 1])
        keep = w.random.choice(["", ", keepdim=True"])
        text = f"{x}.{name}(dim={dim}{keep})"
        if name in ("max", "min", "median"):
            text += w.random.choice(["[0]", ".values", ".indices"])
    w.write(f"{w.name()} = {text}")


def product(w: Writer) -> None:
    x = w.pick(lambda t: t.dtype.is_floating and t.ndim in (1, 2))
    t = w.value(x)
    inner = t.shape[-1] if t.ndim else 1

    def fits(o: Any) -> bool:
        return o.dtype is t.dtype and o.ndim in (1, 2) and o.shape[0] == inner

    y = w.pick(fits)
    text = w.random.choice([f"{x} @ {y}", f"torch.matmul({x}, {y})", f"{x}.mm({y})", f"{x}.mv({y})", f"{x}.dot({y})"])
    w.write(f"{w.name()} = {text}")


def index_of(w: Writer, x: str) -> str:
    """What may stand in the brackets behind a tensor: views and copies."""
    t = w.value(x)
    if not t.ndim:
        return w.random.choice(["...", "None", "()"])
    n = t.shape[0]
    options = [
        str(w.random.randrange(-n, n) if n else 0),
        "1:",
        ":-1",
        "::2",
        "...",
        "None",
        "0:1",
        ":",
        "..., 0",
        "-1",
    ]
    if t.ndim >= 2:
        options += [":, 0", "0, 1", ":, 1:", "1:, 0", "..., None", "0, :", ":, ::2", "None, 0"]
    return w.random.choice(options)


def mask_of(w: Writer, x: str) -> str:
    t = w.value(x)
    options = [f"{x} > 0", "torch.tensor([0])", "[0, 0]", f"{x} < 0", "torch.tensor([0, -1])", "[0]"]
    if t.ndim >= 2:
        options += ["[0, 1], [1, 0]", ":, [0, 0]", "torch.tensor([0, 1]), 0", "0, [0, 1]"]
    return w.random.choice(options)


def view(w: Writer) -> None:
    x = w.pick()
    t = w.value(x)
    count, dims = t.numel(), t.ndim
    options = [
        f"{x}[{index_of(w, x)}]", f"{x}[{index_of(w, x)}]", f"{x}.view(-1)", f"{x}.reshape(-1)", f"{x}.detach()",
        f"{x}.data", f"{x}.unsqueeze(0)", f"{x}.squeeze()", f"{x}.flatten()", f"{x}.expand(2, *{x}.shape)",
        f"{x}.view_as({x})", f"{x}[{mask_of(w, x)}]", f"{x}.clone()", f"{x}.unsqueeze(-1)", f"{x}.as_strided((1,), (1,))",
        f"{x}.detach().clone()", f"{x}.reshape({x}.shape)", f"{x}.view({x}.shape)", f"{x}.broadcast_to(2, *{x}.shape)",
        f"{x}.squeeze(0)",  f"{x}.contiguous()",
    ]  # fmt: skip
    if dims >= 1:
        options += [
            f"{x}.select(0, 0)", f"{x}.narrow(0, 0, 1)", f"{x}.unbind(0)[0]", f"{x}.chunk(2)[0]", f"{x}.split(1)[-1]",
            f"{x}.unfold(0, 1, 1)", f"{x}.unbind()[-1]", f"{x}.tensor_split(2)[0]", f"list({x})[0]",
        ]  # fmt: skip
    if dims >= 2:
        options += [
            f"{x}.transpose(0, 1)", f"{x}.T", f"{x}.t()", f"{x}.permute(1, 0)", f"{x}.diagonal()", f"{x}.mT",
            f"{x}.movedim(0, 1)", f"{x}.swapaxes(0, 1)", f"{x}.unbind(1)[0]", f"{x}.flatten(0, 1)", f"{x}.transpose(-2, -1)",
        ]  # fmt: skip
    if count % 2 == 0 and count:
        options += [f"{x}.view(2, -1)", f"{x}.reshape(-1, 2)", f"{x}.view({count // 2}, 2)"]
    w.write(f"{w.name()} = {w.random.choice(options)}")


def several(w: Writer) -> None:
    x = w.pick(lambda t: t.ndim and t.shape[0] >= 2)
    n = w.value(x).shape[0] if w.value(x).ndim else 0
    a, b = w.name(), w.name()
    if n == 2 and w.random.random() < 0.5:
        w.write(f"{a}, {b} = {w.random.choice([f'{x}', f'{x}.unbind()', f'{x}.split(1)'])}")
    else:
        w.write(f"{a}, {b} = {x}.{w.random.choice(['chunk(2)', 'tensor_split(2)', 'sort(0)', 'max(0)'])}")


def in_place(w: Writer) -> None:
    x = w.pick(lambda t: not (t.requires_grad and t.is_leaf))
    y = w.like(x)
    if not w.value(x).dtype.is_floating and w.random.random() < 0.9:
        return  # PyTorch has errors of its own there, and truth values that want gradients
    n = w.random.choice(NUMBERS)
    options = [f"{x}.{name}()" for name in w.random.sample(UNARY_IN_PLACE, 6)]
    options += [
        f"{x}.add_({y})", f"{x}.mul_({y})", f"{x} += {y}", f"{x} *= {y}", f"{x} -= {y}", f"{x} /= {y}",
        f"{x}.sub_({y})", f"{x}.div_({y})", f"{x}.fill_({n})", f"{x}.copy_({y})", f"{x}.clamp_(-1, 1)",
        f"{x}.clamp_(min=0)", f"{x}.pow_({n})", f"{x}.addcmul_({y}, {y})", f"{x}.masked_fill_({x} > 0, {n})",
        f"{x}.add_({y}, alpha=2)", f"{x} **= 2", f"{x}.lerp_({y}, 0.5)", f"{x}.unsqueeze_(0)", f"{x}.transpose_(0, 1)",
        f"{x}.squeeze_()", f"{x}.index_add_(0, torch.tensor([0]), {x}[:1])", f"{x}.index_fill_(0, torch.tensor([0]), 2)",
        f"{x}.scatter_(0, torch.zeros_like({x}, dtype=torch.int64), 1.5)", f"{x}.cumsum_(0)", f"{x}.tril_()",
        f"{x}.index_copy_(0, torch.tensor([0]), {x}[-1:])", f"{x}.masked_fill_({y} > 0, 2)", f"{x}.triu_()",
        f"{x}.index_put_((torch.tensor([0]),), torch.tensor(2.0))", f"{x}.fill_diagonal_(1)", f"{x}.fill_({y})",
        f"{x}.scatter_add_(0, torch.zeros_like({x}, dtype=torch.int64), {x})", f"{x}.copy_({x} * 2)",
        f"{x}.addcdiv_({y}, {y})", f"{x}.clamp_min_(0)", f"{x}.clamp_max_(1)", f"{x}.eq_({y})" if w.value(x).dtype.is_floating else f"{x}.zero_()", f"{x}.gt_({n})", f"{x}.atan2_({y})",
        f"{x}.masked_scatter_({x} > 0, {x}.clone())", f"torch.relu_({x})", f"torch.nn.functional.relu({x}, inplace=True)",
        f"torch.add({x}, 1, out={x})", f"torch.nn.functional.leaky_relu_({x}, 0.1)", f"{x}.true_divide_({y})",
        f"{x}.swapaxes_(0, 1)", f"{x}.requires_grad_()", f"{x}.set_({y})" if n == "3" else f"{x}.add_(1)",
        f"{x}.T.mul_(2)", f"{x}.view(-1).add_(1)", f"{x}.detach().mul_(2)", f"{x}.data.add_(1)", f"{x}.neg_().add_(1)",
    ]  # fmt: skip
    w.write(w.random.choice(options))


def index_put(w: Writer) -> None:
    x = w.pick(lambda t: not (t.requires_grad and t.is_leaf))
    place = index_of(w, x) if w.random.random() < 0.65 else mask_of(w, x)
    y = w.like(x)
    if not w.value(x).dtype.is_floating:
        y = w.random.choice(NUMBERS[:5])
    sign = w.random.choice(["=", "=", "=", "+=", "*="])
    w.write(f"{x}[{place}] {sign} {y}")


def modes(w: Writer) -> None:
    kind = w.random.random()
    mode = w.random.choice(["torch.no_grad()"] * 3 + ["torch.enable_grad()", "torch.set_grad_enabled(False)"])
    sub = Inside(w)
    if kind < 0.75:
        w.random.choice([unary, binary, view, in_place, index_put, requires, several, several, in_place])(sub)
    else:
        w.random.choice([backward, grad])(sub)
    if sub.statement:
        w.write(f"with {mode}:\n    " + sub.statement.replace("\n", "\n    "))


class Inside(Writer):
    """Writes a statement without running it."""

    def __init__(self, outer: Writer) -> None:
        self.random, self.session, self.outer = outer.random, outer.session, outer
        self.statement = ""

    def write(self, statement: str, keep: float = 0.12) -> bool:
        self.statement = statement
        return True

    def name(self) -> str:
        return self.outer.name()

    def new_leaf(self) -> str:
        return self.outer.new_leaf()


def requires(w: Writer) -> None:
    x = w.pick()
    y = w.pick()
    w.write(
        w.random.choice(
            [
                f"{x}.requires_grad_()",
                f"{x}.requires_grad = True",
                f"{x}.requires_grad_(False)",
                f"{x}.retain_grad()",
                f"{x}.requires_grad = False",
                f"{x}.retain_grad()",
                f"{x}.retain_grad()",
                f"{x}.data = {w.pick(lambda t: t.shape == w.value(x).shape)}.detach()",
                f"{x}.data = {x} * 2",
                f"{x} = {x}.detach().requires_grad_()",
                f"{x} = {y}",
                f"del {x}",
                f"{x}.detach_()",
            ]
        ),  # fmt: skip
        0.3,
    )


def backward(w: Writer) -> None:
    x = w.inner() if w.random.random() < 0.93 else w.pick()
    t = w.value(x)
    options = []
    if w.random.random() < 0.5:
        options.append("retain_graph=True")
    if w.random.random() < 0.15:
        options.append("create_graph=True")
    if w.random.random() < 0.12:
        options.append(f"inputs=[{w.tracked()}]" if w.random.random() < 0.8 else f"inputs={w.tracked()}")
    if t.numel() == 1 and w.random.random() < 0.8:
        w.write(f"{x}.backward({', '.join(options)})", 0.5)
        return
    kind = w.random.random()
    if kind < 0.5:
        w.write(f"{x}.sum().backward({', '.join(options)})", 0.5)
    elif kind < 0.85:
        weight = w.random.choice([f"torch.ones_like({x})", f"{x}.detach().clone()", f"torch.ones_like({x}) * 2"])
        w.write(f"{x}.backward({', '.join([weight, *options])})", 0.5)
    elif kind < 0.93:
        y = w.inner()
        w.write(f"torch.autograd.backward([{x}.sum(), {y}.mean()], {', '.join(['None', *options])})", 0.5)
    else:
        w.write(f"{x}.backward({', '.join(options)})", 0.6)


def grad(w: Writer) -> None:
    x, y = w.inner(), w.tracked()
    options = [
        o
        for o in ("retain_graph=True", "create_graph=True", "allow_unused=True", "materialize_grads=True")
        if w.random.random() < (0.25 if o[0] == "m" else 0.5)
    ]
    inputs = y if w.random.random() < 0.6 else f"[{y}, {w.tracked()}]"
    outputs = w.random.choice([f"{x}.sum()", f"{x}.sum()", f"({x} * {x}).sum()", f"[{x}.sum(), {w.inner()}.mean()]", x])
    if outputs == x:
        options.append(w.random.choice([f"grad_outputs=torch.ones_like({x})", f"grad_outputs={x}.detach().clone()"]))
    w.write(f"{w.name()} = own(torch.autograd.grad({', '.join([outputs, inputs, *options])})[0])", 0.5)


def hooks(w: Writer) -> None:
    x = w.tracked()
    h = f"h{w.count}"
    w.write(
        w.random.choice(
            [
                f"{h} = {x}.register_hook(lambda g: log('hook {x}', g))",
                f"{h} = {x}.register_hook(lambda g: g * 2)",
                f"{h} = {x}.register_hook(lambda g: None)",
                f"{h} = {x}.register_hook(lambda g: g.detach())",
                f"{h} = {x}.register_hook(lambda g: g.sum())",
                f"{h} = {x}.register_post_accumulate_grad_hook(lambda p: log('done {x}', p.grad))",
                f"{h} = {x}.grad_fn.register_hook(lambda a, b: log('fn {x}', a, b))",
                f"{h} = {x}.grad_fn.register_hook(lambda a, b: tuple(i if i is None else i * 2 for i in a))",
                f"{h} = {x}.grad_fn.register_prehook(lambda b: tuple(i if i is None else i * 3 for i in b))",
                f"{h} = {x}.grad_fn.register_prehook(lambda b: log('pre {x}', b))",
            ]
        ),  # fmt: skip
        0.2,
    )
    handles = [name for name in w.session.names if name[0] == "h" and name[1:].isdigit()]
    if handles and w.random.random() < 0.25:
        w.write(f"{w.random.choice(handles)}.remove()")


def gradients(w: Writer) -> None:
    x = w.pick(lambda t: t.is_leaf and t.requires_grad)
    w.write(
        w.random.choice(
            [
                f"{x}.grad.zero_()",
                f"{x}.grad = None",
                f"{x}.grad = torch.ones_like({x})",
                f"{w.name()} = own({x}.grad)",
                f"{x}.grad.mul_(2)",
                f"{x}.grad = torch.ones(7)",
                f"{x}.grad.detach_()",
                f"{x}.grad = {w.pick()}",
                f"{x}.grad.requires_grad_(False)",
                f"log({x}.grad)",
                f"{w.name()} = own({w.pick()}.grad)",
                f"del {x}.grad",
                f"torch.optim.SGD([{x}], lr=0.1, momentum=0.9).step()",
                f"torch.optim.Adam([{x}], lr=0.1).step()",
                f"torch.optim.SGD([{x}], lr=0.1).zero_grad()",
            ]
        ),  # fmt: skip
        0.2,
    )


def custom(w: Writer) -> None:
    x = w.floating()
    kind = w.random.random()
    if kind < 0.55:
        name = w.random.choice(FUNCTIONS)
        w.write(f"{w.name()} = {name}.apply({x})")
    elif kind < 0.7:
        a, b = w.name(), w.name()
        w.write(
            f"{a}, {b} = Both.apply({x}, {w.like(x)})"
            if w.random.random() < 0.8
            else f"{a}, {b} = Both.apply({x}, {x}, 3.0)"
        )
    elif kind < 0.8:
        w.write(f"{w.name()}, {w.name()} = Gaps.apply({x})")
    elif kind < 0.9:
        w.write(f"{w.name()}, {w.name()} = Plain.apply({x})")
    else:
        w.write(f"{w.name()} = Setup.apply({x}, 3)")


def look(w: Writer) -> None:
    w.write(f"look({w.pick()})")


def graph(w: Writer) -> None:
    w.write(f"graph({w.inner()})")


def asked(w: Writer) -> None:
    x, y = w.pick(), w.pick()
    w.write(
        w.random.choice(
            [
                f"log({x}.is_contiguous(), {x}.stride(), {x}.dim(), {x}.numel())",
                f"log({x} is {y}, {x} in [{x}])",
                f"log({x}.data_ptr() == {y}.data_ptr())",
                f"log(bool({x}))",
                f"log({x}.item())",
                f"log(len({x}))",
                f"log([i for i in {x}])",
                f"log(float({x}), int({x}))",
                f"log({x}.numpy())",
                f"log({x} == None, {x} != None)",
                f"log(torch.equal({x}, {y}))",
                f"log(torch.allclose({x}, {y}))",
                f"log(2.5 in {x})",
                f"log(f'{{{x}}}')",
                f"log({x}.size(), {x}.size(0), {x}.type())",
                f"log({x}.nelement(), {x}.element_size())",
                f"log({x}.tolist())",
                f"log(torch.is_grad_enabled(), {x}.is_floating_point())",
                f"log({x}.isnan().any())",
                f"log(-{x}, abs({x}))",
                f"log({x}._base is {y})",
                f"log(str({x}), {x}.shape == {y}.shape)",
                f"log({x}.grad_fn is {x}.grad_fn)",
            ]
        )  # fmt: skip
    )


STEPS: list[Callable[[Writer], None]] = [
    leaf, unary, binary, steps_up, function, reduction, product, view, several, in_place, index_put, modes, requires, backward,
    grad, hooks, gradients, custom, look, graph, asked,
]  # fmt: skip
WEIGHTS = [2, 6, 9, 1, 5, 4, 2, 11, 2, 11, 6, 4, 4, 7, 4, 3, 3, 3, 4, 2, 1]


def program(seed: int) -> list[str]:
    """The program that belongs to a seed."""
    torch.manual_seed(0)
    torch.set_grad_enabled(True)
    writer = Writer(seed)
    try:
        return writer.program(writer.random.randint(6, 26))
    finally:
        torch.set_grad_enabled(True)
