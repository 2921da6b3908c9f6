"""A server whose TLS connections break, as load balancers break them."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

INTERNAL_ERROR = bytes.fromhex("15030300020250")
"""The alert: fatal, internal_error."""


def _close_in_the_handshake(connection: socket.socket, context: ssl.SSLContext) -> None:
    connection.recv(65536)


def _alert_in_the_handshake(connection: socket.socket, context: ssl.SSLContext) -> None:
    connection.recv(65536)
    connection.sendall(INTERNAL_ERROR)


def _close_instead_of_an_answer(connection: socket.socket, context: ssl.SSLContext) -> None:
    _after_the_request(connection, context, b"")


def _send_what_does_not_decrypt(connection: socket.socket, context: ssl.SSLContext) -> None:
    _after_the_request(connection, context, b"\x17\x03\x03\x00\x20" + os.urandom(32))


def _after_the_request(connection: socket.socket, context: ssl.SSLContext, sent: bytes) -> None:
    encrypted = context.wrap_socket(connection, server_side=True)
    encrypted.recv(65536)
    with socket.socket(fileno=encrypted.detach()) as bare:
        bare.sendall(sent)
        bare.shutdown(socket.SHUT_WR)
        bare.recv(65536)


FAULTS: dict[str, Callable[[socket.socket, ssl.SSLContext], None]] = {
    "closed-in-the-handshake": _close_in_the_handshake,
    "alert-in-the-handshake": _alert_in_the_handshake,
    "closed-instead-of-an-answer": _close_instead_of_an_answer,
    "does-not-decrypt": _send_what_does_not_decrypt,
}


class TlsServer:
    """Serves one fault to whoever connects.

    Parameters
    ----------
    folder : Path
        Where it keeps its certificate.
    fault : str
        One of `FAULTS`.
    """

    def __init__(self, folder: Path, fault: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = _certificate(key)
        (folder / "server.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self.certificate
        )
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "server.pem")
        self._fault = FAULTS[fault]
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"https://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                try:
                    self._fault(connection, self._context)
                except OSError:
                    continue


def _certificate(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a store")])
    at = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
