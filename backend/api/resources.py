"""What every resource of the API is made with: blueprint, parser, pages, tags, and finding a row.

No resource itself. Called by each module of views beside this one.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from flask import Request, request
from flask_smorest import Blueprint
from sqlalchemy import inspect
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import PreconditionFailed, UnsupportedMediaType

from backend.api.problems import answer_with_problems
from backend.auth import current_caller, current_patient_ids
from backend.db import Base, db
from backend.errors import NotFound
from backend.queries.paging import Page
from backend.runtime import current_runtime

PREFIX: Final = "/api/v1"
EVERY_STAFF: Final = ("nurse", "clinician", "admin")
"""All roles that care for patients; a clinic's nurses do everything the API offers today."""

Row = TypeVar("Row", bound=Base)
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class StrictParser(FlaskParser):
    """Reads requests without guessing: an unknown field is an error everywhere, a body must be JSON."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": "raise"}  # noqa: RUF012 - webargs declares it so

    def load_json(self, req: Request, schema: Any) -> Any:
        if req.get_data(cache=True) and not req.is_json:
            raise UnsupportedMediaType("send the body as application/json")
        return super().load_json(req, schema)


class Resource(Blueprint):  # type: ignore[misc]  # flask-smorest has no types; the three methods below do
    """A blueprint under the API's prefix, with our parser and our way of answering errors."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(f"api_{name}", __name__, url_prefix=PREFIX, description=description)
        answer_with_problems(self)

    def route(self, rule: str, **options: Any) -> Decorator:
        """Serve and describe the view at `rule`, under the prefix."""
        return cast("Decorator", super().route(rule, **options))

    def arguments(self, schema: Any, **options: Any) -> Decorator:
        """Read the request with `schema`, and hand it to the view as its first argument."""
        return cast("Decorator", super().arguments(schema, **options))

    def response(self, status_code: int, schema: Any = None, **options: Any) -> Decorator:
        """Answer with what the view returns, in the shape of `schema`."""
        return cast("Decorator", super().response(status_code, schema, **options))


def present() -> datetime:
    """Return the instant of this request."""
    return current_runtime().clock()


def reading_language(given: Mapping[str, Any]) -> str:
    """Return the language to answer in: the one asked for, else the caller's own."""
    return str(given.get("language") or current_caller().language)


def found(model: type[Row], row_id: uuid.UUID) -> Row:
    """Return the row of that id, if it is the caller's clinic's. Raises NotFound."""
    row = db.session.get(model, row_id)
    if row is None:
        raise NotFound("There is nothing with this id.")
    return row


def own_patient_id() -> uuid.UUID:
    """Return the patient whom this account is for: today every account is one person's own."""
    ids = sorted(current_patient_ids())
    if not ids:
        raise NotFound("This account belongs to no patient.")
    return ids[0]


def columns_of(row: Base) -> dict[str, Any]:
    """Return a row's columns by name, as the queries give them; a step's key also as `key`."""
    columns = {column.key: getattr(row, column.key) for column in inspect(row).mapper.column_attrs}
    if "step_key" in columns:
        columns["key"] = columns["step_key"]
    return columns


def page_of(page: Page[Any]) -> dict[str, Any]:
    """Return a page as the lists' body."""
    return {"items": page.items, "next_cursor": page.next_cursor}


def tagged(body: Any, version: int) -> tuple[Any, Mapping[str, str]]:
    """Return a body with the ETag of the version it shows."""
    return body, {"ETag": f'"{version}"'}


def check_version(version: int) -> None:
    """Raise PreconditionFailed when the caller's If-Match names another version; without one, go on."""
    if request.if_match and not request.if_match.contains(str(version)):
        raise PreconditionFailed("this was changed since you read it; read it again")
