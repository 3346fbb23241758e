"""PostgreSQL's protocol as no well-meaning client speaks it: answered in the protocol's own words, or the connection ends."""

import hashlib
import os
import pathlib
import socket
import ssl
import struct
import time

from harness import machine, wire
from harness.wire import FLUSH, SYNC, TERMINATE, Wire, bind, describe, execute, message, parse, query, startup, untyped
from shop import ShopTest, config

READ = "SELECT count(*) FROM refunds WHERE state = 'stuck'"
OUTSIDE = "SELECT * FROM staff"


def kinds(messages):
    return "".join(received.kind for received in messages)


class WireTest(ShopTest):
    def open(self):
        connection = Wire(self.gateway)
        self.addCleanup(connection.socket.close)
        return connection

    def logged_in(self, **how):
        connection = self.open()
        answer = connection.log_in(**how)
        self.assertEqual(answer[-1].kind, "Z", answer[-1].fields)
        return connection

    def assert_ends(self, connection):
        """The gateway says why, if it says anything, and closes. Other clients notice nothing."""
        self.assertTrue(connection.ends(), "the connection is still open")

    def assert_serves_others(self):
        self.assertEqual(self.psql(READ).out, "3")


class BeforeTheStartup(WireTest):
    def test_bytes_sent_behind_an_ssl_request_end_the_connection(self):
        for smuggled in (query("SELECT 1"), startup(user="refund-bot", database="orders"), b"x"):
            connection = self.open()
            connection.raw(untyped(wire.SSL_REQUEST) + smuggled)
            self.assert_ends(connection)
            self.assertNotIn(b"R", connection._buffer[1:], "what came before TLS was listened to")

    def test_bytes_sent_behind_a_gss_request_end_the_connection(self):
        connection = self.open()
        connection.raw(untyped(wire.GSS_REQUEST) + startup(user="refund-bot", database="orders"))
        self.assert_ends(connection)

    def test_gss_encryption_is_declined_and_the_client_may_go_on(self):
        connection = self.open()
        connection.raw(untyped(wire.GSS_REQUEST))
        self.assertEqual(connection.take(1), b"N")
        self.assertEqual(connection.log_in()[-1].kind, "Z")

    def test_ssl_requests_do_not_go_round_in_circles(self):
        connection = self.open()
        connection.start_tls()
        connection.raw(untyped(wire.SSL_REQUEST))
        self.assert_ends(connection)

    def test_tls_without_a_request_needs_the_protocols_name(self):
        context = ssl.create_default_context(cafile=self.gateway.ca)
        context.set_alpn_protocols(["postgresql"])
        connection = self.open()
        connection.socket = context.wrap_socket(connection.socket, server_hostname="127.0.0.1")
        self.assertEqual(connection.socket.selected_alpn_protocol(), "postgresql")
        self.assertEqual(connection.log_in()[-1].kind, "Z")

    def test_a_web_client_at_the_postgres_port_is_turned_away(self):
        context = ssl.create_default_context(cafile=self.gateway.ca)
        context.set_alpn_protocols(["http/1.1"])
        connection = self.open()
        with self.assertRaises((ssl.SSLError, OSError)):
            context.wrap_socket(connection.socket, server_hostname="127.0.0.1")
        plain = self.open()
        plain.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assert_ends(plain)

    def test_a_startup_of_an_impossible_length_ends_the_connection(self):
        for length in (0, 3, 4, 7, 10001, 0x7FFFFFFF, 0xFFFFFFFF):
            connection = self.open()
            connection.raw(struct.pack("!I", length) + struct.pack("!i", wire.PROTOCOL_3))
            self.assert_ends(connection)
        self.assert_serves_others()

    def test_protocol_two_is_turned_away(self):
        connection = self.open()
        connection.raw(untyped(2 << 16, b"\0" * 288))
        self.assert_ends(connection)

    def test_a_newer_protocol_is_negotiated_down(self):
        connection = self.open()
        connection.raw(startup((3 << 16) | 9999, user="refund-bot", database="orders", options="-c narrowgate.task=refund-triage",
                               **{"_pq_.unheard_of": "1"}))
        first = connection.read()
        self.assertEqual(first.kind, "v")
        self.assertIn(b"_pq_.unheard_of", first.body)

    def test_malformed_startup_parameters_end_the_connection(self):
        for body in (b"user\0refund-bot\0database\0orders\0", b"user\0refund-bot\0database\0", b"database\0orders\0\0",
                     b"user\0\0\0", b"\0", b"user\0refund-bot\0user\0suite\0database\0orders\0\0"):
            connection = self.open()
            connection.raw(untyped(wire.PROTOCOL_3, body))
            self.assert_ends(connection)

    def test_a_startup_in_single_bytes_is_understood(self):
        connection = self.open()
        data = startup(user="refund-bot", database="orders", options="-c narrowgate.task=refund-triage")
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in data:
            connection.raw(bytes([byte]))
        self.assertEqual(connection.prove(self.gateway.key())[-1].kind, "Z")

    def test_replication_is_refused_however_it_is_spelled(self):
        for value in ("true", "database", "on", "1", "yes", "TRUE"):
            connection = self.open()
            answer = connection.log_in(replication=value)
            self.assertEqual(answer[-1].kind, "E", f"replication={value}")
            self.assertIn(answer[-1].sqlstate, ("0A000", "42501", "28000"))

    def test_startup_options_cannot_change_the_role_or_the_server(self):
        for options in ("-c role=postgres", "--role=postgres", "-crole=postgres", r"-c\ role=postgres", "-B 99", "-D /tmp",
                        "-c session_authorization=postgres", "-c session_preload_libraries=x"):
            connection = self.open()
            answer = connection.log_in(options=f"-c narrowgate.task=refund-triage {options}")
            if answer[-1].kind == "Z":
                told = connection.ask("SELECT current_user")
                self.assertIn(b"narrowgate_orders", told[1].body, options)
        self.assert_serves_others()

    def test_a_database_name_is_only_a_name(self):
        for name in ("orders host=192.0.2.1", "dbname=orders", "postgresql://192.0.2.1/orders", "orders?host=192.0.2.1"):
            answer = self.open().log_in(database=name)
            self.assertEqual(answer[-1].kind, "E", name)
            self.assertIn(answer[-1].sqlstate, ("3D000", "28000", "42501"), answer[-1].fields)


