"""Operations as they are listed, shown and documented: everything comes from what they declare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autodiff import ops as modules
from autodiff.formula.operation import derivative
from autodiff.graph.op import REGISTRY
from autodiff.report.diagnostics import plain
from autodiff.report.families import FAMILIES, by_family, operations
from autodiff.report.ops import about, lines_of, list_lines, markdown, matching, named

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def shown(name: str) -> str:
    operation = named(name)
    assert operation is not None
    return plain(lines_of(about(operation)))


def test_every_module_is_in_one_family() -> None:
    listed = [module for modules_of in FAMILIES.values() for module in modules_of]
    assert len(listed) == len(set(listed))
    assert set(modules.__all__) <= set(listed)


def test_every_operation_is_in_one_family() -> None:
    found = [operation for listed in by_family().values() for operation in listed]
    assert len(found) == len(set(found)) == len(operations())
    names = {family: [op.name for op in listed] for family, listed in by_family().items()}
    assert "scatter_add" in names["Indexing"]
    assert "linalg.eigh" in names["Linear algebra"]
    assert "floor" in names["Functions of each element"]
    assert "repeat" in names["Shape and order of dims"]


@pytest.mark.parametrize(
    ("name", "formulas"),
    [
        ("tanh", {"x": "1 - tanh(x)^2"}),
        ("mul", {"x": "y", "y": "x"}),
        ("add", {"x": "1", "y": "1"}),
        ("square", {"x": "2*x"}),
        ("matmul", {"x": "g @ y.T", "y": "x.T @ g"}),
        ("sum", {"x": "ones_like(x)"}),
        ("floor", {"x": "0"}),
    ],
)
def test_derivatives_come_from_the_rules(name: str, formulas: dict[str, str]) -> None:
    found = derivative(REGISTRY[name])
    assert found is not None
    assert found.formulas == formulas


def test_a_derivative_follows_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(REGISTRY["sinh"], "vjp", [lambda g, out, x: 7 * g])
    found = derivative(REGISTRY["sinh"])
    assert found is not None
    assert found.formulas == {"x": "7"}


def test_one_in_full() -> None:
    assert shown("sigmoid") == (
        "sigmoid(x)\n"
        "  1/(1 + exp(-x)).\n"
        "\n"
        "  family:   Functions of each element\n"
        "  also:     special.expit\n"
        "  grad_fn:  SigmoidBackward0\n"
        "\n"
        "derivative of sigmoid(x):\n"
        "  x.grad = sigmoid(x)*(1 - sigmoid(x))\n"
        "\n"
        "example:\n"
        '  $ autodiff eval "sigmoid([-1., 0., 1.])"\n'
        "  tensor([0.2689, 0.5000, 0.7311])\n"
    )


def test_what_has_no_derivative_says_so() -> None:
    assert "derivative: none, no gradient flows through it" in shown("eq")
    assert "derivative: computed by a rule that has no formula" in shown("max_pool2d")
    assert "grad_fn:  ConvolutionBackward0" in shown("conv2d")
    assert "The derivative at 0 is 0." in shown("abs")


@pytest.mark.parametrize(
    ("name", "found"), [("torch.exp", "exp"), ("F.relu", "relu"), ("inv", "linalg.inv"), ("+", "add"), ("ln", "log")]
)
def test_names_are_found_however_they_are_written(name: str, found: str) -> None:
    operation = named(name)
    assert operation is not None
    assert operation.name == found


def test_words_are_searched_for() -> None:
    names = [operation.name for operation in matching("soft")]
    assert {"softmax", "softplus", "cross_entropy"} <= set(names)
    assert names.index("softplus") < names.index("cross_entropy")
    assert matching("zeppelin") == matching("q") == []


def test_the_list_has_every_operation_once() -> None:
    lines = plain(list_lines()).splitlines()
    names = [line.split()[0] for line in lines if line.startswith("  ")]
    assert sorted(names) == sorted(op.name for op in operations() if not op.name.startswith("_"))


def test_the_page_of_the_documentation_has_every_operation() -> None:
    rows = re.findall(r"^\| `([\w.]+)\(", PAGE.read_text(encoding="utf-8"), re.M)
    listed = [op.name for found in by_family().values() for op in found if not op.name.startswith("_")]
    assert rows == listed, "python -m autodiff.report.ops > docs/operations.md"


@pytest.mark.slow
def test_the_page_of_the_documentation_is_what_the_operations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "python -m autodiff.report.ops > docs/operations.md"
