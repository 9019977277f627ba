"""Files whose header promises what is not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cli.conftest import Command


def npy(shape: str) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)


@pytest.mark.parametrize("shape", ["(99999999999999999999999,)", "(True,)", "(-1,)", "(2, -3)", "(10**12,)", "'abc'"])
def test_shapes_that_are_none(shape: str, command: Command, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(npy(shape))
    result = command("eval", "sum(x)", f"x=@{path}")
    assert result.code in (0, 2)
    assert "internal" not in result.err
    assert result.err.startswith("error[unreadable-file]") or shape == "(True,)"


def test_an_archive_called_npy(command: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.ones(3))
    path = (tmp_path / "x.npz").rename(tmp_path / "x.npy")
    result = command("eval", "sum(x)", f"x=@{path}")
    assert result.code == 2
    assert "it holds several arrays" in result.err
