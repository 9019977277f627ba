"""Sums, ranges and elementary functions of small tensors: PyTorch's, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff.tensor as torch
from autodiff.ops.reduce import add_up
from autodiff.tensor import sums

# (dtype, shape, dims, the first sums, the mean of all), PyTorch 2.13 on the CPU
ROWS = [
    ("float32", (5,), (0,), ("0x1.0adde20000000p-1",), "0x1.aafc9c0000000p-4"),
    ("float32", (7,), (0,), ("0x1.1835c60000000p+0",), "0x1.403d740000000p-3"),
    ("float32", (9,), (0,), ("0x1.3cfae40000000p+1",), "0x1.19c2920000000p-2"),
    ("float32", (40,), (0,), ("0x1.b4f9ae0000000p+3",), "0x1.5d948c0000000p-2"),
    ("float32", (300,), (0,), ("0x1.76c2980000000p+6",), "0x1.3fcb9a0000000p-2"),
    ("float32", (2, 5), (1,), ("0x1.0adde20000000p-1", "0x1.d3044c0000000p+0"), "0x1.e05c300000000p-3"),
    (
        "float32",
        (3, 20),
        (1,),
        ("0x1.b9cef80000000p+2", "0x1.b024640000000p+2", "0x1.a679d00000000p+2"),
        "0x1.59b6b60000000p-2",
    ),
    (
        "float32",
        (20, 3),
        (0,),
        ("0x1.6d6cec0000000p+2", "0x1.b024640000000p+2", "0x1.f2dbdc0000000p+2"),
        "0x1.59b6b60000000p-2",
    ),
    (
        "float32",
        (20, 9),
        (0,),
        ("0x1.4846c20000000p+2", "0x1.8afe3c0000000p+2", "0x1.cdb5b40000000p+2"),
        "0x1.4283b60000000p-2",
    ),
    (
        "float32",
        (70, 40),
        (0,),
        ("0x1.3065160000000p+4", "0x1.6ac59e0000000p+4", "0x1.4526280000000p+4"),
        "0x1.326bd80000000p-2",
    ),
    (
        "float32",
        (3, 17, 4),
        (1,),
        ("0x1.46fcce0000000p+1", "0x1.4f672c0000000p+2", "0x1.fb4fea0000000p+2"),
        "0x1.3b771c0000000p-2",
    ),
    ("float32", (2, 3, 5), (1, 2), ("0x1.5e43380000000p+2", "0x1.4cd3480000000p+2"), "0x1.6c50420000000p-2"),
    ("float64", (5,), (0,), ("0x1.0adde22dfe7b9p-1",), "0x1.aafc9d1663f8ep-4"),
    ("float64", (7,), (0,), ("0x1.1835c716b19b6p+0",), "0x1.403d75d0cafabp-3"),
    ("float64", (9,), (0,), ("0x1.3cfae5296508ep+1",), "0x1.19c292cf7640cp-2"),
    ("float64", (40,), (0,), ("0x1.b4f9aea0389bap+3",), "0x1.5d948bb3607c8p-2"),
    ("float64", (300,), (0,), ("0x1.76c2971f96decp+6",), "0x1.3fcb98da1a57bp-2"),
    ("float64", (2, 5), (1,), ("0x1.0adde22dfe7b9p-1", "0x1.d3044bd07d589p+0"), "0x1.e05c30b930783p-3"),
    (
        "float64",
        (3, 20),
        (1,),
        ("0x1.b9cef92d3c660p+2", "0x1.b024641334d12p+2", "0x1.a679cef92d3c5p+2"),
        "0x1.59b6b675c3da9p-2",
    ),
    (
        "float64",
        (20, 3),
        (0,),
        ("0x1.6d6ceb87b5322p+2", "0x1.b024641334d12p+2", "0x1.f2dbdc9eb4702p+2"),
        "0x1.59b6b675c3da9p-2",
    ),
    (
        "float64",
        (20, 9),
        (0,),
        ("0x1.4846c2971f96cp+2", "0x1.8afe3b229f35cp+2", "0x1.cdb5b3ae1ed4ap+2"),
        "0x1.4283b704180eep-2",
    ),
    (
        "float64",
        (70, 40),
        (0,),
        ("0x1.306515fc76453p+4", "0x1.6ac59f7685f04p+4", "0x1.452628f0959b6p+4"),
        "0x1.326bd8da90a46p-2",
    ),
    (
        "float64",
        (3, 17, 4),
        (1,),
        ("0x1.46fcd0d7eb60cp+1", "0x1.4f67287c222acp+2", "0x1.fb4fe88c4ea50p+2"),
        "0x1.3b771b1e267d5p-2",
    ),
    ("float64", (2, 3, 5), (1, 2), ("0x1.5e4338dc5e027p+2", "0x1.4cd344fdb9becp+2"), "0x1.6c50431efb9a4p-2"),
]


@pytest.mark.parametrize(("dtype", "shape", "dims", "first", "mean"), ROWS)
def test_sums_round_as_pytorch_s(
    dtype: str, shape: tuple[int, ...], dims: tuple[int, ...], first: tuple[str, ...], mean: str
) -> None:
    places = np.arange(np.prod(shape)) * 7919 % 1013
    numbers = (places / 1013 - 0.4).astype(dtype).reshape(shape) * np.dtype(dtype).type(3)
    x = torch.tensor(numbers.tolist(), dtype=getattr(torch, dtype))
    found = x.sum(dims).reshape(-1).tolist()
    assert tuple(float(value).hex() for value in found[:3]) == first
    assert float(x.mean().item()).hex() == mean


def test_other_sums_keep_numpy_s_order() -> None:
    for x in (np.ones((3, 4, 5), np.float32).transpose(2, 0, 1), np.ones((2, 3, 4)), np.ones((20, 30, 40))):
        assert np.array_equal(sums.summed(x, (-3, -1), False), add_up(x, (-3, -1), False))


def test_exponentials_are_rounded_once() -> None:
    x = torch.arange(12, dtype=torch.float32).exp()
    assert str(x[-2:]) == "tensor([22026.4648, 59874.1406])"


def test_ranges_are_counted_by_vectors() -> None:
    x = torch.arange(-8.0, 8.0, 0.1)
    assert x[80].item() == 4.440892098500626e-16
    assert x[[72, 79, 159]].tolist() == [-0.800000011920929, -0.10000000894069672, 7.899999618530273]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("SGD", [1.7200000286102295, -0.19999998807907104]), ("Adam", [1.1998335123062134, -1.8000577688217163]),
        ("Adagrad", [1.168874979019165, -1.8300070762634277]), ("Adadelta", [1.000640630722046, -1.9993592500686646]),
        ("NAdam", [1.1821024417877197, -1.8167319297790527]),
    ],
)  # fmt: skip
def test_steps_of_optimizers(name: str, values: list[float]) -> None:
    p = torch.tensor([1.0, -2.0], requires_grad=True)
    optimizer = getattr(torch.optim, name)([p], lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        ((p - 3) ** 2).sum().backward()
        optimizer.step()
    assert p.tolist() == values