class ProvingWhoOneIs(WireTest):
    def test_a_second_password_after_login_is_a_protocol_error(self):
        connection = self.logged_in()
        connection.send(message("p", b"again\0"))
        answer = connection.read_until("E")
        self.assertEqual(answer[-1].sqlstate, "08P01")

    def test_a_query_before_the_password_is_not_run(self):
        word = self.marker()
        connection = self.open()
        connection.raw(startup(user="refund-bot", database="orders", options="-c narrowgate.task=refund-triage"))
        connection.read()
        connection.send(query(f"SELECT '{word}'"))
        self.assert_ends(connection)
        self.assert_upstream_never_heard(word)

    def test_an_agent_that_does_not_exist_is_asked_and_refused_like_one_with_a_wrong_key(self):
        wrong = self.open().log_in("wrong key, wrong key, wrong key")
        unknown = self.open().log_in("wrong key, wrong key, wrong key", user="nobody-here")
        self.assertEqual(kinds(wrong), kinds(unknown))
        self.assertEqual({key: value for key, value in wrong[-1].fields.items() if key in "SVCMH"},
                         {key: value for key, value in unknown[-1].fields.items() if key in "SVCMH"})

    def test_a_client_that_says_nothing_is_let_go_in_time(self):
        connection = Wire(self.gateway, patience=20)
        self.addCleanup(connection.socket.close)
        self.assert_ends(connection)


