"""How many advisors a study needs: as text, and as a figure."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from analysis.present.sheet import INNER, LEADING, MARGIN, SMALL, TINY, TITLE, WIDTH, Sheet
from analysis.present.style import ADVISEE, CORRECTED, FAINT, INK, RULE, house_style, wrap_text
from analysis.present.tables import show_correlation, show_count, show_text

#: Each line's words, short words, colour, shape and dashes.
LINES = {
    "naive": ("naive (Steiger’s z)", "naive", CORRECTED, "^", (0, (2, 2))),
    "clustered": ("clustered", "clustered", "#007a5a", "s", "-"),
    "disattenuated": ("corrected for reliability", "corrected", "#d55e00", "D", (0, (5, 2))),
    "verdict": ("the verdict", "verdict", ADVISEE, "o", "-"),
}
TERMS = {
    "power": "power",
    "power_equivalence": "share found equivalent",
    "false_difference": "share of false differences",
}


@dataclass(frozen=True)
class Asked:
    """What was asked, in numbers that the text names."""

    advisors: int
    engagements: int
    validity: tuple[float, float]
    reliability: tuple[float, float]
    replicates: int
    target: float

    @property
    def sentence(self) -> str:
        """The study in words."""
        advisee, advisor = (show_correlation(value, 3) for value in self.validity)
        reliable = " and ".join(show_correlation(value, 2) for value in self.reliability)
        difference = show_correlation(self.validity[0] - self.validity[1], 2).replace(".00", "0")
        return (
            f"D = {difference} (advisee’s alliance {advisee}, advisor’s {advisor}), ratings’ "
            f"reliabilities {reliable}; {show_count(self.advisors)} advisors, "
            f"{show_count(self.engagements)} engagements"
        )


def tell_power(curve: pd.DataFrame, smallest: pd.DataFrame, asked: Asked) -> str:
    """Power by number of advisors as a table of text, and the smallest study that is enough.

    Each share stands with its Monte Carlo error behind it.
    """
    shares = curve.set_index(["n_advisors", "analysis"])
    head = ["advisors", "engagements", *(short for _, short, *_ in LINES.values())]
    body = []
    for (advisors, engagements), _ in curve.groupby(["n_advisors", "n_engagements"], sort=True):
        cells = [shares.loc[(advisors, name)] for name in LINES]
        shown = [
            f"{show_correlation(one['estimate'], 2)} ({show_correlation(one['std_error'])})"
            for one in cells
        ]
        mark = "*" if advisors == asked.advisors else ""
        body.append([f"{mark}{show_count(advisors)}", show_count(engagements), *shown])
    widths = [max(len(row[place]) for row in [head, *body]) for place in range(len(head))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in [head, *body]
    ]
    return "\n".join(
        [
            f"{asked.sentence}.",
            f"Shares of {show_count(asked.replicates)} simulated data sets (Monte Carlo error): "
            f"{_explained(curve)}.",
            "",
            *lines,
            "",
            *_tell_smallest(smallest, asked.target),
        ]
    )


def _explained(curve: pd.DataFrame) -> str:
    """What the shares are."""
    if (curve["term"] == "power").all():
        return "power to find the difference on its side; the verdict: to name the right rater"
    return "of differences found though there is none; the verdict: of equivalence shown"


def _tell_smallest(smallest: pd.DataFrame, target: float) -> list[str]:
    goal = show_correlation(target, 2)
    told = []
    for row in smallest.to_dict("records"):
        words = LINES[row["analysis"]][0]
        if note := show_text(row["note"]):
            told.append(f"{words}: {goal} {note}.")
        else:
            told.append(
                f"{words}: {goal} is reached with {show_count(row['n_advisors'])} advisors and "
                f"{show_count(row['n_engagements'])} engagements "
                f"({show_correlation(row['estimate'])})."
            )
    return told


PLOT, LEFT = 190.0, 30.0


def draw_power(curve: pd.DataFrame, asked: Asked) -> Figure:
    """Each line's power by number of advisors, with Monte Carlo intervals and the target."""
    with house_style():
        heading = wrap_text("How many advisors are enough?", INNER, TITLE, "bold")
        details = wrap_text(f"{asked.sentence}.", INNER, SMALL)
        top = MARGIN + (len(heading) * TITLE + len(details) * SMALL + SMALL) * LEADING + 10
        key = top + PLOT + 34
        sheet = Sheet(key + len(LINES) * SMALL * LEADING + 3 * SMALL + MARGIN)
        under = sheet.write(MARGIN, MARGIN, heading, TITLE, weight="bold")
        under = sheet.write(MARGIN, under + 2, details, SMALL, FAINT)
        sheet.write(MARGIN, under + 2, [_axis(curve)], SMALL)
        largest = float(curve["n_advisors"].max())
        across = WIDTH - LEFT - 2 * MARGIN - 8

        def place(advisors: float, share: float) -> tuple[float, float]:
            return LEFT + MARGIN + across * (advisors / largest) ** 0.5, top + PLOT * (1 - share)

        _draw_frame(sheet, curve, asked, place)
        for name, (_, _, colour, shape, dashes) in LINES.items():
            own = curve[curve["analysis"] == name].sort_values("n_advisors")
            points = [place(n, p) for n, p in zip(own["n_advisors"], own["estimate"], strict=True)]
            sheet.axes.plot(*zip(*points, strict=True), color=colour, lw=1.2, ls=dashes, zorder=2)
            for row, (x, y) in zip(own.to_dict("records"), points, strict=True):
                ends = [place(row["n_advisors"], row[end])[1] for end in ("conf_low", "conf_high")]
                sheet.rule((x, x), (ends[0], ends[1]), colour, 1.0)
                hollow, size = _drawn(name)
                sheet.symbol(x, y, colour, shape, hollow=hollow, size=size)
        _draw_names(sheet, key)
    return sheet.figure


