# ends: unknown-module
import os
os.system("ls")
