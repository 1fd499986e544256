package main

// mutants are the guards that are removed, one at a time. All of them must be
// caught. Of two guards that stand behind each other neither is missed, so
// neither is here: the machine refuses a step that leaves a claim which ran out
// (store.ErrUnresolved), and no decision makes one. So a teardown that did not
// look for a claimed launch would only be refused, until the message of that
// launch, or the sweep, has resolved it. And an instance that EC2 did not show yet
// when it was to end would be asked for again by the teardown or the sweep. Behind
// the looks of approval at who votes twice, or about a request of their own, stand
// the policy and the warrant, which is signed with neither. A lease that began again
// would begin as it did, and only be armed by the sweep. All of these are shown by
// tests of their own.
func mutants() []mutant {
	return []mutant{
		{"publish: FailedEntryCount is not looked at", 27, "pkg/bus/publisher.go", "if result.FailedEntryCount == 0 {", "if true {"},
		{
			"bus: a handler's error is acknowledged", 46, "pkg/bus/judge.go",
			"return verdict{action: comeBack, reason: failReason(err), backoff: true, err: err}", "return verdict{action: acknowledge, reason: failReason(err), err: err}",
		},
		{
			"bus: Later is acknowledged", 2, "pkg/bus/judge.go",
			"return verdict{action: comeBack, reason: laterReason(err), after: later.after, err: err}", "return verdict{action: acknowledge, reason: laterReason(err), after: later.after, err: err}",
		},
		{"bus: a message that is here already is handled beside itself", 29, "pkg/bus/flights.go", "if f, ok := t.byID[m.id]; ok {", "if f, ok := t.byID[m.id]; ok && f == nil {"},
		{"bus: no heartbeat", 4, "pkg/bus/settle.go", "s.hides.add(hiding{flight: f, after: c.Visibility, heartbeat: true})", "_ = f"},
		{"bus: replayed events are handled", 2, "pkg/bus/router.go", `if received.ReplayName != "" {`, "if false {"},
		{
			"store: no compare-and-set", 3, "pkg/store/table.go",
			`cond := expression.Name("version").Equal(expression.Value(version))`, `cond := expression.Name("version").GreaterThanEqual(expression.Value(0))`,
		},
		{"store: an effect without a claim", 27, "pkg/store/machine.go", "claimed, err := m.claim(ctx, r, a)", "claimed, err := r, error(nil)\n\tif a.Intent != nil {\n\t\ta.Intent(&claimed.State)\n\t}"},
		{"store: a claim that ran out is not resolved", 4, "pkg/store/machine.go", "if r.Claim != nil && m.clock.Now().Before(r.Claim.Until) {", "if r.Claim != nil {"},
		{"store: a live claim is not respected", 4, "pkg/store/machine.go", "if r.Claim != nil && m.clock.Now().Before(r.Claim.Until) {", "if false {"},
		{
			"store: events are not owed by the record", 22, "pkg/store/machine.go",
			"r.Owed = append(r.Owed, made...)\n\t_, err = m.table.save(ctx, r)\n\treturn err", "if _, err = m.table.save(ctx, r); err != nil {\n\t\treturn err\n\t}\n\treturn m.bus.Publish(ctx, made...)",
		},
		{"store: what is owed is swallowed", 2, "pkg/store/machine.go", "if err := m.bus.Publish(ctx, r.Owed...); err != nil {", "if err := error(nil); err != nil {"},
		{"warrant: one of another request counts", 16, "pkg/warrant/verifier.go", "errors.Join(w.check(), checkRequest(w.RequestID, requestID), v.checkIssued(w.IssuedAt),", "errors.Join(w.check(), v.checkIssued(w.IssuedAt),"},
		{"warrant: the signature is not checked", 32, "pkg/warrant/verifier.go", "payload, err := jws.Verify(key)", "_ = key\n\tpayload, err := jws.UnsafePayloadWithoutVerification(), error(nil)"},
		{"provisioner: no tombstone", 12, "services/provisioner/on_expired.go", "return func(st *State) { st.Expired = &end }", "if st.Order == nil {\n\t\t\treturn nil\n\t\t}\n\t\treturn func(st *State) { st.Expired = &end }"},
		{"provisioner: an address that is taken is handed out", 143, "services/provisioner/state.go", "if l.Held && !accountGone {", "if l.Held && !accountGone && false {"},
		{"provisioner: a replaced bastion is not asked for again", 304, "services/provisioner/on_sweep_due.go", "st.Expired == nil && forgotten >= 0:", "st.Expired == nil && forgotten >= 0 && false:"},
		{"provisioner: a termination is not asked for again", 9, "services/provisioner/teardown.go", "now.Sub(l.AskedAt) >= askAgain:", "false:"},
		{"provisioner: live sessions are not ended", 1, "services/provisioner/teardown.go", "case sessions && !(mayGo && stuck(r)):", "case false:"},
		{"provisioner: a session that comes after the end stays", 102, "services/provisioner/teardown.go", "again := !mayGo && !now.Before(st.SessionsAt.Add(waitStep))", "again := false"},
		{"grantor: grants without a stop", 19, "services/grantor/decide.go", "case st.ArmedAt == nil:", "case false:"},
		{"grantor: Armed is not taken after InstanceReady", 67, "services/grantor/on_armed.go", "if r.State.ArmedAt != nil || r.State.End != nil {", "if r.State.ArmedAt != nil || r.State.End != nil || r.State.Ready != nil {"},
		{"grantor: no name claim", 24, "services/grantor/state.go", "if s.Account == nil || s.Account.Removed {", "if true {"},
		{"grantor: the wished name though the server knows it", 3, "services/grantor/choose.go", "if err != nil || !known {\n\t\t\treturn wish, err", "if err != nil || known || !known {\n\t\t\treturn wish, err"},
		{"grantor: not locked first", 2, "services/grantor/mysqlacct/grant.go", `" ACCOUNT LOCK"`, `" ACCOUNT UNLOCK"`},
		{"grantor: what everybody has is not looked at", 3, "services/grantor/mysqlacct/grant.go", "if more := without(everybody, p.Everybody); len(more) > 0 {", "if more := without(everybody, p.Everybody); len(more) < 0 {"},
		{"grantor: privileges are not read back", 19, "services/grantor/mysqlacct/readback.go", "if len(more)+len(less) > 0 {", "if len(more)+len(less) < 0 {"},
		{"grantor: an undone grant after a crash is not undone", 6, "services/grantor/decide_end.go", "case r.Claim == nil && !r.State.began():", "case r.State.Outcome == \"\":"},
		{"grantor: the secret stays", 2, "services/grantor/remove.go", "if err := s.forget(ctx, id); err != nil {", "if err := error(nil); err != nil {"},
		{"grantor: an end needs Secrets Manager", 1, "services/grantor/connect.go", "if err != nil && ctx.Err() == nil {", "if err != nil && ctx.Err() == nil && false {"},
		{"approval: what is decided is decided again", 22, "services/approval/decide.go", "if q.Status != Requested {\n\t\treturn refuse(s.happened(q, c)), nil\n\t}\n\tif person", "if person"},
		{"approval: anybody may approve", 13, "services/approval/decide.go", "may, no := s.permit(q, c, policy.Approve, q.Duration)\n\tif no != nil {", "may, no := s.permit(q, c, policy.Approve, q.Duration)\n\tif false {"},
		{"approval: any group is everybody's", 26, "services/approval/people.go", "} else if slices.Contains(users, p.User) {", "} else if slices.Contains(users, p.User) || len(users) > 0 {"},
		{"approval: one vote is enough", 6, "services/approval/decide.go", "if missing > 0 {", "if false {"},
		{"approval: slips are not checked", 92, "services/approval/slip.go", "slip, err := s.Verifier.Slip(", "if true {\n\t\treturn false, nil\n\t}\n\tslip, err := s.Verifier.Slip("},
		{"approval: a post is not looked for", 72, "services/approval/effects.go", "if begun != nil {\n\t\t\tts, err", "if false {\n\t\t\tts, err"},
		{"approval: a row is put over another", 16, "pkg/store/log.go", "absent := expression.AttributeNotExists(expression.Name(hashKey))", "absent := expression.AttributeExists(expression.Name(hashKey)).Or(expression.AttributeNotExists(expression.Name(hashKey)))"},
		{"reaper: a stop out of its generation counts", 51, "services/reaper/on_due.go", "stop.Generation != generation ||", ""},
		{"reaper: the end is not armed", 6, "services/reaper/decide.go", "if st.unarmed() {", "if st.unarmed() && st.Lease == nil {"},
		{"reaper: later than end_by", 3, "services/reaper/state.go", "if end.After(s.Terms.EndBy) {", "if false {"},
		{"reaper: the receipt without the schedules", 4, "services/reaper/disarm.go", "n, err := s.clear(ctx, r.ID, st.names())", "n, err := 0, error(nil)"},
		{"reaper: a receipt without the account", 12, "services/reaper/decide.go", "if st.Revoked == nil || st.Terminated == nil {", "if st.Terminated == nil {\n\t\t\treturn store.Done[State]()\n\t\t}\n\t\tif st.Revoked == nil {\n\t\t\tst.Revoked = &event.Revoked{Outcome: event.None, SeenAt: now, How: \"not looked\"}\n\t\t\tr.State = st\n\t\t}\n\t\tif false {"},
		{"reaper: nobody is warned", 1, "services/reaper/decide.go", "return store.Move(warning(st.end(), now))", "t := warning(st.end(), now)\n\t\tt.Emit = nil\n\t\treturn store.Move(t)"},
		{"reaper: nobody is told that a receipt is missing", 1, "services/reaper/on_sweep_due.go", "case s.receiptMissing(now):", "case false:"},
		{"notifier: edits are not repeated", 1, "services/notifier/effects.go", "shown := func(now *State) { now.Shown = st.Rev }", "shown := func(now *State) { now.Shown = now.Rev + 1 }"},
	}
}
