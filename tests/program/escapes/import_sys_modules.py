# ends: unknown-attribute
import sys
print(sys.modules["os"])
