# ends: uncaught unknown-attribute not-reachable
import sys
sys.stdout = None
