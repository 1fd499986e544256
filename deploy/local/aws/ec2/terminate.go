package ec2

import "encoding/xml"

type terminateInput struct {
	InstanceIDs []string `form:"InstanceId"`
}

type terminateOutput struct {
	XMLName xml.Name         `xml:"TerminateInstancesResponse"`
	Changes []stateChangeXML `xml:"instancesSet>item"`
}

type stateChangeXML struct {
	ID       string   `xml:"instanceId"`
	Current  stateXML `xml:"currentState"`
	Previous stateXML `xml:"previousState"`
}

// terminateInstances ends all or, where one id is bad, none.
func (s *Server) terminateInstances(in *terminateInput) (any, error) {
	if len(in.InstanceIDs) == 0 {
		return nil, missing("InstanceId")
	}
	s.mu.Lock()
	out, changes, err := s.terminateAll(in.InstanceIDs)
	s.mu.Unlock()
	s.tell(changes)
	return out, err
}

func (s *Server) terminateAll(ids []string) (any, []change, error) {
	found, err := s.find(ids)
	if err != nil {
		return nil, nil, err
	}
	out := &terminateOutput{}
	var changes []change
	for _, i := range found {
		before := i.State
		changes = append(changes, s.end(i, byCall)...)
		out.Changes = append(out.Changes, stateChangeXML{i.ID, stateOf(i.State), stateOf(before)})
	}
	return out, changes, nil
}
