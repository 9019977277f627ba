# ends: unknown-attribute
import warnings
with warnings.catch_warnings(record=True) as w:
    print(w._module)
