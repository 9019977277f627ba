"""Imports go one way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "autodiff"
LAYERS = [
    "errors",
    "syntax",
    "graph",
    "ops",
    "backward",
    "execute",
    "solve",
    "functional",
    "gradcheck",
    "formula",
    "tensor",
    "program",
    "homework",
    "request",
    "report",
    "api",
    "cli",
]
ONLY_IMPORTERS = {"lark": "syntax", "rich": "report", "click": "cli"}


def layer_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return found


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_go_down(path: Path) -> None:
    layer = layer_of(path)
    if layer in ("__init__", "__main__", "version"):
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "autodiff" and len(parts) > 1 and parts[1] in LAYERS:
            assert LAYERS.index(parts[1]) <= LAYERS.index(layer), f"{layer} imports {name}"
        if parts[0] in ONLY_IMPORTERS:
            assert layer == ONLY_IMPORTERS[parts[0]], f"{layer} imports {name}"


def test_every_module_has_a_layer() -> None:
    found = {layer_of(path) for path in SOURCE.rglob("*.py")}
    assert found <= {*LAYERS, "__init__", "__main__", "version"}
