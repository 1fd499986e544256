package mysqlacct

import (
	"fmt"
	"strings"
)

// stored is an object that is stored with its DEFINER.
type stored struct {
	kind, database, name string
	// setting is a view's SQL SECURITY, of the others the sql_mode that they
	// were made in and run in.
	setting string
	// extra is a trigger's table, an event's status.
	extra string
}

func (o stored) object() string { return quoted(o.database) + "." + quoted(o.name) }

// takeOver is what the new owner of an object does, signed in as the account that
// it is to run as: whoever runs it is its DEFINER then. An administrator would
// lend it an administrator's rights. `…` is what SHOW CREATE has after the
// object's name.
//
// No server changes the DEFINER of a trigger or a routine in place. MariaDB
// replaces one; on MySQL it is dropped and made again, which loses the rights
// that others have on a routine, and a trigger's place among those of its table.
func (d dialect) takeOver(o stored) string {
	kind := strings.ToUpper(o.kind)
	create := " DEFINER = CURRENT_USER " + kind + " " + o.object()
	show, mode := "SHOW CREATE "+kind+" "+o.object()+"; ", "SET sql_mode = "+stringLiteral(o.setting)+"; "
	switch {
	case o.kind == "view":
		return show + "ALTER DEFINER = CURRENT_USER SQL SECURITY " + o.setting + " VIEW " + o.object() + " …"
	case o.kind == "event":
		return mode + "ALTER" + create + " " + status(o.extra)
	case d.mariadb:
		return show + mode + "CREATE OR REPLACE" + create + " …"
	case o.kind == "trigger":
		return show + mode + "LOCK TABLES " + quoted(o.database) + "." + quoted(o.extra) + " WRITE; DROP TRIGGER " + o.object() +
			"; CREATE" + create + " …; UNLOCK TABLES"
	default:
		return show + "SELECT User, Host, Proc_priv FROM mysql.procs_priv WHERE Db = " + stringLiteral(o.database) +
			" AND Routine_name = " + stringLiteral(o.name) + "; " + mode + "DROP " + kind + " " + o.object() + "; CREATE" + create +
			" …; and GRANT again what the SELECT said"
	}
}

// status is an event's status as ALTER EVENT takes it: nothing that its maker
// had turned off comes to life.
func status(is string) string {
	if is == "ENABLED" {
		return "ENABLE"
	}
	return "DISABLE"
}

// quoted is an identifier as a statement takes it. What is in it may be anything
// that somebody named an object.
func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// stringLiteral is a string as a statement takes it in any sql_mode: one with a
// backslash, which escapes in some of them, is written in hexadecimal.
func stringLiteral(text string) string {
	if strings.Contains(text, `\`) {
		return fmt.Sprintf("X'%x'", text)
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// listed is what of the objects is told, and how the account then goes.
func (a Account) listed(kept []Kept) []Kept {
	if len(kept) > mostKept {
		kept = append(kept[:mostKept:mostKept], Kept{Kind: "object", Name: fmt.Sprintf("%d more", len(kept)-mostKept), TakeOver: "the same"})
	}
	if len(kept) > 0 {
		kept[len(kept)-1].TakeOver += "; and when nothing names the account any more: DROP USER " + a.grantee()
	}
	return kept
}
