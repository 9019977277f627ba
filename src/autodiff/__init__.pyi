"""What type checkers are told of the package: PyTorch's names, and expressions."""

from autodiff.api import Expression as Expression
from autodiff.api import expression as expression
from autodiff.errors import AutodiffError as AutodiffError
from autodiff.tensor import *  # noqa: F403
from autodiff.tensor.namespace import tensor as tensor

__version__: str
