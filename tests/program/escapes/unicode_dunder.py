# ends: not-reachable
print(().__ｃｌａｓｓ__.__ｂａｓｅｓ__)
