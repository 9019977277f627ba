# ends: limit-size
print(format(1, "１００００００００００"))
