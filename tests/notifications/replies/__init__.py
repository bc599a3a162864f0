"""Replies as patients write them, each with what it means: the specification of the parser."""
