"""How gunicorn serves the hub, here and in containers. gthread keeps `%2F` in RAW_URI and streams a large PUT in flat memory."""

import os

bind = os.environ.get("BIND", "0.0.0.0:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = 8
timeout = 60
graceful_timeout = 20
keepalive = 5
max_requests = 2000
max_requests_jitter = 200
control_socket_disable = True  # it would be written into the home folder
accesslog = None
errorlog = "-"
