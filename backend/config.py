"""Settings: one frozen object, read once from the environment.

The only module that reads `os.environ`. Every mistake is named at once, so that
a start that fails is mended in one go. A secret may be given as NAME_FILE.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from backend.errors import SettingsError
from notifications.prices import SegmentPrice, read_prices

PROJECT = Path(__file__).resolve().parent.parent
"""A relative SQLite file lies below this folder, whatever the current one is."""
DEFAULT_DATABASE = "sqlite:///instance/recovery.db"
DEVELOPMENT_SECRET = "development-only-not-a-secret-0000000000"  # noqa: S105 - refused in production
TWILIO_API_URL = "https://api.twilio.com"
_ON = frozenset({"on", "true", "yes", "1"})
_OFF = frozenset({"off", "false", "no", "0"})
_SECRETS = ("SECRET_KEY", "TWILIO_AUTH_TOKEN", "DATABASE_URL", "METRICS_TOKEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the process was told; see docs/operations.md for each setting's meaning."""

    database_url: str = f"sqlite:///{PROJECT / 'instance' / 'recovery.db'}"
    secret_key: str = field(default=DEVELOPMENT_SECRET, repr=False)
    public_url: str = "http://127.0.0.1:8000"
    twilio_account_sid: str = ""
    twilio_auth_tokens: tuple[str, ...] = field(default=(), repr=False)
    twilio_sender: str = ""
    twilio_api_url: str = TWILIO_API_URL
    worker_tick_seconds: float = 5.0
    dispatch_lease_seconds: float = 60.0
    dispatch_rate: float | None = None
    sender_rate: float | None = None
    segment_prices: Mapping[str, SegmentPrice] = field(default_factory=dict)
    web_workers: int = 2
    redact_at_provider: bool = False
    simulator_url: str | None = None
    metrics_token: str = field(default="", repr=False)
    trusted_proxies: int = 0
    production: bool = False
    log_level: str = "INFO"

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is used."""
        return self.database_url.startswith("sqlite")

    @property
    def secure_cookies(self) -> bool:
        """Whether the public address is HTTPS, so that cookies may insist on it."""
        return self.public_url.startswith("https://")


@dataclass(slots=True)
class _Reader:
    """Reads one variable after the other and gathers what is wrong with them."""

    environ: Mapping[str, str]
    mistakes: list[str] = field(default_factory=list)

    def text(self, name: str, default: str) -> str:
        file_name = self.environ.get(f"{name}_FILE") if name in _SECRETS else None
        if file_name:
            try:
                return Path(file_name).read_text(encoding="utf-8").strip()
            except OSError as error:
                self.mistakes.append(f"{name}_FILE: cannot read {file_name}: {error.strerror}")
                return default
        return self.environ.get(name, "").strip() or default

    def number(self, name: str, default: float, *, least: float) -> float:
        text = self.text(name, "")
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            self.mistakes.append(f"{name}: '{text}' is not a number; give one of {least:g} or more")
            return default
        if not least <= value < float("inf"):
            self.mistakes.append(f"{name}: {text} is out of range; give {least:g} or more")
            return default
        return value

    def flag(self, name: str) -> bool:
        text = self.text(name, "off").lower()
        if text not in _ON | _OFF:
            self.mistakes.append(f"{name}: '{text}' is neither on nor off; give on or off")
        return text in _ON

    def url(self, name: str, default: str) -> str:
        text = self.text(name, default).rstrip("/")
        parts = urlsplit(text)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            self.mistakes.append(
                f"{name}: '{text}' is no address; give one like https://recovery.example.org"
            )
        return text

    def prices(self, name: str) -> Mapping[str, SegmentPrice]:
        try:
            return read_prices(self.text(name, ""))
        except ValueError as error:
            self.mistakes.append(f"{name}: {error}")
            return {}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process.

    Raises SettingsError with one line for each mistake. In production, which is
    `RECOVERY_ENV=production` (the container image sets it) or a public address over
    HTTPS, a missing or default SECRET_KEY is one of them.
    """
    read = _Reader(os.environ if environ is None else environ)
    mode = read.text("RECOVERY_ENV", "development")
    if mode not in {"development", "production"}:
        read.mistakes.append(f"RECOVERY_ENV: '{mode}' is unknown; give development or production")
    rate = read.number("DISPATCH_RATE", 0.0, least=0.0)
    public_url = read.url("PUBLIC_URL", "http://127.0.0.1:8000")
    settings = Settings(
        database_url=_database_url(read),
        secret_key=read.text("SECRET_KEY", DEVELOPMENT_SECRET),
        public_url=public_url,
        twilio_account_sid=read.text("TWILIO_ACCOUNT_SID", ""),
        twilio_auth_tokens=tuple(
            token.strip() for token in read.text("TWILIO_AUTH_TOKEN", "").split(",") if token.strip()
        ),
        twilio_sender=read.text("TWILIO_SENDER", ""),
        twilio_api_url=read.url("TWILIO_API_URL", TWILIO_API_URL),
        worker_tick_seconds=read.number("WORKER_TICK_SECONDS", 5.0, least=0.05),
        dispatch_lease_seconds=read.number("DISPATCH_LEASE_SECONDS", 60.0, least=1.0),
        dispatch_rate=rate or None,
        sender_rate=read.number("SENDER_RATE", 0.0, least=0.0) or None,
        segment_prices=read.prices("SEGMENT_PRICES"),
        web_workers=int(read.number("WEB_WORKERS", 2, least=1)),
        simulator_url=read.url("SIMULATOR_URL", "http://127.0.0.1:8010")
        if "SIMULATOR_URL" in read.environ
        else None,
        redact_at_provider=read.flag("REDACT_AT_PROVIDER"),
        metrics_token=read.text("METRICS_TOKEN", ""),
        trusted_proxies=int(read.number("TRUSTED_PROXIES", 0, least=0)),
        production=mode == "production" or public_url.startswith("https://"),
        log_level=read.text("LOG_LEVEL", "INFO").upper(),
    )
    _check_together(settings, read)
    if read.mistakes:
        raise SettingsError("\n".join(read.mistakes))
    return settings


def _database_url(read: _Reader) -> str:
    url = read.text("DATABASE_URL", DEFAULT_DATABASE)
    if url.startswith(("postgres://", "postgresql://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    if url.startswith("sqlite:///") and not url.startswith(("sqlite:////", "sqlite:///:memory:")):
        return f"sqlite:///{PROJECT / url.removeprefix('sqlite:///')}"
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        read.mistakes.append(
            "DATABASE_URL: only sqlite:///FILE and postgresql+psycopg://USER:PASSWORD@HOST/NAME are supported"
        )
    return url


def _check_together(settings: Settings, read: _Reader) -> None:
    if settings.production and settings.secret_key == DEVELOPMENT_SECRET:
        read.mistakes.append(
            "SECRET_KEY: missing; production needs one of its own: "
            "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    if len(settings.secret_key) < 32:
        read.mistakes.append("SECRET_KEY: shorter than 32 characters; give a longer random one")
    if settings.twilio_account_sid and not settings.twilio_auth_tokens:
        read.mistakes.append("TWILIO_AUTH_TOKEN: missing, though TWILIO_ACCOUNT_SID is set")
    if settings.twilio_account_sid and not settings.twilio_sender:
        read.mistakes.append(
            "TWILIO_SENDER: missing, though TWILIO_ACCOUNT_SID is set; give a number, a sender id or MG…"
        )
