// pgjdbc: a protocol implementation of its own; portals fetched in parts, batches, metadata by large catalog queries.

import java.io.StringWriter;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;

public class WithPgjdbc {
  static final String READ = "SELECT count(*) FROM refunds WHERE state = 'stuck'";
  static final String DENIED = "SELECT salary FROM staff";
  static final String WRITE = "UPDATE refunds SET state = 'approved' WHERE id = 2417";

  interface Check {
    String run() throws Exception;
  }

  static Connection connect(String... more) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", System.getenv("NG_AGENT"));
    properties.setProperty("password", System.getenv("NG_KEY"));
    properties.setProperty("sslmode", "verify-full");
    properties.setProperty("sslrootcert", System.getenv("NG_CA"));
    properties.setProperty("options", "-c narrowgate.task=refund-triage");
    for (int i = 0; i < more.length; i += 2) properties.setProperty(more[i], more[i + 1]);
    String url = "jdbc:postgresql://" + System.getenv("NG_HOST") + ":" + System.getenv("NG_PORT") + "/orders";
    return DriverManager.getConnection(url, properties);
  }

  static void expect(Object what, Object wanted) {
    if (!what.equals(wanted)) throw new AssertionError(what + " instead of " + wanted);
  }

  static Object one(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getObject(1);
    }
  }

  static int count(ResultSet rows) throws SQLException {
    int counted = 0;
    while (rows.next()) counted++;
    return counted;
  }

  static void expectState(String sqlstate, Check check) throws Exception {
    try {
      check.run();
    } catch (SQLException refused) {
      expect(refused.getSQLState(), sqlstate);
      return;
    }
    throw new AssertionError("not refused");
  }

  static String login() throws Exception {
    try (Connection connection = connect()) {
      expect(one(connection, READ), 3L);
      expect(connection.isValid(5), true);
    }
    for (String mode : new String[] {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"})
      try (Connection connection = connect("preferQueryMode", mode)) {
        expect(one(connection, READ), 3L);
      }
    return null;
  }

  static String scope() throws Exception {
    try (Connection connection = connect()) {
      expect(one(connection, "SELECT * FROM narrowgate.scope"), "orders");
    }
    return null;
  }

  static String parameters() throws Exception {
    String sql = "SELECT id, amount, requested_at, history, ?::int[] FROM refunds WHERE id = ANY(?) AND state <> ? ORDER BY id";
    try (Connection connection = connect("prepareThreshold", "2", "binaryTransfer", "true");
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < 6; i++) {
        statement.setArray(1, connection.createArrayOf("int4", new Object[] {1, 2}));
        statement.setArray(2, connection.createArrayOf("int4", new Object[] {2417, 2502}));
        statement.setString(3, "void");
        try (ResultSet rows = statement.executeQuery()) {
          rows.next();
          expect(rows.getInt(1), 2417);
          rows.getBigDecimal(2);
          rows.getTimestamp(3);
          rows.getString(4);
          expect(((Object[]) rows.getArray(5).getArray()).length, 2);
        }
      }
    }
    return null;
  }

  static String refusal() throws Exception {
    try (Connection connection = connect()) {
      try {
        one(connection, DENIED);
        throw new AssertionError("not refused");
      } catch (PSQLException refused) {
        expect(refused.getSQLState(), "42501");
        expect(refused.getServerErrorMessage().getDetail().contains("\"scope_denied\""), true);
      }
      expect(one(connection, READ), 3L);
    }
    return null;
  }

  static String transaction() throws Exception {
    try (Connection connection = connect()) {
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      connection.setAutoCommit(false);
      one(connection, READ);
      expectState("42501", () -> one(connection, DENIED).toString());
      expectState("25P02", () -> one(connection, READ).toString());
      connection.rollback();
      Savepoint before = connection.setSavepoint();
      expectState("42501", () -> one(connection, DENIED).toString());
      connection.rollback(before);
      expect(one(connection, READ), 3L);
      connection.commit();
    }
    try (Connection connection = connect("autosave", "always")) {
      connection.setAutoCommit(false);
      expectState("42501", () -> one(connection, DENIED).toString());
      expect(one(connection, READ), 3L);
    }
    return null;
  }

  static String pipeline() throws Exception {
    try (Connection connection = connect(); Statement batch = connection.createStatement()) {
      batch.addBatch("SET application_name TO 'batch'");
      batch.addBatch("DELETE FROM staff WHERE id = 1");
      batch.addBatch("SET application_name TO 'never'");
      try {
        batch.executeBatch();
        throw new AssertionError("not refused");
      } catch (BatchUpdateException refused) {
        expect(refused.getSQLState(), "42501");
      }
      expect(one(connection, READ), 3L);
    }
    return null;
  }

  static String rows() throws Exception {
    try (Connection connection = connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.setFetchSize(50);
      try (ResultSet rows = statement.executeQuery("SELECT id, history FROM refunds WHERE batch = 7")) {
        expect(count(rows), 400);
      }
    }
    return null;
  }

  static String copy() throws Exception {
    try (Connection connection = connect()) {
      StringWriter out = new StringWriter();
      long rows = connection.unwrap(PGConnection.class).getCopyAPI().copyOut(
          "COPY (SELECT id, state FROM refunds LIMIT 3) TO STDOUT (FORMAT CSV)", out);
      expect(rows, 3L);
      expect(out.toString().lines().count(), 3L);
    }
    return null;
  }

  static String cancel() throws Exception {
    try (Connection connection = connect(); Statement statement = connection.createStatement()) {
      statement.setQueryTimeout(1);
      expectState("57014", () -> statement.executeQuery("SELECT pg_sleep(20)").toString());
      expect(one(connection, READ), 3L);
    }
    return null;
  }

  static String hold() throws Exception {
    try (Connection connection = connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      expect(statement.executeUpdate(WRITE), 1);
      connection.rollback();
    }
    return null;
  }

  static String reflection() throws Exception {
    try (Connection connection = connect()) {
      DatabaseMetaData database = connection.getMetaData();
      expect(count(database.getTables(null, "public", "%", new String[] {"TABLE"})), 9);
      expect(count(database.getColumns(null, "public", "refunds", "%")), 9);
      expect(count(database.getPrimaryKeys(null, "public", "refunds")), 1);
      expect(count(database.getImportedKeys(null, "public", "refunds")), 1);
      for (ResultSet rows : new ResultSet[] {database.getSchemas(), database.getCatalogs(), database.getTypeInfo(),
          database.getIndexInfo(null, "public", "refunds", false, true), database.getExportedKeys(null, "public", "orders"),
          database.getProcedures(null, null, "%"), database.getFunctions(null, null, "%"), database.getTableTypes(),
          database.getTablePrivileges(null, "public", "refunds"), database.getColumnPrivileges(null, "public", "refunds", "%"),
          database.getBestRowIdentifier(null, "public", "refunds", 0, true), database.getUDTs(null, null, "%", null)})
        count(rows);
      expect(database.getMaxColumnNameLength(), 63);
    }
    return null;
  }

  static String pool() throws Exception {
    Connection[] pool = {connect(), connect(), connect(), connect()};
    for (int i = 0; i < 8; i++) expect(one(pool[i % 4], READ), 3L);
    for (Connection each : pool) each.close();
    return null;
  }

  static void report(String name, Check check) {
    String result = "ok", why = "";
    try {
      String absent = check.run();
      if (absent != null) {
        result = "absent";
        why = absent;
      }
    } catch (Throwable thrown) {
      result = "failed";
      why = thrown + " at " + thrown.getStackTrace()[Math.min(1, thrown.getStackTrace().length - 1)];
    }
    why = why.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\t", " ");
    System.out.println("{\"client\": \"pgjdbc\", \"check\": \"" + name + "\", \"result\": \"" + result + "\", \"why\": \"" + why + "\"}");
  }

  public static void main(String[] arguments) {
    report("login", WithPgjdbc::login);
    report("scope", WithPgjdbc::scope);
    report("parameters", WithPgjdbc::parameters);
    report("refusal", WithPgjdbc::refusal);
    report("transaction", WithPgjdbc::transaction);
    report("pipeline", WithPgjdbc::pipeline);
    report("rows", WithPgjdbc::rows);
    report("copy", WithPgjdbc::copy);
    report("cancel", WithPgjdbc::cancel);
    report("hold", WithPgjdbc::hold);
    report("reflection", WithPgjdbc::reflection);
    report("pool", WithPgjdbc::pool);
  }
}
