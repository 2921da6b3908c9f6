"""A server that sends whatever bytes a test wants, however it wants."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

Talk = Callable[[socket.socket], None]


class RawServer:
    """Answers each request by a function that has the connection; it closes the connection afterwards."""

    def __init__(self, talk: Talk) -> None:
        self.requests: list[bytes] = []
        self.open = 0
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ended = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._ended.set()
        # Only this wakes a thread that waits for a connection.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def drip(self, connection: socket.socket, piece: bytes) -> None:
        """Send a piece again and again, until the other side has gone."""
        while not self._ended.wait(0.02):
            connection.sendall(piece)

    def wait_for_the_end(self, connection: socket.socket) -> None:
        """Say nothing until the other side has gone."""
        while connection.recv(65536):
            pass

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        self.open += 1
        with connection, suppress(OSError):
            self.requests.append(_request(connection))
            self._talk(connection)
        self.open -= 1


def _request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received and (piece := connection.recv(65536)):
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    size = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            size = int(line.partition(b":")[2])
    while len(body) < size and (piece := connection.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body
