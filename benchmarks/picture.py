"""The race as a picture: a bar for MockGrid and one for the best peer in each row, as SVG.

python benchmarks/picture.py     draws race-light.svg and race-dark.svg anew from race.json
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

__all__ = ["THEMES", "picture"]

# Colours of GitHub's pages, where the pictures stand.
_LIGHT = {"text": "#1f2328", "faint": "#59636e", "line": "#d1d9e0", "ours": "#0969da", "peer": "#afb8c1"}
_DARK = {"text": "#f0f6fc", "faint": "#9198a1", "line": "#3d444d", "ours": "#4493f8", "peer": "#656c76"}
THEMES = MappingProxyType({"light": _LIGHT, "dark": _DARK})

FLOORS = ("Starlette, constant", "raw ASGI, constant")
OURS = "MockGrid"
HEADING = (
    "Replies a second, validated and journaled, as a ratio to a Starlette route",
    "that returns a constant; of streams, events a second",
)
FONT = "-apple-system,BlinkMacSystemFont,Segoe UI,Helvetica,Arial,sans-serif"
WIDTH, LEFT, RIGHT, TOP, HEIGHT, BAR = 820, 236, 150, 62, 34, 12


def picture(result: dict[str, Any], theme: str) -> str:
    """Draw a result.

    Args:
        result: of the race, as its JSON has it.
        theme: one of ``THEMES``.
    """
    return Drawing(result, THEMES[theme]).text()


class Drawing:
    """One picture.

    Args:
        result: of the race.
        colours: by what has them.
    """

    def __init__(self, result: dict[str, Any], colours: dict[str, str]) -> None:
        self.result, self.colours = result, colours
        self.rows = [(row["name"].strip(), row["figures"]) for row in result["rows"]]
        ratios = [figure["median"] for _, figures in self.rows for name, figure in _shown(figures)]
        self.most = max([1.0, *ratios])
        self.height = TOP + HEIGHT * len(self.rows) + 44
        self.parts: list[str] = []

    def text(self) -> str:
        """Return it as SVG."""
        for line, words in enumerate(HEADING):
            self.write(16, 24 + 20 * line, words, "text", size=15)
        self.scale()
        for number, (name, figures) in enumerate(self.rows):
            y = TOP + HEIGHT * number
            self.write(LEFT - 10, y + 19, name, "text", anchor="end")
            places = (y + 2, "ours"), (y + 4 + BAR, "peer")
            for (top, colour), (who, figure) in zip(places, _shown(figures), strict=False):
                self.bar(top, who, figure["median"], colour)
        machine = self.result["machine"]
        foot = f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}; medians"
        if any(figure.get("by") == "cpu" for _, figures in self.rows for figure in figures.values()):
            foot += " by processor time, as far as race.json says so"
        self.write(16, self.height - 6, foot, "faint", size=11)
        title = ", ".join(
            f"{name} {figures[OURS]['median']:.2f}" for name, figures in self.rows if OURS in figures
        )
        size = f'viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" height="{self.height}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONT}">'
        return "\n".join([head, f"<title>{escape(f'{OURS}: {title}')}</title>", *self.parts, "</svg>", ""])

    def scale(self) -> None:
        """Draw a line for each whole ratio; that of the constant is dashed."""
        for ratio in range(int(self.most) + 1):
            x = self.at(ratio)
            colour, dash = ("faint", ' stroke-dasharray="3 3"') if ratio == 1 else ("line", "")
            line = f"M{x:.1f} {TOP - 4}V{self.height - 36}"
            self.parts.append(f'<path d="{line}" stroke="{self.colours[colour]}"{dash}/>')
            self.write(x, self.height - 22, str(ratio), "faint", anchor="middle")

    def bar(self, y: float, name: str, ratio: float, colour: str) -> None:
        """Draw a bar, with whose it is behind it."""
        width = max(1.0, self.at(ratio) - LEFT)
        shape = f'x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"'
        self.parts.append(f'<rect {shape} fill="{self.colours[colour]}"/>')
        self.write(LEFT + width + 6, y + BAR - 2, f"{name} {ratio:.2f}", "text", size=11)

    def at(self, ratio: float) -> float:
        """Return where a ratio is."""
        return LEFT + ratio * (WIDTH - LEFT - RIGHT) / self.most

    def write(  # noqa: PLR0913 - a text has so many
        self, x: float, y: float, words: str, colour: str, *, size: int = 12, anchor: str = "start"
    ) -> None:
        """Draw a text."""
        place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
        self.parts.append(f'<text {place} fill="{self.colours[colour]}">{escape(words)}</text>')


def _shown(figures: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return MockGrid and the fastest of its peers, with what they did; who cannot do a row is left out."""
    peers = [(name, figure) for name, figure in figures.items() if name not in (*FLOORS, OURS)]
    best = sorted(peers, key=lambda peer: -peer[1]["median"])[:1]
    return [(OURS, figures.get(OURS, {"median": 0.0})), *best]


def main() -> None:
    """Draw anew."""
    home = Path(__file__).parent
    result = json.loads((home / "race.json").read_text("utf-8"))
    for theme in THEMES:
        (home / f"race-{theme}.svg").write_text(picture(result, theme), "utf-8")


if __name__ == "__main__":
    main()
