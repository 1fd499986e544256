package slack

import (
	"slices"
	"strings"
)

// Team is a workspace.
type Team struct{ ID, Name, Domain string }

// Enterprise is an organisation of workspaces.
type Enterprise struct{ ID, Name string }

// User is somebody in the workspace. TZ is a name such as Asia/Tokyo, Locale
// one such as ja-JP. IsStranger is somebody of another organisation, seen
// through a shared channel.
type User struct {
	ID           string `json:"id"`
	TeamID       string `json:"team_id"`
	Name         string `json:"name"`
	RealName     string `json:"real_name"`
	Email        string `json:"email"`
	TZ           string `json:"tz"`
	Locale       string `json:"locale"`
	IsAdmin      bool   `json:"is_admin"`
	IsBot        bool   `json:"is_bot"`
	IsRestricted bool   `json:"is_restricted"`
	IsStranger   bool   `json:"is_stranger"`
	Deleted      bool   `json:"deleted"`
}

// Channel is a conversation. The app is in it if AppIsMember; a direct message
// has IM and one other member.
type Channel struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Private     bool     `json:"private"`
	IM          bool     `json:"im"`
	AppIsMember bool     `json:"app_is_member"`
	Members     []string `json:"members"`
}

// UserGroup is a group that can be mentioned.
type UserGroup struct {
	ID     string   `json:"id"`
	Handle string   `json:"handle"`
	Name   string   `json:"name"`
	Users  []string `json:"users"`
}

// DefaultUsers are the people of the sample company: a requester, two approvers,
// an operator, an administrator, a contractor who is a guest, a stranger of
// another organisation, somebody who has left, and a bot.
func DefaultUsers(team string) []User {
	user := func(id, name, real, locale string) User {
		tz := "Asia/Tokyo"
		if locale != "ja-JP" {
			tz = "Europe/London"
		}
		return User{ID: id, TeamID: team, Name: name, RealName: real, Email: name + "@nimbus.example", TZ: tz, Locale: locale}
	}
	users := []User{
		user("U0TARO", "taro.yamada", "Taro Yamada", "ja-JP"),
		user("U0HANAKO", "hanako.sato", "Hanako Sato", "ja-JP"),
		user("U0KEN", "ken.suzuki", "Ken Suzuki", "ja-JP"),
		user("U0EMMA", "emma.clark", "Emma Clark", "en-GB"),
		user("U0OLIVER", "oliver.reed", "Oliver Reed", "en-US"),
		user("U0GUEST", "jiro.tanaka", "Jiro Tanaka (contractor)", "ja-JP"),
		user("U0STRANGER", "mia.wong", "Mia Wong", "en-US"),
		user("U0LEFT", "yuki.mori", "Yuki Mori", "ja-JP"),
		user("U0DEPLOYBOT", "deploybot", "Deploy Bot", "en-US"),
	}
	users[4].IsAdmin = true
	users[5].IsRestricted, users[5].Email = true, "jiro@contractor.example"
	users[6].IsStranger, users[6].TeamID, users[6].Email = true, "T0OTHER", "mia.wong@partner.example"
	users[7].Deleted = true
	users[8].IsBot = true
	return users
}

// DefaultChannels are a channel for approvals of each sample database and one
// for everybody, in which the app is not.
func DefaultChannels() []Channel {
	everybody := []string{"U0TARO", "U0HANAKO", "U0KEN", "U0EMMA", "U0OLIVER", "U0GUEST", "U0STRANGER"}
	return []Channel{
		{ID: "C0SHOPDB", Name: "db-shop", AppIsMember: true, Members: everybody[:5]},
		{ID: "C0BILLINGDB", Name: "db-billing", AppIsMember: true, Private: true, Members: everybody[1:5]},
		{ID: "C0OPS", Name: "ops", AppIsMember: true, Members: everybody[:6]},
		{ID: "C0GENERAL", Name: "general", Members: everybody},
	}
}

// DefaultUserGroups are the approvers of the sample databases.
func DefaultUserGroups() []UserGroup {
	return []UserGroup{
		{ID: "S0DBA", Handle: "dba", Name: "Database administrators", Users: []string{"U0HANAKO", "U0KEN"}},
		{ID: "S0ONCALL", Handle: "oncall", Name: "On call", Users: []string{"U0EMMA", "U0KEN"}},
	}
}

// SetUser adds a user or replaces the one with that id.
func (s *Server) SetUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.TeamID == "" {
		u.TeamID = s.opts.Team.ID
	}
	s.users = upsert(s.users, &u, func(u *User) string { return u.ID })
	s.changedLocked()
}

// SetChannel adds a channel or replaces the one with that id.
func (s *Server) SetChannel(c Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Members = slices.Clone(c.Members)
	s.channels = upsert(s.channels, &c, func(c *Channel) string { return c.ID })
	s.changedLocked()
}

// SetUserGroup adds a user group or replaces the one with that id.
func (s *Server) SetUserGroup(g UserGroup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g.Users = slices.Clone(g.Users)
	s.groups = upsert(s.groups, &g, func(g *UserGroup) string { return g.ID })
	s.changedLocked()
}

func upsert[T any](all []*T, one *T, id func(*T) string) []*T {
	for i, other := range all {
		if id(other) == id(one) {
			all[i] = one
			return all
		}
	}
	return append(all, one)
}

// Users are all users but the app's own, in the order they were added.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []User
	for _, u := range s.users {
		if u.ID != botUser {
			all = append(all, *u)
		}
	}
	return all
}

// Channels are all conversations, direct messages included.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Channel, len(s.channels))
	for i, c := range s.channels {
		all[i] = *c
		all[i].Members = slices.Clone(c.Members)
	}
	return all
}

// DirectMessage is the id of the app's conversation with a user, "" before
// there is one.
func (s *Server) DirectMessage(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.imLocked(user); c != nil {
		return c.ID
	}
	return ""
}

func (s *Server) imLocked(user string) *Channel {
	for _, c := range s.channels {
		if c.IM && c.Members[0] == user {
			return c
		}
	}
	return nil
}

func (s *Server) openIMLocked(user string) *Channel {
	if c := s.imLocked(user); c != nil {
		return c
	}
	c := &Channel{ID: s.idLocked("D"), IM: true, Private: true, AppIsMember: true, Members: []string{user}}
	s.channels = append(s.channels, c)
	return c
}

func (s *Server) userLocked(id string) *User {
	for _, u := range s.users {
		if u.ID == id {
			return u
		}
	}
	return nil
}

// channelLocked finds a channel by its id or its name with a leading #.
func (s *Server) channelLocked(id string) *Channel {
	for _, c := range s.channels {
		if c.ID == id || c.Name != "" && c.Name == strings.TrimPrefix(id, "#") {
			return c
		}
	}
	return nil
}
