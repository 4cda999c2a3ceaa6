"""How often is the service asked, how long does it take, and what does it say? Counters for Prometheus."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The counters of one running service, in a registry of their own."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    cards: Counter
    refused: Counter
    feedback: Counter

    def text(self) -> bytes:
        """All counters in the text format of Prometheus."""
        return generate_latest(self.registry)


def new_metrics() -> Metrics:
    """Counters that stand at zero."""
    registry = CollectorRegistry()

    def counter(name: str, what: str, *labels: str) -> Counter:
        return Counter(f"osteon_cds_{name}", what, labels, registry=registry)

    return Metrics(
        registry=registry,
        requests=counter("requests", "Calls by service and HTTP status.", "service", "status"),
        seconds=Histogram("osteon_cds_seconds", "Time of a call.", ("service",), buckets=SECONDS, registry=registry),
        cards=counter("cards", "Cards sent, by service and indicator.", "service", "indicator"),
        refused=counter("refused_callers", "Callers not let in, by reason.", "reason"),
        feedback=counter("feedback", "Outcomes of cards, by service.", "service", "outcome"),
    )
