# ends: not-reachable
import warnings
warnings.warn.__globals__
