"""The exact words of one claimed row: composed or already settled, and whom they are for.

One place for whoever sends them and whoever looks for them afterwards at the provider. The sentences are
`compose`'s; that a phone is shared, and by whom, is the house's word. Called by `attempt` and by the outbox.
"""

from notifications.compose import addressed, compose
from notifications.outbox_port import Claimed
from notifications.segments import Segments, segments


def words_of(row: Claimed) -> tuple[str, Segments]:
    """Yield what a row says and its size. Raises CopyError when it cannot be composed.

    Words of an earlier attempt stand as they are: they are addressed anew only if they were to nobody.
    """
    sms = compose(row.template, row.language, row.facts) if row.body is None else None
    if sms is not None and row.addressee is None:
        return sms.body, sms.segments
    words = row.body if sms is None else sms.body
    assert words is not None, "a row without words has just been composed"
    if row.addressee is not None:
        words = addressed(words, row.addressee, row.language)
    return words, segments(words)
