"""`torch.nn`: which file each of its classes is in; they are imported when they are first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from autodiff.tensor.module import Module, Parameter

HOMES = {
    "module": "Module Parameter",
    "containers": "ModuleDict ModuleList ParameterDict ParameterList Sequential",
    "linear": "Bilinear ChannelShuffle Embedding Flatten Identity LazyLinear Linear PixelShuffle PixelUnshuffle"
    " Unflatten",
    "activations": "CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish"
    " PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink"
    " Threshold",
    "losses": "BCELoss BCEWithLogitsLoss CosineEmbeddingLoss CosineSimilarity CrossEntropyLoss GaussianNLLLoss"
    " HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss"
    " MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss PairwiseDistance PoissonNLLLoss SmoothL1Loss SoftMarginLoss"
    " TripletMarginLoss",
    "convolutions": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d Fold Unfold",
    "pooling": "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d"
    " AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d CircularPad1d CircularPad2d CircularPad3d ConstantPad1d"
    " ConstantPad2d ConstantPad3d LPPool1d LPPool2d LPPool3d MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d"
    " MaxUnpool3d ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d"
    " Upsample UpsamplingBilinear2d UpsamplingNearest2d ZeroPad1d ZeroPad2d ZeroPad3d",
    "normalise": "AlphaDropout BatchNorm1d BatchNorm2d BatchNorm3d Dropout Dropout1d Dropout2d Dropout3d GroupNorm"
    " InstanceNorm1d InstanceNorm2d InstanceNorm3d LayerNorm LocalResponseNorm RMSNorm",
    "recurrent": "GRU GRUCell LSTM LSTMCell RNN RNNBase RNNCell",
    "attention_layers": "MultiheadAttention TransformerEncoder TransformerEncoderLayer",
}
NAMES = {name: home for home, names in HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """A class of `torch.nn`, or all of them as LAYERS."""
    if name == "LAYERS":
        return {key: getattr(import_module(f"autodiff.tensor.{home}"), key) for key, home in NAMES.items()}
    home = NAMES.get(name)
    if home is None:
        raise AttributeError(f"module 'torch.nn' has no attribute '{name}'")
    found = globals()[name] = getattr(import_module(f"autodiff.tensor.{home}"), name)
    return found


__all__ = ["HOMES", "NAMES", "Module", "Parameter"]
