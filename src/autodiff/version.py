"""The version, where the command, the build and `import autodiff` read it."""

__version__ = "0.1.0"