class Messages(WireTest):
    def test_an_unknown_message_type_ends_the_connection(self):
        for kind in (b"z", b"\0", b"\xff", b"G"):
            connection = self.logged_in()
            connection.raw(kind + struct.pack("!i", 4))
            self.assert_ends(connection)

    def test_a_message_of_an_impossible_length_ends_the_connection(self):
        for length in (0, 3, -1, 0x7FFFFFFF):
            connection = self.logged_in()
            connection.raw(b"Q" + struct.pack("!i", length))
            self.assert_ends(connection)

    def test_a_statement_over_the_limit_is_refused_and_the_session_goes_on(self):
        connection = self.logged_in()
        answer = connection.ask("SELECT 1 -- " + "x" * (16 << 20))
        self.assertEqual(kinds(answer), "EZ")
        self.assertIn(answer[0].sqlstate, ("53400", "54000", "0A000"))
        self.assertEqual(kinds(connection.ask(READ)), "TDCZ")

    def test_a_zero_byte_inside_a_query_is_a_protocol_error(self):
        word = self.marker()
        connection = self.logged_in()
        connection.send(message("Q", b"SELECT 1\0; SELECT '" + word.encode() + b"'\0"))
        answer = connection.read_until("E")
        self.assertEqual(answer[-1].sqlstate, "08P01")
        self.assert_upstream_never_heard(word)

    def test_a_truncated_function_call_is_not_read_beyond_its_end(self):
        connection = self.logged_in()
        connection.send(message("F", struct.pack("!IhHh", 1344, 1, 0, 7) + struct.pack("!i", 100) + b"x"))
        answer = connection.read_until("E")
        self.assertIn(answer[-1].sqlstate, ("08P01", "0A000", "42501"))

    def test_a_fast_path_call_is_judged_as_the_same_call_in_select(self):
        connection = self.logged_in()

        def call(function, *values):
            oid = int(self.upstream.sql(f"SELECT '{function}'::regprocedure::oid"))
            body = b"".join(struct.pack("!i", len(value)) + value for value in values)
            connection.send(message("F", struct.pack("!IhH", oid, 0, len(values)) + body + struct.pack("!h", 0)))
            return connection.read_until("Z")[0]

        self.assertEqual(call("md5(text)", b"words").body[4:], hashlib.md5(b"words").hexdigest().encode())
        self.assertEqual(call("pg_read_file(text)", b"/etc/passwd").sqlstate, "42501")
        self.assertIn(call("lo_creat(int)", b"393216").sqlstate, ("42501", "0A000"))

    def test_a_bind_with_impossible_counts_is_not_read_beyond_its_end(self):
        for body in (b"\0\0" + struct.pack("!h", -1), b"\0\0" + struct.pack("!hhH", 0, 0, 65535),
                     b"\0\0" + struct.pack("!hH", 0, 65535), b"\0\0" + struct.pack("!hhi", 0, 1, 1 << 30)):
            connection = self.logged_in()
            connection.send(parse("", READ), message("B", body), SYNC)
            self.assertEqual(connection.read_until("E")[-1].sqlstate, "08P01")
        self.assert_serves_others()

    def test_an_empty_query_is_answered_as_empty(self):
        connection = self.logged_in()
        self.assertEqual(kinds(connection.ask("")), "IZ")
        connection.send(parse("", ""), bind("", ""), execute(""), SYNC)
        self.assertEqual(kinds(connection.read_until("Z")), "12IZ")

    def test_half_closing_after_a_query_still_gets_the_answer(self):
        connection = self.logged_in()
        connection.send(query(READ), TERMINATE)
        connection.socket.shutdown(socket.SHUT_WR)
        self.assertTrue(connection.ends())


