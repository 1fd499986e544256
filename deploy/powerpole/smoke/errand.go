package smoke

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
)

// errand is what a lease is asked for.
type errand struct {
	// tables narrows the database, as a person types it; empty for all of it.
	role, tables string
	// statement is what approvers are shown.
	statement string
	// try tries what the lease gives, and what it does not.
	try func(*run, context.Context, *lease) error
}

// wholeDatabase reads shop.
var wholeDatabase = errand{role: "READ", statement: "GRANT SELECT, SHOW VIEW ON `shop`.*", try: (*run).tryDatabase}

// twoColumns reads as much of one table, which only a role may that holds SELECT
// alone. The embedded database has no privileges on columns.
var twoColumns = errand{
	role: "SUPPORT", tables: "shop.orders(id,customer_id)", statement: "GRANT SELECT (`id`, `customer_id`) ON `shop`.`orders`", try: (*run).tryColumns,
}

// errand is what this run asks for.
func (o Options) errand() errand {
	if o.Columns {
		return twoColumns
	}
	return wholeDatabase
}

// The numbers of the errors that a database refuses with.
const (
	accessDenied   = 1045 // ER_ACCESS_DENIED_ERROR
	databaseDenied = 1044 // ER_DBACCESS_DENIED_ERROR
	tableDenied    = 1142 // ER_TABLEACCESS_DENIED_ERROR
	columnDenied   = 1143 // ER_COLUMNACCESS_DENIED_ERROR
)

func (r *run) tryDatabase(ctx context.Context, l *lease) error {
	var orders int
	if err := l.conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM orders").Scan(&orders); err != nil {
		return fmt.Errorf("reading orders: %w", err)
	}
	r.step("%s from %s reads shop.orders: %d rows", l.login.User, l.ready.PrivateIP, orders)
	return r.denied(ctx, l, map[string][]uint16{
		"INSERT INTO customers (id, name, email, prefecture, created_at) VALUES (999999, 'x', 'x', 'x', NOW())": {tableDenied},
		"SELECT * FROM billing.invoices": {tableDenied, databaseDenied},
	})
}

func (r *run) tryColumns(ctx context.Context, l *lease) error {
	if want := []string{"SELECT ON shop.orders(id, customer_id)"}; !slices.Equal(l.granted.Privileges, want) {
		return fmt.Errorf("granted was %q, want %q", l.granted.Privileges, want)
	}
	if err := r.readBack(ctx, l, "orders.customer_id SELECT", "orders.id SELECT"); err != nil {
		return err
	}
	var orders int
	if err := l.conn.QueryRowContext(ctx, "SELECT COUNT(customer_id) FROM orders WHERE id > 0").Scan(&orders); err != nil {
		return fmt.Errorf("reading two columns of orders: %w", err)
	}
	r.step("%s from %s reads two columns of shop.orders: %d rows", l.login.User, l.ready.PrivateIP, orders)
	refused := map[string][]uint16{
		"SELECT * FROM orders":                           {columnDenied, tableDenied},
		"UPDATE orders SET customer_id = 2 WHERE id = 1": {columnDenied, tableDenied},
		"SELECT id FROM customers":                       {tableDenied},
		"SELECT * FROM billing.invoices":                 {tableDenied, databaseDenied},
	}
	others, err := r.otherColumns(ctx)
	if err != nil {
		return err
	}
	for _, column := range others {
		refused["SELECT "+column+" FROM orders"] = []uint16{columnDenied}
		refused["SELECT id FROM orders WHERE "+column+" IS NOT NULL"] = []uint16{columnDenied}
	}
	return r.denied(ctx, l, refused)
}

// otherColumns are those of orders that are not asked for, as the administrator
// sees them.
func (r *run) otherColumns(ctx context.Context) (out []string, err error) {
	db := r.Endpoints.Database
	admin, closeIt, err := visitor.Connect(ctx, db, visitor.Login{User: db.User, Password: db.Password}, visitor.Loopback)
	if err != nil {
		return nil, err
	}
	defer closeIt()
	out, err = column(ctx, admin, `SELECT COLUMN_NAME FROM information_schema.COLUMNS
		WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'orders' AND COLUMN_NAME NOT IN ('id', 'customer_id')`)
	if err == nil && len(out) == 0 {
		err = errors.New("orders has no other column that could be refused")
	}
	return out, err
}

// readBack reads from the server what the account has, of columns and of more.
func (r *run) readBack(ctx context.Context, l *lease, want ...string) error {
	got, err := column(ctx, l.conn, `SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME, ' ', PRIVILEGE_TYPE) FROM information_schema.COLUMN_PRIVILEGES
		UNION ALL SELECT CONCAT(TABLE_NAME, ' ', PRIVILEGE_TYPE) FROM information_schema.TABLE_PRIVILEGES
		UNION ALL SELECT CONCAT(TABLE_SCHEMA, ' ', PRIVILEGE_TYPE) FROM information_schema.SCHEMA_PRIVILEGES ORDER BY 1`)
	if err != nil {
		return err
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("the account has %q, want %q", got, want)
	}
	r.step("the server says that the account has %s, and no more", strings.Join(got, ", "))
	return nil
}

// column is the one column that a statement reads.
func column(ctx context.Context, conn *sql.Conn, statement string) (out []string, err error) {
	rows, err := conn.QueryContext(ctx, statement)
	if err != nil {
		return nil, fmt.Errorf("reading %.40q: %w", statement, err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, fmt.Errorf("reading %.40q: %w", statement, err)
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// denied tries statements that the database must refuse, each with one of these
// errors.
func (r *run) denied(ctx context.Context, l *lease, statements map[string][]uint16) error {
	for statement, numbers := range statements {
		if _, err := l.conn.ExecContext(ctx, statement); !slices.Contains(numbers, visitor.Number(err)) {
			return fmt.Errorf("%q gave %v, want one of the errors %d", statement, err, numbers)
		}
	}
	r.step("the database refuses the rest: %d statements", len(statements))
	return nil
}
