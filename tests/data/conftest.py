"""The same house as the desk's tests, on both databases."""

from tests.desk.conftest import desk, lite

__all__ = ["desk", "lite"]
