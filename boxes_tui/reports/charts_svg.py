"""Pie and bars as inline SVG for the HTML export; every text is escaped, nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import cos, pi, sin
from typing import Final

COLOURS: Final = ("#2f6f8f", "#c2703d", "#5b8c5a", "#8d5b8c", "#b0a14f", "#5d6d7e", "#a94442", "#3d9a8b")
PATTERN_STEP: Final = 6


def pie(slices: Sequence[tuple[str, int]], size: int = 240) -> str:
    """A pie clockwise from twelve o'clock; ``slices`` are (label, count)."""
    total = sum(n for _label, n in slices)
    r, made, turned = size / 2, [], 0.0
    for i, (label, n) in enumerate(slices):
        if not total or not n:
            continue
        share = n / total
        title = f"<title>{escape(label)}: {n}</title>"
        fill = COLOURS[i % len(COLOURS)]
        if share > 0.9999:
            made.append(f'<circle cx="{r}" cy="{r}" r="{r}" fill="{fill}">{title}</circle>')
            break
        x1, y1 = _on(r, turned)
        turned += share
        x2, y2 = _on(r, turned)
        large = 1 if share > 0.5 else 0
        path = f"M{r},{r} L{x1:.2f},{y1:.2f} A{r},{r} 0 {large} 1 {x2:.2f},{y2:.2f} Z"
        made.append(f'<path d="{path}" fill="{fill}" stroke="#fff">{title}</path>')
    return f'<svg role="img" viewBox="0 0 {size} {size}" width="{size}" height="{size}">{"".join(made)}</svg>'


def _on(r: float, turned: float) -> tuple[float, float]:
    angle = 2 * pi * turned
    return r + r * sin(angle), r - r * cos(angle)


def bars(series: Sequence[tuple[str, int]], width: int = 720, height: int = 220) -> str:
    """Bars of (label, count) over a base line; labels stand under as many bars as have room."""
    top = max((n for _label, n in series), default=0)
    if not top:
        return f'<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}"></svg>'
    base, step = height - 30, (width - 50) / len(series)
    every = max(1, round(52 / step))
    made = [
        f'<text x="0" y="14" class="a">{top}</text><line x1="40" x2="{width}" y1="{base}" y2="{base}" stroke="#888"/>'
    ]
    for i, (label, n) in enumerate(series):
        tall = (base - 10) * n / top
        x = 45 + i * step
        made.append(
            f'<rect x="{x:.1f}" y="{base - tall:.1f}" width="{max(1, step * 0.8):.1f}" height="{tall:.1f}" '
            f'fill="{COLOURS[0]}"><title>{escape(label)}: {n}</title></rect>'
        )
        if i % every == 0:
            made.append(f'<text x="{x:.1f}" y="{height - 10}" class="a">{escape(label)}</text>')
    return f'<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}">{"".join(made)}</svg>'
