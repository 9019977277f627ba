"""What Tab offers."""

from __future__ import annotations

import pytest

from autodiff.program.completion import complete
from autodiff.program.described import described
from autodiff.program.dialogue import Dialogue
from autodiff.program.limits import Limits

PROGRAM = """
import torch
x = torch.ones(2, 3, requires_grad=True)
y = (x * 2).sum()
values = [x, "a", {"k": 1}]
size = 12
asked = []
def f(alpha, beta=1, *rest, gamma=2, **extra):
    return alpha
class Net(nn.Module):
    def __init__(self, width, depth=2):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.width = width
    def forward(self, x):
        return x
class Point:
    scale = 2
    def __init__(self, a, b):
        self.a = a
    @property
    def norm(self):
        asked.append(1)
        return "n"
    def move(self, by, *, slowly=True):
        return self
net = Net(3)
point = Point(1, 2)
"""


@pytest.fixture(scope="module")
def dialogue() -> Dialogue:
    dialogue = Dialogue(print, print, Limits(seconds=20.0))
    dialogue.run(PROGRAM, echo=False)
    return dialogue


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("x.su", "sum"),
        ("x.mean().ba", "backward"),
        ("(x + 1).exp().lo", "log"),
        ("x[0].res", "reshape"),
        ("values[0].res", "reshape"),
        ("values[2].ke", "keys"),
        ("x.grad.su", "sum"),
        ("x.T.su", "sum"),
        ("x.shape.nu", "numel"),
        ("y.grad_fn.next", "next_functions"),
        ("x.tolist().app", "append"),
        ("F.relu(x).su", "sum"),
        ("torch.randn(2).su", "sum"),
        ("x.max(1).", "sum"),
        ("torch.lins", "linspace"),
        ("torch.nn.functional.sof", "softmax"),
        ("nn.Lin", "Linear"),
        ("optim.S", "SGD"),
        ("math.sq", "sqrt"),
        ("np.lins", "linspace"),
        ("[1, 2].app", "append"),
        ("'a'.up", "upper"),
        ("{}.it", "items"),
        ("net.la", "layer"),
        ("net.par", "parameters"),
        ("net.layer.wei", "weight"),
        ("Net(3).for", "forward"),
        ("point.mo", "move"),
        ("point.a", "a"),
        ("Point.sc", "scale"),
        ("str.up", "upper"),
        ("si", "size"),
        ("pri", "print"),
        ("whi", "while"),
        ("tor", "torch"),
        ("y = si", "size"),
        ("f(si", "size"),
        ("f(", "alpha="),
        ("f(1, ", "beta="),
        ("f(1, be", "beta="),
        ("print(f(1, g", "gamma="),
        ("x.sum(", "dim="),
        ("torch.sum(x, k", "keepdim="),
        ("torch.ones(2, req", "requires_grad="),
        ("torch.tensor([1.], req", "requires_grad="),
        ("torch.autograd.grad(y, x, cre", "create_graph="),
        ("F.cross_entropy(x, y, red", "reduction="),
        ("optim.SGD([x], l", "lr="),
        ("nn.Linear(", "in_features="),
        ("Net(", "width="),
        ("Point(1, ", "b="),
        ("point.move(", "slowly="),
        ("import torch.nn.f", "torch.nn.functional"),
        ("import math, num", "numpy"),
        ("from torch.autograd.functional import ja", "jacobian"),
        ("from math import sqrt, ex", "exp"),
    ],
)
def test_offered(dialogue: Dialogue, line: str, offered: str) -> None:
    start, found = complete(dialogue.session, "", line)
    assert offered in found
    assert all(name.startswith(line[start:]) for name in found)


@pytest.mark.parametrize(
    "line",
    [
        "'x.su",
        "# x.su",
        "x  # a.su",
        "1.su",
        "unknown.su",
        "y.nothing.su",
        "f(1).su",
        "3 + .su",
        "s = '''a x.su",
        ").su",
    ],
)
def test_nothing_offered(dialogue: Dialogue, line: str) -> None:
    assert complete(dialogue.session, "", line)[1] == []


@pytest.mark.parametrize(
    ("line", "absent"),
    [
        ("f(alpha=1, ", "alpha="),
        ("f(", "rest="),
        ("f(", "extra="),
        ("x.sum(", "input="),
        ("point.move(", "self="),
        ("f[", "alpha="),
        ("f((", "alpha="),
        ("def f(", "alpha="),
        ("f(1 + ", "alpha="),
        ("x.", "__class__"),
        ("x.", "_version"),
        ("", "x"),
        ("x.sum(z)", "sum"),
    ],
)
def test_absent(dialogue: Dialogue, line: str, absent: str) -> None:
    assert absent not in complete(dialogue.session, "", line)[1]


def test_tab_at_the_beginning_indents(dialogue: Dialogue) -> None:
    assert complete(dialogue.session, "", "") == (0, ["    "])
    assert complete(dialogue.session, "if x:", "    ") == (4, ["    "])


def test_lines_above_count(dialogue: Dialogue) -> None:
    assert complete(dialogue.session, "def g(momentum):", "    mom") == (4, ["momentum"])
    assert complete(dialogue.session, "torch.sum(x,", "  k") == (2, ["keepdim="])


def test_nothing_of_the_program_runs(dialogue: Dialogue) -> None:
    for line in ("point.norm.up", "point.norm", "point.", "f(1).", "point.move(1)."):
        complete(dialogue.session, "", line)
    assert dialogue.session.globals["asked"] == []


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("x", "Tensor", "[2, 3], float32, requires_grad"),
        ("y", "Tensor", "[], float32, grad_fn=<SumBackward0>, = 12.0"),
        ("f", "function", "f(alpha, beta, gamma)"),
        ("values", "list", "of 3"),
        ("size", "int", "12"),
        ("torch", "module", "torch"),
        ("Point", "class", "Point"),
        ("point", "Point", ""),
    ],
)
def test_described(dialogue: Dialogue, name: str, kind: str, text: str) -> None:
    assert described(dialogue.session.globals[name]) == (kind, text)


def test_a_long_number_is_not_written_out() -> None:
    assert described(1 << 100_000) == ("int", "of 100001 bits")
