package mysql

import (
	"net"

	"github.com/dolthub/go-mysql-server/sql/mysql_db"
	vitess "github.com/dolthub/vitess/go/mysql"
)

// authServer adds to the engine's way of checking passwords what MySQL checks
// besides: REQUIRE SSL, MAX_USER_CONNECTIONS, and 1045 for a name or an address
// that no account has.
type authServer struct {
	vitess.AuthServer
	server *Server
}

func (s *Server) authServer(inner vitess.AuthServer) vitess.AuthServer {
	return authServer{inner, s}
}

// AuthMethods are the engine's, wrapped.
func (a authServer) AuthMethods() []vitess.AuthMethod {
	inner := a.AuthServer.AuthMethods()
	methods := make([]vitess.AuthMethod, len(inner))
	for i, m := range inner {
		methods[i] = authMethod{m, a.server}
	}
	return methods
}

type authMethod struct {
	vitess.AuthMethod
	server *Server
}

// HandleUser also takes up those whom nobody knows: the password check then
// refuses them as it refuses a wrong password.
func (m authMethod) HandleUser(c *vitess.Conn, user string) bool {
	if m.AuthMethod.HandleUser(c, user) {
		return true
	}
	_, known := m.server.accounts.match(user, remoteHost(c))
	return !known && m.Name() == vitess.MysqlNativePassword
}

// HandleAuthPluginData checks the password and then the account's rules.
func (m authMethod) HandleAuthPluginData(c *vitess.Conn, user string, challenge, response []byte, remote net.Addr) (vitess.Getter, error) {
	getter, err := m.AuthMethod.HandleAuthPluginData(c, user, challenge, response, remote)
	if err != nil {
		return nil, err
	}
	key, known := m.server.accounts.match(user, remoteHost(c))
	rules := m.server.accounts.rulesOf(key)
	switch {
	case !known, rules.requireTLS && !c.TLSEnabled():
		return nil, errDenied(user, remoteHost(c))
	case !m.server.conns.own(c, key, rules.maxConnections):
		return nil, vitess.NewSQLError(errTooManyOfUser, "42000",
			"User '%s' has exceeded the 'max_user_connections' resource (current value: %d)", user, rules.maxConnections)
	}
	// The engine names a connection in its process list only once a database
	// is chosen; until then nobody could find it by its user.
	m.server.engine.ProcessList.ConnectionReady(baseSession(c, user, m.server.Addr()))
	return getter, nil
}

// match is the account that a name and an address belong to.
func (a *accounts) match(user, host string) (key mysql_db.UserPrimaryKey, known bool) {
	rd := a.db.Reader()
	defer rd.Close()
	u := a.db.GetUser(rd, user, host, false)
	if u == nil {
		return key, false
	}
	return primaryKey(u), true
}
