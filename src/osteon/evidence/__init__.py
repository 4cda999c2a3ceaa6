"""What do the studies say together, how far do they agree, and how sure can one be of it?"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osteon.evidence.data import Counts as Counts
    from osteon.evidence.data import Estimate as Estimate
    from osteon.evidence.data import Means as Means
    from osteon.evidence.data import Rates as Rates
    from osteon.evidence.data import Single as Single
    from osteon.evidence.pool import PooledEffect as PooledEffect

# Where each public name lives; imported when first asked for, so that a plan without a pool does not wait for numpy.
HOMES = {
    "Counts": "osteon.evidence.data",
    "Estimate": "osteon.evidence.data",
    "Means": "osteon.evidence.data",
    "Rates": "osteon.evidence.data",
    "Single": "osteon.evidence.data",
    "PooledEffect": "osteon.evidence.pool",
}
__all__ = ["Counts", "Estimate", "Means", "PooledEffect", "Rates", "Single"]


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module 'osteon.evidence' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
