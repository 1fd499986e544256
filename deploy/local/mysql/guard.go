package mysql

import (
	"bytes"
	"errors"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/vitess/go/sqltypes"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"
	"github.com/dolthub/vitess/go/vt/sqlparser"

	vitess "github.com/dolthub/vitess/go/mysql"
)

// guard refuses what the engine lets everybody do and MySQL does not: touch
// files and set global variables. It goes by the words of the statement, and
// where a word could be something else it refuses.
func (a *accounts) guard(c *vitess.Conn, query string) error {
	needs, privilege := worldlyWords(query)
	if needs == "" {
		return nil
	}
	u := a.current(c)
	if u != nil && (u.PrivilegeSet.Has(privilege) || u.PrivilegeSet.Has(sql.PrivilegeType_Super)) {
		return nil
	}
	return errNeeds(needs)
}

// worldlyWords names the privilege that a statement needs, "" if none.
func worldlyWords(query string) (name string, privilege sql.PrivilegeType) {
	tokens := sqlparser.NewStringTokenizer(query)
	first := 0
	for {
		t, word := tokens.Scan()
		if first == 0 {
			first = t
		}
		switch {
		case t == 0 || t == sqlparser.LEX_ERROR:
			return "", 0
		case t == sqlparser.OUTFILE, t == sqlparser.DUMPFILE, t == sqlparser.INFILE,
			bytes.EqualFold(word, []byte("load_file")):
			return "FILE", sql.PrivilegeType_File
		case first == sqlparser.SET && (t == sqlparser.GLOBAL || t == sqlparser.PERSIST || bytes.HasPrefix(bytes.ToLower(word), []byte("@@global"))):
			return "SUPER or SYSTEM_VARIABLES_ADMIN", sql.PrivilegeType_Super
		}
	}
}

// xaRecover lists prepared transactions: none, because the engine has no XA
// statement that could prepare one.
func (a *accounts) xaRecover(c *vitess.Conn) (*sqltypes.Result, error) {
	u := a.current(c)
	if u == nil || !u.PrivilegeSet.Has(sql.PrivilegeType_Super) && !u.PrivilegeSet.HasDynamic("xa_recover_admin") {
		return nil, vitess.NewSQLError(errXAFailed, "XAE03", "Error on XA RECOVER: you need the XA_RECOVER_ADMIN privilege")
	}
	var fields []*querypb.Field
	for _, name := range []string{"formatID", "gtrid_length", "bqual_length", "data"} {
		fields = append(fields, &querypb.Field{Name: name, Type: sqltypes.VarChar})
	}
	return &sqltypes.Result{Fields: fields}, nil
}

// renumber gives a statement that does not parse MySQL's number for it.
func renumber(query string, err error) error {
	e, ok := errors.AsType[*vitess.SQLError](err)
	if !ok || e.Num != vitess.ERUnknownError {
		return err
	}
	if _, perr := sqlparser.Parse(query); perr == nil {
		return err
	}
	return vitess.NewSQLError(vitess.ERParseError, "42000", "%s", e.Message)
}