class Pipelines(WireTest):
    def test_a_refused_statement_skips_to_sync_and_earlier_answers_arrive(self):
        word = self.marker()
        connection = self.logged_in()
        connection.send(parse("", READ), bind("", ""), execute(""), parse("", OUTSIDE), bind("", ""), execute(""),
                        parse("", f"SELECT '{word}'"), bind("", ""), execute(""), SYNC)
        answer = connection.read_until("Z")
        self.assertEqual(kinds(answer), "12DCEZ")
        self.assertEqual((answer[4].sqlstate, answer[5].body), ("42501", b"I"))
        self.assert_upstream_never_heard(word)
        self.assertEqual(kinds(connection.ask(READ)), "TDCZ")

    def test_a_refusal_comes_once_for_each_sync(self):
        connection = self.logged_in()
        connection.send(*(parse("", OUTSIDE), bind("", ""), execute("")) * 3, SYNC)
        connection.send(parse("", READ), bind("", ""), execute(""), SYNC)
        self.assertEqual(kinds(connection.read_until("Z")), "EZ")
        self.assertEqual(kinds(connection.read_until("Z")), "12DCZ")

    def test_flush_brings_the_refusal_before_sync(self):
        connection = self.logged_in()
        connection.send(parse("", OUTSIDE), FLUSH)
        self.assertEqual(connection.read_until("E")[-1].sqlstate, "42501")
        connection.send(SYNC)
        self.assertEqual(kinds(connection.read_until("Z")), "Z")

    def test_a_refusal_in_a_pipeline_aborts_its_transaction(self):
        connection = self.logged_in()
        connection.ask("BEGIN")
        connection.send(parse("", READ), bind("", ""), execute(""), parse("", OUTSIDE), SYNC)
        answer = connection.read_until("Z")
        self.assertEqual((kinds(answer), answer[-1].body), ("12DCEZ", b"E"))
        self.assertEqual(connection.ask(READ)[0].sqlstate, "25P02")
        self.assertEqual(connection.ask("ROLLBACK")[-1].body, b"I")

    def test_a_name_stands_for_its_latest_statement(self):
        connection = self.logged_in()
        connection.send(parse("s1", READ), SYNC)
        connection.read_until("Z")
        connection.send(wire.close("S", "s1"), parse("s1", OUTSIDE), bind("", "s1"), execute(""), SYNC)
        answer = connection.read_until("Z")
        self.assertEqual(answer[-2].sqlstate, "42501")
        connection.send(bind("", "s1"), execute(""), SYNC)
        self.assertEqual(connection.read_until("Z")[0].kind, "E")

    def test_statements_prepared_in_sql_are_judged_by_their_text(self):
        connection = self.logged_in()
        self.assertEqual(connection.ask(f"PREPARE p AS {OUTSIDE}")[0].sqlstate, "42501")
        connection.send(bind("", "p"), execute(""), SYNC)
        self.assertEqual(connection.read_until("Z")[0].kind, "E")
        self.assertEqual(kinds(connection.ask(f"PREPARE q AS {READ}")), "CZ")
        connection.send(bind("", "q"), execute(""), SYNC)
        self.assertEqual(kinds(connection.read_until("Z")), "2DCZ")

    def test_a_parsed_statement_that_is_never_executed_changes_nothing(self):
        connection = self.logged_in()
        connection.send(parse("", "DELETE FROM refunds"), FLUSH, TERMINATE)
        self.assert_ends(connection)
        self.assertEqual(self.upstream.sql("SELECT count(*) FROM refunds", "orders"), "2800")

    def test_a_portal_is_fetched_in_parts(self):
        connection = self.logged_in()
        connection.ask("BEGIN")
        connection.send(parse("", "SELECT id FROM refunds WHERE batch = 7 AND id < 2411"), bind("c", ""), execute("c", 4), FLUSH)
        self.assertEqual(kinds(connection.read_until("s")), "12DDDDs")
        connection.send(execute("c", 0), SYNC)
        self.assertEqual(kinds(connection.read_until("Z")), "DDDDDDCZ")

    def test_describing_a_refused_statement_tells_no_columns(self):
        connection = self.logged_in()
        connection.send(parse("s", OUTSIDE), describe("S", "s"), SYNC)
        self.assertEqual(kinds(connection.read_until("Z")), "EZ")

    def test_rows_of_a_portal_in_parts_count_together(self):
        connection = self.logged_in()
        connection.ask("BEGIN")
        connection.send(parse("", "SELECT id FROM refunds"), bind("p", ""), SYNC)
        connection.read_until("Z")
        rows, refused = 0, ""
        while not refused:
            connection.send(execute("p", 100), SYNC)
            answer = connection.read_until("Z")
            rows += kinds(answer).count("D")
            refused = next((received.sqlstate for received in answer if received.kind == "E"), "")
        self.assertEqual((rows, refused), (500, "53400"))

    def test_a_limit_that_is_passed_in_a_pipeline_leaves_no_doubt_about_the_rest(self):
        connection = self.logged_in()
        steps = bind("p", "") + execute("p") + bind("", "") + execute("")
        connection.send(parse("", "SELECT id FROM refunds WHERE id < 502"), steps, SYNC)
        answer = connection.read_until("E")
        self.assertEqual(answer[-1].sqlstate, "53400")
        self.assertNotIn("C", kinds(answer))

    def test_two_thousand_pipelined_statements_are_answered_in_order(self):
        connection = Wire(self.gateway, patience=60)
        self.addCleanup(connection.socket.close)
        connection.log_in()
        sent = b"".join(parse("", f"SELECT {n}") + bind("", "") + execute("") for n in range(2000)) + SYNC
        connection.send(sent)
        rows = [received.body[6:].decode() for received in connection.read_until("Z") if received.kind == "D"]
        self.assertEqual(rows, [str(n) for n in range(2000)])


