# ends: unknown-attribute
torch.ops.load_library("libc.so.6")
