# ends: unknown-module
import torch.utils.cpp_extension
