# ends: unknown-attribute
import __future__
__future__.all_feature_names
