"""The shapes of the API: what comes in and what goes out, a module a subject.

Shape only; whether a value makes sense is judged by the services. The OpenAPI
document is made from these.
"""

from functools import cache

from marshmallow import Schema, fields, validate

from backend.api.fields import LANGUAGES, Text, choice
from backend.queries.paging import LIMIT, MOST


class PageQuery(Schema):
    """How much of a list, and from where."""

    limit = fields.Integer(load_default=LIMIT, validate=validate.Range(min=1, max=MOST))
    cursor = Text(most=500, load_default=None, metadata={"description": "next_cursor of the page before"})


class LanguageQuery(Schema):
    """In which language titles and reasons are wanted; the caller's own by default."""

    language = choice(*LANGUAGES, load_default=None)


class Problem(Schema):
    """An error, as RFC 9457 has it. `errors` names the fields that are to blame."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


@cache
def page_schema(item: type[Schema]) -> Schema:
    """Return the schema of a list of `item`."""
    members = {
        "items": fields.List(fields.Nested(item), required=True),
        "next_cursor": fields.String(required=True, allow_none=True),
    }
    made: Schema = type(f"{item.__name__}Page", (Schema,), members)()
    return made
