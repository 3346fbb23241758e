"""SQLAlchemy over psycopg 3: what an ORM asks of a database on its own account."""

import sqlalchemy
from checks import AGENT, CA, DATABASE, DENIED, HOST, KEY, PORT, READ, TASK, WRITE, expect, expect_denial, report

URL = sqlalchemy.URL.create("postgresql+psycopg", AGENT, KEY, HOST, PORT, DATABASE, query={
    "sslmode": "verify-full", "sslrootcert": CA, "options": f"-c narrowgate.task={TASK}"})


def engine(**more):
    return sqlalchemy.create_engine(URL, pool_pre_ping=True, **more)


def scalar(connection, sql):
    return connection.execute(sqlalchemy.text(sql)).scalar()


def login():
    with engine().connect() as connection:
        expect(scalar(connection, READ), 3)


def scope():
    with engine().connect() as connection:
        expect(connection.execute(sqlalchemy.text("SELECT * FROM narrowgate.scope")).first().resource, "orders")


def refunds():
    return sqlalchemy.Table("refunds", sqlalchemy.MetaData(), autoload_with=engine())


def parameters():
    table = refunds()
    with engine().connect() as connection:
        wanted = sqlalchemy.select(table).where(table.c.id.in_([2417, 2502]), table.c.state != "void").order_by(table.c.id)
        expect([row.id for row in connection.execute(wanted)], [2417, 2502])


def refusal():
    with engine().connect() as connection:
        try:
            scalar(connection, DENIED)
            raise AssertionError("not refused")
        except sqlalchemy.exc.ProgrammingError as refused:
            expect(refused.orig.sqlstate, "42501")
            expect_denial(refused.orig.diag.message_detail)
        connection.rollback()
        expect(scalar(connection, READ), 3)


def transaction():
    with engine().begin() as connection:
        try:
            with connection.begin_nested():
                scalar(connection, DENIED)
            raise AssertionError("not refused")
        except sqlalchemy.exc.ProgrammingError:
            pass
        expect(scalar(connection, READ), 3)
    with engine(isolation_level="REPEATABLE READ").connect() as connection:
        expect(scalar(connection, READ), 3)


def rows():
    with engine().connect().execution_options(yield_per=50) as connection:
        table = refunds()
        expect(sum(1 for _ in connection.execute(sqlalchemy.select(table).where(table.c.batch == 7))), 400)


def hold():
    table = refunds()
    with engine().connect() as connection:
        done = connection.execute(table.update().where(table.c.id == 2417).values(state="approved"))
        expect(done.rowcount, 1)
        connection.rollback()


def reflection():
    inspector = sqlalchemy.inspect(engine())
    expect("refunds" in inspector.get_table_names(), True)
    expect(len(inspector.get_columns("refunds")), 9)
    expect(inspector.get_pk_constraint("refunds")["constrained_columns"], ["id"])
    expect(inspector.get_foreign_keys("refunds")[0]["referred_table"], "orders")
    for ask in (inspector.get_view_names, inspector.get_schema_names, inspector.get_sequence_names, inspector.get_enums):
        ask()
    for ask in (inspector.get_indexes, inspector.get_unique_constraints, inspector.get_check_constraints,
                inspector.get_table_comment):
        ask("refunds")
    metadata = sqlalchemy.MetaData()
    metadata.reflect(bind=engine())
    expect(len(metadata.tables), 9)


def pool():
    shared = engine(pool_size=4, pool_reset_on_return="rollback")
    for _ in range(8):
        with shared.connect() as connection:
            expect(scalar(connection, READ), 3)


def not_its_own(what):
    return lambda: f"SQLAlchemy has no {what} of its own"


report("SQLAlchemy", login=login, scope=scope, parameters=parameters, refusal=refusal, transaction=transaction,
       pipeline=not_its_own("pipeline"), rows=rows, copy=not_its_own("COPY"), cancel=not_its_own("cancel"), hold=hold,
       reflection=reflection, pool=pool)
