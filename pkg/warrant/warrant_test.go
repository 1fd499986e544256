package warrant_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/warrant"
)

func TestSlipComesBackAsSigned(t *testing.T) {
	t.Parallel()
	b, want := setup(t), someSlip(time.Now())
	got, err := b.verifier.Slip(mustSlip(t, b.slips, want), requestID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("slip changed on its way (-signed +verified):\n%s", diff)
	}
}

func TestWarrantComesBackAsSigned(t *testing.T) {
	t.Parallel()
	b, want := setup(t), someWarrant(time.Now())
	got, err := b.verifier.Warrant(mustWarrant(t, b.warrants, want), requestID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warrant changed on its way (-signed +verified):\n%s", diff)
	}
}

func TestSlipIsLateOnlyAfterItsMaximumAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, want := setup(t), someSlip(time.Now())
		token := mustSlip(t, b.slips, want)
		time.Sleep(time.Hour)
		if _, err := b.verifier.Slip(token, requestID, time.Hour); err != nil {
			t.Fatalf("at its maximum age: %v", err)
		}
		time.Sleep(time.Second)
		got, err := b.verifier.Slip(token, requestID, time.Hour)
		if !errors.Is(err, warrant.ErrLate) || errors.Is(err, warrant.ErrNotGenuine) {
			t.Fatalf("after its maximum age: %v, want ErrLate alone", err)
		}
		if !cmp.Equal(want, got) {
			t.Error("a late slip came back changed")
		}
	})
}

func TestWarrantIsLateAfterStartByAndTolerance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, want := setup(t), someWarrant(time.Now())
		token := mustWarrant(t, b.warrants, want)
		time.Sleep(time.Until(want.StartBy) + warrant.Tolerance)
		if _, err := b.verifier.Warrant(token, requestID); err != nil {
			t.Fatalf("within tolerance: %v", err)
		}
		time.Sleep(time.Second)
		got, err := b.verifier.Warrant(token, requestID)
		if !errors.Is(err, warrant.ErrLate) || errors.Is(err, warrant.ErrNotGenuine) {
			t.Fatalf("past tolerance: %v, want ErrLate alone", err)
		}
		if !cmp.Equal(want, got) {
			t.Error("a late warrant came back changed")
		}
	})
}

func TestExtensionIsLateAfterEndByNotAfterStartBy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, w := setup(t), someWarrant(time.Now())
		w.Purpose = warrant.PurposeExtend
		token := mustWarrant(t, b.warrants, w)
		time.Sleep(time.Until(w.EndBy))
		if _, err := b.verifier.Extension(token, requestID); err != nil {
			t.Fatalf("at its end: %v", err)
		}
		time.Sleep(warrant.Tolerance + time.Second)
		if _, err := b.verifier.Extension(token, requestID); !errors.Is(err, warrant.ErrLate) {
			t.Fatalf("past its end: %v, want ErrLate", err)
		}
	})
}

func TestPurposesAreNotExchanged(t *testing.T) {
	t.Parallel()
	b, w := setup(t), someWarrant(time.Now())
	grant := mustWarrant(t, b.warrants, w)
	w.Purpose = warrant.PurposeExtend
	extension := mustWarrant(t, b.warrants, w)
	if _, err := b.verifier.Extension(grant, requestID); !errors.Is(err, warrant.ErrNotGenuine) {
		t.Errorf("a grant passed for an extension: %v", err)
	}
	if _, err := b.verifier.Warrant(extension, requestID); !errors.Is(err, warrant.ErrNotGenuine) {
		t.Errorf("an extension passed for a grant: %v", err)
	}
}

func TestPaperFromTheFutureIsNotGenuine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		near, far := time.Now().Add(clock.Skew), time.Now().Add(clock.Skew+time.Second)
		if _, err := b.verifier.Slip(mustSlip(t, b.slips, someSlip(near)), requestID, time.Hour); err != nil {
			t.Errorf("a clock that is as far off as it may: %v", err)
		}
		if _, err := b.verifier.Slip(mustSlip(t, b.slips, someSlip(far)), requestID, time.Hour); !errors.Is(err, warrant.ErrNotGenuine) {
			t.Errorf("slip from the future: %v", err)
		}
		if _, err := b.verifier.Warrant(mustWarrant(t, b.warrants, someWarrant(far)), requestID); !errors.Is(err, warrant.ErrNotGenuine) {
			t.Errorf("warrant from the future: %v", err)
		}
	})
}

func TestPaperIsComparedWithTheVerifiersClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		token := mustSlip(t, b.slips, someSlip(time.Now()))
		for ahead, want := range map[time.Duration]error{
			clock.Skew: nil, -clock.Skew: nil, 2 * time.Hour: warrant.ErrLate, -clock.Skew - time.Second: warrant.ErrNotGenuine,
		} {
			v, err := warrant.NewVerifier(b.slipKey.Public(), audience, warrant.WithClock(clock.Ahead(ahead)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := v.Slip(token, requestID, time.Hour); !errors.Is(err, want) {
				t.Errorf("by a clock that is %v ahead: %v, want %v", ahead, err, want)
			}
		}
	})
}

func TestWarrantThatContradictsItselfIsNotSigned(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tests := map[string]func(*warrant.Warrant){
		"no request":                   func(w *warrant.Warrant) { w.RequestID = "" },
		"no purpose":                   func(w *warrant.Warrant) { w.Purpose = "" },
		"owner without mail":           func(w *warrant.Warrant) { w.Owner.Email = "" },
		"owner without id":             func(w *warrant.Warrant) { w.Owner.User = "" },
		"no cluster":                   func(w *warrant.Warrant) { w.Cluster = "" },
		"no database":                  func(w *warrant.Warrant) { w.Databases = nil },
		"no privilege":                 func(w *warrant.Warrant) { w.Privileges = nil },
		"no duration":                  func(w *warrant.Warrant) { w.Duration = 0 },
		"negative duration":            func(w *warrant.Warrant) { w.Duration = -time.Hour },
		"longer than its latest end":   func(w *warrant.Warrant) { w.Duration = 9 * time.Hour },
		"end before start":             func(w *warrant.Warrant) { w.EndBy = w.StartBy.Add(-time.Minute) },
		"nobody and no rule":           func(w *warrant.Warrant) { w.Approvers = nil },
		"approver is the owner by id":  func(w *warrant.Warrant) { w.Approvers[0].User = w.Owner.User },
		"approver is owner by mail":    func(w *warrant.Warrant) { w.Approvers[0].Email = "TARO+x@example.com" },
		"approver without mail":        func(w *warrant.Warrant) { w.Approvers[0].Email = "" },
		"one approver counted twice":   func(w *warrant.Warrant) { w.Approvers = append(w.Approvers, w.Approvers[0]) },
		"no date":                      func(w *warrant.Warrant) { w.IssuedAt = time.Time{} },
		"rule but approver is no one":  func(w *warrant.Warrant) { w.Rule = "break-glass"; w.Approvers[0] = warrant.Person{} },
		"rule but approver is oneself": func(w *warrant.Warrant) { w.Rule = "break-glass"; w.Approvers[0] = w.Owner },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := someWarrant(time.Now())
			spoil(&w)
			if token, err := b.warrants.Warrant(w); err == nil || token != "" {
				t.Errorf("signed %+v", w)
			}
		})
	}
}

func TestWarrantByARuleNeedsNoApprover(t *testing.T) {
	t.Parallel()
	b, w := setup(t), someWarrant(time.Now())
	w.Approvers, w.Rule = nil, "break-glass"
	if _, err := b.verifier.Warrant(mustWarrant(t, b.warrants, w), requestID); err != nil {
		t.Error(err)
	}
}

func TestSlipWithoutPersonActionRequestOrDateIsNotSigned(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, spoil := range map[string]func(*warrant.Slip){
		"no user":    func(s *warrant.Slip) { s.User = "" },
		"no team":    func(s *warrant.Slip) { s.Team, s.Enterprise = "", "" },
		"no action":  func(s *warrant.Slip) { s.Action = "" },
		"no request": func(s *warrant.Slip) { s.RequestID = "" },
		"no date":    func(s *warrant.Slip) { s.IssuedAt = time.Time{} },
	} {
		slip := someSlip(time.Now())
		spoil(&slip)
		if _, err := b.slips.Slip(slip); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}
