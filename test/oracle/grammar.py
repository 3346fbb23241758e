"""Statements, drawn from a list of numbers: the same numbers make the same statement, and smaller ones a simpler one."""

import random

TABLES = {  # name: whole columns, text columns
    "users": (["id", "tenant", "boss"], ["name", "email"]), "orders": (["id", "buyer", "total"], ["state"]),
    "lines": (["id", "of_order", "n"], ["item"]), "tenants": (["id"], ["name", "plan"]), "limits": (["most"], ["name"]),
    "twin": (["id"], ["name"]), "aside.twin": (["id"], ["name"]), "aside.quiet": (["id"], ["note"]),
    "events": (["id", "day"], ["kind"]), "events_high": (["id", "day"], ["kind"]), "animals": (["id"], ["name"]),
    "dogs": (["id", "tricks"], ["name"]), "private": (["id", "tenant"], ["body"]), "checked": (["id", "n", "doubled"], ["made"]),
    "log": (["id"], ["what"]),
}
VIEWS = {
    "open_orders": (["id", "buyer", "total"], []), "buyers": (["id", "n"], ["name"]), "rich": (["id", "total"], []),
    "plain_lines": (["id", "of_order", "n"], []), "invoked": (["id"], ["boss"]), "totals": (["buyer", "total"], []),
    "guarded": (["id"], ["name"]),
}
SOURCES = list(TABLES.items()) + list(VIEWS.items())
WRITABLE = [item for item in SOURCES if item[0] not in ("buyers", "invoked", "totals")]


class Draw:
    def __init__(self, numbers=(), rng=None):
        self.given, self.rng, self.used = list(numbers), rng, []

    def upto(self, n):
        """0 to n - 1; 0 where the numbers have run out."""
        at = len(self.used)
        number = self.given[at] if at < len(self.given) else self.rng.randrange(1 << 16) if self.rng else 0
        self.used.append(number)
        return number % n

    def one(self, things):
        return things[self.upto(len(things))]

    def chance(self, percent):
        return self.upto(100) >= 100 - percent


