"""Pictures that are the same everywhere: full colour, and no font server in the SVG."""

from __future__ import annotations

import re

import pytest
import pytest_textual_snapshot as plugin
from rich.console import Console

_normalize = plugin.normalize_svg


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def normalize(svg: str) -> str:
        return re.sub(r"\s*@font-face \{.*?\}", "", _normalize(svg), flags=re.S)

    monkeypatch.setattr(plugin, "normalize_svg", normalize)
    monkeypatch.setattr(Console, "color_system", property(lambda _self: "truecolor"))
