# ends: unknown-attribute
import sys
sys.stdout.buffer.write("x")
