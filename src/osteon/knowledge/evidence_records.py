"""Are the records beside the plan's own in order: studies, cohorts, published meta-analyses and judgements?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from osteon.errors import KnowledgeError
from osteon.knowledge.cohorts import cohorts
from osteon.knowledge.judgements import broken_references, judgements
from osteon.knowledge.load import knowledge
from osteon.knowledge.meta_analyses import meta_analyses
from osteon.knowledge.studies import studies


def evidence_records() -> Mapping[str, Any]:
    """Every reviewed record of the evidence, by folder and id.

    Raises
    ------
    KnowledgeError
        With every fault of every file, and every name in a judgement that nothing bears.

    Examples
    --------
    >>> evidence_records()["studies/lai-2005"].year
    2005
    """
    found = {"studies": studies(), "natural_history": cohorts(), "meta_analyses": meta_analyses()}
    faults = list(broken_references(judgements(), knowledge(), studies()))
    if faults:
        raise KnowledgeError(faults)
    return {f"{folder}/{name}": record for folder, records in found.items() for name, record in records.items()}
