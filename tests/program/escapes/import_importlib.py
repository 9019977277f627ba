# ends: unknown-module
import importlib
