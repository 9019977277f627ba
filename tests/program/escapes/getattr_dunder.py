# ends: not-reachable
print(getattr((), "__class__").__mro__, getattr((), "__cl" + "ass__").__bases__)