def writes_pass_in_scope():
    """A folder of policies: whatever the task names passes, without a person."""
    folder = machine.folder()
    pathlib.Path(folder, "test.cedar").write_text('''
        @id("all") permit (principal is Narrowgate::Task, action, resource);
        @id("scope") forbid (principal is Narrowgate::Task, action in Narrowgate::Action::"sql", resource)
        unless { context.inScope };''')
    return folder


class Copy(WireTest):
    @classmethod
    def configuration(cls):
        made = config()
        made["templates"][0]["scope"].append({"resource": "orders", "verbs": ["INSERT"], "objects": ["public.support_tickets"]})
        made["policies"] = writes_pass_in_scope()
        return made

    def test_a_table_in_scope_is_copied_out(self):
        connection = self.logged_in()
        answer = connection.ask("COPY (SELECT id FROM refunds WHERE batch = 7 AND id < 2404) TO STDOUT")
        self.assertEqual(kinds(answer), "HdddcCZ")

    def test_a_table_outside_is_not_copied_out(self):
        connection = self.logged_in()
        self.assertEqual(connection.ask("COPY staff TO STDOUT")[0].sqlstate, "42501")
        self.assertEqual(connection.ask("COPY (SELECT * FROM staff) TO STDOUT")[0].sqlstate, "42501")

    def test_a_query_in_the_middle_of_a_copy_is_not_passed_unseen(self):
        word = self.marker()
        connection = self.logged_in()
        connection.send(query("COPY support_tickets FROM STDIN"))
        self.assertEqual(connection.read().kind, "G")
        connection.send(message("d", b"1\t2\n"), query(f"SELECT '{word}' FROM staff"))
        self.assertEqual(connection.read_until("E")[-1].sqlstate, "08P01")
        self.assertTrue(connection.ends())
        self.assert_upstream_never_heard(word)

    def test_a_query_behind_a_failed_copy_is_judged(self):
        word = self.marker()
        connection = self.logged_in()
        connection.send(query("COPY support_tickets FROM STDIN"))
        self.assertEqual(connection.read().kind, "G")
        connection.send(message("f", b"changed my mind\0"), query(f"SELECT '{word}' FROM staff"))
        self.assertEqual(connection.read_until("Z")[0].sqlstate, "57014")
        self.assertEqual(connection.read_until("Z")[0].sqlstate, "42501")
        self.assert_upstream_never_heard(word)


