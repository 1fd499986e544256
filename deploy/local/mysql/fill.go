package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// FillSamples makes the two sample schemas on a real server. A schema that is
// there is left as it is.
func FillSamples(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx) // USE is of one connection
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	for _, s := range sampleSchemas() {
		if err := s.fill(ctx, conn); err != nil {
			return fmt.Errorf("filling sample schema %q: %w", s.name, err)
		}
	}
	return nil
}

func (s schema) fill(ctx context.Context, conn *sql.Conn) error {
	var there string
	err := conn.QueryRowContext(ctx, "SELECT schema_name FROM information_schema.schemata WHERE schema_name = ?", s.name).Scan(&there)
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	// Safety: the names and statements are this package's own.
	for _, statement := range append([]string{"CREATE DATABASE " + s.name, "USE " + s.name}, s.statements...) {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
