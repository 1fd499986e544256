package grantor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// atWork is a server of rounds that takes its time and notes what it got.
type atWork struct {
	mu     sync.Mutex
	rounds [][]int
}

// serve takes a second a round, and serves odd jobs twice, five seconds apart.
func (w *atWork) serve(ctx context.Context, round []*asked[int]) {
	var jobs []int
	for _, a := range round {
		jobs = append(jobs, a.job)
	}
	before := w.note(jobs)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
	for _, a := range round {
		again := slices.ContainsFunc(before, func(r []int) bool { return slices.Contains(r, a.job) })
		if a.job%2 == 1 && !again {
			a.again(time.Now().Add(5*time.Second), fmt.Errorf("%d is odd", a.job))
			continue
		}
		a.done(ctx.Err())
	}
}

func (w *atWork) note(jobs []int) (before [][]int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before = w.rounds
	w.rounds = append(w.rounds, jobs)
	return before
}

func ask(r *rounds[int], jobs ...int) (all *sync.WaitGroup) {
	all = new(sync.WaitGroup)
	for _, job := range jobs {
		all.Go(func() { _ = r.do(context.Background(), job) })
	}
	return all
}

func TestWhatComesInDuringARoundIsTheNextRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &atWork{}
		r := newRounds(w.serve)
		first := ask(r, 0)
		synctest.Wait()
		later := ask(r, 2, 4, 6, 8)
		begun := time.Now()
		first.Wait()
		later.Wait()
		if len(w.rounds) != 2 || len(w.rounds[1]) != 4 || time.Since(begun) != 2*time.Second {
			t.Errorf("rounds %v in %s, want the four together", w.rounds, time.Since(begun))
		}
	})
}

func TestWhoIsServedAgainHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &atWork{}
		r := newRounds(w.serve)
		begun := time.Now()
		odd := ask(r, 1)
		time.Sleep(3 * time.Second)
		even := ask(r, 2)
		even.Wait()
		if took := time.Since(begun); took != 4*time.Second {
			t.Errorf("the second was answered after %s, want 4 s", took)
		}
		odd.Wait()
		if took := time.Since(begun); took != 7*time.Second {
			t.Errorf("the first was answered after %s, want 7 s", took)
		}
	})
}

func TestWhatIsAskedWhileARoundIsServedIsTheNextRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &atWork{}
		r := newRounds(w.serve)
		var jobs []int
		for i := range 200 {
			jobs = append(jobs, 2*i)
		}
		ask(r, jobs...).Wait()
		if len(w.rounds) > 2 {
			t.Errorf("%d rounds for 200", len(w.rounds))
		}
	})
}

func TestWhoGivesUpIsToldWhatWasMissingAndTheOthersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &atWork{}
		r := newRounds(w.serve)
		other := ask(r, 3)
		// Longer than both rounds, if the other has come first.
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		err := r.do(ctx, 1)
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != "context deadline exceeded\n1 is odd" {
			t.Errorf("it was told %v", err)
		}
		other.Wait()
		if n := len(w.rounds); n > 3 {
			t.Errorf("%d rounds: who has left was served", n)
		}
	})
}

func TestARoundThatNobodyWaitsForEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended time.Duration
		begun := time.Now()
		r := newRounds(func(ctx context.Context, round []*asked[int]) {
			<-ctx.Done()
			ended = time.Since(begun)
			round[0].done(ctx.Err())
		})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := r.do(ctx, 0); err == nil {
			t.Error("it was done")
		}
		synctest.Wait()
		if ended != 3*time.Second {
			t.Errorf("the round ended after %s", ended)
		}
	})
}

func TestAPanicInARoundIsAnErrorOfTheRoundAndOfNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := true
		r := newRounds(func(_ context.Context, round []*asked[int]) {
			if panics {
				panic("a secret")
			}
			round[0].done(nil)
		})
		if err := r.do(t.Context(), 0); err == nil || err.Error() != "serving a round: panic with a value of type string" {
			t.Errorf("%v", err)
		}
		panics = false
		if err := r.do(t.Context(), 0); err != nil {
			t.Error(err)
		}
	})
}
