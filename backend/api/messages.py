"""The clinic's messages as one list: above all the texts that wait for a person."""

from typing import Any

from backend.api.resources import EVERY_STAFF, Resource, page_of
from backend.api.schemas import messages as schemas
from backend.api.schemas import page_schema
from backend.auth import staff
from backend.db import db
from backend.queries.conversations import list_messages

messages = Resource("messages", "Messages in both directions.")


@messages.route("/messages", methods=["GET"])
@staff(*EVERY_STAFF)
@messages.arguments(schemas.MessageQuery, location="query")
@messages.response(200, page_schema(schemas.Message))
def find_messages(given: dict[str, Any]) -> Any:
    """List the clinic's messages, newest first; `direction=inbound&status=needs_review` are those to read."""
    return page_of(list_messages(db.session(), **given))
