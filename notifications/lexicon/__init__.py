"""The words a reply is read by: one file a language.

Data only, reviewed by clinicians and native speakers; compiled by `notifications.phrases`, read by
`notifications.replies`.
"""
