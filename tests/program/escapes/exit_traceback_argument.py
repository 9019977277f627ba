# ends: not-reachable
class C:
    def __enter__(self): return self
    def __exit__(self, kind, error, trace):
        print(trace.tb_frame)
with C():
    1 / 0