def _drawn(line: str) -> tuple[bool, float]:
    """Whether a line's mark is hollow, and its size: the verdict often lies upon another."""
    return line in ("naive", "disattenuated"), 7.5 if line == "disattenuated" else 4


def _axis(curve: pd.DataFrame) -> str:
    terms = [TERMS[term].capitalize() for term in curve["term"].unique()]
    return " · ".join(terms)


def _draw_frame(sheet: Sheet, curve: pd.DataFrame, asked: Asked, place) -> None:
    """Rules at each fifth of power, the target, and the sizes below."""
    left, right = place(0, 0)[0], place(curve["n_advisors"].max(), 0)[0]
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        y = place(0, share)[1]
        sheet.rule((left, right), (y, y), RULE, 0.6)
        text = {0.0: "0", 1.0: "1"}.get(share, show_correlation(share, 1))
        sheet.write(left - 5, y - 5, [text], TINY, FAINT, ha="right")
    y = place(0, asked.target)[1]
    sheet.rule((left, right), (y, y), INK, 0.9)
    sheet.write(left + 3, y - 11, [f"target {show_correlation(asked.target, 2)}"], TINY, INK)
    taken = -1e9
    for advisors in sorted(curve["n_advisors"].unique()):
        x, y = place(advisors, 0)
        if x - taken < 20:
            continue
        taken = x
        asks = advisors == asked.advisors
        weight = "bold" if asks else "normal"
        sheet.write(
            x, y + 4, [show_count(advisors)], TINY, INK if asks else FAINT, weight, "center"
        )
    sheet.write((left + right) / 2, y + 15, ["advisors"], SMALL, FAINT, ha="center")


def _draw_names(sheet: Sheet, top: float) -> None:
    """Which line is which."""
    for name, (words, _, colour, shape, dashes) in LINES.items():
        middle = top + SMALL * 0.7
        sheet.axes.plot([MARGIN, MARGIN + 20], [middle, middle], color=colour, lw=1.2, ls=dashes)
        hollow, size = _drawn(name)
        sheet.symbol(MARGIN + 10, middle, colour, shape, hollow=hollow, size=size)
        sheet.write(MARGIN + 26, top, [words], SMALL)
        top += SMALL * LEADING
    sheet.write(MARGIN, top + 2, ["Upright lines: Monte Carlo intervals (95 %)"], SMALL, FAINT)
