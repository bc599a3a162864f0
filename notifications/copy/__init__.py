"""Every sentence a patient can receive: one file a language, and `templates.toml` with what each is for.

Data only, reviewed by clinicians and translators; read by `notifications.compose`.
"""
