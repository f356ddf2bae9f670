"""The version, apart from the package's public names, which import almost all of it."""

__version__ = "0.1.0"
