"""Policies of one's own, as docs/policies.md tells it: copied, changed, and read again by a gateway that runs."""

import pathlib
import subprocess

from harness import gateway, machine
from shop import ShopTest, config

READ = "SELECT count(*) FROM refunds WHERE state = 'stuck'"


def copied():
    """A folder of the built-in policies, made as a new user would."""
    folder = f"{machine.folder()}/policies"
    done = subprocess.run([gateway.BINARY, "policy", "copy", folder], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return folder


class PoliciesOfOnesOwn(ShopTest):
    @classmethod
    def configuration(cls):
        return config(policies=copied())

    @property
    def folder(self):
        return pathlib.Path(self.gateway.config["policies"])

    def write(self, text):
        file = self.folder / "90-ours.cedar"
        file.write_text(text)
        self.addCleanup(self.remove, file)

    def remove(self, file):
        file.unlink()
        self.assertTrue(machine.until(lambda: self.psql(READ).code == 0))

    def test_the_copy_does_what_the_built_in_ones_do(self):
        self.assertEqual(self.psql(READ).out, "3")
        self.assert_refused(self.psql("SELECT * FROM staff"), "42501")

    def test_a_copy_does_not_overwrite(self):
        done = self.gateway.run("policy", "list", "--policies", str(self.folder))
        self.assertEqual(done.returncode, 0, done.stderr)
        again = subprocess.run([gateway.BINARY, "policy", "copy", str(self.folder)], capture_output=True, text=True)
        self.assertEqual(again.returncode, 1)
        self.assertIn("exists already", again.stderr)

    def test_a_change_reaches_a_session_that_is_open(self):
        open_session = self.terminal()
        self.assertIn("3", open_session.ask(READ + ";"))
        self.write('@id("frozen") @advice("Reads are frozen today.") '
                   'forbid (principal is Narrowgate::Task, action in Narrowgate::Action::"sql.read", resource);')
        self.assertTrue(machine.until(lambda: "42501" in open_session.ask(READ + ";")))
        answer = self.psql(READ)
        self.assert_refused(answer, "42501")
        self.assertIn("Reads are frozen today.", answer.err)

    def test_a_folder_with_a_fault_changes_nothing_and_the_log_says_so(self):
        self.write('@id("typo") forbid (principal is Narrowgate::Tusk, action, resource);')
        self.assertTrue(machine.until(lambda: "policies not reloaded" in self.gateway.logged()))
        self.assertIn("90-ours.cedar", self.gateway.logged())
        self.assertEqual(self.psql(READ).out, "3")
