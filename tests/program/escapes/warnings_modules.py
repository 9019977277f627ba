# ends: unknown-attribute
import warnings
print(warnings.sys)
