# ends: not-reachable unknown-module
import __main__
