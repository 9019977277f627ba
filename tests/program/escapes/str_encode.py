# ends: unknown-attribute
"x".encode().decode("unicode_escape")
