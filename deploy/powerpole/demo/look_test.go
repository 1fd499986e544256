package demo_test

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/pkg/topology"
)

// admin is a connection as the database's administrator.
func (w *world) admin() *sql.DB {
	w.t.Helper()
	e := w.Endpoints().Database
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.TLSConfig = e.User, e.Password, "tcp", e.Address, "skip-verify"
	db, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

func (w *world) sql(statements ...string) {
	w.t.Helper()
	db := w.admin()
	for _, s := range statements {
		if _, err := db.ExecContext(w.t.Context(), s); err != nil {
			w.t.Fatalf("%s: %v", s, err)
		}
	}
}

// accounts are all that the server knows, in one line.
func (w *world) accounts() string {
	w.t.Helper()
	rows, err := w.admin().QueryContext(w.t.Context(), "SELECT User, Host FROM mysql.user ORDER BY User, Host")
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var user, host string
		if err := rows.Scan(&user, &host); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%q@%q", user, host))
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(out, " ")
}

// tables is every item of every service.
func (w *world) tables() []string {
	w.t.Helper()
	db := dynamodb.NewFromConfig(w.AWS.Config())
	var out []string
	for _, s := range topology.Services() {
		if !s.Table {
			continue
		}
		name := s.TableName()
		pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: &name})
		for pages.HasMorePages() {
			page, err := pages.NextPage(w.t.Context())
			if err != nil {
				w.t.Fatal(err)
			}
			for _, item := range page.Items {
				out = append(out, dump(&types.AttributeValueMemberM{Value: item}))
			}
		}
	}
	return out
}

// dump writes a value with everything in it.
func dump(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberB:
		return string(v.Value)
	case *types.AttributeValueMemberM:
		var out []string
		for k, inner := range v.Value {
			out = append(out, k+"="+dump(inner))
		}
		return strings.Join(out, " ")
	case *types.AttributeValueMemberL:
		var out []string
		for _, inner := range v.Value {
			out = append(out, dump(inner))
		}
		return strings.Join(out, " ")
	default:
		return fmt.Sprintf("%+v", v)
	}
}
