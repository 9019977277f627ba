# ends: unknown-name
__loader__.load_module("os")
