"""The stage of the demo: the servers, the actors' terminals, and how it looks.

Every command is shown as a person would type it, and below it what it really answered. check() asserts on such an answer.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "test"))

from harness import gateway, machine, postgres, psql  # noqa: E402  (found on the path just set)

AGENT, PERSON, PLAIN, FAINT = ("\x1b[36m", "\x1b[33m", "\x1b[0m", "\x1b[2m") if sys.stdout.isatty() else ("", "", "", "")


class Disappointment(Exception):
    """An answer was not what the story promises."""


class Stage:
    def __init__(self, *, checking):
        self.checking = checking
        self.passed = 0
        self.folder = pathlib.Path(machine.folder(prefix="narrowgate-demo-"))
        self.step = 0

    # ---- what is seen

    def say(self, text=""):
        print(text, flush=True)

    def doing(self, text):
        self.say(f"{FAINT}==> {text}{PLAIN}")

    def chapter(self, title):
        self.step += 1
        self.say(f"\n── {self.step}. {title} " + "─" * max(0, 90 - len(title)))

    def check(self, promise, kept, answer=""):
        if not kept:
            raise Disappointment(f"the story breaks: {promise}\nwhat was answered:\n{answer}")
        self.passed += 1
        if self.checking:
            self.say(f"{FAINT}   ✓ {promise}{PLAIN}")

    # ---- the servers

    def build(self):
        self.doing("starting a throwaway PostgreSQL, on loopback and with a data folder of its own")
        self.upstream = postgres.Postgres()
        self.doing("filling it with a shop: nine tables, made-up people, 213,000 rows")
        password = self.upstream.create_shop()
        self.doing("starting narrowgate in front of it, with a new CA and a key for the agent refund-bot")
        self.gateway = self._gateway(password)
        self.agent = psql.environment(self.gateway, task="")
        self.agent.pop("PGOPTIONS")
        self.person = {**os.environ, "NARROWGATE_URL": f"https://127.0.0.1:{self.gateway.ports['https']}",
                       "NARROWGATE_CA": self.gateway.ca, "NARROWGATE_DATA": self.gateway.data, **self.secrets["ana"],
                       "PATH": f"{pathlib.Path(gateway.BINARY).parent}:{os.environ['PATH']}"}
        self._keep("agent.env", self.agent, r"PG(HOST|PORT|USER|PASSWORD|DATABASE|SSL\w+)$")
        self._keep("ana.env", self.person, r"NARROWGATE_|PATH$")

    def _gateway(self, password):
        """The gateway of narrowgate.yaml, exactly; what varies comes through the environment."""
        running = gateway.Gateway({"listeners": {"postgres": {}, "https": {}, "admin": {}}, "agents": [], "people": []},
                                  data_dir=str(self.folder / "data"))
        running.file = str(ROOT / "examples" / "shop" / "narrowgate.yaml")
        made = {name: os.urandom(16).hex() for name in ("REFUND_BOT_KEY", "OLU_PASSWORD", "ANA_PASSWORD")}
        running.config["agents"].append({"name": "refund-bot", "key": made["REFUND_BOT_KEY"]})
        self.secrets = {name: {"NARROWGATE_PERSON": name, "NARROWGATE_PASSWORD": made[f"{name.upper()}_PASSWORD"]}
                        for name in ("olu", "ana")}
        ports = {f"NG_{name.upper()}_PORT": str(port) for name, port in zip(("PG", "HTTPS", "ADMIN"), running.ports.values())}
        return running.start(environment={**made, **ports, "NG_DATA_DIR": running.data, "ORDERS_PASSWORD": password,
                                          "UPSTREAM_PORT": str(self.upstream.port)})

    def _keep(self, name, variables, pattern):
        """A file to source in another terminal."""
        lines = [f"export {key}='{value}'" for key, value in sorted(variables.items()) if re.match(pattern, key)]
        path = self.folder / name
        path.touch(0o600)
        path.write_text("\n".join(lines) + "\n")

    # ---- the actors

    def agent_opens(self, conninfo):
        self.say(f"{AGENT}agent ${PLAIN} psql \"{conninfo}\"")
        self.psql = psql.Terminal(self.agent, ("-X", "-n", "-v", "VERBOSITY=verbose", conninfo))
        self._show(self.psql.greeting)
        return self.psql.greeting

    def agent_types(self, line):
        self.say(f"{AGENT}{self.psql.prompt}{PLAIN}{line}")
        self.psql.send(line)

    def agent_asks(self, line):
        self.agent_types(line)
        return self.agent_reads()

    def agent_reads(self):
        answer = self.psql.wait()
        self._show(answer)
        return answer

    def agent_sees(self, pattern):
        """What psql shows while its statement is still running."""
        answer = self.psql.wait_for(pattern)
        self._show(answer)
        return answer

    def ana(self, command, expect=0):
        return self._shell("ana", PERSON, command, self.person, expect)

    def olu(self, command, expect=0):
        return self._shell("olu", PERSON, command, {**self.person, **self.secrets["olu"]}, expect)

    def _shell(self, who, colour, command, variables, expect):
        self.say(f"{colour}{who} ${PLAIN} {command}")
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=variables, timeout=120)
        answer = (done.stdout + done.stderr).strip("\n")
        self._show(answer)
        if (done.returncode == 0) != (expect == 0):
            raise Disappointment(f"`{command}` ended with exit code {done.returncode}, "
                                 f"{'success' if expect == 0 else 'a failure'} was promised:\n{answer}")
        return answer

    def agent_starts(self, command):
        """A command of the agent's that keeps running beside the others."""
        self.say(f"{AGENT}agent ${PLAIN} {command} &")
        started = subprocess.Popen(["bash", "-c", f"exec {command}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   env=self.agent)
        machine.at_exit(lambda: machine.stop(started))
        return started

    def agent_collects(self, started):
        answer = started.communicate(timeout=30)[0].strip("\n")
        self.say(f"{AGENT}agent{PLAIN}   (the psql above)")
        self._show(answer)
        return answer

    def _show(self, answer):
        width = shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else 0
        for line in answer.splitlines():
            self.say(line if not width or len(line) <= 3 * width else line[:3 * width] + "…")
