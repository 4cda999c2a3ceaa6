"""Where on the paper does a value lie, and which round numbers stand beneath?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from osteon.report.figures.lettering import width
from osteon.report.figures.marks import INK, SOFT, line, text

Tick = tuple[float, str]  # a value and the words beneath it

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
TICK_SIZE = 10.0
WIDE_DECADES, NARROW_DECADES = 2.4, 0.8  # from here only powers of ten; up to here plain steps


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` over the pixels `start` to `end`; `log` for ratios."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """The pixel of a value; a value beyond the scale lies at its end.

        Examples
        --------
        >>> round(Scale(0.1, 10, 0, 200, log=True).at(1.0))
        100
        """
        if self.log:
            part = (math.log(max(value, self.low)) - math.log(self.low)) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + min(max(part, 0.0), 1.0) * (self.end - self.start)

    def shows(self, value: float) -> bool:
        """Whether a value lies on the scale; never where it is not a number."""
        return self.low <= value <= self.high


def ticks(scale: Scale, about: int = 5) -> tuple[float, ...]:
    """Round values on a scale, in order.

    Examples
    --------
    >>> ticks(Scale(0, 100, 0, 300)), ticks(Scale(0.08, 7, 0, 300, log=True))
    ((0.0, 20.0, 40.0, 60.0, 80.0, 100.0), (0.1, 0.2, 0.5, 1.0, 2.0, 5.0))
    """
    if not scale.log:
        return linear_ticks(scale.low, scale.high, about)
    decades = math.log10(scale.high / scale.low)
    if decades <= NARROW_DECADES:
        return linear_ticks(scale.low, scale.high, about)
    powers = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    digits = (1,) if decades > WIDE_DECADES else (1, 2, 5)
    return tuple(tick for power in powers for digit in digits if scale.shows(tick := float(f"{digit}e{power}")))


def linear_ticks(low: float, high: float, about: int) -> tuple[float, ...]:
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in STEPS if step * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(i * step, 10) + 0.0 for i in range(first, last + 1))


def tick_words(values: Sequence[float]) -> tuple[str, ...]:
    """Ticks as words with a true minus sign and as many decimals as the finest needs.

    Examples
    --------
    >>> tick_words([-0.5, 0, 0.5]), tick_words([0.1, 1, 10])
    (('−0.5', '0', '0.5'), ('0.1', '1', '10'))
    """
    return tuple(f"{value:.6f}".rstrip("0").rstrip(".").replace("-", "−") for value in values)


def ticked(values: Sequence[float]) -> list[Tick]:
    """Values with their own words."""
    return list(zip(values, tick_words(values), strict=True))


def bottom_axis(scale: Scale, y: float, name: str, labels: Sequence[Tick], keep: float | None = None) -> Iterator[str]:
    """The axis under a plot with ticks, their words and its name, down to 36 pixels below `y`.

    Ticks whose words would touch are left out; the one at `keep` stands in any case.
    """
    yield line([(scale.start, y), (scale.end, y)], INK)
    for value, words in roomy(scale, labels, keep):
        x = scale.at(value)
        yield line([(x, y), (x, y + 4)], INK)
        yield text((x, y + 15), words, TICK_SIZE, "middle", SOFT)
    yield text(((scale.start + scale.end) / 2, y + 31), name, TICK_SIZE, "middle", SOFT)


def roomy(scale: Scale, labels: Sequence[Tick], keep: float | None) -> list[Tick]:
    """The ticks whose words do not touch each other, those near `keep` first."""
    middle = scale.start if keep is None else scale.at(keep)
    kept: list[Tick] = []
    for value, words in sorted(labels, key=lambda label: abs(scale.at(label[0]) - middle)):
        room = width(words, TICK_SIZE) + 6
        if all(abs(scale.at(value) - scale.at(other)) >= room for other, _ in kept):
            kept.append((value, words))
    return sorted(kept)


def left_axis(scale: Scale, x: float, labels: Sequence[Tick], end: float) -> Iterator[str]:
    """Values beside a plot that reaches from `x` to `end`, each with a faint line across it."""
    for value, words in labels:
        y = scale.at(value)
        yield line([(x, y), (end, y)], "#dfe4e7", 0.8)
        yield text((x - 6, y + 3.5), words, TICK_SIZE, "end", SOFT)
