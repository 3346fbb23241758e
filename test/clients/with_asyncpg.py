"""asyncpg: a protocol implementation of its own, binary throughout, and a pool that resets its connections."""

import asyncio
import io
import ssl

import asyncpg
from checks import AGENT, CA, DATABASE, DENIED, HOST, KEY, PORT, READ, TASK, WRITE, expect, expect_denial, report

PARAMETERS = {"host": HOST, "port": PORT, "user": AGENT, "password": KEY, "database": DATABASE,
              "ssl": ssl.create_default_context(cafile=CA), "server_settings": {"narrowgate.task": TASK}}


def on_a_connection(check):
    async def run():
        connection = await asyncpg.connect(**PARAMETERS)
        try:
            return await check(connection)
        finally:
            await connection.close()
    return lambda: asyncio.run(run())


async def login(connection):
    expect(await connection.fetchval(READ), 3)


async def scope(connection):
    rows = await connection.fetch("SELECT * FROM narrowgate.scope")
    expect({row["resource"] for row in rows}, {"orders"})


async def parameters(connection):
    sql = ("SELECT id, amount, requested_at, history, $1::int[] AS back FROM refunds "
           "WHERE id = ANY($2) AND state <> $3 ORDER BY id")
    for _ in range(3):
        rows = await connection.fetch(sql, [1, 2], [2417, 2502], "void")
        expect([row["id"] for row in rows], [2417, 2502])
        expect(rows[0]["back"], [1, 2])
    prepared = await connection.prepare(sql)
    expect(len(await prepared.fetch([1], [2417], "void")), 1)


async def refusal(connection):
    try:
        await connection.fetch(DENIED)
        raise AssertionError("not refused")
    except asyncpg.InsufficientPrivilegeError as refused:
        expect_denial(refused.detail)
    expect(await connection.fetchval(READ), 3)


async def transaction(connection):
    async with connection.transaction():
        try:
            async with connection.transaction():  # a savepoint
                await connection.fetch(DENIED)
            raise AssertionError("not refused")
        except asyncpg.InsufficientPrivilegeError:
            pass
        expect(await connection.fetchval(READ), 3)
    unfinished = connection.transaction(isolation="repeatable_read", readonly=True)
    await unfinished.start()
    for sql, error in ((DENIED, asyncpg.InsufficientPrivilegeError), (READ, asyncpg.InFailedSQLTransactionError)):
        try:
            await connection.fetch(sql)
            raise AssertionError("not refused")
        except error:
            pass
    await unfinished.rollback()
    expect(await connection.fetchval(READ), 3)


async def pipeline(connection):
    expect(len(await connection.fetchmany("SELECT id FROM refunds WHERE id = $1", [(2417,), (2502,), (2688,)])), 3)
    try:
        await connection.executemany("SELECT salary FROM staff WHERE id = $1", [(1,), (2,)])
        raise AssertionError("not refused")
    except asyncpg.InsufficientPrivilegeError:
        pass
    expect(await connection.fetchval(READ), 3)


async def rows(connection):
    async with connection.transaction():
        expect(len([row async for row in connection.cursor("SELECT id, history FROM refunds WHERE batch = 7", prefetch=50)]), 400)


async def copy(connection):
    for how in ("text", "csv", "binary"):
        out = io.BytesIO()
        expect(await connection.copy_from_query("SELECT id, state FROM refunds LIMIT 3", output=out, format=how), "COPY 3")


async def cancel(connection):
    try:
        await connection.fetch("SELECT pg_sleep(20)", timeout=0.5)
        raise AssertionError("not cancelled")
    except TimeoutError:
        pass
    expect(await connection.fetchval(READ), 3)


async def hold(connection):
    unfinished = connection.transaction()
    await unfinished.start()
    expect(await connection.execute(WRITE), "UPDATE 1")
    await unfinished.rollback()


async def reflection(connection):
    prepared = await connection.prepare("SELECT * FROM refunds")
    expect(len(prepared.get_attributes()), 9)


async def pool_of_connections():
    async with asyncpg.create_pool(**PARAMETERS, min_size=4, max_size=4) as pool:
        for _ in range(12):  # a connection that goes back is reset: CLOSE ALL, UNLISTEN *, RESET ALL, advisory locks
            async with pool.acquire() as connection:
                expect(await connection.fetchval(READ), 3)


report("asyncpg", login=on_a_connection(login), scope=on_a_connection(scope), parameters=on_a_connection(parameters),
       refusal=on_a_connection(refusal), transaction=on_a_connection(transaction), pipeline=on_a_connection(pipeline),
       rows=on_a_connection(rows), copy=on_a_connection(copy), cancel=on_a_connection(cancel), hold=on_a_connection(hold),
       reflection=on_a_connection(reflection), pool=lambda: asyncio.run(pool_of_connections()))
