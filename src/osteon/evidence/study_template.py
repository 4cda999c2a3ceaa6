"""An empty study to fill in, with what each key means and which words it takes."""

from __future__ import annotations

import json

from osteon.evidence.citation_files import Citation
from osteon.evidence.study_table import COLUMNS, csv_of
from osteon.knowledge.studies import LEGAL, NOT_PRINTED

TEMPLATE = """\
# One paper for Osteon. Take the # away from what the paper prints and leave the rest as it is.
# Copy numbers as printed; what is not printed stays out.

id = {id}    # first author and year: lai-2005
citation = {citation}
{year}
design = ""    # {design}
{doi}
{pmid}
{url}
# country = ""
# region = ""    # {region}
site = ""    # as printed: femoral head
site_id = ""    # {site_id}
# collapse = ""    # had the joints collapsed at entry: {collapse}
# blinding = ""    # {blinding}
# indirect = ""    # why it does not speak for osteonecrosis alone
# same_patients_as = []    # ids of other studies that report the same patients
# when = {{ site = "femoral_head", stage.arco_2019 = ["I", "II"] }}    # whom it included, in Osteon's findings

[population]    # of the whole study; an arm or an outcome may say where it differs
# stage_system = ""    # ARCO, Ficat, Steinberg, ...
# stage_range = ""
# lesion = ""
# cause = ""
# patients = 0
# joints = 0    # hips, knees, shoulders, ...
# mean_age_years = 0
# followup_months = 0

[[arm]]    # one for each group of patients
label = ""
modality = ""    # {modality}
intervention = ""    # a key of interventions.toml
role = ""    # {role}
# comparator_of = ""    # for a comparator: the label of the arm it is compared with
# site = ""    # site, site_id, when and population: where the arm differs from the study
# site_id = ""
# when = {{ stage.arco_2019 = ["I"] }}
# population = {{ joints = 0 }}

[[arm.outcome]]    # one for each result and time of this arm
name = ""    # collapse, tha-conversion, progression, survival, hhs, vas, ...
type = ""    # {type}
where = ""    # abstract, table 2, page 214
# events = 0    # joints (or patients) with the outcome ...
# total = 0    # ... of so many
# mean = 0    # a mean; for survival the percentage
# sd = 0
# unit = ""    # points, %, 0-10
# timepoint_months = 0    # left out at last follow-up
# measure = ""    # HR, RR, OR, MD: what `effect` is
# effect = 0
# ci_low = 0
# ci_high = 0
# p = ""    # as printed: "<0.05"
# subset = ""    # which part of the arm, or which further endpoint, it is about; such a row is never pooled
# note = ""
# doi = ""    # doi, pmid, url: where this number was read, if not in the study itself
# pmid = ""    # "{not_printed}" takes back what the study says
# url = ""
# population = {{ mean_age_years = 0 }}    # where this result differs from the arm

# [[risk_of_bias]]
# domain = ""
# judgement = ""    # {judgement}
# because = ""
# where = ""
# by = ""
# on = 2026-01-31

# [review]
# written_by = ""
# checked_by = ""
# reviewed_on = 2026-01-31
# next_review = 2028-01-31
"""


def study_template(citation: Citation | None = None, form: str = "toml") -> str:
    """A template to fill in: a commented TOML file, or with `form` "csv" a header and one row.

    Examples
    --------
    >>> study_template(form="csv").splitlines()[0][:18]
    'study_id,citation,'
    """
    known = citation_keys(citation)
    if form == "csv":
        return csv_of([dict.fromkeys(COLUMNS, "") | {column: known[name] for column, name in PREFILLED.items()}])
    words = {name: ", ".join(legal) for (_, name), legal in LEGAL.items()}
    required = {name: json.dumps(known[name], ensure_ascii=False) for name in ("id", "citation")}
    optional = {name: optional_key(name, known[name]) for name in ("year", "doi", "pmid", "url")}
    return TEMPLATE.format(**words, **required, **optional, not_printed=NOT_PRINTED)


PREFILLED = {
    "study_id": "id",
    "citation": "citation",
    "year": "year",
    "doi": "doi",
    "pmid": "pmid",
    "source_url": "url",
}


def citation_keys(citation: Citation | None) -> dict[str, str]:
    if citation is None:
        return dict.fromkeys(PREFILLED.values(), "")
    addresses = {"doi": citation.doi, "pmid": citation.pmid, "url": citation.url}
    return {"id": citation.id, "citation": citation.text, "year": str(citation.year or ""), **addresses}


def optional_key(name: str, value: str) -> str:
    """A key with its value, commented out where there is none."""
    if name == "year":
        return f"year = {value}" if value else "# year = 2000"
    return f"{name} = {json.dumps(value, ensure_ascii=False)}" if value else f'# {name} = ""'