class Cancelling(WireTest):
    def test_a_cancel_request_stops_its_own_session_only(self):
        first, second = self.logged_in(), self.logged_in()
        first.send(query("SELECT pg_sleep(600), 'first'"))
        second.send(query("SELECT pg_sleep(600), 'second'"))
        self.assertTrue(machine.until(lambda: self.upstream.running("pg_sleep(600)") == 2))
        self.assertTrue(wire.cancel(self.gateway, first.key))
        self.assertEqual(first.read_until("Z")[-2].sqlstate, "57014")
        self.assertEqual(self.upstream.running("pg_sleep(600)"), 1)
        wire.cancel(self.gateway, second.key)
        second.read_until("Z")

    def test_a_cancel_request_with_a_wrong_or_dead_key_does_nothing(self):
        gone = self.logged_in()
        gone.send(TERMINATE)
        self.assertTrue(gone.ends())
        busy = self.logged_in()
        busy.send(query("SELECT pg_sleep(2), 'done'"))
        self.assertTrue(machine.until(lambda: self.upstream.running("pg_sleep(2)")))
        for key in (gone.key, bytes(8), busy.key[:4] + os.urandom(4), busy.key[:-1], busy.key + b"x"):
            wire.cancel(self.gateway, key)
        self.assertEqual(kinds(busy.read_until("Z")), "TDCZ")

    def test_a_cancel_request_may_come_through_tls(self):
        busy = self.logged_in()
        busy.send(query("SELECT pg_sleep(600)"))
        self.assertTrue(machine.until(lambda: self.upstream.running("pg_sleep(600)")))
        other = self.open()
        other.start_tls()
        other.raw(untyped(wire.CANCEL_REQUEST, busy.key))
        self.assertEqual(busy.read_until("Z")[-2].sqlstate, "57014")

    def test_the_key_a_client_has_cancels_nothing_at_the_upstream_itself(self):
        busy = self.logged_in()
        busy.send(query("SELECT pg_sleep(2), 'undisturbed'"))
        self.assertTrue(machine.until(lambda: self.upstream.running("undisturbed")))
        wire.cancel(self.upstream, busy.key)
        self.assertEqual(kinds(busy.read_until("Z")), "TDCZ")


class FromTheUpstream(WireTest):
    @classmethod
    def configuration(cls):
        made = config()
        made["templates"][0]["scope"][0]["limits"] = {}
        return made

    def test_a_notice_of_the_server_comes_through_in_its_place(self):
        connection = self.logged_in()
        connection.notices.clear()
        connection.send(query("BEGIN; BEGIN; COMMIT"))
        received = [connection.read() for _ in range(5)]
        self.assertEqual(kinds(received), "CNCCZ")
        self.assertEqual(received[1].sqlstate, "25001")

    def test_a_changed_parameter_is_reported_to_the_client(self):
        connection = self.logged_in()
        connection.ask("SET application_name = 'renamed'")
        self.assertEqual(connection.parameters["application_name"], "renamed")

    def test_the_upstream_knows_a_session_by_its_task_and_nothing_a_client_says_changes_that(self):
        connection = Wire(self.gateway)
        self.addCleanup(connection.socket.close)
        connection.log_in(application_name="psql")
        self.assertEqual(connection.parameters["application_name"], "psql")
        name = "SELECT application_name FROM pg_stat_activity WHERE application_name ~ '^tsk_[0-9A-Z]{26}/ses_[0-9A-Z]{26}$'"
        before = self.upstream.sql(name)
        self.assertEqual([m.kind for m in connection.ask("SET application_name = 'x'")], ["C", "Z"])
        connection.send(parse("s", "SET application_name TO 'y'"), describe("S", "s"), bind("", "s"), execute(""), SYNC)
        self.assertEqual(kinds(connection.read_until("Z")), "1tn2CZ")
        self.assertEqual(connection.parameters["application_name"], "y")
        for spoof in ("SET LOCAL application_name = 'z'", "SELECT set_config('application_name', 'z', false)",
                      "SET application_name = 'z'; SELECT 1", "RESET application_name"):
            error, _ = connection.ask(spoof)
            self.assertEqual(error.sqlstate, "42501", spoof)
        self.assertEqual(self.upstream.sql(name), before)

    def test_a_large_result_is_streamed_and_not_kept(self):
        connection = Wire(self.gateway, patience=60)
        self.addCleanup(connection.socket.close)
        connection.log_in()
        before = self.gateway.resident_bytes()
        connection.send(query("SELECT repeat(reason, 100000) FROM refunds WHERE id <= 200"))
        time.sleep(2)  # a client that does not read
        self.assertLess(self.gateway.resident_bytes() - before, 64 << 20)
        rows = sum(1 for received in connection.read_until("Z") if received.kind == "D")
        self.assertEqual(rows, 200)
        self.assertLess(self.gateway.resident_bytes() - before, 64 << 20)
