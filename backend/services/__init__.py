"""Use cases, one verb each: what people and jobs can do with the records.

A service takes the session, `now` and, where a person acts, the actor; it never
commits. Called by the API, the dashboard, the webhooks, the jobs and the command
line; calls the models, the outbox and the two wings.
"""
