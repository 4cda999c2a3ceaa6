"""Records of materials are read whole, and every mistake in one is told."""

from copy import deepcopy

import pytest

from osteon.errors import KnowledgeError
from osteon.knowledge import knowledge
from osteon.knowledge.materials import materials, read_materials

LAW = {
    "id": "demo",
    "name": "Demo",
    "gives": "modulus",
    "density": "ash",
    "default": True,
    "source": "morgan2003",
    "where": "invented",
    "piece": [{"factor": 1.0, "exponent": 1.0, "up_to": 0.5}, {"factor": 2.0, "exponent": 1.0}],
}
PUTTY = {
    "id": "putty",
    "name": "Putty",
    "kind": "constant",
    "modulus_mpa": [{"value": 5, "source": "morgan2003"}],
    "poisson": [{"value": 0.3, "setting": "guess"}],
    "setting": [{"id": "guess", "text": "A choice."}],
    "review": {"written_by": "A. Writer", "checked_by": "", "reviewed_on": "2026-11-22", "next_review": "2027-11-22"},
}


def read(material=None, law=None):
    """One material and one law as the only records, with changes."""
    files = {"putty.toml": {**deepcopy(PUTTY), **(material or {})}}
    files["laws.toml"] = {"law": [{**deepcopy(LAW), **(law or {})}], "conversion": []}
    return read_materials(files, knowledge().sources)


def test_a_record_without_fault_is_read():
    assert read().materials["putty"].modulus_mpa[0].value == 5


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": "clay"}, "the file is called putty.toml"),
        ({"kind": "factor"}, "has no figure for it"),
        ({"kind": "soft"}, "use one of law, factor, constant"),
        ({"modulus_mpa": [{"value": 5}]}, "neither a source nor a setting"),
        ({"modulus_mpa": [{"value": -5, "source": "morgan2003"}]}, "no range about -5"),
        ({"modulus_mpa": [{"value": 5, "low": 6, "source": "morgan2003"}]}, "6 to 5 is no range about 5"),
        ({"modulus_mpa": [{"value": 5, "source": "nobody1900"}]}, "'nobody1900' is not in sources/"),
        ({"poisson": [{"value": 0.3, "setting": "whim"}]}, "'whim' is not among its"),
        ({"poisson": [{"value": 0.3, "source": "morgan2003"}]}, "no figure rests on the setting 'guess'"),
    ],
)
def test_a_mistake_in_a_material_is_told(changes, told):
    with pytest.raises(KnowledgeError, match=told):
        read(changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"piece": LAW["piece"][:1]}, "the last piece has none"),
        ({"source": "nobody1900"}, "'nobody1900' is not in sources/"),
        ({"gives": "colour"}, "use one of modulus, strength"),
    ],
)
def test_a_mistake_in_a_law_is_told(changes, told):
    with pytest.raises(KnowledgeError, match=told):
        read(law=changes)


@pytest.mark.parametrize("gives", ["modulus", "strength"])
def test_one_law_of_a_kind_is_the_default(gives):
    assert len([law for law in materials().laws.values() if law.gives == gives and law.default]) == 1
