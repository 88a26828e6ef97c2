"""Shared drawing of figures: palette, axes, one panel to SVG and pixels, several panels to one file.

Colours are drawn in the light palette; an SVG inside a page has them replaced by CSS variables, so one drawing serves light
and dark. Words stay text in the SVG. Nothing depends on the clock or on the order of drawing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forecast.core.control_characters import printable_text
from forecast.report.blocks import FigurePanel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito (2008), darkened for white paper; (light, dark)
PALETTE = {
    "ink": ("#20262b", "#e4e8eb"),
    "muted": ("#646e77", "#98a3ad"),
    "grid": ("#e2e5e8", "#2d343b"),
    "shade": ("#eff0ed", "#20262c"),
    "line": ("#9aa4ad", "#76818b"),
    "blue": ("#0a62a6", "#5fb0e8"),
    "orange": ("#c9570b", "#f08c4a"),
    "green": ("#0b7f63", "#45c2a0"),
    "purple": ("#8a4f94", "#cb96d4"),
    "gold": ("#a77b00", "#e0b93f"),
}
C = {name: light for name, (light, _) in PALETTE.items()}
Pixels = NDArray[np.uint8]  # (rows, columns, red, green and blue)
_DPI = 144  # pixels: two per point
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_FONT = re.compile(r"font-family: [^;\"]*;? ?|font: ([\d.]+px) [^;\"]*;")
_TAG = re.compile(r"<[^<>]*>")
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(?:url\(#|href="#)([^)"]*)')
_DROP = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<style type=\"text/css\">.*?</style>", re.DOTALL)


@contextmanager
def style() -> Iterator[None]:
    """Context manager with the matplotlib settings of all figures."""
    import matplotlib

    settings: dict[str, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "forecast",
        "font.family": ["DejaVu Sans"],
        "text.parse_math": False,  # dollar signs in names are literal
        "font.size": 9.5,
        "text.color": C["ink"],
        "axes.edgecolor": C["line"],
        "axes.linewidth": 0.8,
        "xtick.color": C["muted"],
        "ytick.color": C["muted"],
        "path.simplify": False,
        "text.hinting": "no_hinting",
        "lines.solid_capstyle": "round",
    }
    scoped: Any = matplotlib.rc_context
    with scoped(settings):
        yield


def new_panel(width: int, height: int, title: str, subtitle: str = "") -> Figure:
    """An empty panel of `width` x `height` points with its title and a subtitle, usually the unit."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), facecolor="none")
    figure.text(2 / width, 1 - 12 / height, title, fontsize=10.5, fontweight="bold", va="baseline")
    if subtitle:
        figure.text(2 / width, 1 - 25 / height, subtitle, fontsize=8.8, color=C["muted"], va="baseline")
    return figure


def add_axes(figure: Figure, left: float = 42, right: float = 10, top: float = 44, bottom: float = 22) -> Axes:
    """Axes with margins in points and a light frame: a base line and horizontal rules only."""
    width, height = figure.get_size_inches() * 72
    ax = figure.add_axes((left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height))
    light_frame(ax)
    return ax


