"""The attrition as a CONSORT-like picture (SVG): population, gates, criteria, result; a panel a study.

The shape follows the flow diagram of CONSORT 2010, with what is open beside what failed.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fhirscreen.criteria.english import spell_id
from fhirscreen.criteria.studies import Kind
from fhirscreen.outputs.attrition import Attrition, Cell, Loss
from fhirscreen.outputs.wording import GATES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _GAP, _MARGIN = 7.2, 0.5, 0.25
_BOX, _ASIDE = 2.9, 3.9
_FLOW, _BESIDE = 6.0, 3.25
_MORE, _MORE_LETTERS = 1.4, 82
_LINE, _PITCH = 0.155, 0.075
_BAR, _BAR_END, _NUMBERS = 3.6, 5.4, (5.85, 6.5, 7.1)
_LABEL_LETTERS = 58

_INK, _MUTED, _RULE, _PAPER = "#1b2733", "#55636f", "#8a98a5", "#f3f6f8"
_ALONE, _FAILED, _OPEN = "#a3361f", "#e2a08e", "#b9c7d4"
_GOOD = "#e5f1e8"

_STYLE = {
    "svg.hashsalt": "fhirscreen",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
}
_FAMILY = "'DejaVu Sans', Verdana, Arial, sans-serif"  # matplotlib knows the first, a reader has one of them


def draw(attritions: Sequence[Attrition], *, wide: bool = False) -> str:
    """The SVG of one or more studies, one below the other; the same counts give the same text.

    A panel has the shape of a page: the way of the patients above, the criteria below it. Where `wide`, it
    has that of a slide: the criteria stand beside the way.
    """
    from matplotlib import rc_context, rcdefaults, rcParams  # noqa: PLC0415 - slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    heights = [_Panel(None, each, wide).draw() for each in attritions]
    width = (_FLOW + _GAP + _MORE if wide else 0) + _WIDTH + 2 * _MARGIN
    height = sum(heights) + max(0, len(heights) - 1) * _GAP + 2 * _MARGIN
    with rc_context():
        rcdefaults()  # what a person has set for their own pictures is not for this one
        rcParams.update(_STYLE)
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        axes.axis("off")
        top = _MARGIN
        for each, tall in zip(attritions, heights, strict=True):
            _Panel(axes, each, wide, _MARGIN, top).draw()
            top += tall + _GAP
        target = io.StringIO()
        figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None, "Title": "Attrition"})
    return target.getvalue().replace("'DejaVu Sans'", _FAMILY)


def show(cell: Cell) -> str:
    """A count with its thousands apart; a dash where it is withheld or cannot be told."""
    return "–" if cell is None else f"{cell:,}".replace(",", "\u202f")


@dataclass(slots=True)
class _Panel:
    """Draws one study from top to bottom, in inches; without axes it only measures."""

    axes: Axes | None
    counts: Attrition
    wide: bool = False
    x: float = 0.0
    top: float = 0.0
    y: float = field(default=0.0, init=False)
    longest: int = field(default=1, init=False)

    @property
    def _span(self) -> float:
        """How wide the way of the patients is."""
        return _FLOW if self.wide else _WIDTH

    @property
    def _more(self) -> float:
        """How much further the words of a criterion reach."""
        return _MORE if self.wide else 0

    @property
    def _side(self) -> float:
        """Where the boxes begin of those who leave it."""
        return _BESIDE if self.wide else _ASIDE

    def draw(self) -> float:
        """Draws, and returns the height used."""
        counts, study = self.counts, self.counts.study
        self.y = self.top + 0.2
        self._text(0, study.id, size=14, weight="bold")
        for line in textwrap.wrap(study.title, 82):
            self.y += 0.21
            self._text(0, line, size=9.5, color=_MUTED)
        self.y += 0.25
        cancer = study.population.cancer
        self._box("Patients looked at", counts.patients)
        if cancer is not None:
            self._aside(f"No {spell_id(cancer)} on record", counts.outside)
        self._arrow()
        named = "Members: " + (spell_id(cancer) if cancer is not None else "everybody")
        self._box(named, counts.members)
        closed = [(GATES[gate], cell) for gate, cell in counts.gates if cell != 0]
        for label, cell in closed or [("Taken out before any criterion", 0)]:
            self._aside(label, cell)
        self._arrow()
        self._box(f"Screened by {len(study.criteria)} criteria", counts.screened)
        if not self.wide:
            self.y += 0.3
            self._criteria()
            self._quiet()
            self.y += 0.28
            self._result()
            return self.y - self.top
        self._arrow()
        self._result()
        self._quiet()
        end, self.y, x = self.y, self.top + 0.2, self.x
        self.x += _FLOW + _GAP
        self._criteria()
        self.x, self.y = x, max(end, self.y)
        return self.y - self.top

    def _criteria(self) -> None:
        shown = [loss for loss in self.counts.criteria if not loss.criterion.asks and _lost(loss)]
        self.longest = max(map(_length, shown), default=0) or 1
        self._legend()
        for kind, title in ((Kind.INCLUSION, "Inclusion"), (Kind.EXCLUSION, "Exclusion")):
            losses = [loss for loss in shown if loss.criterion.kind is kind]
            if losses:
                self.y += 0.23
                self._text(0, title, size=8.5, weight="bold")
                self.y += 0.06
            for loss in losses:
                self._loss(loss)

    def _quiet(self) -> None:
        """The criteria without a row: nobody failed, counted elsewhere, asked in person."""
        self.y += 0.1
        quiet = [loss.criterion for loss in self.counts.criteria if loss.criterion.asks or not _lost(loss)]
        for title, ids in (
            ("Nobody failed, nothing open", [c.id for c in quiet if not c.asks and c.mirrors is None]),
            ("Counted with the inclusion they repeat", [c.id for c in quiet if c.mirrors is not None]),
            ("Asked in person", [c.id for c in quiet if c.asks]),
        ):
            if ids:
                said = f"{title}: {', '.join(spell_id(id) for id in ids)}"
                for line in textwrap.wrap(said, int(self._span * 15)):
                    self.y += 0.165
                    self._text(0, line, size=7.5, color=_MUTED)

    def _legend(self) -> None:
        self.y += 0.02
        for at, label in zip(_NUMBERS, ("failed", "only this", "open"), strict=True):
            self._text(at + self._more, label, size=7.5, color=_MUTED, align="right")
        at = _BAR - 0.62 + self._more
        for color, label, step in (
            (_ALONE, "only this", 0.75),
            (_FAILED, "with others", 0.88),
            (_OPEN, "open", 0.5),
        ):
            self._bar(at, 0.1, color, self.y - 0.05, 0.1)
            self._text(at + 0.14, label, size=7.5, color=_MUTED)
            at += step
        self.y += 0.09
        self._rule()

    def _loss(self, loss: Loss) -> None:
        lines = textwrap.wrap(loss.criterion.says, _MORE_LETTERS if self.wide else _LABEL_LETTERS)
        middle = self.y + _PITCH + _LINE * len(lines) / 2
        for number, line in enumerate(lines):
            self._text(0.08, line, size=8, y=self.y + _PITCH + _LINE * (number + 0.5))
        scale = (_BAR_END - _BAR) / self.longest
        at = _BAR + self._more
        alone = min(loss.failed_alone or 0, loss.failed or 0)
        for number, color in (
            (alone, _ALONE),
            ((loss.failed or 0) - alone, _FAILED),
            (loss.open or 0, _OPEN),
        ):
            self._bar(at, number * scale, color, middle - 0.065, 0.13)
            at += number * scale
        for x, cell, weight in zip(
            _NUMBERS,
            (loss.failed, loss.failed_alone, loss.open),
            ("bold", "normal", "normal"),
            strict=True,
        ):
            color = _MUTED if not cell else _INK
            self._text(
                x + self._more, show(cell), size=8, y=middle, align="right", color=color, weight=weight
            )
        self.y += _PITCH + _LINE * len(lines)

    def _result(self) -> None:
        counts = self.counts
        third = (self._span - 0.4) / 3
        for number, (label, cell, color) in enumerate(
            (
                ("Candidates", counts.candidates, _GOOD),
                ("Potential candidates", counts.potential, _GOOD),
                ("Failed a criterion", counts.failed, _PAPER),
            )
        ):
            self._frame(number * (third + 0.2), third, 0.62, color)
            x = number * (third + 0.2) + third / 2
            self._text(x, show(cell), size=15, weight="bold", align="center", y=self.y + 0.22)
            self._text(x, label, size=8.5, align="center", y=self.y + 0.47)
        self.y += 0.62 + 0.2
        missed = f"near misses among them: {show(counts.near_misses)}"
        self._text(self._span - third / 2, missed, size=8, color=_MUTED, align="center")
        self._text(
            0,
            "Open: the record cannot settle it yet. Bars: to the scale of the longest.",
            size=8,
            color=_MUTED,
        )
        self.y += 0.1

    def _box(self, label: str, cell: Cell) -> None:
        self._frame(0, _BOX, 0.4, _PAPER)
        self._text(0.14, label, size=9.5, y=self.y + 0.2)
        self._text(_BOX - 0.14, show(cell), size=10.5, weight="bold", align="right", y=self.y + 0.2)
        self.y += 0.4

    def _aside(self, label: str, cell: Cell) -> None:
        self.y += 0.08
        middle = self.y + 0.13
        self._line((_BOX / 2, _BOX / 2), (self.y - 0.08, middle))
        self._line((_BOX / 2, self._side), (middle, middle))
        self._frame(self._side, self._span - self._side, 0.26, "#ffffff")
        self._text(self._side + 0.12, label, size=8.5, y=middle)
        self._text(self._span - 0.12, show(cell), size=8.5, weight="bold", align="right", y=middle)
        self._line((_BOX / 2, _BOX / 2), (middle, self.y + 0.26))
        self.y += 0.26

    def _arrow(self) -> None:
        self._line((_BOX / 2, _BOX / 2), (self.y, self.y + 0.17))
        if self.axes is not None:
            middle, tip = self.x + _BOX / 2, self.y + 0.17
            self.axes.fill([middle - 0.05, middle + 0.05, middle], [tip - 0.09, tip - 0.09, tip], color=_RULE)
        self.y += 0.17

    def _frame(self, x: float, width: float, height: float, color: str) -> None:
        if self.axes is not None:
            from matplotlib.patches import FancyBboxPatch  # noqa: PLC0415

            style = "round,pad=0,rounding_size=0.05"
            corner = (self.x + x, self.y)
            box = FancyBboxPatch(
                corner, width, height, style, facecolor=color, edgecolor=_RULE, linewidth=0.8
            )
            self.axes.add_patch(box)

    def _bar(self, x: float, width: float, color: str, y: float, height: float) -> None:
        if self.axes is not None and width > 0:
            from matplotlib.patches import Rectangle  # noqa: PLC0415

            self.axes.add_patch(Rectangle((self.x + x, y), width, height, facecolor=color, linewidth=0))

    def _rule(self) -> None:
        self._line((0, _WIDTH + self._more), (self.y, self.y), width=0.5)

    def _line(self, xs: tuple[float, float], ys: tuple[float, float], width: float = 0.9) -> None:
        if self.axes is not None:
            self.axes.plot(
                [self.x + at for at in xs], ys, color=_RULE, linewidth=width, solid_capstyle="butt"
            )

    def _text(
        self,
        x: float,
        text: str,
        *,
        size: float,
        y: float | None = None,
        color: str = _INK,
        weight: str = "normal",
        align: str = "left",
    ) -> None:
        if self.axes is not None:
            at = self.y if y is None else y
            self.axes.text(
                self.x + x, at, text, fontsize=size, color=color, fontweight=weight,
                ha=align, va="center", parse_math=False,
            )  # fmt: skip


def _lost(loss: Loss) -> bool:
    """Whether a criterion has anything to show: a count that is not 0, or one that is withheld."""
    return loss.failed != 0 or loss.open != 0


def _length(loss: Loss) -> int:
    """How many patients a criterion's bar shows."""
    return (loss.failed or 0) + (loss.open or 0)
