"""Stock psql, in batch and at a terminal."""

import dataclasses
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

from . import machine


def environment(gateway, *, user="refund-bot", task="refund-triage", database="orders", password=None, options="", tls=True):
    """The libpq variables of a client of this gateway."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    flags = f"-c narrowgate.task={task} {options}" if task else options
    variables |= {"PGHOST": "127.0.0.1", "PGPORT": str(gateway.port), "PGUSER": user, "PGDATABASE": database, "PAGER": "",
                  "PGPASSWORD": gateway.key() if password is None else password, "PGOPTIONS": flags.strip(),
                  "PGCONNECT_TIMEOUT": "10", "PSQL_HISTORY": "/dev/null", "LC_ALL": "C.UTF-8"}
    return variables | ({"PGSSLMODE": "verify-full", "PGSSLROOTCERT": gateway.ca} if tls else {"PGSSLMODE": "disable"})


@dataclasses.dataclass
class Answer:
    out: str
    err: str
    code: int

    @property
    def sqlstates(self):
        """Every SQLSTATE in the messages, in order: of errors, and of notices that have one of their own."""
        return re.findall(r"(?:ERROR|FATAL|PANIC):  (\w{5}): ", self.err)

    def field(self, name):
        """DETAIL or HINT of the first message that has one."""
        match = re.search(rf"^{name}:  (.*)$", self.err, re.MULTILINE)
        return match.group(1) if match else ""


def run(gateway, *statements, timeout=60, stdin=None, **who):
    """psql with one -c for each statement, in one session; SQLSTATEs shown."""
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "VERBOSITY=verbose"]
    command += [part for statement in statements for part in ("-c", statement)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment(gateway, **who),
                          timeout=timeout, input=stdin)
    return Answer(done.stdout.strip(), done.stderr.strip(), done.returncode)


class Terminal:
    """psql as a person has it: at a terminal, with a prompt that shows the transaction's state.

    Lines are sent one at a time, each after the prompt, so what is read is what a screen would show.
    """

    def __init__(self, variables, arguments=("-X", "-n", "-q"), name="orders"):
        self._prompt = re.compile(rf"(?:^|\n)(?:{name}|)[=!^'(-][*!?]?[>#] $")
        self._controller, terminal = pty.openpty()
        attributes = termios.tcgetattr(terminal)
        attributes[3] &= ~termios.ECHO  # we know what we typed
        termios.tcsetattr(terminal, termios.TCSANOW, attributes)
        self._process = subprocess.Popen(["psql", *arguments, "-P", "pager=off"], stdin=terminal, stdout=terminal,
                                         stderr=terminal, start_new_session=True, env=variables)
        os.close(terminal)
        machine.at_exit(self.close)
        self.prompt = ""
        self.greeting = self.wait()

    def send(self, line):
        os.write(self._controller, line.encode() + b"\n")

    def wait(self, patience=60):
        """Everything up to the next prompt, which is kept in `prompt`; or to the end, when psql ends."""
        text, found = self._read(self._prompt, patience)
        self.prompt = found.group(0).lstrip("\n") if found else ""
        return (text[:found.start()] if found else text).strip("\n")

    def wait_for(self, pattern, patience=60):
        """Everything up to the end of a line that matches, while the statement is still running."""
        return self._read(re.compile(pattern + r"[^\n]*\n"), patience)[0]

    def ask(self, line, patience=60):
        self.send(line)
        return self.wait(patience)

    def _read(self, pattern, patience):
        """Reads until `pattern` is found: the text and the match; or the text and None, when psql has ended."""
        text, end = "", time.monotonic() + patience
        while True:
            found = pattern.search(text)
            if found:
                return text, found
            if not select.select([self._controller], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"psql has not come to its end in {patience} s; so far:\n{text}")
            try:
                chunk = os.read(self._controller, 65536)
            except OSError:  # the other side is gone
                chunk = b""
            if not chunk:
                return text, None
            text += chunk.decode(errors="replace").replace("\r\n", "\n")

    def interrupt(self):
        """Ctrl-C: psql sends a cancel request."""
        self._process.send_signal(signal.SIGINT)

    def close(self):
        machine.stop(self._process, signal.SIGHUP)
        if self._controller >= 0:
            os.close(self._controller)
            self._controller = -1
