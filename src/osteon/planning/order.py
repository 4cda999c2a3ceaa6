"""In what order are the options shown? By verdict, then by how often each comes out ahead when the unsure is drawn.

Stochastic multicriteria acceptability analysis (Lahdelma and Salminen 2001, SMAA-2): values and weights that are not
certain are drawn many times, and each draw ranks the options. The share of draws in which an option takes a place is
its rank acceptability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteon.case.toml_files import read_own
from osteon.evidence.harms import HarmShare
from osteon.knowledge.records import VERDICTS, Treatment

RANKED = ("fits", "consider", "depends")
Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One treatment as the ordering sees it.

    `survival` holds draws of the share of joints that keep their own surface, in 0 to 1, None where nothing is known;
    `harm` the share of patients with its most frequent serious harm, None where no figure was read.
    """

    treatment: Treatment
    verdict: str
    certainty: str
    survival: Draws | None = None
    harm: HarmShare | None = None


@dataclass(frozen=True, slots=True)
class Rank:
    """The place of a treatment among those that can be offered.

    `acceptability` are the shares of draws in which it came first, second, ... among the treatments with its verdict;
    `contributions` what each criterion gave to its mean score, `moved` how far that lies above or below the mean of
    the same verdict: what moved it up or down.
    """

    place: int
    of: int
    score: float
    contributions: Mapping[str, float]
    acceptability: tuple[float, ...]
    moved: Mapping[str, float]

    @property
    def first(self) -> float:
        """The share of draws in which nothing with the same verdict came before it."""
        return self.acceptability[0]


@cache
def ordering() -> Mapping[str, Any]:
    """The criteria, the number of draws and their seed, from `ordering.toml`."""
    return read_own(Path(__file__).with_name("ordering.toml"))


def rank(candidates: Sequence[Candidate], preferences: Mapping[str, str]) -> tuple[tuple[str, Rank | None], ...]:
    """Treatment ids in the order to show them; those that cannot be offered now have no rank and stand by name.

    Parameters
    ----------
    candidates
        Each treatment with its verdict and what is known of it.
    preferences
        Criterion to not, somewhat or very.
    """
    by_name = sorted(candidates, key=lambda each: (VERDICTS.index(each.verdict), each.treatment.name))
    offered = [each for each in by_name if each.verdict in RANKED]
    ranks = ranked(offered, preferences) if offered else {}
    rest = [each for each in by_name if each.verdict not in RANKED]
    in_order = sorted(ranks, key=lambda name: ranks[name].place)
    return (*((name, ranks[name]) for name in in_order), *((each.treatment.id, None) for each in rest))


def ranked(candidates: Sequence[Candidate], preferences: Mapping[str, str]) -> dict[str, Rank]:
    """The rank of each treatment by id, from all draws at once."""
    rules = ordering()
    random = np.random.default_rng(rules["seed"])
    n = rules["draws"]
    weighted = weights(preferences, n, random)[:, None, :] * values(candidates, n, random)
    shares = weighted.mean(axis=2)
    groups = np.array([VERDICTS.index(each.verdict) for each in candidates])
    ties = 1e-9 * random.random((len(candidates), n))  # equal scores share their places evenly
    places = ranks_within(weighted.sum(axis=0) + ties, groups)
    order = sorted(range(len(candidates)), key=lambda i: (groups[i], round(float(places[i].mean()), 1)))  # else by name
    found = {}
    for place, i in enumerate(order, 1):
        peers = groups == groups[i]
        taken = np.bincount(places[i], minlength=int(peers.sum())) / n
        mean = shares[:, peers].mean(axis=1)
        found[candidates[i].treatment.id] = Rank(
            place=place,
            of=len(candidates),
            score=round(float(shares[:, i].sum()), 4),
            contributions=by_criterion(shares[:, i]),
            acceptability=tuple(round(float(share), 4) for share in taken),
            moved=by_criterion(shares[:, i] - mean),
        )
    return found


def by_criterion(numbers: Draws) -> dict[str, float]:
    return {name: round(float(number), 4) for name, number in zip(ordering()["criteria"], numbers, strict=True)}


def ranks_within(scores: Draws, groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rank (from 0) of each option within its group, in each draw; `scores` is options by draws."""
    order = np.argsort(groups[:, None] * 10.0 - scores, axis=0, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(len(groups))[:, None], axis=0)
    ranks -= np.array([(groups < group).sum() for group in groups])[:, None]
    return ranks


def weights(preferences: Mapping[str, str], n: int, random: np.random.Generator) -> Draws:
    """Weights of the criteria, criteria by draws: they sum to 1 and keep the stated order of importance.

    Sorted spacings are uniform over all ordered weights, and a random order within equal importance keeps them so.
    """
    rules = ordering()
    levels = np.array([rules["importance"][preferences.get(name, "somewhat")] for name in rules["criteria"]])
    counted = levels > 0
    drawn = np.sort(random.standard_exponential((int(counted.sum()), n)), axis=0)
    within = random.random((len(drawn), n)) + levels[counted][:, None]
    found = np.zeros((len(levels), n))
    if counted.any():
        found[counted] = np.take_along_axis(drawn / drawn.sum(axis=0), within.argsort(axis=0).argsort(axis=0), axis=0)
    return found


def values(candidates: Sequence[Candidate], n: int, random: np.random.Generator) -> Draws:
    """Values of every candidate, criteria by candidates by draws, each between 0 (worst) and 1 (best)."""
    criteria = ordering()["criteria"]
    return np.stack(
        [
            survival_values([each.survival for each in candidates], n, random),
            word_values([each.certainty for each in candidates], criteria["sure_evidence"]["words"], n, random),
            word_values(
                [each.treatment.invasiveness for each in candidates], criteria["avoid_surgery"]["words"], n, random
            ),
            harm_values([each.harm for each in candidates], n, random),
        ]
    )


def survival_values(drawn: Sequence[Draws | None], n: int, random: np.random.Generator) -> Draws:
    """Survival stretched over the range that the candidates cover; the whole range where nothing is known."""
    known = [each for each in drawn if each is not None]
    low = min((float(each.min()) for each in known), default=0.0)
    high = max((float(each.max()) for each in known), default=1.0)
    width = high - low or 1.0
    return np.stack([random.random(n) if each is None else (each - low) / width for each in drawn])


def word_values(said: Sequence[str], scale: Sequence[str], n: int, random: np.random.Generator) -> Draws:
    """Values of words, worst first in `scale`: 0 and 1 at the ends, between them any values that keep the order."""
    between = np.sort(random.random((len(scale) - 2, n)), axis=0)
    levels = np.vstack([np.zeros(n), between, np.ones(n)])
    return levels[[scale.index(word) for word in said]]


def harm_values(harms: Sequence[HarmShare | None], n: int, random: np.random.Generator) -> Draws:
    """1 for no serious harm, 0 for the most any candidate may do; the whole range where no figure was read."""
    most = max((each.high for each in harms if each is not None), default=0.0) or 1.0
    drawn = [random.random(n) if each is None else random.uniform(each.low, each.high, n) / most for each in harms]
    return 1.0 - np.stack(drawn)
