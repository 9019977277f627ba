# ends: unknown-attribute
import random
print(random._os.environ)
