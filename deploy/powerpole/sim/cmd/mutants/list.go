package main

// mutants are the guards that are removed, one at a time.
func mutants() []mutant {
	return []mutant{
		{"publish: FailedEntryCount is not looked at", "pkg/bus/publisher.go", "if result.FailedEntryCount == 0 {", "if true {"},
		{
			"bus: a handler's error is acknowledged", "pkg/bus/judge.go",
			"return verdict{action: comeBack, reason: failReason(err), backoff: true, err: err}", "return verdict{action: acknowledge, reason: failReason(err), err: err}",
		},
		{
			"bus: Later is acknowledged", "pkg/bus/judge.go",
			"return verdict{action: comeBack, reason: laterReason(err), after: later.after, err: err}", "return verdict{action: acknowledge, reason: laterReason(err), after: later.after, err: err}",
		},
		{"bus: a message that is here already is handled beside itself", "pkg/bus/flights.go", "if f, ok := t.byID[m.id]; ok {", "if f, ok := t.byID[m.id]; ok && f == nil {"},
		{"bus: no heartbeat", "pkg/bus/settle.go", "s.hides.add(hiding{flight: f, after: c.Visibility, heartbeat: true})", "_ = f"},
		{"bus: replayed events are handled", "pkg/bus/router.go", `if received.ReplayName != "" {`, "if false {"},
		{
			"store: no compare-and-set", "pkg/store/table.go",
			`cond := expression.Name("version").Equal(expression.Value(version))`, `cond := expression.Name("version").GreaterThanEqual(expression.Value(0))`,
		},
		{"store: an effect without a claim", "pkg/store/machine.go", "claimed, err := m.claim(ctx, r, a)", "claimed, err := r, error(nil)\n\tif a.Intent != nil {\n\t\ta.Intent(&claimed.State)\n\t}"},
		{"store: a claim that ran out is not resolved", "pkg/store/machine.go", "if r.Claim != nil && m.clock.Now().Before(r.Claim.Until) {", "if r.Claim != nil {"},
		{"store: a step that leaves a claim that ran out unresolved", "pkg/store/machine.go", "if r.Claim != nil && (s.act == nil || s.act.Resolves != r.Claim.Name) {", "if false {"},
		{"store: a live claim is not respected", "pkg/store/machine.go", "if r.Claim != nil && m.clock.Now().Before(r.Claim.Until) {", "if false {"},
		{
			"store: events are not owed by the record", "pkg/store/machine.go",
			"r.Owed = append(r.Owed, made...)\n\t_, err = m.table.save(ctx, r)\n\treturn err", "if _, err = m.table.save(ctx, r); err != nil {\n\t\treturn err\n\t}\n\treturn m.bus.Publish(ctx, made...)",
		},
		{"store: what is owed is swallowed", "pkg/store/machine.go", "if err := m.bus.Publish(ctx, r.Owed...); err != nil {", "if err := error(nil); err != nil {"},
		{"provisioner: a claimed launch is not looked for at the end", "services/provisioner/teardown.go", "case r.claimed() == launchClaim:\n\t\treturn s.find(r)\n\tcase len(standing) == 0 && r.Claim == nil:", "case len(standing) == 0:"},
		{"warrant: one of another request counts", "pkg/warrant/verifier.go", "errors.Join(w.check(), checkRequest(w.RequestID, requestID), v.checkIssued(w.IssuedAt),", "errors.Join(w.check(), v.checkIssued(w.IssuedAt),"},
		{"warrant: the signature is not checked", "pkg/warrant/verifier.go", "payload, err := jws.Verify(key)", "_ = key\n\tpayload, err := jws.UnsafePayloadWithoutVerification(), error(nil)"},
		{"provisioner: no tombstone", "services/provisioner/on_expired.go", "return func(st *State) { st.Expired = &end }", "if st.Order == nil {\n\t\t\treturn nil\n\t\t}\n\t\treturn func(st *State) { st.Expired = &end }"},
		{"provisioner: an address that is taken is handed out", "services/provisioner/state.go", "if l.Held && !accountGone {", "if l.Held && !accountGone && false {"},
		{"provisioner: not found is taken for asked", "services/provisioner/teardown.go", "case isNotFound(err) && young < showFor:", "case false:"},
		{"provisioner: a termination is not asked for again", "services/provisioner/teardown.go", "now.Sub(l.AskedAt) >= askAgain:", "false:"},
		{"grantor: grants without a stop", "services/grantor/decide.go", "case st.ArmedAt == nil:", "case false:"},
		{"grantor: no name claim", "services/grantor/state.go", "if s.Account == nil || s.Account.Removed {", "if true {"},
		{"grantor: the wished name though the server knows it", "services/grantor/choose.go", "if err != nil || !known {\n\t\t\treturn wish, err", "if true {\n\t\t\treturn wish, err"},
		{"grantor: not locked first", "services/grantor/mysqlacct/grant.go", `" ACCOUNT LOCK"`, `" ACCOUNT UNLOCK"`},
		{"grantor: what everybody has is not looked at", "services/grantor/mysqlacct/grant.go", "if more := without(everybody, p.Everybody); len(more) > 0 {", "if more := without(everybody, p.Everybody); len(more) < 0 {"},
		{"grantor: privileges are not read back", "services/grantor/mysqlacct/readback.go", "if len(more)+len(less) > 0 {", "if len(more)+len(less) < 0 {"},
		{"grantor: an undone grant after a crash is not undone", "services/grantor/decide_end.go", "case r.Claim == nil && !r.State.began():", "case r.State.Outcome == \"\":"},
		{"grantor: the secret stays", "services/grantor/remove.go", "if err := s.forget(ctx, id); err != nil {", "if err := error(nil); err != nil {"},
		{"approval: the same click counts twice", "services/approval/decide.go", "if among(q.Votes, c.By) {", "if false {"},
		{"approval: the requester may approve", "services/approval/decide.go", "if person.Same(identity(c.By), identity(q.Requester)) {", "if false {"},
		{"approval: what is decided is decided again", "services/approval/decide.go", "if q.Status != Requested {\n\t\treturn refuse(s.happened(q, c)), nil\n\t}\n\tif person", "if person"},
		{"approval: anybody may approve", "services/approval/decide.go", "may, no := s.permit(q, c, policy.Approve, q.Duration)\n\tif no != nil {", "may, no := s.permit(q, c, policy.Approve, q.Duration)\n\tif false {"},
		{"approval: any group is everybody's", "services/approval/people.go", "} else if slices.Contains(users, p.User) {", "} else if slices.Contains(users, p.User) || len(users) > 0 {"},
		{"approval: one vote is enough", "services/approval/decide.go", "if missing > 0 {", "if false {"},
		{"approval: slips are not checked", "services/approval/slip.go", "slip, err := s.Verifier.Slip(", "if true {\n\t\treturn false, nil\n\t}\n\tslip, err := s.Verifier.Slip("},
		{"approval: a post is not looked for", "services/approval/effects.go", "if begun != nil {\n\t\t\tts, err", "if false {\n\t\t\tts, err"},
		{"approval: a row is put over another", "pkg/store/log.go", "absent := expression.AttributeNotExists(expression.Name(hashKey))", "absent := expression.AttributeExists(expression.Name(hashKey)).Or(expression.AttributeNotExists(expression.Name(hashKey)))"},
		{"reaper: a stop out of its generation counts", "services/reaper/on_due.go", "stop.Generation != generation ||", ""},
		{"reaper: the end is not armed", "services/reaper/decide.go", "if st.unarmed() {", "if st.unarmed() && st.Lease == nil {"},
		{"reaper: later than end_by", "services/reaper/state.go", "if end.After(s.Terms.EndBy) {", "if false {"},
		{"reaper: a lease that begins again", "services/reaper/on_granted.go", "if st.Lease != nil || st.Ended != nil {", "if st.Ended != nil {"},
		{"reaper: the receipt without the schedules", "services/reaper/disarm.go", "n, err := s.clear(ctx, r.ID, st.names())", "n, err := 0, error(nil)"},
		{"reaper: a receipt without the account", "services/reaper/decide.go", "if st.Revoked == nil || st.Terminated == nil {", "if st.Terminated == nil {\n\t\t\treturn store.Done[State]()\n\t\t}\n\t\tif st.Revoked == nil {\n\t\t\tst.Revoked = &event.Revoked{Outcome: event.None, SeenAt: now, How: \"not looked\"}\n\t\t\tr.State = st\n\t\t}\n\t\tif false {"},
		{"notifier: edits are not repeated", "services/notifier/effects.go", "shown := func(now *State) { now.Shown = st.Rev }", "shown := func(now *State) { now.Shown = now.Rev + 1 }"},
	}
}

// needed are the mutants that must be caught: one for each guard that PowerPole
// rests on.
func needed() []string {
	return []string{
		"publish: FailedEntryCount is not looked at",
		"bus: a message that is here already is handled beside itself",
		"bus: no heartbeat",
		"bus: replayed events are handled",
		"store: no compare-and-set",
		"store: an effect without a claim",
		"store: a claim that ran out is not resolved",
		"store: events are not owed by the record",
		"warrant: one of another request counts",
		"provisioner: no tombstone",
		"grantor: no name claim",
		"grantor: not locked first",
		"grantor: privileges are not read back",
		"approval: any group is everybody's",
		"reaper: a stop out of its generation counts",
	}
}

// quick are mutants that are caught within a few seeds: that they are shows that
// the simulation still sees.
func quick() []string {
	return []string{
		"store: a claim that ran out is not resolved",
		"grantor: not locked first",
		"approval: any group is everybody's",
	}
}
