package demo

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
	"github.com/powerpole/powerpole/deploy/local/web"
)

// shownEvents is how many of the latest events the page shows.
const shownEvents = 200

// page is what a browser sees of the demo.
type page struct {
	handler http.Handler
	server  *web.Server
	feed    *web.Feed
}

func newPage() page { return page{feed: web.NewFeed(shownEvents)} }

// saw is told of every event that passes a bus.
func (p *page) saw(e eventbridge.Event) { p.feed.Add(e) }

// open makes the page of a demo whose parts exist.
func (p *page) open(d *Demo) (err error) {
	db := web.Database{Dial: d.database.dial, TLS: d.database.tls, Accounts: d.database.accounts, Connections: d.database.connections}
	if d.database.embedded != nil {
		db.TLS = d.database.embedded.ClientTLS()
	}
	p.server, err = web.New(web.Options{AWS: d.AWS, Slack: d.Slack, Database: db, Feed: p.feed, Log: d.opts.Log})
	if err != nil {
		return fmt.Errorf("making the page: %w", err)
	}
	p.handler = p.server
	return nil
}

// accounts are those of the server.
func (d *database) accounts(ctx context.Context) ([]web.Account, error) {
	var out []web.Account
	if d.embedded != nil {
		for _, a := range d.embedded.Accounts() {
			out = append(out, web.Account{User: a.User, Host: a.Host, Locked: a.Locked})
		}
		return out, nil
	}
	err := d.list(ctx, "SELECT User, Host FROM mysql.user WHERE User <> '' ORDER BY User, Host", func(scan func(...any) error) error {
		var a web.Account
		err := scan(&a.User, &a.Host)
		out = append(out, a)
		return err
	})
	return out, err
}

// connections are the open ones, without the page's own.
func (d *database) connections(ctx context.Context) ([]web.Connection, error) {
	var out []web.Connection
	if d.embedded != nil {
		for _, c := range d.embedded.Connections() {
			out = append(out, web.Connection{ID: uint64(c.ID), User: c.User, Host: c.Host, Database: c.Database, Command: c.Command})
		}
		return out, nil
	}
	const query = "SELECT ID, USER, HOST, COALESCE(DB, ''), COMMAND FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND COMMAND <> 'Daemon' ORDER BY ID"
	err := d.list(ctx, query, func(scan func(...any) error) error {
		var c web.Connection
		err := scan(&c.ID, &c.User, &c.Host, &c.Database, &c.Command)
		out = append(out, c)
		return err
	})
	return out, err
}

// list asks a real server as the administrator, on a connection of its own.
func (d *database) list(ctx context.Context, query string, each func(scan func(...any) error) error) error {
	db, err := d.admin()
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("asking the database at %s: %w", d.address, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return fmt.Errorf("asking the database at %s: %w", d.address, err)
		}
	}
	return rows.Err()
}

// admin opens a real server as PowerPole's administrator.
func (d *database) admin() (*sql.DB, error) {
	cfg := mysqldriver.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.TLS = d.user, d.password, "tcp", d.address, d.tls
	connector, err := mysqldriver.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("opening the database at %s: %w", d.address, err)
	}
	return sql.OpenDB(connector), nil
}
