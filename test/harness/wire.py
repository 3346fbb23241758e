"""PostgreSQL's protocol, byte by byte, for what psql would never send.

    with Wire(gateway) as wire:
        wire.log_in()
        wire.send("Q", b"SELECT 1\\0")
        wire.read_until("Z")
"""

import base64
import dataclasses
import hashlib
import hmac
import os
import socket
import ssl
import struct

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102
PROTOCOL_3 = 3 << 16


@dataclasses.dataclass
class Message:
    kind: str
    body: bytes

    @property
    def fields(self):
        """Of an ErrorResponse or NoticeResponse: {"C": "42501", "M": …}."""
        parts = self.body.rstrip(b"\0").split(b"\0")
        return {chr(part[0]): part[1:].decode(errors="replace") for part in parts if part}

    @property
    def sqlstate(self):
        return self.fields.get("C", "")


def untyped(code, rest=b""):
    """A message of the time before the startup: no type byte."""
    return struct.pack("!ii", 8 + len(rest), code) + rest


def startup(protocol=PROTOCOL_3, **parameters):
    body = b"".join(name.encode() + b"\0" + value.encode() + b"\0" for name, value in parameters.items())
    return untyped(protocol, body + b"\0")


def message(kind, body=b""):
    return kind.encode() + struct.pack("!i", 4 + len(body)) + body


def query(text):
    return message("Q", text.encode() + b"\0")


def parse(name, text, types=()):
    return message("P", name.encode() + b"\0" + text.encode() + b"\0" + struct.pack(f"!h{len(types)}I", len(types), *types))


def bind(portal, statement, values=()):
    body = portal.encode() + b"\0" + statement.encode() + b"\0" + struct.pack("!hh", 0, len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return message("B", body + struct.pack("!h", 0))


def describe(what, name):
    return message("D", what.encode() + name.encode() + b"\0")


def execute(portal, rows=0):
    return message("E", portal.encode() + b"\0" + struct.pack("!i", rows))


def close(what, name):
    return message("C", what.encode() + name.encode() + b"\0")


SYNC = message("S")
FLUSH = message("H")
TERMINATE = message("X")


class Wire:
    def __init__(self, gateway, *, patience=15):
        self.gateway = gateway
        self.socket = socket.create_connection(("127.0.0.1", gateway.port), timeout=patience)
        self.notices, self.parameters, self.key = [], {}, None
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # ---- bytes

    def raw(self, data):
        self.socket.sendall(data)

    def send(self, *messages):
        self.socket.sendall(b"".join(messages))

    def take(self, count):
        while len(self._buffer) < count:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise EOFError(f"the gateway closed the connection; {len(self._buffer)} of {count} bytes were there")
            self._buffer += chunk
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def ends(self):
        """True when the gateway closes; what it said before is left to read()."""
        try:
            while True:
                chunk = self.socket.recv(65536)
                if not chunk:
                    return True
                self._buffer += chunk
        except (ConnectionResetError, ssl.SSLError):
            return True
        except TimeoutError:
            return False

    def silent(self, seconds=0.5):
        """True when nothing comes for a while."""
        if self._buffer:
            return False
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            self._buffer += self.socket.recv(65536)
            return False
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(before)

    # ---- messages

    def read(self):
        kind = self.take(1).decode("latin-1")
        length = struct.unpack("!i", self.take(4))[0]
        received = Message(kind, self.take(length - 4))
        if kind == "N":
            self.notices.append(received)
        if kind == "S":
            name, value, _ = received.body.split(b"\0", 2)
            self.parameters[name.decode()] = value.decode()
        if kind == "K":
            self.key = received.body
        return received

    def read_until(self, kind):
        """Messages up to and including one of this kind. Notices and parameters are set aside."""
        messages = []
        while True:
            received = self.read()
            if received.kind not in "NS" or received.kind == kind:
                messages.append(received)
            if received.kind == kind:
                return messages

    def ask(self, text):
        """A simple query: the messages of its answer up to ReadyForQuery."""
        self.send(query(text))
        return self.read_until("Z")

    # ---- logging in

    def start_tls(self):
        self.raw(untyped(SSL_REQUEST))
        answer = self.take(1)
        if answer != b"S":
            raise AssertionError(f"SSLRequest was answered with {answer!r}")
        context = ssl.create_default_context(cafile=self.gateway.ca)
        self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")

    def log_in(self, password=None, *, options="-c narrowgate.task=refund-triage", **parameters):
        """Startup and proof, up to the first ReadyForQuery. Returns the messages; an ErrorResponse ends it early."""
        self.raw(startup(**({"user": "refund-bot", "database": "orders", "options": options} | parameters)))
        return self.prove(password or self.gateway.key())

    def prove(self, password):
        messages = []
        while True:
            received = self.read()
            if received.kind in "NS":
                continue
            messages.append(received)
            if received.kind in "EZ":
                return messages
            if received.kind == "R":
                self._authenticate(received.body, password)

    def _authenticate(self, body, password):
        kind = struct.unpack("!i", body[:4])[0]
        if kind == 3:
            self.send(message("p", password.encode() + b"\0"))
        elif kind == 10:
            self._scram = Scram(password)
            first = self._scram.first().encode()
            self.send(message("p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first))
        elif kind == 11:
            self.send(message("p", self._scram.final(body[4:].decode()).encode()))
        elif kind == 12:
            self._scram.check(body[4:].decode())
        elif kind != 0:
            raise AssertionError(f"authentication request {kind} was not expected")


class Scram:
    """The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding."""

    def __init__(self, password):
        self.password = password.encode()
        self.nonce = base64.b64encode(os.urandom(18)).decode()
        self.bare = f"n=,r={self.nonce}"

    def first(self):
        return "n,," + self.bare

    def final(self, server_first):
        parts = dict(part.split("=", 1) for part in server_first.split(","))
        without_proof = f"c=biws,r={parts['r']}"
        self._transcript = f"{self.bare},{server_first},{without_proof}".encode()
        self._salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(parts["s"]), int(parts["i"]))
        client_key = self._keyed(b"Client Key")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), self._transcript, "sha256")
        proof = bytes(left ^ right for left, right in zip(client_key, signature))
        return f"{without_proof},p={base64.b64encode(proof).decode()}"

    def _keyed(self, label):
        return hmac.digest(self._salted, label, "sha256")

    def check(self, server_final):
        expected = base64.b64encode(hmac.digest(self._keyed(b"Server Key"), self._transcript, "sha256")).decode()
        if server_final != f"v={expected}":
            raise AssertionError("the gateway could not prove that it knows the key's verifier")


def cancel(gateway, key):
    """A cancel request, as drivers send it: a connection of its own, no answer."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(untyped(CANCEL_REQUEST, key))
        try:
            return connection.recv(1) == b""
        except ConnectionResetError:
            return True