def light_frame(ax: Axes) -> None:
    """Set the light frame of an axes."""
    ax.set_facecolor("none")
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.grid(axis="y", color=C["grid"], linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(length=0, labelsize=9, pad=4)


def width_in_points(ax: Axes) -> float:
    """Width of the axes in points."""
    return float(ax.figure.bbox.width * 72 / ax.figure.dpi * ax.get_position().width)


def set_value_axis(ax: Axes, top: float, bottom: float = 0.0, ticks: int = 4) -> None:
    """Set a value axis from `bottom` to `top` with few round ticks and thousands separators."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if not np.isfinite(top) or top <= bottom:
        top = bottom + 1.0
    ax.set_ylim(bottom, top)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=ticks, steps=[1, 2, 2.5, 5, 10]))
    small = top - bottom < 4

    def spell(value: float, _: int) -> str:
        text = f"{abs(value):,.2f}".rstrip("0").rstrip(".") if small else f"{abs(value):,.0f}"
        return ("\u2212" if value < 0 else "") + text

    ax.yaxis.set_major_formatter(FuncFormatter(spell))


def finish_panel(figure: Figure, readings: Sequence[tuple[Axes, float, str]] = ()) -> FigurePanel:
    """The panel as SVG text, with its drawing.

    readings : axes, place along their horizontal axis, and the values there in words
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    for text in (*figure.texts, *(text for ax in figure.axes for text in ax.texts)):
        text.set_text(printable_text(text.get_text()))
    width, height = (round(v * 72) for v in figure.get_size_inches())
    out = io.StringIO()
    empty: dict[str, Any] = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    vector: Any = FigureCanvasSVG(figure)
    vector.print_svg(out, metadata=empty)
    title = figure.texts[0].get_text() if figure.texts else ""
    read = tuple((float(ax.transData.transform((x, 0))[0]) * 72 / figure.dpi, words) for ax, x, words in readings)
    figure.set_dpi(_DPI)
    figure.set_facecolor("white")
    _forget_renderers(figure)
    return FigurePanel(_clean_svg(out.getvalue(), width, height), width, height, title, figure, read)


def draw_pixels(panel: FigurePanel) -> Pixels:
    """The panel as pixels on white, shape (rows, columns, 3)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure: Any = panel.drawing
    with style():
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
    pixels = np.array(canvas.buffer_rgba(), dtype=np.uint8)[..., :3]
    canvas.renderer = None
    _forget_renderers(figure)
    return pixels


def _forget_renderers(figure: Figure) -> None:
    """Let go what a figure was drawn with: a megabyte each time, which its canvas and all its words would keep."""
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.text import Text

    FigureCanvasBase(figure)
    words: list[Any] = figure.findobj(Text)
    for text in words:
        text._renderer = None


def draw_pdf(panel: FigurePanel) -> bytes:
    """The panel as a PDF of one page, reproducible byte for byte."""
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    out = io.BytesIO()
    with style():
        canvas: Any = FigureCanvasPdf(panel.drawing)
        canvas.print_pdf(out, metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return out.getvalue()


def _clean_svg(svg: str, width: int, height: int) -> str:
    svg = _DROP.sub("", svg)
    svg = _FONT.sub(lambda m: f"font-size: {m[1]};" if m[1] else "", svg)
    svg = _NUMBER.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), svg)
    svg = re.sub(r"\s*\n\s*", " ", svg).replace('style=""', "")
    body = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    used = set(_REFERENCE.findall(body))
    body = _TAG.sub(lambda tag: _ID.sub(lambda m: m[0] if m[1] in used else "", tag[0]), body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width} {height}">{body.strip()}</svg>'
    )


def scope_ids(svg: str, prefix: str) -> str:
    """An SVG whose ids begin with a prefix, so that several stand in one document without sharing any."""
    named = _TAG.sub(lambda tag: _ID.sub(rf' id="{prefix}\1"', tag[0]), svg)
    return _REFERENCE.sub(lambda m: f"{m[0].removesuffix(m[1])}{prefix}{m[1]}", named)


def stitch(panels: Sequence[FigurePanel], columns: int, gap: int = 14) -> tuple[str, Pixels]:
    """Panels row by row in one drawing on white, as SVG text and as pixels."""
    rows = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    width = max(sum(p.width for p in row) + gap * (len(row) - 1) for row in rows) + 2 * gap
    height = sum(max(p.height for p in row) for row in rows) + gap * (len(rows) + 1)
    zoom = _DPI // 72
    pixels = np.full((height * zoom, width * zoom, 3), 255, dtype=np.uint8)
    parts = [f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    y = gap
    for row in rows:
        x = gap
        for panel in row:
            place = f'<svg x="{x}" y="{y}" width="{panel.width}" height="{panel.height}" '
            parts.append(scope_ids(panel.svg, f"p{len(parts)}-").replace("<svg ", place, 1))
            block = draw_pixels(panel)
            pixels[y * zoom : y * zoom + block.shape[0], x * zoom : x * zoom + block.shape[1]] = block
            x += panel.width + gap
        y += max(p.height for p in row) + gap
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" '
        f'stroke-linejoin="round">{"".join(parts)}</svg>\n'
    )
    return svg, pixels


def encode(panels: Sequence[FigurePanel], columns: int) -> tuple[str, bytes]:
    """One figure as SVG text and PNG bytes, reproducible byte for byte."""
    svg, pixels = stitch(panels, columns)
    return svg, encode_pixels(pixels)


def encode_pixels(pixels: Pixels) -> bytes:
    """Pixels as PNG bytes."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format="PNG", compress_level=2)
    return out.getvalue()
