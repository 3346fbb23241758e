// pgx: a protocol implementation of its own; statements described and cached, batches as pipelines.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	read   = "SELECT count(*) FROM refunds WHERE state = 'stuck'"
	denied = "SELECT salary FROM staff"
	write  = "UPDATE refunds SET state = 'approved' WHERE id = 2417"
)

var background = context.Background()

func where(more string) string {
	user := url.UserPassword(os.Getenv("NG_AGENT"), os.Getenv("NG_KEY"))
	return fmt.Sprintf("postgres://%s@%s:%s/orders?sslmode=verify-full&sslrootcert=%s&narrowgate.task=refund-triage%s", user,
		os.Getenv("NG_HOST"), os.Getenv("NG_PORT"), url.QueryEscape(os.Getenv("NG_CA")), more)
}

type querier interface {
	QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row
}

func expectThree(from querier) error {
	var count int
	if err := from.QueryRow(background, read).Scan(&count); err != nil {
		return err
	}
	return expect(count, 3)
}

func expect[T comparable](what, wanted T) error {
	if what != wanted {
		return fmt.Errorf("%v instead of %v", what, wanted)
	}
	return nil
}

func expectState(err error, sqlstate string) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return fmt.Errorf("not refused: %v", err)
	}
	return expect(refused.Code, sqlstate)
}

func query(connection *pgx.Conn, sql string) error {
	_, err := connection.Exec(background, sql)
	return err
}

func login(connection *pgx.Conn) error {
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		other, err := pgx.Connect(background, where("&default_query_exec_mode="+mode))
		if err != nil {
			return err
		}
		if err = expectThree(other); err != nil {
			return fmt.Errorf("%s: %w", mode, err)
		}
		other.Close(background)
	}
	return expectThree(connection)
}

func scope(connection *pgx.Conn) error {
	rows, _ := connection.Query(background, "SELECT * FROM narrowgate.scope")
	all, err := pgx.CollectRows(rows, pgx.RowToMap)
	if err != nil {
		return err
	}
	return expect(fmt.Sprint(all[0]["resource"]), "orders")
}

func parameters(connection *pgx.Conn) error {
	sql := "SELECT id, amount::text, requested_at, history, $1::int[] FROM refunds WHERE id = ANY($2) AND state <> $3 ORDER BY id"
	for i := 0; i < 3; i++ {
		var id int
		var amount string
		var when time.Time
		var history []any
		var back []int
		err := connection.QueryRow(background, sql, []int{1, 2}, []int{2417, 2502}, "void").Scan(&id, &amount, &when, &history, &back)
		if err != nil {
			return err
		}
		if err = errors.Join(expect(id, 2417), expect(len(back), 2)); err != nil {
			return err
		}
	}
	return nil
}

func refusal(connection *pgx.Conn) error {
	err := query(connection, denied)
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return fmt.Errorf("not refused: %v", err)
	}
	return errors.Join(expect(refused.Code, "42501"), expect(strings.Contains(refused.Detail, `"scope_denied"`), true),
		expectThree(connection))
}

func transaction(connection *pgx.Conn) error {
	tx, err := connection.BeginTx(background, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return err
	}
	inner, err := tx.Begin(background) // a savepoint
	if err != nil {
		return err
	}
	_, err = inner.Exec(background, denied)
	err = errors.Join(expectState(err, "42501"), inner.Rollback(background), expectThree(tx))
	_, again := tx.Exec(background, denied)
	_, after := tx.Exec(background, read)
	return errors.Join(err, expectState(again, "42501"), expectState(after, "25P02"), tx.Rollback(background),
		expectThree(connection))
}

func pipeline(connection *pgx.Conn) error {
	batch := &pgx.Batch{}
	for _, sql := range []string{read, denied, read} {
		batch.Queue(sql)
	}
	results := connection.SendBatch(background, batch)
	_, err := results.Exec()
	for err == nil {
		_, err = results.Exec()
	}
	_ = results.Close()
	if err = expectState(err, "42501"); err != nil {
		return err
	}
	good := &pgx.Batch{}
	for i := 0; i < 50; i++ {
		good.Queue("SELECT id FROM refunds WHERE id = $1", 2400+i)
	}
	return errors.Join(connection.SendBatch(background, good).Close(), expectThree(connection))
}

func rows(connection *pgx.Conn) error {
	found, _ := connection.Query(background, "SELECT id, history FROM refunds WHERE batch = 7")
	all, err := pgx.CollectRows(found, pgx.RowToMap)
	if err != nil {
		return err
	}
	part := connection.PgConn().ExecParams(background, "SELECT id FROM refunds WHERE batch = 7", nil, nil, nil, nil)
	count := 0
	for part.NextRow() {
		count++
	}
	_, err = part.Close()
	return errors.Join(err, expect(len(all), 400), expect(count, 400))
}

func copyOut(connection *pgx.Conn) error {
	var out bytes.Buffer
	tag, err := connection.PgConn().CopyTo(background, &out, "COPY (SELECT id, state FROM refunds LIMIT 3) TO STDOUT (FORMAT CSV)")
	return errors.Join(err, expect(tag.RowsAffected(), 3), expect(bytes.Count(out.Bytes(), []byte("\n")), 3))
}

func cancel(connection *pgx.Conn) error {
	time.AfterFunc(500*time.Millisecond, func() { _ = connection.PgConn().CancelRequest(background) })
	return errors.Join(expectState(query(connection, "SELECT pg_sleep(20)"), "57014"), expectThree(connection))
}

func hold(connection *pgx.Conn) error {
	tx, err := connection.Begin(background)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(background, write)
	return errors.Join(err, expect(tag.RowsAffected(), 1), tx.Rollback(background))
}

func reflection(connection *pgx.Conn) error {
	described, err := connection.Prepare(background, "all", "SELECT * FROM refunds")
	if err != nil {
		return err
	}
	_, err = connection.LoadType(background, "public.refunds")
	return errors.Join(err, expect(len(described.Fields), 9))
}

func pool(*pgx.Conn) error {
	shared, err := pgxpool.New(background, where("&pool_max_conns=4&pool_min_conns=4"))
	if err != nil {
		return err
	}
	defer shared.Close()
	for i := 0; i < 8; i++ {
		if err = expectThree(shared); err != nil {
			return err
		}
	}
	return nil
}

func report(name string, check func(*pgx.Conn) error) {
	line := map[string]string{"client": "pgx", "check": name, "result": "ok", "why": ""}
	connection, err := pgx.Connect(background, where(""))
	if err == nil {
		err = check(connection)
		connection.Close(background)
	}
	if err != nil {
		line["result"], line["why"] = "failed", err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(line)
}

func main() {
	report("login", login)
	report("scope", scope)
	report("parameters", parameters)
	report("refusal", refusal)
	report("transaction", transaction)
	report("pipeline", pipeline)
	report("rows", rows)
	report("copy", copyOut)
	report("cancel", cancel)
	report("hold", hold)
	report("reflection", reflection)
	report("pool", pool)
}
