"""What tensors offer besides operations: questions about their memory and type, tensors like them, hooks.

Source: PyTorch documentation, `torch.Tensor`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff.tensor import modes
from autodiff.tensor.grad_fns import WATCHED
from autodiff.tensor.guards import root_of
from autodiff.tensor.small import Handle
from autodiff.tensor.storage import Counter, record, writing
from autodiff.tensor.tensor import CPP_NAMES, Tensor, alias, of_array

DETACHED_VIEW = (
    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training,"
    " and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be"
    " called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in"
    " torch/optim/optimizer.py as the solution."
)

METHODS: dict[str, Any] = {}


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    name = function.__name__
    METHODS[f"_{name}__" if name in ("_reversed", "_delitem", "_complex") else name] = function
    return function


def _attribute(function: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
    METHODS[function.__name__] = property(function)
    return function


# Memory


@_method
def data_ptr(self: Tensor) -> int:
    """The address of the first element."""
    return int(self._array.__array_interface__["data"][0]) if self._array.size else 0


@_method
def storage_offset(self: Tensor) -> int:
    """How many elements into its memory the tensor begins."""
    memory = root_of(self._array)
    if memory is self._array:
        return 0
    apart = self._array.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    return int(apart) // self._array.itemsize


@_method
def element_size(self: Tensor) -> int:
    """Bytes an element."""
    return int(self._array.itemsize)


@_method
def nelement(self: Tensor) -> int:
    """The number of elements."""
    return int(self._array.size)


@_method
def ndimension(self: Tensor) -> int:
    """The number of dims."""
    return int(self._array.ndim)


@_method
def _is_view(self: Tensor) -> bool:
    return self._base is not None


@_method
def is_shared(self: Tensor) -> bool:
    """Whether the memory is shared between processes: it never is."""
    return False


@_method
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both show the same memory in the same way."""
    a, b = self._array, tensor._array
    return data_ptr(self) == data_ptr(tensor) and a.shape == b.shape and a.strides == b.strides


@_attribute
def itemsize(self: Tensor) -> int:
    """Bytes an element."""
    return int(self._array.itemsize)


@_attribute
def is_cpu(self: Tensor) -> bool:
    """True: there is one device."""
    return True


for _name in ("is_cuda", "is_meta", "is_mps", "is_sparse", "is_quantized", "is_nested", "is_mkldnn", "is_xpu"):
    METHODS[_name] = property(lambda self: False)


@_attribute
def layout(self: Tensor) -> str:
    """`torch.strided`."""
    return "torch.strided"


@_attribute
def output_nr(self: Tensor) -> int:
    """Which result of the operation that made it."""
    from autodiff.graph.primitive import PICK

    node = self._current
    return node.params[0] if node.op is PICK else 0


@_attribute
def name(self: Tensor) -> None:
    """None: tensors have no names."""
    return None


@_method
def get_device(self: Tensor) -> int:
    """-1 for the CPU."""
    return -1


@_method
def cpu(self: Tensor) -> Tensor:
    """The tensor as it is."""
    return self


@_method
def cuda(self: Tensor, *_: Any, **__: Any) -> Tensor:
    """Raises AssertionError: there is no GPU here."""
    raise AssertionError("Torch not compiled with CUDA enabled")


@_method
def pin_memory(self: Tensor) -> Tensor:
    """The tensor as it is."""
    return self


@_method
def share_memory_(self: Tensor) -> Tensor:
    """The tensor as it is."""
    return self


# Type


@_method
def is_floating_point(self: Tensor) -> bool:
    """Whether the elements are floating-point numbers."""
    return self.dtype.is_floating


@_method
def is_complex(self: Tensor) -> bool:
    """False: there are no complex tensors."""
    return False


@_method
def is_conj(self: Tensor) -> bool:
    """False: nothing is conjugated lazily."""
    return False


@_method
def is_neg(self: Tensor) -> bool:
    """False: nothing is negated lazily."""
    return False


