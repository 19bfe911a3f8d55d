"""The interfaces for other programs: REST, OpenAI's and MCP, and what they share with the page."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.api.admin.admitting import admit_admin, is_admin, owned
    from qa.api.admin.office import Alert, Chosen, EndedSync, Office, WordlessVotes
    from qa.api.admin.work import Work, WorkState
    from qa.api.keys import Key, Keys
    from qa.api.line import HAD_SHARE, Line, at_once, fair_share
    from qa.api.mcp.transports import serve_stdio
    from qa.api.mounting import mount
    from qa.api.operating.logs import REQUEST_ID, LogFormat, log, log_sync, log_to_stderr
    from qa.api.operating.metrics import Metrics
    from qa.api.operating.readiness import Readiness
    from qa.api.operating.tracing import Traced, Traces
    from qa.api.permitting import account_of, is_for_programs
    from qa.api.problems import Problem, written
    from qa.api.replies import tell_errors, told
    from qa.api.rest.feedback import Pace, holds, keep
    from qa.api.rest.requests import LONGEST_HISTORY, Asked, Cited, Earlier
    from qa.api.seeing import name_of, opened, seen, viewer_of
    from qa.api.service import Service
    from qa.api.sign_in.desk import Desk, TooManyTriesError
    from qa.api.sign_in.elsewhere import is_loopback
    from qa.api.sign_in.provider import Begun, Provider
    from qa.api.sign_in.sessions import Sessions
    from qa.api.sign_in.users import User, Users

_HOMES = {
    "qa.api.rest.feedback": ("Pace", "holds", "keep"),
    "qa.api.admin.admitting": ("admit_admin", "is_admin", "owned"),
    "qa.api.admin.office": ("Alert", "Chosen", "EndedSync", "Office", "WordlessVotes"),
    "qa.api.admin.work": ("Work", "WorkState"),
    "qa.api.keys": ("Key", "Keys"),
    "qa.api.line": ("HAD_SHARE", "Line", "at_once", "fair_share"),
    "qa.api.mcp.transports": ("serve_stdio",),
    "qa.api.mounting": ("mount",),
    "qa.api.operating.logs": ("REQUEST_ID", "LogFormat", "log", "log_sync", "log_to_stderr"),
    "qa.api.operating.metrics": ("Metrics",),
    "qa.api.operating.readiness": ("Readiness",),
    "qa.api.operating.tracing": ("Traced", "Traces"),
    "qa.api.permitting": ("account_of", "is_for_programs"),
    "qa.api.problems": ("Problem", "written"),
    "qa.api.replies": ("tell_errors", "told"),
    "qa.api.rest.requests": ("LONGEST_HISTORY", "Asked", "Cited", "Earlier"),
    "qa.api.seeing": ("name_of", "opened", "seen", "viewer_of"),
    "qa.api.service": ("Service",),
    "qa.api.sign_in.desk": ("Desk", "TooManyTriesError"),
    "qa.api.sign_in.elsewhere": ("is_loopback",),
    "qa.api.sign_in.provider": ("Begun", "Provider"),
    "qa.api.sign_in.sessions": ("Sessions",),
    "qa.api.sign_in.users": ("User", "Users"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "HAD_SHARE", "LONGEST_HISTORY", "REQUEST_ID", "Alert", "Asked", "Begun", "Chosen", "Cited",
    "Desk", "Earlier", "EndedSync", "Key", "Keys", "Line", "LogFormat", "Metrics", "Office", "Pace",
    "Problem", "Provider", "Readiness", "Service", "Sessions", "TooManyTriesError", "Traced",
    "Traces", "User", "Users", "WordlessVotes", "Work", "WorkState", "account_of", "admit_admin",
    "at_once", "fair_share", "holds", "is_admin", "is_for_programs", "is_loopback", "keep", "log",
    "log_sync", "log_to_stderr", "mount", "name_of", "opened", "owned", "seen", "serve_stdio",
    "tell_errors", "told", "viewer_of", "written",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # FastAPI is only needed, and imported, where something is served.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'qa.api' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value
