package event_test

import (
	"net/netip"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

var (
	someTime = time.Date(2026, 11, 23, 6, 0, 0, 123e6, time.UTC)
	taro     = event.Person{
		Enterprise: "E01", Team: "T01", User: "U0TARO", Email: "taro@example.com", Name: "Taro Yamada",
		Locale: "ja-JP", TimeZone: "Asia/Tokyo",
	}
	ask = event.Ask{
		Requester: taro, Cluster: "shop-prod", Databases: []string{"shop"}, Tables: []string{"shop.orders"},
		Role: "read", Duration: event.Duration(90 * time.Minute), Reason: "look into a complaint", Ticket: "OPS-42",
	}
	message    = event.Message{Channel: "C01", TS: "1763877600.000100"}
	terminated = event.InstanceTerminated{
		Outcome: event.Gone, InstanceID: "i-0abc", Sessions: 1, SeenAt: someTime, How: "DescribeInstances said terminated",
	}
	revoked = event.Revoked{
		Outcome: event.Parked, Cluster: "shop-prod", User: "taro_7f3a", Host: "10.0.0.9", Killed: 2,
		Looks:    []event.InstanceLook{{Instance: "shop-1", Account: "locked", Killed: 2, Sessions: 1, Rollbacks: 1, SeenAt: someTime}},
		Kept:     []event.Kept{{Kind: "view", Name: "shop.v", TakeOver: "ALTER DEFINER='root'@'%' VIEW shop.v AS SELECT 1"}},
		Prepared: []event.Prepared{{XID: "'x'", End: "XA ROLLBACK 'x'"}}, SecretDeleted: true, SeenAt: someTime, How: "read back",
	}
)

// samples has one of each type, with every field set.
func samples() []event.Data {
	return []event.Data{
		event.RequestCreated{Ask: ask, Digest: "sha256:00", Slip: "slip"},
		event.ActionSubmitted{
			Action: event.Extend, By: taro, Message: message, Comment: "please", Extra: event.Duration(time.Hour),
			Digest: "sha256:00", ActionTS: "1763877601.000200", Slip: "slip",
		},
		event.HomeOpened{By: taro},
		event.CredentialsAsked{By: taro, ViewID: "V01", Slip: "slip"},
		event.PersonChanged{Person: taro, Deactivated: true},
		event.Voted{By: taro, Action: event.Approve, Taken: true, Refused: "you asked for it", Needed: 1, Message: message},
		event.Approved{
			Ask: ask, Privileges: []string{"SELECT"}, Approvers: []event.Person{taro}, Rule: "small", PolicyHash: "sha256:11",
			StartBy: someTime, EndBy: someTime.Add(time.Hour), Warrant: "warrant",
		},
		event.Denied{Ask: ask, By: taro, Rule: "never", Reason: "not today"},
		event.Cancelled{Ask: ask, By: taro},
		event.Lapsed{Ask: ask, After: event.Duration(8 * time.Hour)},
		event.Extended{By: taro, Total: event.Duration(2 * time.Hour), Warrant: "warrant"},
		event.Released{By: taro, Why: "done"},
		event.InstanceReady{
			InstanceID: "i-0abc", PrivateIP: netip.MustParseAddr("10.0.0.9"), Region: "ap-northeast-1",
			SessionURL: "https://example.com/session", Warrant: "warrant",
		},
		event.ProvisionFailed{Code: "capacity", Reason: "AWS has no such machine now"},
		event.InstanceLost{InstanceID: "i-0abc", State: "stopped", SeenAt: someTime},
		terminated,
		event.Overdue{What: "instance", Ref: "i-0abc", Since: someTime},
		event.Granted{
			Cluster: "shop-prod", User: "taro_7f3a", Host: netip.MustParseAddr("10.0.0.9"),
			Endpoints: []event.Endpoint{{Kind: "writer", Host: "shop.example.com", Port: 3306}}, Databases: []string{"shop"},
			Privileges: []string{"SELECT ON shop.*"}, Everybody: []string{"SELECT ON public.*"}, Auth: "password", TLS: true,
			GrantedAt: someTime, ExpiresAt: someTime.Add(time.Hour),
		},
		event.GrantFailed{Code: "unreachable", Reason: "the database does not answer"},
		revoked,
		event.Armed{Stop: "end", At: someTime, Generation: 1},
		event.Expiring{ExpiresAt: someTime, Left: event.Duration(10 * time.Minute)},
		event.Expired{Cause: event.ByHardStop, EndedAt: someTime, Drain: event.Duration(time.Minute), Reason: "it was long enough"},
		event.Reaped{
			Cause: event.ByTime, EndedAt: someTime, Reason: "it was long enough", Account: revoked, Instance: terminated, Schedules: 3, ReapedAt: someTime,
		},
		event.ExtensionRefused{Total: event.Duration(2 * time.Hour), EndedAt: someTime},
		event.Alarmed{Alarm: "parked-account", Text: "an account was parked"},
		event.PendingDue{},
		event.StartDue{Generation: 1},
		event.WarningDue{Generation: 1},
		event.EndDue{Generation: 1},
		event.SweepDue{},
		event.InstanceStateChanged{InstanceID: "i-0abc", State: "running"},
	}
}