@_method
def is_signed(self: Tensor) -> bool:
    """Whether the elements may be negative."""
    return self._array.dtype.kind in "if"


@_method
def is_inference(self: Tensor) -> bool:
    """Whether the tensor was made in inference mode."""
    return False


@_method
def is_nonzero(self: Tensor) -> bool:
    """Whether the only element is not zero; raises RuntimeError where there is not exactly one."""
    return bool(self)


@_method
def is_same_size(self: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal."""
    return self.shape == other.shape


@_method
def dim_order(self: Tensor) -> tuple[int, ...]:
    """Dims from the slowest to the fastest."""
    steps = self.stride()
    return tuple(sorted(range(self.ndim), key=lambda i: -steps[i]))


@_attribute
def real(self: Tensor) -> Tensor:
    """The tensor as it is: there are no complex ones."""
    return self


@_method
def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor as it is where its elements lie in order, else a copy in which they do."""
    if self._array.flags.c_contiguous:
        return self
    from autodiff.tensor.namespace import lookup

    return lookup("torch", "contiguous")(self)  # type: ignore[no-any-return]


# Others like it


@_method
def new(self: Tensor, *size: Any) -> Tensor:
    """A tensor of the same dtype, from sizes or from data."""
    if size and not all(isinstance(n, int) for n in size):
        return of_array(np.array(size[0], dtype=self._array.dtype))
    return of_array(np.zeros(size or (0,), self._array.dtype))


@_method
def new_tensor(self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A leaf of the same dtype from data, copied."""
    from autodiff.tensor.namespace import tensor

    if isinstance(data, Tensor):
        return data.detach().to(dtype or self.dtype, copy=True).requires_grad_(requires_grad)
    return tensor(data, dtype=dtype or self.dtype, requires_grad=requires_grad)


# Gradients


@_method
def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[[Tensor], None]) -> Handle:
    """Call hook with this leaf whenever its `grad` has received something."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self.grad_fn is not None:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    WATCHED[0] = True
    if self._afterwards is None:
        self._afterwards = {}
    return Handle(self._afterwards, hook)


@_method
def detach_(self: Tensor) -> Tensor:
    """Forget the history of this tensor; raises RuntimeError for views."""
    if self._base is not None:
        raise RuntimeError(DETACHED_VIEW)
    if not self.is_leaf:
        record(self._node).detached = True
    self._become_leaf(False)
    return self


# Python


@_method
def _reversed(self: Tensor) -> Iterator[Tensor]:
    if not self.ndim:
        return iter([self])
    return reversed(list(self))


@_method
def _delitem(self: Tensor, items: Any) -> None:
    raise TypeError("Tensor does not support deleting items")


@_method
def _complex(self: Tensor) -> complex:
    return complex(self.item())


@_method
def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Put what a Python function makes of each element in its place."""
    if self.requires_grad:
        raise RuntimeError("Can't call apply_() on Variable that requires grad. Use var.detach().apply_() instead.")
    values = [callable(value) for value in self._array.reshape(-1).tolist()]
    writing(self._array)
    self._array[...] = np.array(values, dtype=self._array.dtype).reshape(self._array.shape)
    return self


@_method
def set_(self: Tensor, source: Tensor | None = None) -> Tensor:
    """Look at the memory of another tensor; raises RuntimeError where history would be lost."""
    if source is None:
        source = of_array(np.zeros(0, self._array.dtype))
    if source.dtype is not self.dtype:
        own, other = CPP_NAMES[self.dtype.name], CPP_NAMES[source.dtype.name]
        raise RuntimeError(f"Could not set tensor of type {other} to a tensor of type {own}")
    if self.requires_grad and modes.is_grad_enabled():
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    self.data = alias(source, Counter())
    self._counter.version += 1
    return self


def Variable(data: Tensor, requires_grad: bool = False) -> Tensor:  # noqa: N802
    """A leaf over the memory of a tensor, as older programs write it."""
    return data.detach().requires_grad_(requires_grad)
