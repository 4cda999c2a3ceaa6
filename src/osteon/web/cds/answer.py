"""From a call and the patient's resources to cards: the whole of what the service decides, without a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from osteon.case import Case
from osteon.fhir import read_bundle
from osteon.fhir.load import Loaded
from osteon.knowledge import knowledge
from osteon.web.cds.cards import Desk, order_cards, view_cards
from osteon.web.cds.orders import orders
from osteon.web.cds.request import Request
from osteon.web.cds.verdicts import verdicts


def answer(
    asked: Request, found: Sequence[Loaded], today: date, new_id: Callable[[], str], keep: Callable[[Case], str]
) -> dict[str, Any]:
    """The response to a call.

    Parameters
    ----------
    asked
        The call.
    found
        Every resource that is known of the patient; those of others do not count.
    today
        The day of assessment.
    new_id
        Makes unique ids of cards and suggestions.
    keep
        Keeps the case for its report, and gives the address it can be opened at.

    Raises
    ------
    Refused
        With status 400 when the orders are not FHIR.
    InputError
        When two resources contradict each other.
    """
    known = knowledge()
    case = read_bundle(found, as_of=today, patient=asked.context.patient_id).case
    desk = Desk(known, new_id)
    if asked.hook == "patient-view":
        cards = view_cards(verdicts(case, known), desk)
    else:
        cards = order_cards(case, orders(asked, known), desk)
    url = keep(case) if cards else ""
    link = {"label": "Open the full report", "url": url, "type": "absolute"}
    return {"cards": [{**card, "links": [link]} for card in cards]}
