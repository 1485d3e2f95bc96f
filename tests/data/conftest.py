"""The same house as the desk's tests, on both databases."""

from tests.desk.conftest import desk

__all__ = ["desk"]
