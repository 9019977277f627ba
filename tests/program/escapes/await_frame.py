# ends: syntax unknown-name
def f(): await g()
