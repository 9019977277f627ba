"""The version, as a plain constant: asking the installed package for it would cost a start 20 ms."""

VERSION = "0.1.0"
