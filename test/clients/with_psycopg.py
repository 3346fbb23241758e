"""psycopg 3: libpq underneath, binary results, pipelines."""

import threading
import time

import psycopg
import psycopg_pool
from checks import AGENT, CA, DATABASE, DENIED, HOST, KEY, PORT, READ, TASK, WRITE, expect, expect_denial, report

PARAMETERS = {"host": HOST, "port": PORT, "user": AGENT, "password": KEY, "dbname": DATABASE, "sslmode": "verify-full",
              "sslrootcert": CA, "options": f"-c narrowgate.task={TASK}"}


def connect(**more):
    return psycopg.connect(**PARAMETERS, **more)


def login():
    with connect() as connection:
        expect(connection.execute(READ).fetchone()[0], 3)
        expect(connection.pgconn.ssl_in_use, 1)


def scope():
    with connect() as connection:
        rows = connection.execute("SELECT * FROM narrowgate.scope").fetchall()
        expect({row[0] for row in rows}, {"orders"})


def parameters():
    with connect() as connection:
        sql = "SELECT id, amount, requested_at, history, %s::int[] FROM refunds WHERE id = ANY(%s) AND state <> %s ORDER BY id"
        for binary in (False, True):
            for _ in range(7):  # psycopg prepares on its own after five
                rows = connection.execute(sql, ([1, 2], [2417, 2502], "void"), binary=binary).fetchall()
                expect([row[0] for row in rows], [2417, 2502])
                expect(rows[0][4], [1, 2])


def refusal():
    with connect(autocommit=True) as connection:
        try:
            connection.execute(DENIED)
            raise AssertionError("not refused")
        except psycopg.errors.InsufficientPrivilege as refused:
            expect_denial(refused.diag.message_detail)
        expect(connection.execute(READ).fetchone()[0], 3)


def transaction():
    with connect() as connection:
        connection.execute("SELECT 1")
        for sql, error in ((DENIED, psycopg.errors.InsufficientPrivilege), (READ, psycopg.errors.InFailedSqlTransaction)):
            try:
                connection.execute(sql)
                raise AssertionError("not refused")
            except error:
                pass
        connection.rollback()
        with connection.transaction():
            try:
                with connection.transaction():  # a savepoint
                    connection.execute(DENIED)
            except psycopg.errors.InsufficientPrivilege:
                pass
            expect(connection.execute(READ).fetchone()[0], 3)


def pipeline():
    with connect(autocommit=True) as connection:
        with connection.pipeline() as pipe:
            first, denied, after = connection.execute(READ), connection.cursor(), connection.cursor()
            denied.execute(DENIED, prepare=True)
            after.execute(READ)
            try:
                pipe.sync()
                raise AssertionError("not refused")
            except psycopg.errors.InsufficientPrivilege:
                pass
            expect(first.fetchone()[0], 3)
            again = connection.execute(READ)
            pipe.sync()
            expect(again.fetchone()[0], 3)


def rows():
    with connect() as connection:
        with connection.cursor(name="by_parts") as cursor:
            cursor.itersize = 50
            cursor.execute("SELECT id, history FROM refunds WHERE batch = 7 ORDER BY id")
            expect(sum(1 for _ in cursor), 400)
        streamed = connection.cursor().stream("SELECT id FROM refunds WHERE batch = 7")
        expect(sum(1 for _ in streamed), 400)


def copy():
    with connect() as connection, connection.cursor() as cursor:
        for how in ("TEXT", "CSV", "BINARY"):
            with cursor.copy(f"COPY (SELECT id, state FROM refunds ORDER BY id LIMIT 3) TO STDOUT (FORMAT {how})") as out:
                if how != "CSV":
                    out.set_types(["int4", "text"])
                    expect(len(list(out.rows())), 3)
                else:
                    expect(len(b"".join(out).splitlines()), 3)


def cancel():
    with connect(autocommit=True) as connection:
        threading.Timer(0.5, connection.cancel_safe).start()
        began = time.monotonic()
        try:
            connection.execute("SELECT pg_sleep(20)")
            raise AssertionError("not cancelled")
        except psycopg.errors.QueryCanceled:
            expect(time.monotonic() - began < 10, True)
        expect(connection.execute(READ).fetchone()[0], 3)


def hold():
    with connect() as connection:
        expect(connection.execute(WRITE).rowcount, 1)
        connection.rollback()


def reflection():
    with connect() as connection:
        rows = connection.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'refunds'").fetchall()
        expect(len(rows), 9)


def pool():
    with psycopg_pool.ConnectionPool(kwargs=PARAMETERS, min_size=4, open=True) as connections:
        connections.wait()
        for _ in range(8):
            with connections.connection() as connection:
                expect(connection.execute(READ).fetchone()[0], 3)


report("psycopg", login=login, scope=scope, parameters=parameters, refusal=refusal, transaction=transaction, pipeline=pipeline,
       rows=rows, copy=copy, cancel=cancel, hold=hold, reflection=reflection, pool=pool)
