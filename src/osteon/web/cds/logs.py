"""One JSON line for each call, and for each trouble, in which no patient, token or message of an error can stand.

Only fields named here are written. Of a record by another library its fixed text is written, without what was filled
in; of an exception its type and where in the code it was raised, not its message.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

LOG = logging.getLogger("osteon.cds")
FIELDS = ("service", "status", "ms", "cards", "client", "reason", "request")
PLACES = 8  # of a traceback, innermost last


class JsonLine(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
        }
        line |= {name: record.__dict__[name] for name in FIELDS if name in record.__dict__}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["raised"] = [
                f"{PurePath(place.filename).name}:{place.lineno}"
                for place in traceback.extract_tb(record.exc_info[2])[-PLACES:]
            ]
        return json.dumps(line, ensure_ascii=True)


def log_config() -> dict[str, Any]:
    """The configuration of logging: JSON lines to standard error; no access log, since addresses may be secret."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "osteon.web.cds.logs.JsonLine"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "osteon.cds": {"level": "INFO"},
            "uvicorn.error": {"level": "WARNING"},
            "uvicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
        },
    }
