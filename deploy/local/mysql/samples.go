package mysql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/sql"
)

// loadSamples fills the schemas. The data is made up, and the same at every
// start.
func loadSamples(engine *sqle.Engine, dbs *memory.DbProvider) error {
	for _, schema := range sampleSchemas() {
		session := memory.NewSession(sql.NewBaseSession(), dbs)
		ctx := sql.NewContext(context.Background(), sql.WithSession(session))
		ctx.SetCurrentDatabase(schema.name)
		for _, statement := range schema.statements {
			if err := execute(engine, ctx, statement); err != nil {
				return fmt.Errorf("filling sample schema %q: %w", schema.name, err)
			}
		}
	}
	return nil
}

// schema is the statements that make and fill one database.
type schema struct {
	name       string
	statements []string
}

func sampleSchemas() []schema {
	made := newSamples()
	return []schema{{"shop", made.shop()}, {"billing", made.billing()}}
}

func execute(engine *sqle.Engine, ctx *sql.Context, statement string) error {
	_, rows, _, err := engine.Query(ctx, statement)
	if err != nil {
		return err
	}
	for {
		if _, err := rows.Next(ctx); errors.Is(err, io.EOF) {
			return rows.Close(ctx)
		} else if err != nil {
			return errors.Join(err, rows.Close(ctx))
		}
	}
}

// samples makes the rows from a fixed seed.
type samples struct {
	random *rand.Rand
	orders []order
}

type order struct {
	id, customer, total int
	at                  time.Time
	status              string
}

func newSamples() *samples {
	return &samples{random: rand.New(rand.NewPCG(20261124, 1))}
}

// table collects the rows of one table into an INSERT.
type table struct {
	name string
	rows []string
}

// add formats the values of a row as SQL literals. Safety: the values are this
// file's own; quotes are doubled all the same.
func (t *table) add(values ...any) {
	literals := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case int:
			literals[i] = fmt.Sprint(v)
		case time.Time:
			literals[i] = v.Format("'2006-01-02 15:04:05'")
		default:
			literals[i] = "'" + strings.ReplaceAll(fmt.Sprint(v), "'", "''") + "'"
		}
	}
	t.rows = append(t.rows, "("+strings.Join(literals, ", ")+")")
}

func (t *table) insert() string {
	return "INSERT INTO " + t.name + " VALUES " + strings.Join(t.rows, ", ")
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
