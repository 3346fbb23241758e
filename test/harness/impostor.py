"""An upstream that misbehaves during login. A play is a function of one connection; each new connection plays it again."""

import base64
import os
import socket
import struct
import threading

from . import machine
from .wire import message


class Impostor:
    """Listens from construction to the end of the program. It can stand where a Postgres would in shop_config()."""

    def __init__(self, play):
        self.host, self.port, self.ca = "127.0.0.1", machine.free_port(), None
        self.heard = []  # what clients said after their startup, one entry for each read
        self._play = play
        self._listener = socket.create_server((self.host, self.port))
        machine.at_exit(self._listener.close)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection):
        with connection:
            connection.settimeout(10)
            try:
                self._play(self, connection)
            except (OSError, EOFError):
                pass  # the gateway hung up, as it should


def read_untyped(connection):
    length = struct.unpack("!i", _exactly(connection, 4))[0]
    return _exactly(connection, length - 4)


def read_message(impostor, connection):
    kind = _exactly(connection, 1)
    body = _exactly(connection, struct.unpack("!i", _exactly(connection, 4))[0] - 4)
    impostor.heard.append((kind.decode(), body))
    return kind, body


def _exactly(connection, count):
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data


# ---- plays

def asks_for_the_password_in_clear(impostor, connection):
    read_untyped(connection)
    connection.sendall(message("R", struct.pack("!i", 3)))
    read_message(impostor, connection)
    connection.sendall(message("R", struct.pack("!i", 0)) + message("Z", b"I"))
    read_message(impostor, connection)


def scram_with(iterations=4096, own_nonce=False, signature=None):
    """A SCRAM server that misbehaves in one way."""
    def play(impostor, connection):
        read_untyped(connection)
        connection.sendall(message("R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0"))
        _, first = read_message(impostor, connection)
        nonce = "" if own_nonce else first.decode(errors="replace").rsplit("r=", 1)[1]
        salt = base64.b64encode(os.urandom(16)).decode()
        answer = f"r={nonce}{base64.b64encode(os.urandom(9)).decode()},s={salt},i={iterations}"
        connection.sendall(message("R", struct.pack("!i", 11) + answer.encode()))
        read_message(impostor, connection)
        connection.sendall(message("R", struct.pack("!i", 12) + (signature or "v=AAAA").encode()))
        connection.sendall(message("R", struct.pack("!i", 0)) + message("Z", b"I"))
        read_message(impostor, connection)
    return play


def says_yes_to_tls_and_goes_on_in_clear(impostor, connection):
    read_untyped(connection)
    connection.sendall(b"S" + message("R", struct.pack("!i", 0)) + message("Z", b"I"))
    impostor.heard.append(("?", connection.recv(4096)))


def says_no_to_tls(impostor, connection):
    read_untyped(connection)
    connection.sendall(b"N")
    impostor.heard.append(("?", connection.recv(4096)))


def asks_for_a_foreign_mechanism(impostor, connection):
    read_untyped(connection)
    connection.sendall(message("R", struct.pack("!i", 7)))
    read_message(impostor, connection)


def promises_a_message_of_two_gigabytes(impostor, connection):
    read_untyped(connection)
    connection.sendall(b"R" + struct.pack("!i", 0x7FFFFFFF) + b"x" * 65536)
    connection.recv(1)
