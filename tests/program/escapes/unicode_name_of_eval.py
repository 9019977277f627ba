# ends: not-reachable
ｅｖａｌ("1")
