package slack

import (
	"slices"
	"strings"
	"time"
)

// person is a user as Slack gives one to an app.
func (s *Server) person(u *User, locale bool) object {
	o := object{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted,
		"is_admin": u.IsAdmin, "is_owner": false, "is_bot": u.IsBot, "is_app_user": false,
		"is_restricted": u.IsRestricted, "is_ultra_restricted": false, "is_stranger": u.IsStranger, "updated": 1700000000,
		"tz": u.TZ, "tz_label": u.TZ, "tz_offset": offset(u.TZ), "profile": s.profile(u),
	}
	if locale {
		o["locale"] = u.Locale
	}
	if s.opts.Enterprise.ID != "" && !u.IsStranger {
		o["enterprise_user"] = object{
			"id": u.ID, "enterprise_id": s.opts.Enterprise.ID, "enterprise_name": s.opts.Enterprise.Name, "teams": []string{u.TeamID},
		}
	}
	return o
}

// profile shows the e-mail to those who have the scope for it.
func (s *Server) profile(u *User) object {
	first, last, _ := strings.Cut(u.RealName, " ")
	p := object{
		"real_name": u.RealName, "real_name_normalized": u.RealName, "display_name": u.Name, "display_name_normalized": u.Name,
		"first_name": first, "last_name": last, "team": u.TeamID,
	}
	if s.scope("users:read.email") == nil && !u.IsBot {
		p["email"] = u.Email
	}
	return p
}

func offset(tz string) int {
	zone, err := time.LoadLocation(tz)
	if err != nil {
		return 0
	}
	_, seconds := time.Now().In(zone).Zone()
	return seconds
}

func (s *Server) userInfo(c call) (object, error) {
	u := s.userLocked(c.arg("user"))
	if u == nil {
		return nil, fail("user_not_found")
	}
	return object{"user": s.person(u, c.flag("include_locale"))}, nil
}

// userByEmail does not find those who have left.
func (s *Server) userByEmail(c call) (object, error) {
	for _, u := range s.users {
		if u.Email != "" && !u.Deleted && strings.EqualFold(u.Email, c.arg("email")) {
			return object{"user": s.person(u, false)}, nil
		}
	}
	return nil, fail("users_not_found")
}

func (s *Server) usersList(c call) (object, error) {
	part, next, err := page(s.users, c, 999)
	if err != nil {
		return nil, err
	}
	members := make([]object, len(part))
	for i, u := range part {
		members[i] = s.person(u, c.flag("include_locale"))
	}
	return object{"members": members, "cache_ts": time.Now().Unix(), "response_metadata": object{"next_cursor": next}}, nil
}

func (s *Server) userProfile(c call) (object, error) {
	u := s.userLocked(c.arg("user"))
	if u == nil {
		return nil, fail("user_not_found")
	}
	return object{"profile": s.profile(u)}, nil
}

func (s *Server) groupsList(c call) (object, error) {
	groups := make([]object, len(s.groups))
	for i, g := range s.groups {
		groups[i] = object{
			"id": g.ID, "team_id": s.opts.Team.ID, "is_usergroup": true, "name": g.Name, "handle": g.Handle,
			"date_delete": 0, "user_count": len(g.Users),
		}
		if c.flag("include_users") {
			groups[i]["users"] = slices.Clone(g.Users)
		}
	}
	return object{"usergroups": groups}, nil
}

func (s *Server) groupUsers(c call) (object, error) {
	for _, g := range s.groups {
		if g.ID == c.arg("usergroup") {
			return object{"users": slices.Clone(g.Users)}, nil
		}
	}
	return nil, fail("no_such_subteam")
}
