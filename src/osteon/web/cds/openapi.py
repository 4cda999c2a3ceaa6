"""What the OpenAPI document says of every endpoint: bodies from the very records they are read with, and the errors."""

from __future__ import annotations

from typing import Any

import msgspec

from osteon.web.cds.request import Feedback, Request
from osteon.web.cds.services import SERVICES

DESCRIPTION = (
    "CDS Hooks 2.0 for avascular necrosis of bone. Every call carries a JSON web token as the standard says, unless "
    "the operator has opened the service for trying it out. Supports a professional's decision and never makes one."
)
OUTCOME = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {"resourceType": {"const": "OperationOutcome"}, "issue": {"type": "array", "minItems": 1}},
}
TOLD = {
    400: "The body is not a valid call.",
    401: "The caller is not let in.",
    404: "There is no such service, or no such report any more.",
    408: "The body came too slowly.",
    412: "Data is missing, and cannot be fetched from the client's FHIR server.",
    413: "The body is too long.",
    422: "The patient's record cannot be read as FHIR, or contradicts itself.",
    429: "Too many calls; Retry-After says how long to wait.",
    503: "It took too long, or the store cannot be written.",
}
CARDS = {
    "type": "object",
    "required": ["cards"],
    "properties": {
        "cards": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["uuid", "summary", "indicator", "source"],
                "properties": {
                    "uuid": {"type": "string", "minLength": 1},
                    "summary": {"type": "string", "minLength": 1, "maxLength": 139},
                    "detail": {"type": "string", "minLength": 1},
                    "indicator": {"enum": ["info", "warning", "critical"]},
                    "source": {"type": "object", "required": ["label"]},
                },
            },
        }
    },
}
SERVICE_ID = {"name": "service", "in": "path", "required": True, "schema": {"enum": list(SERVICES)}}
REPORT_NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    content = {"application/json": {"schema": OUTCOME}}
    return {status: {"description": TOLD[status], "content": content} for status in statuses}


def success(description: str, schema: dict[str, Any] | None = None, kind: str = "application/json") -> dict[str, Any]:
    return (
        {"description": description, "content": {kind: {"schema": schema}}} if schema else {"description": description}
    )


def body(record: type) -> dict[str, Any]:
    """A request body described by the record it is read into, written out in place."""
    (schema,), parts = msgspec.json.schema_components([record], ref_template="#/{name}")
    return {"required": True, "content": {"application/json": {"schema": inlined(schema, parts)}}}


def inlined(schema: Any, parts: dict[str, Any]) -> Any:
    """A schema with what it refers to put in its place; our records do not refer to themselves."""
    if isinstance(schema, list):
        return [inlined(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return inlined(parts[schema["$ref"].removeprefix("#/")], parts)
    return {name: inlined(each, parts) for name, each in schema.items() if name != "title"}


def endpoint(summary: str, responses: dict[int | str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """What a route is declared with."""
    return {"summary": summary, "responses": responses, "openapi_extra": more, "response_model": None}


ALWAYS = (401, 429, 503)
DISCOVERY = endpoint("The services and their prefetch templates", {200: success("Services."), **errors(*ALWAYS)})
CALL = endpoint(
    "The cards for one hook",
    {
        200: success("Cards; none where there is nothing to say.", CARDS),
        **errors(400, 404, 408, 412, 413, 422, *ALWAYS),
    },
    parameters=[SERVICE_ID],
    requestBody=body(Request),
)
FEEDBACK = endpoint(
    "What users did with cards",
    {200: success("Kept."), **errors(400, 404, 408, 413, *ALWAYS)},
    parameters=[SERVICE_ID],
    requestBody=body(Feedback),
)
REPORT = endpoint(
    "The report a card links to",
    {200: success("The report.", {"type": "string"}, "text/html"), **errors(404, 429, 503)},
    parameters=[REPORT_NAME],
)
HEALTH = endpoint("Whether the service works", {200: success("It works."), 503: success("It does not.")})
METRICS = endpoint("Counters for Prometheus", {200: success("Counters.", {"type": "string"}, "text/plain")})
