"""What PyTorch says about arguments that fit none of a function's forms, recorded from it."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff.graph.overloads import forms_of, in_python
from autodiff.graph.op import REGISTRY
from autodiff.request.problem import Leaf, Problem
from autodiff.solve import solve

RECORDED = """
sum(N, 'a') | sum() received an invalid combination of arguments - got (Tensor, str), but expected one of:
sum(N, 'a', True) | sum(): argument 'dim' (position 2) must be tuple of ints, not str
sum(N, 0, False, 1, 2) | sum() takes from 2 to 3 positional arguments but 5 were given
sum(N, 0, False, 1, 2, 3, 4) | sum() received an invalid combination of arguments - got (Tensor, int, bool, int, int, int, int), but expected one of:
sum() | sum() received an invalid combination of arguments - got (), but expected one of:
N.sum(foo=2) | sum() received an invalid combination of arguments - got (foo=int, ), but expected one of:
mean(N, dim='a') | mean() received an invalid combination of arguments - got (Tensor, dim=str), but expected one of:
max(N, N, N) | max() received an invalid combination of arguments - got (Tensor, Tensor, Tensor), but expected one of:
lerp(N, N, 'a') | lerp() received an invalid combination of arguments - got (Tensor, Tensor, str), but expected one of:
add(N) | add() received an invalid combination of arguments - got (Tensor), but expected (Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)
N.add() | add() received an invalid combination of arguments - got (), but expected (Tensor other, *, Number alpha = 1)
addcmul(N, N) | addcmul() received an invalid combination of arguments - got (Tensor, Tensor), but expected (Tensor input, Tensor tensor1, Tensor tensor2, *, Number value = 1, Tensor out = None)
clamp(N, 'a') | clamp() received an invalid combination of arguments - got (Tensor, str), but expected one of:
N.clamp_min() | clamp_min() received an invalid combination of arguments - got (), but expected one of:
narrow(N, 1) | narrow() received an invalid combination of arguments - got (Tensor, int), but expected one of:
N.squeeze('a') | squeeze() received an invalid combination of arguments - got (str), but expected one of:
N.view(1.5, 2) | view() received an invalid combination of arguments - got (float, int), but expected one of:
N.repeat(1.5, 2) | repeat() takes 1 positional argument but 2 were given
N.exp(1) | TensorBase.exp() takes no arguments (1 given)
N.contiguous(1) | contiguous() takes 0 positional arguments but 1 was given
linspace(0, 1) | linspace() received an invalid combination of arguments - got (int, int), but expected one of:
mm(N) | mm() received an invalid combination of arguments - got (Tensor), but expected one of:
N.mm() | mm() missing 1 required positional arguments: "mat2"
N.mm(2) | mm(): argument 'mat2' (position 1) must be Tensor, not int
mm(N, 2) | mm(): argument 'mat2' (position 2) must be Tensor, not int
matmul(N, 2.5) | matmul(): argument 'other' (position 2) must be Tensor, not float
dot() | dot() missing 2 required positional argument: "input", "tensor"
F.mse_loss(N) | mse_loss() missing 1 required positional argument: 'target'
F.fold(N) | fold() missing 2 required positional arguments: 'output_size' and 'kernel_size'
F.softmax() | softmax() missing 1 required positional argument: 'input'
linalg.inv(3) | linalg_inv(): argument 'A' (position 1) must be Tensor, not int
linalg.norm(N, 'fro', 1, True, 5, 6) | linalg_norm() received an invalid combination of arguments - got (Tensor, str, int, bool, int, int), but expected one of:
N @ 2 | unsupported operand type(s) for @: 'Tensor' and 'int'
2 @ N | unsupported operand type(s) for @: 'int' and 'Tensor'
N ** 'a' | unsupported operand type(s) for ** or pow(): 'Tensor' and 'str'
2 ** 'a' | unsupported operand type(s) for ** or pow(): 'int' and 'str'
'a' + N | can only concatenate str (not "Tensor") to str
N < 'a' | '<' not supported between instances of 'Tensor' and 'str'
F.foo(N) | module 'torch.nn.functional' has no attribute 'foo'
torch.foo(N) | module 'torch' has no attribute 'foo'
linalg.foo(N) | module 'torch.linalg' has no attribute 'foo'
prod(N, (0, 1)) | prod() received an invalid combination of arguments - got (Tensor, tuple), but expected one of:
median(N, 'a') | median(): argument 'dim' (position 2) must be int, not str
cumsum(N) | cumsum() missing 1 required positional arguments: "dim"
transpose(N) | transpose() missing 2 required positional argument: "dim0", "dim1"
N.transpose(1, 2, 3) | transpose() takes 2 positional arguments but 3 were given
std(N, 'a') | std() received an invalid combination of arguments - got (Tensor, str), but expected one of:
where(N > 0, N) | where() received an invalid combination of arguments - got (Tensor, Tensor), but expected one of:
pow(N) | pow() received an invalid combination of arguments - got (Tensor), but expected one of:
N.pow() | pow() received an invalid combination of arguments - got (), but expected one of:
round(N, 2) | round() received an invalid combination of arguments - got (Tensor, int), but expected one of:
eye() | eye() received an invalid combination of arguments - got (), but expected one of:
sort(N, 'a') | sort() received an invalid combination of arguments - got (Tensor, str), but expected one of:
index_fill(N, 0, 1) | index_fill() received an invalid combination of arguments - got (Tensor, int, int), but expected one of:
"""


@pytest.mark.parametrize("line", RECORDED.strip().splitlines())
def test_pytorchs_words(line: str) -> None:
    expr, _, message = line.partition(" | ")
    found = solve(Problem(expr, {"N": Leaf(np.ones((2, 2)))})).error
    assert found is not None
    assert found.message == message


def test_forms_are_those_of_operations() -> None:
    known = {name for name in REGISTRY if forms_of(name, method=False)}
    assert {"sum", "max", "linalg.norm", "view"} <= known
    assert all(form.least <= form.positional <= form.most or form.positional < form.least for name in known
               for form in forms_of(name, method=False))
    assert in_python() <= set(REGISTRY)


def test_methods_have_neither_self_nor_out() -> None:
    assert [form[:] for form in forms_of("sum", method=True)] == [
        ("*, torch.dtype dtype = None", 0, 0, 1),
        ("tuple of ints dim, bool keepdim = False, *, torch.dtype dtype = None", 1, 2, 3),
    ]
    assert forms_of("mm", method=True) == []
