package web

import (
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/powerpole/powerpole/deploy/local/slack"
)

// personCookie holds who the browser acts as.
const personCookie = "powerpole_person"

// The two places of a workspace that are no channel with a fixed id.
const (
	directMessage = "dm"
	homeTab       = "home"
)

// channelLink is a channel in the list. Last tells new messages from old ones.
type channelLink struct {
	ID, Name, Kind, Last string
	Open                 bool
}

// personLink is a person in the list.
type personLink struct {
	ID, Name, Note string
	Current        bool
}

// workspace is what one person sees of Slack.
type workspace struct {
	Person   slack.User
	People   []personLink
	Channels []channelLink
	Open     channelLink
	Messages []message
	Home     []block
}

// person is who the browser acts as: the first of all unless it says otherwise.
func (s *Server) person(r *http.Request) slack.User {
	people := s.people()
	if c, err := r.Cookie(personCookie); err == nil {
		for _, u := range people {
			if u.ID == c.Value {
				return u
			}
		}
	}
	if len(people) == 0 {
		return slack.User{}
	}
	return people[0]
}

// people are those who can use the workspace.
func (s *Server) people() []slack.User {
	return slices.DeleteFunc(s.opts.Slack.Users(), func(u slack.User) bool { return u.Deleted || u.IsBot })
}

func (s *Server) workspace(r *http.Request) workspace {
	me := s.person(r)
	w := workspace{Person: me, Channels: s.channels(me.ID)}
	for _, u := range s.people() {
		w.People = append(w.People, personLink{u.ID, u.RealName, note(u), u.ID == me.ID})
	}
	w.Open = w.pick(r.FormValue("channel"))
	for i := range w.Channels {
		w.Channels[i].Open = w.Channels[i].ID == w.Open.ID
	}
	m := s.markup(me)
	if w.Open.ID == homeTab {
		home, err := m.home(s.opts.Slack.HomeView(me.ID))
		if err != nil {
			s.opts.Log.Error("reading a Home tab", "error", err)
		}
		w.Home = home
		return w
	}
	for _, one := range s.opts.Slack.Messages(me.ID, s.channelID(me.ID, w.Open.ID)) {
		w.Messages = append(w.Messages, s.message(m, me, one))
	}
	return w
}

func note(u slack.User) string {
	switch {
	case u.IsAdmin:
		return "administrator"
	case u.IsRestricted:
		return "guest"
	case u.IsStranger:
		return "another company"
	}
	return ""
}

// pick is the channel that was asked for, or the first.
func (w workspace) pick(id string) channelLink {
	for _, c := range w.Channels {
		if c.ID == id {
			return c
		}
	}
	return w.Channels[0]
}

// channels are the places that a person can open, the app's direct message and
// Home tab last.
func (s *Server) channels(user string) []channelLink {
	var out []channelLink
	for _, c := range s.opts.Slack.Channels() {
		if c.IM || !slices.Contains(c.Members, user) {
			continue
		}
		kind := "channel"
		if c.Private {
			kind = "private"
		}
		out = append(out, channelLink{ID: c.ID, Name: c.Name, Kind: kind, Last: s.last(user, c.ID)})
	}
	return append(out,
		channelLink{ID: directMessage, Name: "PowerPole", Kind: "app", Last: s.last(user, s.opts.Slack.DirectMessage(user))},
		channelLink{ID: homeTab, Name: "Home", Kind: "home"},
	)
}

// last is the mark of the newest message that a user sees in a channel.
func (s *Server) last(user, channel string) string {
	all := s.opts.Slack.Messages(user, channel)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1].TS
}

// channelID is Slack's id for what the page calls a channel.
func (s *Server) channelID(user, id string) string {
	if id == directMessage {
		return s.opts.Slack.DirectMessage(user)
	}
	return id
}

// typing is the channel in which a person types a command: the open one, or
// their first where that takes none.
func (s *Server) typing(user, id string) string {
	if id != homeTab {
		if open := s.channelID(user, id); open != "" {
			return open
		}
	}
	return s.channels(user)[0].ID
}

func (s *Server) markup(reader slack.User) markup {
	people, channels := s.opts.Slack.Users(), s.opts.Slack.Channels()
	zone, err := time.LoadLocation(reader.TZ)
	if err != nil {
		zone = time.UTC // this machine knows no zones
	}
	return markup{
		zone: zone,
		person: func(id string) string {
			if i := slices.IndexFunc(people, func(u slack.User) bool { return u.ID == id }); i >= 0 {
				return people[i].RealName
			}
			return id
		},
		channel: func(id string) string {
			if i := slices.IndexFunc(channels, func(c slack.Channel) bool { return c.ID == id }); i >= 0 {
				return channels[i].Name
			}
			return id
		},
	}
}

func (s *Server) message(m markup, reader slack.User, one slack.Message) message {
	known := slices.ContainsFunc(s.people(), func(u slack.User) bool { return u.ID == one.User })
	out := message{
		Author: "PowerPole", App: !known, Mine: one.User == reader.ID, TS: one.TS, Time: slack.TimeOf(one.TS).In(m.zone),
		OnlyYou: one.EphemeralTo != "", Edited: one.EditedTS != "",
	}
	if known {
		out.Author = m.person(one.User)
	}
	var blocks []kitBlock
	if json.Unmarshal(one.Blocks, &blocks) == nil && len(blocks) > 0 {
		out.Blocks = m.draw(place{channel: one.Channel, ts: one.TS}, blocks, nil)
		return out
	}
	out.Text = template.HTML(m.html(one.Text))
	return out
}

// modal is the open modal, unless the browser shows it already.
func (s *Server) modal(r *http.Request) (any, error) {
	v, err := s.modalOf(s.person(r).ID, nil)
	if err != nil {
		return nil, err
	}
	hash := ""
	if v != nil {
		hash = v.Hash
	}
	if r.URL.Query().Has("hash") && r.FormValue("hash") == hash {
		return nil, errUnchanged
	}
	return v, nil
}

func (s *Server) modalOf(user string, problems map[string]string) (*modalView, error) {
	return s.markup(slack.User{ID: user}).modal(s.opts.Slack.OpenView(user), problems)
}
