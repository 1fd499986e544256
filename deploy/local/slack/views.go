package slack

import "encoding/json"

func (s *Server) viewsOpen(c call) (object, error) {
	v, err := readView(c.arg("view"), inModal)
	if err != nil {
		return nil, err
	}
	if err := s.freeNameLocked(v, nil); err != nil {
		return nil, err
	}
	t, err := s.takeTriggerLocked(c.arg("trigger_id"))
	if err != nil {
		return nil, err
	}
	t.used = true
	s.closeAllLocked(t.user)
	return s.showLocked(v, t.user), nil
}

func (s *Server) viewsPush(c call) (object, error) {
	v, err := readView(c.arg("view"), inModal)
	if err != nil {
		return nil, err
	}
	if err := s.freeNameLocked(v, nil); err != nil {
		return nil, err
	}
	t, err := s.takeTriggerLocked(c.arg("trigger_id"))
	if err != nil {
		return nil, err
	}
	if t.view == "" || s.topLocked(t.user) == nil {
		return nil, fail("not_found")
	}
	if len(s.stacks[t.user]) >= maxStack {
		return nil, fail("push_limit_reached")
	}
	t.used = true
	return s.showLocked(v, t.user), nil
}

// showLocked lays a modal on top of a person's others.
func (s *Server) showLocked(v *view, user string) object {
	v.id, v.user = s.idLocked("V"), user
	v.root = v.id
	if top := s.topLocked(user); top != nil {
		v.previous, v.root = top.id, top.root
	}
	v.adopt(nil)
	s.views[v.id] = v
	s.stacks[user] = append(s.stacks[user], v.id)
	s.changedLocked()
	return object{"view": s.wireView(v)}
}

func (s *Server) topLocked(user string) *view {
	stack := s.stacks[user]
	if len(stack) == 0 {
		return nil
	}
	return s.views[stack[len(stack)-1]]
}

func (s *Server) closeTopLocked(user string) {
	stack := s.stacks[user]
	if len(stack) == 0 {
		return
	}
	delete(s.views, stack[len(stack)-1])
	s.stacks[user] = stack[:len(stack)-1]
	s.changedLocked()
}

func (s *Server) closeAllLocked(user string) {
	for len(s.stacks[user]) > 0 {
		s.closeTopLocked(user)
	}
}

// freeNameLocked refuses an external_id that another view has.
func (s *Server) freeNameLocked(v, replaced *view) error {
	id, _ := v.body["external_id"].(string)
	if other := s.externalLocked(id); other != nil && other != replaced {
		return fail("duplicate_external_id")
	}
	return nil
}

func (s *Server) externalLocked(id string) *view {
	for _, v := range s.views {
		if id != "" && v.body["external_id"] == id {
			return v
		}
	}
	return nil
}

func (s *Server) viewsUpdate(c call) (object, error) {
	old := s.views[c.arg("view_id")]
	if old == nil {
		old = s.externalLocked(c.arg("external_id"))
	}
	if old == nil {
		return nil, fail("not_found")
	}
	if hash := c.arg("hash"); hash != "" && hash != old.hash {
		return nil, fail("hash_conflict")
	}
	in := inModal
	if old.body["type"] == inHome.name {
		in = inHome
	}
	v, err := readView(c.arg("view"), in)
	if err != nil {
		return nil, err
	}
	if err := s.freeNameLocked(v, old); err != nil {
		return nil, err
	}
	return s.replaceLocked(old, v), nil
}

func (s *Server) replaceLocked(old, v *view) object {
	v.id, v.user, v.root, v.previous = old.id, old.user, old.root, old.previous
	v.adopt(old)
	s.views[v.id] = v
	s.changedLocked()
	return object{"view": s.wireView(v)}
}

func (s *Server) viewsPublish(c call) (object, error) {
	v, err := readView(c.arg("view"), inHome)
	if err != nil {
		return nil, err
	}
	user := c.arg("user_id")
	if s.userLocked(user) == nil {
		return nil, fail("user_not_found")
	}
	old := s.views[s.homes[user]]
	if old != nil {
		if hash := c.arg("hash"); hash != "" && hash != old.hash {
			return nil, fail("hash_conflict")
		}
		return s.replaceLocked(old, v), nil
	}
	v.id, v.user = s.idLocked("V"), user
	v.root = v.id
	v.adopt(nil)
	s.views[v.id], s.homes[user] = v, v.id
	s.changedLocked()
	return object{"view": s.wireView(v)}, nil
}

// OpenView is the modal that a person sees, as Slack would give it to the app;
// nil if there is none.
func (s *Server) OpenView(user string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.viewJSONLocked(s.topLocked(user))
}

// HomeView is a person's Home tab, nil before it was published.
func (s *Server) HomeView(user string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.viewJSONLocked(s.views[s.homes[user]])
}

func (s *Server) viewJSONLocked(v *view) json.RawMessage {
	if v == nil {
		return nil
	}
	raw, err := json.Marshal(s.wireView(v))
	if err != nil {
		return nil // it was made from JSON
	}
	return raw
}
