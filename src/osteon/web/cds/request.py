"""What does a CDS client ask? The request and feedback of CDS Hooks 2.0 as typed records, read within limits.

Resources stay as the bytes that came.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

Text = Annotated[str, Meta(min_length=1, max_length=4000)]
FhirId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
Uuid = Annotated[
    str, Meta(pattern=r"^(urn:uuid:)?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$")
]
Bearer = Annotated[str, Meta(pattern=r"^[!-~]{1,8000}$")]  # nothing that would end a header
Instant = Annotated[
    str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$", max_length=40)
]
QUOTED = re.compile(r"value '.*'", re.DOTALL)  # what stood there is not repeated
ONE_KIND = bytes.maketrans(b"{}", b"[]")
NOT_MARKS = bytes(set(range(256)) - set(b'{}[]"'))


class Refused(Exception):  # noqa: N818 - the status says which kind of refusal it is
    """A request that gets no answer: the HTTP status, and what the caller may be told."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(told)
        self.status, self.told = status, told


class Authorization(Struct, frozen=True):
    """The token that lets the service read the client's FHIR server for this one call."""

    access_token: Bearer
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Meta(ge=0)]
    scope: Text
    subject: Text


class Context(Struct, frozen=True, rename="camel"):
    """The patient in view, and for orders the drafts and which of them were just selected."""

    patient_id: FhirId
    user_id: Text
    selections: Annotated[list[Text], Meta(max_length=1000)] | UnsetType = UNSET
    draft_orders: Raw | UnsetType = UNSET


class Request(Struct, frozen=True, rename="camel"):
    """One call of a service."""

    hook: Text
    hook_instance: Uuid
    context: Context
    fhir_server: Annotated[str, Meta(min_length=1, max_length=2000)] | UnsetType = UNSET
    fhir_authorization: Authorization | UnsetType = UNSET
    prefetch: dict[str, Raw] | UnsetType = UNSET


class Coding(Struct, frozen=True):
    code: Text
    system: Text
    display: Text | UnsetType = UNSET


class OverrideReason(Struct, frozen=True, rename="camel"):
    reason: Coding | UnsetType = UNSET
    user_comment: Text | UnsetType = UNSET


class AcceptedSuggestion(Struct, frozen=True):
    id: Text


class Outcome(Struct, frozen=True, rename="camel"):
    """What a user did with one card."""

    card: Text
    outcome: Literal["accepted", "overridden"]
    outcome_timestamp: Instant
    accepted_suggestions: Annotated[list[AcceptedSuggestion], Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    override_reason: OverrideReason | UnsetType = UNSET


class Feedback(Struct, frozen=True):
    """Outcomes of cards, sent to a service's feedback endpoint."""

    feedback: Annotated[list[Outcome], Meta(min_length=1, max_length=1000)]


REQUEST = msgspec.json.Decoder(Request)
FEEDBACK = msgspec.json.Decoder(Feedback)


def read_request(body: bytes, hook: str, most_nested: int) -> Request:
    """The call of a service for `hook`.

    Raises
    ------
    Refused
        With status 400, when the body is not such a call: what is wrong, never with what stood there.
    """
    asked: Request = checked(body, REQUEST, most_nested)
    if asked.hook != hook:
        raise Refused(400, f"This service answers the hook {hook}.")
    if asked.fhir_authorization is not UNSET and asked.fhir_server is UNSET:
        raise Refused(400, "fhirAuthorization needs fhirServer beside it.")
    missing = [name for name, member in needed(asked).items() if member is UNSET]
    if missing:
        raise Refused(400, f"context lacks {' and '.join(missing)}.")
    return asked


def needed(asked: Request) -> dict[str, Any]:
    """The members of the context that a hook must have beyond user and patient."""
    if asked.hook == "patient-view":
        return {}
    drafts = {"draftOrders": asked.context.draft_orders}
    return drafts | ({"selections": asked.context.selections} if asked.hook == "order-select" else {})


def read_feedback(body: bytes, most_nested: int) -> Feedback:
    """The outcomes in the body of a feedback call; raises `Refused` with status 400 where it is none."""
    feedback: Feedback = checked(body, FEEDBACK, most_nested)
    for outcome in feedback.feedback:
        if outcome.outcome == "accepted" and outcome.accepted_suggestions is UNSET:
            raise Refused(400, "An accepted outcome names its acceptedSuggestions.")
        if outcome.override_reason == OverrideReason():
            raise Refused(400, "An overrideReason holds a reason or a userComment.")
    return feedback


def checked(body: bytes, decoder: msgspec.json.Decoder[Any], most_nested: int) -> Any:
    try:
        found = decoder.decode(body)
    except msgspec.ValidationError as wrong:
        message = QUOTED.sub("value", str(wrong))
        raise Refused(400, f"The body is not a valid call: {message}.") from None
    except (msgspec.DecodeError, RecursionError):
        raise Refused(400, "The body is not JSON.") from None
    if nesting(body) > most_nested:
        raise Refused(400, f"The body is nested deeper than {most_nested} levels.")
    return found


def nesting(text: bytes) -> int:
    """How deep objects and arrays stand in one another, in a text that is JSON.

    Examples
    --------
    >>> nesting(b'{"a": [[1, "]"]]}')
    3
    """
    unescaped = text.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in text else text
    marks = unescaped.translate(ONE_KIND, NOT_MARKS).replace(b'""', b"")  # an odd number of quotes before means inside
    brackets = b"".join(marks.split(b'"')[::2])
    deep = 0
    while brackets:  # each turn takes away the innermost pairs
        brackets = brackets.replace(b"[]", b"")
        deep += 1
    return deep