class Grammar:
    """One statement. The first of several ways is always the simplest."""

    def __init__(self, draw):
        self.draw, self.aliases, self.depth, self.ctes = draw, 0, 0, []

    def alias(self):
        self.aliases += 1
        return f"a{self.aliases}"

    # ---- values: `scope` is a list of (alias, whole columns, text columns)

    def column(self, scope, text):
        choices = [f"{alias}.{name}" for alias, whole, texts in scope for name in (texts if text else whole)]
        return self.draw.one(choices) if choices else "'x'" if text else "1"

    def deeper(self, make, otherwise):
        if self.depth >= 3:
            return otherwise
        self.depth += 1
        made = make()
        self.depth -= 1
        return made

    def number(self, scope):
        ways = [lambda: str(self.draw.upto(20)), lambda: self.column(scope, False),
                lambda: f"{self.column(scope, False)} + 1", lambda: "most('n')", lambda: "defaulted(1)",
                lambda: f"length({self.column(scope, True)})", lambda: f"coalesce({self.column(scope, False)}, 0)",
                lambda: self.deeper(lambda: f"(SELECT count(*)::int FROM {self.source(scope)[0]})", "1"),
                lambda: self.deeper(lambda: f"({self.select(scope, ['number'])} LIMIT 1)", "1"),
                lambda: f"{self.draw.upto(5)}::small"]
        return self.draw.one(ways)()

    def text(self, scope):
        ways = [lambda: "'x'", lambda: self.column(scope, True), lambda: f"upper({self.column(scope, True)})",
                lambda: f"name_of({self.column(scope, False)})", lambda: f"{self.column(scope, True)} || 'y'",
                lambda: "twin_of()",
                lambda: "twin_aside()", lambda: "note('n')",
                lambda: self.deeper(lambda: f"({self.select(scope, ['text'])} LIMIT 1)", "'x'")]
        return self.draw.one(ways)()

    def condition(self, scope):
        ways = [lambda: "true", lambda: f"{self.column(scope, False)} = {self.number(scope)}",
                lambda: f"{self.column(scope, True)} <> {self.text(scope)}", lambda: f"{self.column(scope, False)} ~~~ 3",
                lambda: self.deeper(lambda: f"EXISTS ({self.select(scope, ['number'])})", "true"),
                lambda: self.deeper(lambda: f"{self.column(scope, False)} IN ({self.select(scope, ['number'])})", "true"),
                lambda: f"({self.condition(scope)} OR {self.column(scope, False)} > 3)" if self.depth < 3 else "true",
                lambda: f"NOT {self.column(scope, False)} BETWEEN 2 AND {self.number(scope)}"]
        return self.draw.one(ways)()

    # ---- where rows come from

    def source(self, scope):
        """(text, [(alias, whole, texts)])"""
        alias = self.alias()
        kind = self.draw.upto(10)
        if kind == 9 and self.ctes:
            name, whole, texts = self.draw.one(self.ctes)
            return f"{name} AS {alias}", [(alias, whole, texts)]
        if kind == 8:
            inside = self.deeper(lambda: self.select([], ["number", "text"]), "SELECT 1 AS number, 'x' AS text")
            return f"({inside}) AS {alias}(number, text)", [(alias, ["number"], ["text"])]
        if kind == 7:
            return f"orders_of(1) AS {alias}", [(alias, ["id", "buyer", "total"], ["state"])]
        if kind == 6 and scope:
            inside = self.deeper(lambda: self.select(scope, ["number"]), "SELECT 1 AS number")
            return f"LATERAL ({inside}) AS {alias}(number)", [(alias, ["number"], [])]
        name, (whole, texts) = self.draw.one(SOURCES)
        only = "ONLY " if self.draw.chance(8) and name in ("events", "animals") else ""
        return f"{only}{name} AS {alias}", [(alias, whole, texts)]

    def sources(self, outer):
        text, scope = self.source(outer)
        while self.draw.chance(35) and len(scope) < 4:
            more, added = self.source(outer + scope)
            join = self.draw.one([", ", " JOIN ", " LEFT JOIN ", " CROSS JOIN "])
            on = f" ON {self.condition(scope + added)}" if join in (" JOIN ", " LEFT JOIN ") else ""
            if join == ", " and more.startswith("LATERAL"):
                join = " CROSS JOIN "
            text, scope = text + join + more + on, scope + added
        return text, scope

    # ---- statements

    def select(self, outer, outputs):
        from_, scope = self.sources(outer)
        everything = outer + scope
        made = [f"{getattr(self, kind)(everything)} AS {kind}" for kind in outputs]
        where = f" WHERE {self.condition(everything)}" if self.draw.chance(50) else ""
        order = " ORDER BY 1" if self.draw.chance(15) else ""
        union = ""
        if self.draw.chance(12) and self.depth < 3:
            union = f" {self.draw.one(['UNION ALL', 'UNION', 'EXCEPT'])} " + self.deeper(lambda: self.select(outer, outputs), "")
            order = ""
        if union.endswith(" "):
            union = ""
        return f"SELECT {', '.join(made)} FROM {from_}{where}{union}{order}"

    def aggregate(self):
        from_, scope = self.sources([])
        return (f"SELECT {self.column(scope, True)}, count(*), max({self.number(scope)}) FROM {from_} "
                f"WHERE {self.condition(scope)} GROUP BY 1 HAVING count(*) > 0")

    def star(self):
        from_, scope = self.sources([])
        what = self.draw.one(["*", f"{scope[0][0]}.*", f"{scope[0][0]}", f"to_jsonb({scope[0][0]})", "1"])
        return f"SELECT {what} FROM {from_} WHERE {self.condition(scope)}"

    def lock(self):
        name, (whole, texts) = self.draw.one([item for item in TABLES.items()])
        return f"SELECT 1 FROM {name} AS t WHERE {self.condition([('t', whole, texts)])} FOR {self.draw.one(['UPDATE', 'SHARE'])}"

    def assignments(self, whole, texts, scope):
        names = [name for name in whole if name != "doubled"] + texts
        some = sorted({self.draw.one(names) for _ in range(1 + self.draw.upto(2))})
        return ", ".join(f"{name} = {self.number(scope) if name in whole else self.text(scope)}" for name in some)

    def returning(self, scope):
        return self.draw.one(["", "", f" RETURNING {self.column(scope, False)}", " RETURNING *",
                              f" RETURNING {self.text(scope)}"]) if self.draw.chance(40) else ""

    def update(self):
        name, (whole, texts) = self.draw.one(WRITABLE)
        scope = [("t", whole, texts)]
        from_, more = self.sources([]) if self.draw.chance(25) else ("", [])
        return (f"UPDATE {name} AS t SET {self.assignments(whole, texts, scope + more)}{' FROM ' + from_ if from_ else ''} "
                f"WHERE {self.condition(scope + more)}{self.returning(scope)}")

    def delete(self):
        name, (whole, texts) = self.draw.one(WRITABLE)
        scope = [("t", whole, texts)]
        using, more = self.sources([]) if self.draw.chance(25) else ("", [])
        return (f"DELETE FROM {name} AS t{' USING ' + using if using else ''} WHERE {self.condition(scope + more)}"
                f"{self.returning(scope)}")

    def insert(self):
        name, (whole, texts) = self.draw.one(WRITABLE)
        names = [one for one in whole if one != "doubled"] + texts
        chosen = names[:1 + self.draw.upto(len(names))]
        if self.draw.chance(40):
            values = self.select([], ["number" if one in whole else "text" for one in chosen])
        else:
            values = f"VALUES ({', '.join(self.number([]) if one in whole else self.text([]) for one in chosen)})"
        conflict = self.draw.one(["", "", "", " ON CONFLICT DO NOTHING"])
        return f"INSERT INTO {name} AS t ({', '.join(chosen)}) {values}{conflict}{self.returning([('t', whole, texts)])}"

    def merge(self):
        name, (whole, texts) = self.draw.one([item for item in TABLES.items() if item[0] not in ("animals", "twin")])
        source, more = self.source([])
        return (f"MERGE INTO {name} AS t USING {source} ON {self.condition([('t', whole, texts)] + more)} "
                "WHEN MATCHED THEN "
                f"{self.draw.one(['DO NOTHING', 'DELETE', 'UPDATE SET ' + self.assignments(whole, texts, more)])}")

    def with_(self):
        name = f"c{len(self.ctes)}"
        body = self.draw.one([lambda: self.select([], ["number", "text"]), lambda: self.returned("update"),
                              lambda: self.returned("delete")])()
        self.ctes.append((name, ["number"], ["text"]))
        return f"WITH {name}(number, text) AS ({body}) {self.draw.one([self.star, self.aggregate, self.update])()}"

    def returned(self, kind):
        return getattr(self, kind)().split(" RETURNING ")[0] + " RETURNING 1, 'x'"

    def recursive(self):
        from_, scope = self.source([])
        return (f"WITH RECURSIVE r(n) AS (SELECT {self.column(scope, False)} FROM {from_} UNION SELECT n - 1 FROM r "
                f"WHERE n > 1 AND {self.condition([('r', ['n'], [])])}) SELECT count(*) FROM r")

    def statement(self):
        plain = [self.star, lambda: self.select([], ["number", "text"]), self.aggregate, self.update, self.delete, self.insert,
                 self.with_, self.merge, self.recursive, self.lock]
        kind = self.draw.upto(len(plain) + 5)
        if kind < len(plain):
            return plain[kind]()
        wrapped = self.draw.one([self.star, self.aggregate])
        return [lambda: f"EXPLAIN {wrapped()}", lambda: f"COPY ({wrapped()}) TO STDOUT",
                lambda: f"SET LOCAL search_path = aside, app; {wrapped()}", lambda: f"CALL tidy({self.draw.upto(9)})",
                lambda: f"PREPARE p AS {wrapped()}; EXECUTE p"][kind - len(plain)]()


def made_of(numbers):
    return Grammar(Draw(numbers)).statement()


def drawn(seed):
    """(numbers, statement)"""
    draw = Draw(rng=random.Random(seed))
    return draw.used, Grammar(draw).statement()
