"""How gunicorn serves the web process; read by gunicorn itself from the working directory.

The address comes from the command line (`--bind`), the number of processes from WEB_WORKERS.
Requests are not logged here: the product's own log carries what an operator needs, without addresses.
"""

from backend.config import load_settings

settings = load_settings()
wsgi_app = "backend.app:create_app()"
worker_class = "gthread"
workers = settings.web_workers
threads = 8
preload_app = True  # one import for all processes; nothing connects before they part
loglevel = settings.log_level.lower()
timeout = 60
graceful_timeout = 10
keepalive = 30
max_requests = 20_000
max_requests_jitter = 2_000
control_socket_disable = True
worker_tmp_dir = "/dev/shm"  # noqa: S108 - a heartbeat file must not wait for a disk
