package slack

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// maxStack is how many modals may lie on each other.
const maxStack = 3

// triggerLife is how long a trigger can open a modal.
const triggerLife = 3 * time.Second

// trigger is what lets an app open a modal for somebody, once.
type trigger struct {
	user    string
	expires time.Time
	used    bool
	view    string // the modal it came from
}

func (s *Server) triggerLocked(user, fromView string) string {
	id := fmt.Sprintf("%d.%s", time.Now().UnixNano(), secret())
	s.triggers[id] = &trigger{user: user, expires: time.Now().Add(triggerLife), view: fromView}
	return id
}

// takeTriggerLocked uses a trigger up. One that failed for the view's sake can
// be tried again, so it is called last.
func (s *Server) takeTriggerLocked(id string) (*trigger, error) {
	t := s.triggers[id]
	switch {
	case t == nil:
		return nil, fail("invalid_trigger_id")
	case t.used:
		return nil, fail("exchanged_trigger_id")
	case time.Now().After(t.expires):
		return nil, fail("expired_trigger_id")
	}
	return t, nil
}

// view is a modal or a Home tab.
type view struct {
	id, user, hash string
	root, previous string
	body           object // as the app gave it, with ids
	blocks         []object
	state          map[string]map[string]object
	// suggested are the options of external selects that the person has been
	// shown, by block and action.
	suggested map[string][]object
}

// viewLimits are the longest texts of a view's fields.
var viewLimits = map[string]int{"private_metadata": 3000, "callback_id": 255, "external_id": 255}

// readView checks a view against Block Kit's limits.
func readView(raw string, in surface) (*view, error) {
	var body object
	if err := json.Unmarshal([]byte(raw), &body); err != nil || body == nil {
		return nil, fail("invalid_arguments", "must provide an object [json-pointer:/view]")
	}
	k := &checker{in: in, ids: map[string]bool{}}
	if body["type"] != in.name {
		k.wrong("/view/type", "must be %s", in.name)
	}
	for field, most := range viewLimits {
		if body[field] != nil {
			k.length("/view/"+field, body[field], 0, most)
		}
	}
	rest, err := json.Marshal(body["blocks"])
	if err != nil {
		return nil, fail("invalid_arguments", err.Error())
	}
	var blocks []object
	if json.Unmarshal(rest, &blocks) != nil {
		k.wrong("/view/blocks", "must provide an array")
	}
	k.blocks(blocks)
	if in == inModal {
		k.modal(body, blocks)
	}
	if len(k.problems) > 0 {
		return nil, fail("invalid_arguments", k.problems...)
	}
	body["blocks"] = blocks
	return &view{body: body, blocks: blocks}, nil
}

func (k *checker) modal(body object, blocks []object) {
	k.text("/view/title", body["title"], 24, true)
	for _, field := range []string{"submit", "close"} {
		if body[field] != nil {
			k.text("/view/"+field, body[field], 24, true)
		}
	}
	for _, b := range blocks {
		if b["type"] == "input" && body["submit"] == nil {
			k.wrong("/view/submit", "missing required field: submit")
			return
		}
	}
}

// adopt takes over what the person has put into the view that this one
// replaces; nil begins with the initial values.
func (v *view) adopt(old *view) {
	v.hash = fmt.Sprintf("%d.%s", time.Now().UnixNano(), rand.Text()[:8])
	v.state = map[string]map[string]object{}
	v.suggested = map[string][]object{}
	if old != nil {
		maps.Copy(v.suggested, old.suggested)
	}
	for _, p := range elementsOf(v.blocks) {
		name, _ := p.element["type"].(string)
		if kinds[name].field == "" {
			continue
		}
		if v.state[p.blockID] == nil {
			v.state[p.blockID] = map[string]object{}
		}
		state := initialState(name, p.element)
		if old != nil && old.state[p.blockID][p.id]["type"] == name {
			state = old.state[p.blockID][p.id]
		}
		v.state[p.blockID][p.id] = state
	}
}

func initialState(name string, element object) object {
	k := kinds[name]
	state := object{"type": name, k.field: element[k.initial]}
	if state[k.field] == nil && k.several {
		state[k.field] = []any{}
	}
	return state
}

// wire is the view as Slack gives it to an app.
func (s *Server) wireView(v *view) object {
	o := maps.Clone(v.body)
	maps.Copy(o, object{
		"id": v.id, "team_id": s.opts.Team.ID, "hash": v.hash, "state": object{"values": v.state},
		"root_view_id": v.root, "previous_view_id": nil, "app_id": appID, "bot_id": botID, "app_installed_team_id": s.opts.Team.ID,
	})
	if v.previous != "" {
		o["previous_view_id"] = v.previous
	}
	for _, field := range []string{"private_metadata", "callback_id", "external_id"} {
		if o[field] == nil {
			o[field] = ""
		}
	}
	for _, field := range []string{"clear_on_close", "notify_on_close"} {
		if o[field] == nil {
			o[field] = false
		}
	}
	return o
}
