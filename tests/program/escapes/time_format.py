# ends: unknown-attribute
import time
time.strftime("%d")
