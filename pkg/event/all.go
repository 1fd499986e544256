package event

import "errors"

// All returns the registry of every kind that PowerPole knows. Its error means
// that two kinds collide and nothing may start.
func All() (*Registry, error) {
	r := NewRegistry()
	from := func(s ...Source) []Source { return s }
	owners := from(Approval, Provisioner, Grantor, Notifier, Reaper)
	err := errors.Join(
		Register[RequestCreated](r, "somebody asked", from(Intake)),
		Register[ActionSubmitted](r, "what a person wants; not yet so", from(Intake)),
		Register[HomeOpened](r, "somebody looks at the Home tab", from(Intake), NoRequest()),
		Register[CredentialsAsked](r, "somebody asks to see the credentials", from(Intake)),
		Register[PersonChanged](r, "somebody was deactivated or changed in Slack", from(Intake), NoRequest()),

		Register[Voted](r, "one person's decision was taken or refused", from(Approval)),
		Register[Approved](r, "the decision, as a warrant", from(Approval)),
		Register[Denied](r, "refused by a person or by policy", from(Approval)),
		Register[Cancelled](r, "taken back by the requester", from(Approval)),
		Register[Lapsed](r, "nobody answered in time", from(Approval)),
		Register[Extended](r, "permission for more time; not yet so", from(Approval)),
		Register[Released](r, "end it now", from(Approval)),

		Register[InstanceReady](r, "the bastion is up and a session can start", from(Provisioner)),
		Register[ProvisionFailed](r, "no bastion could be built", from(Provisioner)),
		Register[InstanceLost](r, "the bastion went away by itself", from(Provisioner)),
		Register[InstanceTerminated](r, "the bastion was seen terminated, or there was none", from(Provisioner)),
		Register[Overdue](r, "something is past its end or of no record", from(Provisioner, Grantor)),

		Register[Granted](r, "the account works", from(Grantor)),
		Register[GrantFailed](r, "no account; nothing usable was left behind", from(Grantor)),
		Register[Revoked](r, "the account is gone and no connection is left, read back", from(Grantor)),

		Register[Armed](r, "a stop is in the scheduler", from(Reaper)),
		Register[Expiring](r, "the warning", from(Reaper)),
		Register[Expired](r, "the end; the only way to a teardown", from(Reaper)),
		Register[Reaped](r, "the receipt", from(Reaper)),
		Register[ExtensionRefused](r, "an extension came after the end and loses", from(Reaper)),

		Register[Alarmed](r, "something that a person must look at", Sources(), NoRequest()),

		Register[PendingDue](r, "nobody has decided in time", from(Approval), Private()),
		Register[StartDue](r, "the account must exist by now", from(Reaper), Private()),
		Register[WarningDue](r, "the end is near", from(Reaper), Private()),
		Register[EndDue](r, "check whether this is the end", from(Reaper), Private()),
		Register[SweepDue](r, "look after what you made", owners, Private(), NoRequest()),

		Register[InstanceStateChanged](r, "EC2's own hint, for everybody's instances", from(EC2), NoRequest()),
	)
	if err != nil {
		return nil, err
	}
	return r, nil
}
