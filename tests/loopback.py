"""A small HTTP server on a free port of loopback, for tests whose subject is a client."""

import threading
from contextlib import contextmanager
from http.server import ThreadingHTTPServer


class Answers:
    """Beside BaseHTTPRequestHandler: answers whole, keeps the connection, and prints nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def on_loopback(handler):
    """The running server and its address."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield running, f"http://127.0.0.1:{running.server_address[1]}"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()
