# ends: uncaught
import warnings
class W(UserWarning):
    def __init__(self, *a): raise ValueError("from the category")
    def __str__(self): return 5
warnings.warn("x", W)
raise ValueError
