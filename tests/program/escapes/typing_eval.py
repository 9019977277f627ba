# ends: unknown-attribute
import typing
typing.get_type_hints(1)
