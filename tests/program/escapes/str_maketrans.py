# ends: unknown-attribute
"x".translate({120: "y" * 10**9})
